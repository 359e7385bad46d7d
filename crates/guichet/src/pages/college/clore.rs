use axum::response::Response;

use crate::erreur::Erreur;

pub async fn clore() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
