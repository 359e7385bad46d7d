//! Removes a template; the messages written from it stay.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn supprimer(
    State(app): State<App>,
    ici: Ici,
    Path(modele): Path<String>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    tx.supprimer_modele(&modele).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Le modèle est supprimé.").await?;
    Ok(Redirect::to("/agence/modeles").into_response())
}
