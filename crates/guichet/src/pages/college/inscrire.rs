//! Puts complete dossiers on the agenda of a session, takes off those abandoned since.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, Etat},
    college::Session,
    id::Id,
};
use web::{Formulaire, Genre};

use super::{charger, url};
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
    let mut tx = app.registre.ecrire().await?;
    for choisi in &choisis {
        let lue = charger(&mut tx, id).await?;
        let dossier = tx.load_candidature(*choisi).await?.ok_or(Erreur::Introuvable)?;
        let inscrite = lue.valeur.clone().inscrire(&dossier, &par, le).map_err(|refus| refus.to_string());
        let suite = inscrite.and_then(|session| {
            let figee = dossier.valeur.clone().inscrire_en_college(id, &par, le);
            figee.map(|figee| (session, figee)).map_err(|refus| refus.to_string())
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
