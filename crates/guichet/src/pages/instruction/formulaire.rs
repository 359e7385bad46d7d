use axum::response::Response;

use crate::erreur::Erreur;

pub async fn voir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn juger() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn renvoyer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn valider() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn irrecevable() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
