//! Puts complete dossiers on the agenda of a session, takes off those abandoned since.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, Etat, Synthese},
    college::Session,
    evenement::Acteur,
    id::Id,
};
use jiff::Timestamp;
use web::{Formulaire, Genre};

use super::{charger, synthese, url};
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
};

pub async fn inscrire(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<Id<Session>>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let choisis: Vec<Id<Candidature>> =
        saisie.tous("dossier").into_iter().filter_map(|id| id.parse().ok()).collect();
    let retour = Redirect::to(&url(id));
    if choisis.is_empty() {
        session::aviser(&app, &ici, Genre::Attention, "Cochez au moins un dossier à inscrire.").await?;
        return Ok(retour.into_response());
    }
    let (par, le) = (ici.acteur(), app.maintenant());
    let syntheses = preparer(&app, &choisis, id, &par, le).await?;
    let mut tx = app.registre.ecrire().await?;
    for choisi in &choisis {
        let lue = charger(&mut tx, id).await?;
        let dossier = tx.load_candidature(*choisi).await?.ok_or(Erreur::Introuvable)?;
        let inscrite = lue.valeur.clone().inscrire(&dossier, &par, le).map_err(|refus| refus.to_string());
        let suite = inscrite.and_then(|session| {
            let figee = dossier.valeur.clone().inscrire_en_college(id, &par, le);
            let figee = figee.map_err(|refus| refus.to_string())?;
            let synthese = syntheses
                .get(choisi)
                .filter(|(version, _)| *version == dossier.version)
                .map(|(_, sha256)| Synthese { sha256: sha256.clone(), session: id, le })
                .ok_or_else(|| "ce dossier vient de changer, relisez-le.".to_owned())?;
            let (candidature, evenement) = figee.0.joindre_synthese(synthese, figee.1);
            Ok((session, (candidature, evenement)))
        });
        let ((session, inscription), (candidature, evenement)) = match suite {
            Ok(suite) => suite,
            Err(pourquoi) => {
                // Nothing was typed but boxes: the page as it now stands is the answer.
                drop(tx);
                let texte = format!("{} : {pourquoi} Aucun dossier n’a été inscrit.", dossier.nru);
                session::aviser(&app, &ici, Genre::Erreur, &texte).await?;
                return Ok(retour.into_response());
            }
        };
        tx.save_session_college(&lue.vers(session), &inscription).await?;
        let prochaine = dossier.vers(candidature);
        tx.save_candidature(&prochaine, &evenement).await?;
        avertir(&mut tx, &app, &prochaine, Avertissement::InscritAuCollege).await?;
    }
    app.conclure(tx).await?;
    let texte = match choisis.len() {
        1 => "Le dossier est à l’ordre du jour.".to_owned(),
        nombre => format!("{nombre} dossiers sont à l’ordre du jour."),
    };
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(retour.into_response())
}

/// The syntheses of these dossiers as they will be on the agenda, kept before the transaction that refers to them: version
/// of the dossier and SHA-256. One that can't be put on the agenda has none; the act says why.
async fn preparer(
    app: &App,
    choisis: &[Id<Candidature>],
    session: Id<Session>,
    par: &Acteur,
    le: Timestamp,
) -> Result<BTreeMap<Id<Candidature>, (i64, String)>, Erreur> {
    let mut syntheses = BTreeMap::new();
    for choisi in choisis {
        let lue = app.registre.lire().await?.load_candidature(*choisi).await?.ok_or(Erreur::Introuvable)?;
        if let Ok((figee, _)) = lue.valeur.clone().inscrire_en_college(session, par, le) {
            let sha256 = app.magasin.garder(synthese::composer(app, &figee).await?).await?;
            syntheses.insert(*choisi, (lue.version, sha256));
        }
    }
    Ok(syntheses)
}

/// Takes off the agenda a dossier that is no longer before the collège, so that the session can be closed.
pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((id, dossier)): Path<(Id<Session>, Id<Candidature>)>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, id).await?;
    let candidature = tx.load_candidature(dossier).await?.ok_or(Erreur::Introuvable)?;
    if candidature.etat == (Etat::EnCollege { session: id }) {
        return Err(Erreur::Refus("Ce dossier attend la décision du collège.".to_owned()));
    }
    let (session, evenement) = lue.valeur.clone().retirer(&candidature, &ici.acteur(), app.maintenant())?;
    tx.save_session_college(&lue.vers(session), &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Le dossier est retiré de l’ordre du jour.").await?;
    Ok(Redirect::to(&url(id)).into_response())
}
