use axum::response::Response;

use crate::erreur::Erreur;

pub async fn mentions() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
