use axum::response::Response;

use crate::erreur::Erreur;

pub async fn remplacer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
