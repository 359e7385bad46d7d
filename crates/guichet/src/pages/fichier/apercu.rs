//! Shows a PDF or an image of a dossier inside a page of ours; every other type is only downloaded.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;

use super::{Disposition, chercher, envoyer};
use crate::{acces::Ici, app::App, erreur::Erreur};

/// Types that a browser shows without running anything of ours.
pub(crate) const VISIBLES: [&str; 3] = ["application/pdf", "image/png", "image/jpeg"];

pub async fn apercu(
    State(app): State<App>,
    ici: Ici,
    Path((_, sha256)): Path<(String, String)>,
    demande: HeaderMap,
) -> Result<Response, Erreur> {
    let (fichier, nom) = chercher(&app, &ici, &sha256).await?;
    if !VISIBLES.contains(&fichier.mime.as_str()) {
        return Err(Erreur::Introuvable);
    }
    let mut reponse = envoyer(&app, &demande, &fichier, &nom, Disposition::Inline).await?;
    reponse.extensions_mut().insert(web::entetes::Apercu);
    Ok(reponse)
}
