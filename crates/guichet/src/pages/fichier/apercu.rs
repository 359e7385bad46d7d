use axum::response::Response;

use crate::erreur::Erreur;

pub async fn apercu() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
