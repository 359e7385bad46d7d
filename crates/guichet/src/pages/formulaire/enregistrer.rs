use axum::response::Response;

use crate::erreur::Erreur;

pub async fn enregistrer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn auto() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
