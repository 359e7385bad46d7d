use axum::response::Response;

use crate::erreur::Erreur;

pub async fn lier() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn retirer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
