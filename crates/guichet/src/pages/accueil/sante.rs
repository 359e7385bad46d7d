//! Whether the guichet can serve: for load balancers and monitoring.
//!
//! Rule: 200 only when the database answers in time; the answer says nothing that helps an attacker.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;
use tokio::time::timeout;

use crate::{app::App, erreur::Erreur};

/// Longest wait for the database, below the usual patience of a probe.
const PATIENCE: Duration = Duration::from_secs(2);

pub async fn sante(State(app): State<App>) -> Result<Response, Erreur> {
    let base = matches!(timeout(PATIENCE, app.registre.sonder()).await, Ok(Ok(())));
    let (statut, etat, base) = if base {
        (StatusCode::OK, "ok", "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "panne", "muette")
    };
    let corps = json!({ "etat": etat, "version": env!("CARGO_PKG_VERSION"), "base": base });
    Ok((statut, Json(corps)).into_response())
}
