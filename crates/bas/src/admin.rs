//! The API of administration of the sandbox, for scripts, tests and the command line: JSON under `/_bac-a-sable`.
//!
//! Every request carries `Authorization: Bearer` with the token of the configuration. What the pages do, it does too.

mod approbations;
mod corps;
mod demandes_client;
mod identites;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::{StatusCode, header};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use corps::Corps;

use crate::ecps::RefusReponse;
use crate::identites::RefusIdentite;
use crate::psc::{Inscription, Psc, RefusClient, Reglages};
use crate::scenarios::{self, Actif, RefusScenario};

/// Where the API is, on the host of the pages.
pub(crate) const RACINE: &str = "/_bac-a-sable";
/// An import of two thousand identities fits.
const CORPS_MAX: usize = 8 * 1024 * 1024;

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    let routes = Router::new()
        .route("/approbations", get(approbations::lister))
        .route("/approbations/{id}/{acte}", post(approbations::repondre))
        .route("/identites", get(identites::lister).post(identites::creer))
        .route("/identites/import", post(identites::importer))
        .route(
            "/identites/{national_id}",
            get(identites::lire).put(identites::remplacer).delete(identites::supprimer),
        )
        .route("/identites/{national_id}/reponse", put(identites::regler_reponse))
        .route("/clients", get(lister_clients).post(inscrire_client))
        .route("/demandes-client", post(demandes_client::traiter))
        .route("/clients/{client_id}", axum::routing::delete(retirer_client))
        .route("/sessions", get(lister_sessions))
        .route("/sessions/{sid}", axum::routing::delete(terminer_session))
        .route("/reglages", get(lire_reglages).put(regler))
        .route("/cles/rotation", post(tourner_cles))
        .route("/scenarios", get(lister_scenarios).put(fixer_scenarios))
        .route("/scenarios/catalogue", get(async || Json(scenarios::catalogue())))
        .route("/horloge", post(avancer_horloge))
        .route("/reinitialiser", post(reinitialiser))
        .layer(from_fn_with_state(Arc::clone(psc), garder))
        .layer(DefaultBodyLimit::max(CORPS_MAX))
        .with_state(Arc::clone(psc));
    Router::new().nest(RACINE, routes)
}

/// What the API answers when it refuses: a status and a sentence.
#[derive(Debug)]
pub(crate) struct Faute(StatusCode, String);

