//! Submits a chapter to the agency: from here on its preuves no longer change.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use super::voir;
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
    verifications,
};

pub async fn soumettre(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Path<(String, String)>,
    Formulaire(_): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let chapitre = candidature.chapitre(&code).ok_or(Erreur::Introuvable)?;
    let url = format!("/candidatures/{}/chapitres/{code}", candidature.id);
    if chapitre.soumis() {
        session::aviser(&app, &ici, Genre::Info, "Ce chapitre est déjà soumis.").await?;
        return Ok(Redirect::to(&url).into_response());
    }
    // Deadlines may have passed since the deposit: the vérificateur reads advice of the day of submission.
    let avis = verifications::recontroler(&app, candidature, &code).await?;
    let (par, le) = (ici.acteur(), app.maintenant());
    let acte = |lue: domaine::candidature::Candidature| {
        let (mut suivante, evenement) = lue.soumettre_chapitre(&code, &par, le)?;
        let preuves = suivante
            .chapitres
            .iter_mut()
            .filter(|chapitre| chapitre.code == code)
            .flat_map(|chapitre| &mut chapitre.emplacements)
            .flat_map(|slot| &mut slot.preuves);
        for preuve in preuves {
            if let Some((_, avis)) = avis.iter().find(|(id, _)| *id == preuve.id) {
                preuve.avis.clone_from(avis);
            }
        }
        Ok((suivante, evenement))
    };
    match app.engager(candidature.id, acte).await {
        Ok((mut tx, suivante)) => {
            avertir(&mut tx, &app, &suivante, Avertissement::ChapitreSoumis { code: code.clone() }).await?;
            app.conclure(tx).await?;
            let texte =
                "Chapitre soumis. L’agence l’examine ; vous serez prévenu par courriel de sa réponse.";
            session::aviser(&app, &ici, Genre::Succes, texte).await?;
            Ok(Redirect::to(&url).into_response())
        }
        Err(Erreur::Refus(refus)) => voir::page(&app, &ici, &code, Some(refus)).await,
        Err(erreur) => Err(erreur),
    }
}
