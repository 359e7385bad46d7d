use axum::response::Response;

use crate::erreur::Erreur;

pub async fn retirer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
