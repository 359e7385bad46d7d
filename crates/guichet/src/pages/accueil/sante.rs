use axum::response::Response;

use crate::erreur::Erreur;

pub async fn sante() -> Result<Response, Erreur> {
    Err(Erreur::Introuvable)
}