impl IntoResponse for Faute {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

impl From<RefusReponse> for Faute {
    fn from(refus: RefusReponse) -> Self {
        let statut = match refus {
            RefusReponse::Inconnue => StatusCode::NOT_FOUND,
            RefusReponse::Close | RefusReponse::Moyen => StatusCode::CONFLICT,
        };
        Self(statut, refus.to_string())
    }
}

impl From<RefusIdentite> for Faute {
    fn from(refus: RefusIdentite) -> Self {
        let statut = match refus {
            RefusIdentite::Inconnue(_) => StatusCode::NOT_FOUND,
            RefusIdentite::EnDouble(_) => StatusCode::CONFLICT,
            RefusIdentite::Enregistrement(_) => StatusCode::INTERNAL_SERVER_ERROR,
            RefusIdentite::NationalId | RefusIdentite::Nom(_) | RefusIdentite::Trop => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        Self(statut, refus.to_string())
    }
}

impl From<RefusClient> for Faute {
    fn from(refus: RefusClient) -> Self {
        let statut = match refus {
            RefusClient::Inconnu(_) => StatusCode::NOT_FOUND,
            RefusClient::Enregistrement(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self(statut, refus.to_string())
    }
}

impl From<RefusScenario> for Faute {
    fn from(refus: RefusScenario) -> Self {
        let statut = match refus {
            RefusScenario::Enregistrement(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self(statut, refus.to_string())
    }
}

async fn garder(State(psc): State<Arc<Psc>>, requete: Request, suite: Next) -> Response {
    let recu = requete.headers().get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
    let recu = recu.and_then(|valeur| valeur.strip_prefix(b"Bearer ")).unwrap_or_default();
    let attendu = psc.jeton_admin.expose_secret().as_bytes();
    // An empty token in the configuration must not open the door to whoever sends none.
    if attendu.is_empty() || !bool::from(recu.ct_eq(attendu)) {
        let texte = "Le jeton d’administration du bac à sable est attendu (Authorization: Bearer …).";
        return Faute(StatusCode::UNAUTHORIZED, texte.to_owned()).into_response();
    }
    suite.run(requete).await
}

async fn lister_clients(State(psc): State<Arc<Psc>>) -> Json<Value> {
    let clients = psc.clients.tous().into_iter().map(|client| {
        json!({
            "client_id": client.client_id,
            "nom": client.nom,
            "preuve": if client.a_certificat() { "certificat" } else { "secret" },
            "redirect_uris": client.redirect_uris,
            "post_logout_redirect_uris": client.post_logout_redirect_uris,
            "backchannel_logout_uri": client.backchannel_logout_uri,
            "ciba": client.ciba,
        })
    });
    Json(clients.collect())
}

async fn inscrire_client(
    State(psc): State<Arc<Psc>>,
    Corps(inscription): Corps<Inscription>,
) -> Result<StatusCode, Faute> {
    psc.clients.inscrire(inscription)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn retirer_client(
    State(psc): State<Arc<Psc>>,
    axum::extract::Path(client_id): axum::extract::Path<String>,
) -> Result<StatusCode, Faute> {
    psc.clients.retirer(&client_id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn lister_sessions(State(psc): State<Arc<Psc>>) -> Json<Value> {
    let sessions = psc.sessions.toutes(&psc.reglages().durees, psc.horloge.maintenant());
    let sessions = sessions.into_iter().map(|session| {
        json!({
            "sid": session.sid,
            "national_id": session.national_id,
            "canal": session.canal,
            "debut": session.debut,
            "vue": session.vue,
            "clients": session.clients.keys().collect::<Vec<_>>(),
        })
    });
    Json(sessions.collect())
}

/// Ends a session and tells its clients.
async fn terminer_session(
    State(psc): State<Arc<Psc>>,
    axum::extract::Path(sid): axum::extract::Path<String>,
) -> Result<Json<Value>, Faute> {
    let durees = psc.reglages().durees;
    if psc.sessions.lire(&sid, &durees, psc.horloge.maintenant()).is_none() {
        return Err(Faute(StatusCode::NOT_FOUND, "Cette session n’existe pas ou plus.".to_owned()));
    }
    Ok(Json(json!({ "clients_avertis": psc.terminer(&sid).await })))
}

async fn lire_reglages(State(psc): State<Arc<Psc>>) -> Json<Reglages> {
    Json(psc.reglages())
}

async fn regler(
    State(psc): State<Arc<Psc>>,
    Corps(reglages): Corps<Reglages>,
) -> Result<Json<Reglages>, Faute> {
    psc.regler(reglages).map_err(|erreur| {
        tracing::error!(erreur = &erreur as &dyn std::error::Error, "réglages");
        Faute(StatusCode::INTERNAL_SERVER_ERROR, "Les réglages n’ont pas pu être enregistrés.".to_owned())
    })?;
    Ok(Json(psc.reglages()))
}

async fn tourner_cles(State(psc): State<Arc<Psc>>) -> Result<Json<Value>, Faute> {
    match psc.tourner_cles() {
        Ok(kid) => Ok(Json(json!({ "kid": kid }))),
        Err(erreur) => {
            tracing::error!(erreur = &erreur as &dyn std::error::Error, "rotation des clés");
            Err(Faute(StatusCode::INTERNAL_SERVER_ERROR, "La clé n’a pas pu être changée.".to_owned()))
        }
    }
}

async fn lister_scenarios(State(psc): State<Arc<Psc>>) -> Json<Vec<Actif>> {
    Json(psc.scenarios.actifs())
}

/// Replaces all that is on; an empty list takes everything off.
async fn fixer_scenarios(
    State(psc): State<Arc<Psc>>,
    Corps(actifs): Corps<Vec<Actif>>,
) -> Result<Json<Vec<Actif>>, Faute> {
    psc.scenarios.fixer(actifs)?;
    Ok(Json(psc.scenarios.actifs()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Avance {
    /// Seconds; negative goes back.
    avancer: i32,
}

/// Moves the clock of the sandbox, for what it says of time and for how long things live.
async fn avancer_horloge(State(psc): State<Arc<Psc>>, Corps(avance): Corps<Avance>) -> Json<Value> {
    psc.horloge.avancer(SignedDuration::from_secs(avance.avancer.into()));
    Json(json!({ "maintenant": psc.horloge.maintenant() }))
}

/// Back to the identities, the settings, the faults and the time of the first start; clients stay.
async fn reinitialiser(State(psc): State<Arc<Psc>>) -> Result<StatusCode, Faute> {
    psc.reinitialiser().map_err(|refus| Faute(StatusCode::INTERNAL_SERVER_ERROR, refus.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}
