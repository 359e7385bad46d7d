//! The formulaire administratif: filled in by the industriel, read by everybody who may.

use axum::{extract::State, response::Response};
use http::HeaderMap;

use super::vue::{self, Affichage};
use crate::{acces::Ici, app::App, erreur::Erreur};

pub async fn voir(State(app): State<App>, ici: Ici, entetes: HeaderMap) -> Result<Response, Erreur> {
    let affichage = Affichage { htmx: web::htmx::est_htmx(&entetes), ..Affichage::default() };
    Ok(web::page(&vue::page(&app, &ici, ici.candidature()?, affichage).await?))
}
