//! A thick client that lets an external browser do the sign-in: it waits here, and asks until its session is there.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::attente::{Annonce, DUREE_S, Suite};
use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;
use crate::session::empreinte;

/// Between two questions of the client, in seconds.
const INTERVALLE_S: u64 = 2;

/// `POST /connect/attente {"clientId": …}`: a secret to ask with, an address for the browser, and the two digits that the
/// software must show its user before opening it.
pub(crate) async fn attendre(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let corps: Option<Value> = serde_json::from_slice(&recue.corps).ok();
    let Some(client_id) = corps.as_ref().and_then(|corps| corps["clientId"].as_str()) else {
        return reponse::refus(StatusCode::BAD_REQUEST, "[clientId is missing]");
    };
    if !etat.clients.contains_key(client_id) {
        return reponse::refus(StatusCode::NOT_FOUND, "Software Client ID Not Found.");
    }
    let maintenant = etat.horloge.maintenant();
    let (limites, adresse) = (&etat.config.limites, recue.origine.adresse.to_string());
    if !etat.par_adresse.passe(&adresse, limites.connects_adresse_minute, maintenant)
        || !etat.par_client.passe(client_id, limites.connects_client_minute, maintenant)
    {
        let refus = reponse::refus(StatusCode::TOO_MANY_REQUESTS, "Too many connections for this software.");
        return reponse::attendre(refus, 10);
    }
    let (secret, public) = (etat.alea.jeton(), etat.alea.jeton());
    let message = etat.alea.lettres(b"0123456789", 2);
    let url = format!("{}connect/authorize?attente={public}", etat.config.url);
    let annonce = Annonce { client_id: client_id.to_owned(), public, message: message.clone() };
    // Kept by its fingerprint: whoever reads the table can't ask in its place.
    if !etat.attentes.attendre(empreinte(&secret), annonce, maintenant) {
        let refus = reponse::refus(StatusCode::SERVICE_UNAVAILABLE, "Too many connections are waiting.");
        return reponse::attendre(refus, 30);
    }
    let ouverte = json!({
        "attente": secret,
        "url": url,
        "bindingMessage": message,
        "expires_in": DUREE_S,
        "interval": INTERVALLE_S,
    });
    reponse::json(StatusCode::OK, &ouverte)
}

/// `GET /connect/attente` with the secret as bearer: 202 while it lasts, then the session once.
pub(crate) async fn suivre(etat: Arc<Etat>, recue: Recue, raccroche: CancellationToken) -> Reponse {
    let porteur = recue.tete.headers.get(http::header::AUTHORIZATION);
    let porteur =
        porteur.and_then(|valeur| valeur.to_str().ok()).and_then(|texte| texte.strip_prefix("Bearer "));
    let Some(secret) = porteur else {
        return reponse::refus(StatusCode::UNAUTHORIZED, "The secret of the wait is expected as a bearer.");
    };
    match etat.attentes.lire(&empreinte(secret), etat.horloge.maintenant()) {
        None => reponse::refus(StatusCode::NOT_FOUND, "Nothing is waiting under this name."),
        Some(Suite::Attend) => {
            let attente = reponse::json(StatusCode::ACCEPTED, &json!({"etat": "en_attente"}));
            reponse::attendre(attente, INTERVALLE_S)
        }
        Some(Suite::Echoue) => reponse::refus(StatusCode::UNAUTHORIZED, "The user did not connect."),
        Some(Suite::Pret(session)) if raccroche.is_cancelled() => {
            super::super::abandonner(&etat, &session).await;
            reponse::vide(StatusCode::REQUEST_TIMEOUT)
        }
        Some(Suite::Pret(session)) => reponse::cookie_session(super::super::annoncer(&session), session.id()),
    }
}
