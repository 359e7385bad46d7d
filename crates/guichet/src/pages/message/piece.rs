//! Downloads an attachment of the conversation.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;

use super::super::fichier::{Disposition, envoyer};
use crate::{acces::Ici, app::App, erreur::Erreur};

pub async fn telecharger(
    State(app): State<App>,
    ici: Ici,
    Path((_, sha256)): Path<(String, String)>,
    demande: HeaderMap,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?.id;
    let mut tx = app.registre.lire().await?;
    // Only what a message shows: whoever reads the conversation may not always read the preuves.
    let usages = tx.load_usages_fichier(&sha256, candidature).await?;
    let (_, nom) =
        usages.into_iter().find(|(objet, _)| objet.starts_with("message:")).ok_or(Erreur::Introuvable)?;
    let fichier = tx.load_fichier(&sha256).await?.ok_or(Erreur::Introuvable)?;
    drop(tx);
    envoyer(&app, &demande, &fichier, &nom, Disposition::Attachment).await
}
