//! Downloads a file of a dossier.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;

use super::{Disposition, chercher, envoyer};
use crate::{acces::Ici, app::App, erreur::Erreur};

pub async fn telecharger(
    State(app): State<App>,
    ici: Ici,
    Path((_, sha256)): Path<(String, String)>,
    demande: HeaderMap,
) -> Result<Response, Erreur> {
    let (fichier, nom) = chercher(&app, &ici, &sha256).await?;
    envoyer(&app, &demande, &fichier, &nom, Disposition::Attachment).await
}
