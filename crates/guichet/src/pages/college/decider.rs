use axum::response::Response;

use crate::erreur::Erreur;

pub async fn decider() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn recuser() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
