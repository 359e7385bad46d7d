use axum::response::Response;

use crate::erreur::Erreur;

pub async fn changer_role() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}

pub async fn retirer() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
