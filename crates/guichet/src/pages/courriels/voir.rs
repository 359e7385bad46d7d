use axum::response::Response;

use crate::erreur::Erreur;

pub async fn voir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
