use axum::response::Response;

use crate::erreur::Erreur;

pub async fn deposer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
