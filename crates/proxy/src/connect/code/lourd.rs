//! A thick client that lets an external browser do the sign-in: it waits here, and asks until its session is there.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::super::attente::{DUREE_S, Suite};
use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;
use crate::session::empreinte;

/// Between two questions of the client, in seconds.
const INTERVALLE_S: u64 = 2;

/// `POST /connect/attente {"clientId": …}`: a secret to ask with, and an address for the browser.
pub(crate) async fn attendre(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let corps: Option<Value> = serde_json::from_slice(&recue.corps).ok();
    let Some(client_id) = corps.as_ref().and_then(|corps| corps["clientId"].as_str()) else {
        return reponse::refus(StatusCode::BAD_REQUEST, "[clientId is missing]");
    };
    if !etat.clients.contains_key(client_id) {
        return reponse::refus(StatusCode::NOT_FOUND, "Software Client ID Not Found.");
    }
    let maintenant = etat.horloge.maintenant();
    if !etat.par_client.passe(client_id, etat.config.limites.connects_client_minute, maintenant) {
        let refus = reponse::refus(StatusCode::TOO_MANY_REQUESTS, "Too many connections for this software.");
        return reponse::attendre(refus, 10);
    }
    let (secret, public) = (etat.alea.jeton(), etat.alea.jeton());
    // Kept by its fingerprint: whoever reads the table can't ask in its place.
    if !etat.attentes.attendre(empreinte(&secret), client_id.to_owned(), public.clone(), maintenant) {
        let refus = reponse::refus(StatusCode::SERVICE_UNAVAILABLE, "Too many connections are waiting.");
        return reponse::attendre(refus, 30);
    }
    let url = format!("{}connect/authorize?attente={public}", etat.config.url);
    let ouverte = json!({"attente": secret, "url": url, "expires_in": DUREE_S, "interval": INTERVALLE_S});
    reponse::json(StatusCode::OK, &ouverte)
}

/// `GET /connect/attente` with the secret as bearer: 202 while it lasts, then the session once.
pub(crate) async fn suivre(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let porteur = recue.tete.headers.get(http::header::AUTHORIZATION);
    let porteur =
        porteur.and_then(|valeur| valeur.to_str().ok()).and_then(|texte| texte.strip_prefix("Bearer "));
    let lu = porteur.and_then(|secret| etat.attentes.lire(&empreinte(secret), etat.horloge.maintenant()));
    match lu {
        None => reponse::refus(StatusCode::NOT_FOUND, "Nothing is waiting under this name."),
        Some(Suite::Attend) => {
            let attente = reponse::json(StatusCode::ACCEPTED, &json!({"etat": "en_attente"}));
            reponse::attendre(attente, INTERVALLE_S)
        }
        Some(Suite::Echoue) => reponse::refus(StatusCode::UNAUTHORIZED, "The user did not connect."),
        Some(Suite::Pret(session)) => reponse::cookie_session(super::super::annoncer(&session), session.id()),
    }
}
