use axum::response::Response;

use crate::erreur::Erreur;

pub async fn supprimer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
