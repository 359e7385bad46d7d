use axum::response::Response;

use crate::erreur::Erreur;

pub async fn prolonger() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
