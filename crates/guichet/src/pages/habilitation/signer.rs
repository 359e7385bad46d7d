use axum::response::Response;

use crate::erreur::Erreur;

pub async fn lister() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn signer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
