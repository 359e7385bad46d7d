use axum::response::Response;

use crate::erreur::Erreur;

pub async fn demarrer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
