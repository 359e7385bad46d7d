use axum::response::Response;

use crate::erreur::Erreur;

pub async fn suspendre() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn retablir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
