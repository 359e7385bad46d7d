//! The journal for programs: JSON, under a bearer token, from the line that the caller has seen last.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::{Filtre, Issue, Journal};

/// Lines of one answer.
const LIGNES_MAX: usize = 1_000;

#[derive(Clone)]
struct Etat {
    journal: Journal,
    jeton: SecretString,
}

/// `GET /_bac-a-sable/journal?since=N&serveur=…&client=…&issue=…&max=…`, all parameters optional, answers
/// `{"lignes": [Ligne…], "dernier": N}`: give `dernier` back as `since` to read what came after.
pub fn routes(journal: &Journal, jeton: SecretString) -> Router {
    let etat = Etat { journal: journal.clone(), jeton };
    Router::new().route("/_bac-a-sable/journal", get(lire)).with_state(etat)
}

#[derive(Deserialize)]
struct Demande {
    #[serde(default)]
    since: u64,
    #[serde(default)]
    serveur: String,
    #[serde(default)]
    client: String,
    issue: Option<Issue>,
    max: Option<usize>,
}

async fn lire(
    State(etat): State<Etat>,
    entetes: HeaderMap,
    demande: Result<Query<Demande>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let montre =
        entetes.get(header::AUTHORIZATION).and_then(|valeur| valeur.as_bytes().strip_prefix(b"Bearer "));
    let attendu = etat.jeton.expose_secret().as_bytes();
    if attendu.is_empty() || !montre.is_some_and(|montre| bool::from(montre.ct_eq(attendu))) {
        let mut refus = (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_token" }))).into_response();
        let methode = HeaderValue::from_static("Bearer realm=\"bac-a-sable\"");
        refus.headers_mut().insert(header::WWW_AUTHENTICATE, methode);
        return refus;
    }
    let Ok(Query(demande)) = demande else {
        let detail = "since et max sont des nombres ; issue vaut accepte, refuse, panne ou abandon";
        let corps = json!({ "error": "invalid_request", "error_description": detail });
        return (StatusCode::BAD_REQUEST, Json(corps)).into_response();
    };
    let filtre = Filtre { serveur: demande.serveur, client: demande.client, issue: demande.issue };
    let max = demande.max.unwrap_or(LIGNES_MAX).min(LIGNES_MAX);
    let (lignes, dernier) = etat.journal.depuis_numero(demande.since, &filtre, max);
    Json(json!({ "lignes": lignes, "dernier": dernier })).into_response()
}
