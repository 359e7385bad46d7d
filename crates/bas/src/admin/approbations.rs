//! Requests for approval: which wait, and answering them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;

use super::Faute;
use crate::ecps::{Acte, Approbation};
use crate::psc::Psc;

pub(super) async fn lister(State(psc): State<Arc<Psc>>) -> Json<Vec<Approbation>> {
    Json(psc.approbations.ouvertes(psc.horloge.maintenant()))
}

pub(super) async fn repondre(
    State(psc): State<Arc<Psc>>,
    Path((id, acte)): Path<(String, String)>,
) -> Result<StatusCode, Faute> {
    let acte = match acte.as_str() {
        "approuver" => Acte::Approuver,
        "refuser" => Acte::Refuser,
        "ignorer" => Acte::Ignorer,
        "code-faux" => Acte::CodeFaux,
        _ => {
            let texte = "Les actes sont : approuver, refuser, ignorer, code-faux.";
            return Err(Faute(StatusCode::NOT_FOUND, texte.to_owned()));
        }
    };
    psc.repondre(&id, acte)?;
    Ok(StatusCode::NO_CONTENT)
}
