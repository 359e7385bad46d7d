//! The agency reads the formulaire administratif, judges its fields, sends it back, accepts it or ends it there.
//!
//! Rule: whatever button is pressed, the verdicts typed are saved first; a decision is taken on the verdicts that the
//! vérificateur has before their eyes, or not at all.

mod avis;
mod saisie;
mod vue;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, Refus},
    formulaire::champs,
};
use http::StatusCode;
use registre::Versionne;
use web::{Formulaire, Genre, Saisie};

use crate::{
    acces::Ici,
    app::{App, Refuse},
    erreur::Erreur,
    pages::formulaire::habilitation,
    session,
    taches::{Avertissement, avertir},
};

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    Ok(web::page(&vue::page(&app, &ici, ici.candidature()?, None, Vec::new()).await?))
}

pub async fn juger(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = match enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(reponse) => return Ok(reponse),
    };
    let verdicts = &candidature.formulaire.verdicts;
    let a_corriger = verdicts.values().filter(|verdict| !verdict.conforme).count();
    let texte = format!("Avis enregistrés : {} sur {} à corriger.", a_corriger, verdicts.len());
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    let url = format!("/candidatures/{}/instruction/formulaire", candidature.id);
    Ok(Redirect::to(&url).into_response())
}

pub async fn renvoyer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = match enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(reponse) => return Ok(reponse),
    };
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(candidature.id, |candidature| {
            saisie::exige_verdicts_vus(&candidature, &saisie)?;
            candidature.renvoyer_formulaire(&acteur, le)
        })
        .await?;
    let texte = "Correction demandée : le candidat voit les motifs et peut corriger les champs signalés.";
    finir(&app, &ici, resultat, saisie, Avertissement::FormulaireACorriger, texte).await
}

pub async fn valider(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = match enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(reponse) => return Ok(reponse),
    };
    let mut tx = app.registre.lire().await?;
    let etats = habilitation::etats(&mut tx, &candidature, app.maintenant()).await?;
    drop(tx);
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let contexte = app.contexte(candidature.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(candidature.id, |mut candidature: Candidature| {
            saisie::exige_verdicts_vus(&candidature, &saisie)?;
            candidature.formulaire.actualiser_habilitations(&etats);
            candidature.valider_formulaire(referentiel, &contexte, &acteur, le)
        })
        .await?;
    let texte = "Formulaire validé : le dépôt des preuves est ouvert.";
    finir(&app, &ici, resultat, saisie, Avertissement::FormulaireValide, texte).await
}

pub async fn irrecevable(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let motif = saisie.texte("motif").to_owned();
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(ici.candidature()?.id, |candidature| candidature.declarer_irrecevable(&motif, &acteur, le))
        .await?;
    match resultat {
        Err(refuse) if refuse.refus == Refus::MotifManquant => {
            let erreurs = vec![("motif".to_owned(), refuse.refus.to_string())];
            page(&app, &ici, &refuse.candidature, saisie, erreurs, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        resultat => {
            let texte = "Candidature déclarée irrecevable : le candidat voit le motif.";
            finir(&app, &ici, resultat, saisie, Avertissement::FormulaireIrrecevable, texte).await
        }
    }
}

/// Saves the verdicts that were typed; the answer to give when they can't be.
async fn enregistrer(app: &App, ici: &Ici, saisie: &Saisie) -> Result<Result<Candidature, Response>, Erreur> {
    let lue = ici.candidature()?;
    let jugements = match saisie::lire(saisie, lue, &vue::modeles(app, lue).await?) {
        Ok(jugements) => jugements,
        Err(erreurs) => {
            let statut = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(Err(page(app, ici, lue, saisie.clone(), erreurs, statut).await?));
        }
    };
    if jugements.is_empty() {
        return Ok(Ok(lue.valeur.clone()));
    }
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .tenter(lue.id, |candidature| candidature.juger_formulaire(jugements.clone(), &acteur, le))
        .await?;
    match resultat {
        Ok(candidature) => Ok(Ok(candidature)),
        Err(refuse) => Ok(Err(refuser(app, ici, *refuse, saisie.clone()).await?)),
    }
}

async fn finir(
    app: &App,
    ici: &Ici,
    resultat: Result<(registre::Tx, Versionne<Candidature>), Box<Refuse>>,
    saisie: Saisie,
    avertissement: Avertissement,
    texte: &str,
) -> Result<Response, Erreur> {
    match resultat {
        Ok((mut tx, candidature)) => {
            avertir(&mut tx, app, &candidature, avertissement).await?;
            app.conclure(tx).await?;
            session::aviser(app, ici, Genre::Succes, texte).await?;
            Ok(Redirect::to(&format!("/candidatures/{}", candidature.id)).into_response())
        }
        Err(refuse) => refuser(app, ici, *refuse, saisie).await,
    }
}

async fn refuser(app: &App, ici: &Ici, refuse: Refuse, saisie: Saisie) -> Result<Response, Erreur> {
    let Refuse { refus, candidature } = refuse;
    let intitule = |cle: &str| {
        champs::trouver(cle, candidature.guichet).map_or_else(|| cle.to_owned(), champs::Champ::intitule)
    };
    let (statut, erreurs) = match &refus {
        Refus::Conflit(conflits) => {
            let texte = |conflit: &domaine::formulaire::rapprochement::Conflit| {
                format!(
                    "{} : entre-temps, {} a jugé ce champ « {} ». Gardez votre avis ou reprenez le sien, puis recommencez.",
                    intitule(&conflit.cle),
                    conflit.par,
                    conflit.enregistre
                )
            };
            let erreurs = conflits.iter().map(|conflit| (conflit.cle.clone(), texte(conflit))).collect();
            (StatusCode::CONFLICT, erreurs)
        }
        Refus::Formulaire(fautes) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            fautes.iter().map(|faute| (faute.champ.clone(), faute.message.clone())).collect(),
        ),
        Refus::PasConforme(_) => {
            let refuses = candidature.formulaire.verdicts.iter().filter(|(_, verdict)| !verdict.conforme);
            let texte = |cle: &str| format!("{} : ce champ est encore jugé à corriger.", intitule(cle));
            (StatusCode::UNPROCESSABLE_ENTITY, refuses.map(|(cle, _)| (cle.clone(), texte(cle))).collect())
        }
        Refus::RienACorriger => {
            let texte =
                "Jugez au moins un champ « à corriger », avec son motif, avant de renvoyer le formulaire.";
            (StatusCode::UNPROCESSABLE_ENTITY, vec![(String::new(), texte.to_owned())])
        }
        refus => {
            let texte = format!("{refus} Rien n’a été enregistré ; votre saisie reste affichée ci-dessous.");
            (StatusCode::CONFLICT, vec![(String::new(), texte)])
        }
    };
    page(app, ici, &candidature, saisie, erreurs, statut).await
}

async fn page(
    app: &App,
    ici: &Ici,
    candidature: &Candidature,
    saisie: Saisie,
    erreurs: Vec<(String, String)>,
    statut: StatusCode,
) -> Result<Response, Erreur> {
    let page = vue::page(app, ici, candidature, Some(saisie), erreurs).await?;
    Ok(web::page_avec(statut, &page))
}
