use axum::response::Response;

use crate::erreur::Erreur;

pub async fn ouvrir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
