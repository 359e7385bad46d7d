use axum::response::Response;

use crate::erreur::Erreur;

pub async fn donner_droit() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
