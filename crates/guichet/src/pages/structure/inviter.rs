use axum::response::Response;

use crate::erreur::Erreur;

pub async fn inviter() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
