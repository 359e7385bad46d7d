use axum::response::Response;

use crate::erreur::Erreur;

pub async fn envoyer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
