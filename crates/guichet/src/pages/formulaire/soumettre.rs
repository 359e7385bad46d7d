use axum::response::Response;

use crate::erreur::Erreur;

pub async fn soumettre() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
