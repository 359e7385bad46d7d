//! The operator's listener: metrics, health, readiness. On an address of its own, for the operator's network alone.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::etat::Etat;

/// The Prometheus text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Serialize)]
struct Sante {
    /// `ok` or `degrade`.
    etat: &'static str,
    version: &'static str,
    sessions: usize,
    /// Whether their store answers.
    sessions_joignables: bool,
    /// Whether one more would be one too many.
    sessions_au_complet: bool,
    traces: Traces,
}

#[derive(Serialize)]
struct Traces {
    saines: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    refusees: u64,
    en_attente_octets: u64,
    /// Segments in which something was damaged, since the start; each is kept aside as `*.rompu`.
    segments_rompus: u64,
}

pub(crate) fn routes(etat: Arc<Etat>) -> Router {
    Router::new()
        .route("/metrics", get(metriques))
        .route("/health", get(sante))
        .route("/ready", get(pret))
        .with_state(etat)
}

async fn metriques(State(etat): State<Arc<Etat>>) -> Response {
    ([(CONTENT_TYPE, PROMETHEUS)], etat.metriques.texte(&etat)).into_response()
}

/// How it is: 503 when something that calls depend on is broken here.
async fn sante(State(etat): State<Arc<Etat>>) -> Response {
    let journal = etat.journal.etat();
    let saines = journal.sain();
    let joignables = etat.alertes.depot_repond();
    let traces = Traces {
        saines,
        cause: journal.panne.or(journal.disque),
        refusees: journal.refusees,
        en_attente_octets: journal.en_attente,
        segments_rompus: journal.rompus,
    };
    let sante = Sante {
        etat: if saines && joignables { "ok" } else { "degrade" },
        version: env!("CARGO_PKG_VERSION"),
        sessions: etat.magasin.nombre(),
        sessions_joignables: joignables,
        sessions_au_complet: etat.magasin.plein(),
        traces,
    };
    (statut(saines && joignables), Json(sante)).into_response()
}

/// Whether to send it new connections: it would open sessions, and isn't stopping.
async fn pret(State(etat): State<Arc<Etat>>) -> Response {
    let ouvrirait = etat.journal.etat().sain() && etat.alertes.depot_repond() && !etat.magasin.plein();
    let pret = !etat.arret.est_demande() && ouvrirait;
    (statut(pret), if pret { "prêt\n" } else { "pas prêt\n" }).into_response()
}

fn statut(bien: bool) -> StatusCode {
    if bien { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
