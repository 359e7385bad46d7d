//! Identities: made, read, replaced, removed, imported and exported, one by one or all at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::Faute;
use super::corps::Corps;
use crate::identites::{Identite, RefusIdentite, Reponse};
use crate::psc::Psc;

/// Also the export: what it gives can be imported again.
pub(super) async fn lister(State(psc): State<Arc<Psc>>) -> Json<Vec<Identite>> {
    Json(psc.identites.toutes())
}

pub(super) async fn creer(
    State(psc): State<Arc<Psc>>,
    Corps(identite): Corps<Identite>,
) -> Result<StatusCode, Faute> {
    psc.identites.creer(identite)?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn importer(
    State(psc): State<Arc<Psc>>,
    Corps(recues): Corps<Vec<Identite>>,
) -> Result<Json<Value>, Faute> {
    Ok(Json(json!({ "importees": psc.identites.importer(recues)? })))
}

pub(super) async fn lire(
    State(psc): State<Arc<Psc>>,
    Path(national_id): Path<String>,
) -> Result<Json<Identite>, Faute> {
    let identite = psc.identites.trouver(&national_id).ok_or(RefusIdentite::Inconnue(national_id))?;
    Ok(Json(identite))
}

pub(super) async fn remplacer(
    State(psc): State<Arc<Psc>>,
    Path(national_id): Path<String>,
    Corps(recue): Corps<Identite>,
) -> Result<StatusCode, Faute> {
    psc.identites.modifier(&national_id, |identite| *identite = recue)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn supprimer(
    State(psc): State<Arc<Psc>>,
    Path(national_id): Path<String>,
) -> Result<StatusCode, Faute> {
    psc.identites.supprimer(&national_id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// How the identity answers by itself from now on.
pub(super) async fn regler_reponse(
    State(psc): State<Arc<Psc>>,
    Path(national_id): Path<String>,
    Corps(reponse): Corps<Reponse>,
) -> Result<StatusCode, Faute> {
    psc.identites.modifier(&national_id, |identite| identite.reponse = reponse)?;
    Ok(StatusCode::NO_CONTENT)
}
