//! Removes a template; the messages written from it stay.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use super::raconter;
use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn supprimer(
    State(app): State<App>,
    ici: Ici,
    Path(modele): Path<String>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let modeles = tx.load_modeles().await?;
    // Somebody else was faster: there is nothing left to remove, and nothing to tell.
    if let Some(existant) = modeles.iter().find(|un| un.id == modele) {
        let evenement = raconter("Modèle supprimé", Some(existant), None, &ici.acteur(), app.maintenant());
        tx.supprimer_modele(&modele, &evenement).await?;
    }
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Le modèle est supprimé.").await?;
    Ok(Redirect::to("/agence/modeles").into_response())
}
