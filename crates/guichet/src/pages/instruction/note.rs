use axum::response::Response;

use crate::erreur::Erreur;

pub async fn ajouter() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
