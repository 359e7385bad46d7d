use axum::response::Response;

use crate::erreur::Erreur;

pub async fn archiver() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
