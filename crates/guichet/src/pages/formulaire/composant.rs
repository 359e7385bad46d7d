use axum::response::Response;

use crate::erreur::Erreur;

pub async fn nouveau() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn ajouter() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn voir() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn modifier() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn retirer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
