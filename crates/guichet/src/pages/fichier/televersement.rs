use axum::response::Response;

use crate::erreur::Erreur;

pub async fn creer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn etat() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn recevoir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn abandonner() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
