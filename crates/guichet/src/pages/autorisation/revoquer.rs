use axum::response::Response;

use crate::erreur::Erreur;

pub async fn revoquer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
