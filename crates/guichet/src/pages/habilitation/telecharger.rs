use axum::response::Response;

use crate::erreur::Erreur;

pub async fn telecharger() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
