use axum::response::Response;

use crate::erreur::Erreur;

pub async fn preremplir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
