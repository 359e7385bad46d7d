use axum::response::Response;

use crate::erreur::Erreur;

pub async fn inscrire() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
