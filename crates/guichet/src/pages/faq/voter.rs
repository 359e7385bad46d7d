use axum::response::Response;

use crate::erreur::Erreur;

pub async fn voter() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
