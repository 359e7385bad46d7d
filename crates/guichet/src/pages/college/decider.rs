//! The decision of the collège on a dossier, and the recusation of a member.
//!
//! Rule: a favourable decision prepares one habilitation for each profile, in the same transaction.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::Candidature,
    college::{Avis, Decision, Session},
    id::Id,
};
use http::StatusCode;
use web::{Champs, Formulaire, Genre, Saisie};

use super::{charger, url, voir::montrer};
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    messagerie, modeles,
    pages::formulaire::habilitation,
    session,
    taches::{Avertissement, avertir},
};

/// Longest motive, in characters.
const MOTIF_MAX: usize = 4000;

/// Identity of the session and of the dossier.
type Chemin = Path<(Id<Session>, Id<Candidature>)>;

/// What was typed, or the text of the template that was chosen.
async fn motif(app: &App, saisie: &Saisie, dossier: Id<Candidature>) -> Result<String, Erreur> {
    let (texte, choisi) = (saisie.texte("motif"), saisie.texte("modele"));
    if !texte.is_empty() || choisi.is_empty() {
        return Ok(texte.to_owned());
    }
    let mut tx = app.registre.lire().await?;
    let candidature = tx.load_candidature(dossier).await?.ok_or(Erreur::Introuvable)?;
    let modeles = modeles::load(&mut tx, "refus", &candidature, "").await?;
    let modele = modeles.into_iter().find(|modele| modele.id == choisi);
    Ok(modele.map_or_else(String::new, |modele| modele.texte))
}

fn lire(saisie: &Saisie, motif: &str, f: &mut Champs) -> Option<Avis> {
    let longueur = motif.chars().count();
    if longueur > MOTIF_MAX {
        f.refuser("motif", format!("Le motif compte {MOTIF_MAX} caractères au plus ({longueur} ici)."));
    }
    let avis = match saisie.texte("avis") {
        "favorable" => Avis::Favorable,
        "refus" => Avis::Refus,
        "complement" => {
            Avis::Complement { chapitres: saisie.tous("chapitres").into_iter().map(str::to_owned).collect() }
        }
        _ => {
            f.refuser("avis", "Choisissez la décision du collège.");
            return None;
        }
    };
    if avis != Avis::Favorable && longueur == 0 {
        f.refuser("motif", "Donnez le motif : le candidat le lit.");
    }
    if matches!(&avis, Avis::Complement { chapitres } if chapitres.is_empty()) {
        f.refuser("chapitres", "Choisissez au moins un chapitre à rouvrir.");
    }
    (!f.en_faute()).then_some(avis)
}

/// What the industriel reads in the messagerie.
fn annonce(decision: &Decision, candidature: &Candidature) -> String {
    let mut texte = format!("Décision du collège : {}.", decision.avis.libelle());
    if let Avis::Complement { chapitres } = &decision.avis {
        let titres: Vec<&str> = chapitres
            .iter()
            .filter_map(|code| candidature.chapitre(code))
            .map(|chapitre| chapitre.titre.as_str())
            .collect();
        texte.push_str("\nChapitres rouverts : ");
        texte.push_str(&titres.join(", "));
        texte.push('.');
    }
    if !decision.motif.is_empty() {
        texte.push_str("\n\n");
        texte.push_str(&decision.motif);
    }
    texte
}

pub async fn decider(
    State(app): State<App>,
    ici: Ici,
    Path((id, dossier)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let refus = StatusCode::UNPROCESSABLE_ENTITY;
    let motif = motif(&app, &saisie, dossier).await?;
    let Some(avis) = lire(&saisie, &motif, &mut f) else {
        return montrer(&app, &ici, id, Some(dossier), refus, f).await;
    };
    let (par, le) = (ici.acteur(), app.maintenant());
    let decision = Decision { avis, motif, par: par.clone(), le };
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, id).await?;
    let mut candidature = tx.load_candidature(dossier).await?.ok_or(Erreur::Introuvable)?;
    // What the dossier relies on is judged as it stands on the day of the decision.
    let etats = habilitation::etats(&mut tx, &candidature, le).await?;
    candidature.valeur.formulaire.actualiser_habilitations(&etats);
    let faite =
        lue.valeur.clone().decider(dossier, decision.clone()).map_err(|refus| refus.to_string()).and_then(
            |session| {
                let suite = candidature.valeur.clone().decider(id, &decision, le);
                suite.map(|suite| (session, suite)).map_err(|refus| refus.to_string())
            },
        );
    let ((session, ecrite), (suivante, evenement)) = match faite {
        Ok(faite) => faite,
        Err(pourquoi) => {
            drop(tx);
            f.refuser("", pourquoi);
            return montrer(&app, &ici, id, Some(dossier), refus, f).await;
        }
    };
    tx.save_session_college(&lue.vers(session), &ecrite).await?;
    let prochaine = candidature.vers(suivante);
    tx.save_candidature(&prochaine, &evenement).await?;
    if decision.avis == Avis::Favorable {
        crate::habilitations::preparer(&mut tx, &app, &prochaine, le).await?;
    }
    messagerie::poster(&app, &mut tx, &prochaine, &par, annonce(&decision, &prochaine), le).await?;
    avertir(&mut tx, &app, &prochaine, Avertissement::DecisionDuCollege).await?;
    app.conclure(tx).await?;
    let texte = format!("Décision enregistrée sur {} : {}.", prochaine.nru, decision.avis.libelle());
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

pub async fn recuser(
    State(app): State<App>,
    ici: Ici,
    Path((id, dossier)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let motif = saisie.texte("motif_recusation").to_owned();
    if motif.is_empty() || motif.chars().count() > MOTIF_MAX {
        let mut f = Champs::depuis(saisie);
        f.refuser(
            "motif_recusation",
            "Dites en quelques mots pourquoi vous ne prenez pas part à la décision.",
        );
        return montrer(&app, &ici, id, Some(dossier), StatusCode::UNPROCESSABLE_ENTITY, f).await;
    }
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, id).await?;
    let recusee = lue.valeur.clone().recuser(dossier, motif, &ici.acteur(), app.maintenant());
    let (session, evenement) = match recusee {
        Ok(recusee) => recusee,
        Err(refus) => {
            drop(tx);
            let mut f = Champs::depuis(saisie);
            f.refuser("", refus.to_string());
            return montrer(&app, &ici, id, Some(dossier), StatusCode::UNPROCESSABLE_ENTITY, f).await;
        }
    };
    tx.save_session_college(&lue.vers(session), &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Votre récusation est inscrite.").await?;
    Ok(Redirect::to(&format!("{}?dossier={dossier}", url(id))).into_response())
}
