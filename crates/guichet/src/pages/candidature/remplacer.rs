//! After an error of profile: a new candidature with the data of the old one (spec guichets R13).

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::candidature::{Candidature, Etat};
use web::{Formulaire, Genre};

use super::Reprise;
use crate::{acces::Ici, app::App, envoi, erreur::Erreur, session};

/// Whether a candidature may be replaced: its profiles are frozen, and it did not come to its good end.
pub(super) fn remplacable(candidature: &Candidature) -> bool {
    match &candidature.etat {
        Etat::Refusee { .. } => true,
        Etat::Habilitee { .. } => false,
        _ => candidature.formulaire.valide(),
    }
}

pub async fn remplacer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let jeton = envoi::jeton(&app, &saisie);
    if let Some(url) = envoi::deja(&app, &jeton).await? {
        return Ok(Redirect::to(&url).into_response());
    }
    let ancienne = ici.candidature()?;
    if !remplacable(ancienne) {
        return Err(Erreur::Refus(
            "Cette candidature n’a pas à être remplacée : tant que son formulaire n’est pas validé, ses profils se corrigent sur place.".to_owned(),
        ));
    }
    let motif = "Remplacée par une nouvelle candidature";
    let reprise =
        Reprise { ancienne, abandon: saisie.coche("abandonner").then_some(motif), renouvelle: None };
    let url = super::ouvrir(&app, &ici, ancienne.guichet, Some(reprise), &jeton).await?;
    session::aviser(
        &app,
        &ici,
        Genre::Succes,
        "Nouvelle candidature créée avec les données du formulaire : choisissez-y les profils, puis vérifiez et soumettez. Une fois le formulaire validé, vous pourrez y reprendre les preuves déjà déposées.",
    )
    .await?;
    Ok(Redirect::to(&url).into_response())
}
