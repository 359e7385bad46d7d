//! A file of an audit, for whoever may read it there.

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
    let audit = ici.audit()?;
    let visibles = audit.fichiers(ici.agence());
    let fichier = visibles.into_iter().find(|fichier| fichier.sha256 == sha256).ok_or(Erreur::Introuvable)?;
    let garde = app.registre.lire().await?.load_fichier(&sha256).await?.ok_or(Erreur::Introuvable)?;
    envoyer(&app, &demande, &garde, fichier.nom.as_ref(), Disposition::Attachment).await
}
