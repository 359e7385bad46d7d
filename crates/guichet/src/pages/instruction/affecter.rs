use axum::response::Response;

use crate::erreur::Erreur;

pub async fn affecter() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
