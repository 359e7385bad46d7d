//! The signed letter; for the agency also the project of a letter that waits for its signature.

use axum::{extract::State, response::Response};

use super::pdf;
use crate::{acces::Ici, app::App, documents, erreur::Erreur};

pub async fn telecharger(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let habilitation = ici.habilitation()?;
    if let Some(sha256) = habilitation.document() {
        return Ok(pdf(habilitation.numero(), app.magasin.lire(sha256).await?));
    }
    if !ici.agence() {
        return Err(Erreur::Introuvable);
    }
    let projet = documents::projet(&app, &habilitation.valeur).await?;
    Ok(pdf(&format!("{}-projet", habilitation.numero()), projet.into()))
}
