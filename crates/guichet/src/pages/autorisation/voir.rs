//! The signed PDF of an autorisation, made on the spot when the task has not run yet.

use axum::{extract::State, response::Response};

use super::super::habilitation::pdf;
use crate::{acces::Ici, app::App, autorisations, erreur::Erreur};

pub async fn telecharger(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let (autorisation, octets) = autorisations::document(&app, ici.candidature()?.id).await?;
    Ok(pdf(&autorisation.numero, octets))
}
