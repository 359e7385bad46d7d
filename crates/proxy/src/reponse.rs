//! The proxy's own answers: the agency's error descriptor, empty bodies, cookies, and the headers that all of them carry.
//!
//! Only this file knows how a refusal becomes a status. An answer of an API never passes here.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::corps::Propre;
use crate::session::{COOKIE, depot};

pub(crate) type Reponse = Response<Propre>;

/// Tells an answer of the proxy from one of an API.
const ORIGINE: HeaderName = HeaderName::from_static("x-edc-origine");

/// `metadata` of the descriptor: what is known of who asked.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) national_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
}

/// The agency's error body.
#[derive(Serialize)]
struct Descripteur<'a> {
    code: &'a str,
    message: &'a str,
    metadata: &'a Metadata,
}

pub(crate) fn reponse(statut: StatusCode, corps: Propre) -> Reponse {
    let mut reponse = Response::new(corps);
    *reponse.status_mut() = statut;
    let entetes = reponse.headers_mut();
    entetes.insert(ORIGINE, HeaderValue::from_static("proxy"));
    entetes.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    entetes.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    entetes.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    reponse
}

/// The store that nodes share doesn't say whether there is a session.
pub(crate) fn sans_depot(panne: &depot::Erreur) -> Reponse {
    tracing::error!(panne = panne as &dyn std::error::Error, "sessions injoignables");
    attendre(refus(StatusCode::SERVICE_UNAVAILABLE, "Sessions are unavailable."), 5)
}

pub(crate) fn vide(statut: StatusCode) -> Reponse {
    reponse(statut, Propre::Vide)
}

pub(crate) fn type_de(mut reponse: Reponse, sorte: &'static str) -> Reponse {
    reponse.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(sorte));
    reponse
}

pub(crate) fn json<T: Serialize>(statut: StatusCode, valeur: &T) -> Reponse {
    let octets = serde_json::to_vec(valeur).expect("our own answers are plain maps and texts");
    type_de(reponse(statut, Propre::plein(octets)), "application/json")
}

pub(crate) fn texte(statut: StatusCode, texte: &'static str) -> Reponse {
    let corps = Propre::plein(Bytes::from_static(texte.as_bytes()));
    type_de(reponse(statut, corps), "text/plain; charset=utf-8")
}

pub(crate) fn page(statut: StatusCode, html: String) -> Reponse {
    let mut reponse = type_de(reponse(statut, Propre::plein(html)), "text/html; charset=utf-8");
    reponse.headers_mut().insert(
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        ),
    );
    reponse.headers_mut().insert(http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reponse
}

pub(crate) fn redirection(vers: &str) -> Reponse {
    let Ok(vers) = HeaderValue::try_from(vers) else { return vide(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut reponse = vide(StatusCode::FOUND);
    reponse.headers_mut().insert(LOCATION, vers);
    reponse.headers_mut().insert(http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reponse
}

/// An error with the agency's body.
pub(crate) fn erreur(statut: StatusCode, message: &str, metadata: &Metadata) -> Reponse {
    json(statut, &Descripteur { code: statut.as_str(), message, metadata })
}

/// The same when nothing is known of who asked.
pub(crate) fn refus(statut: StatusCode, message: &str) -> Reponse {
    erreur(statut, message, &Metadata::default())
}

/// 502, 503 and 504: an empty body like the agency's, or the descriptor where the operator asked for it.
pub(crate) fn indisponible(statut: StatusCode, message: &str, avec_corps: bool) -> Reponse {
    if avec_corps { refus(statut, message) } else { vide(statut) }
}

pub(crate) fn attendre(mut reponse: Reponse, secondes: u64) -> Reponse {
    reponse.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secondes));
    reponse
}

pub(crate) fn methode_refusee(permises: &'static str) -> Reponse {
    let mut reponse = refus(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.");
    reponse.headers_mut().insert(ALLOW, HeaderValue::from_static(permises));
    reponse
}

/// Sets or clears a cookie with the one set of attributes that this server uses.
pub(crate) fn cookie(mut reponse: Reponse, nom: &str, valeur: &str, duree_s: Option<u64>) -> Reponse {
    let duree = duree_s.map_or(String::new(), |duree| format!("; Max-Age={duree}"));
    let texte = format!("{nom}={valeur}; Path=/; HttpOnly; Secure; SameSite=Lax{duree}");
    // Names and values come from us: letters, digits, `-` and `_`.
    if let Ok(mut valeur) = HeaderValue::try_from(texte) {
        valeur.set_sensitive(true);
        reponse.headers_mut().append(SET_COOKIE, valeur);
    }
    reponse
}

pub(crate) fn cookie_session(reponse: Reponse, id: &str) -> Reponse {
    cookie(reponse, COOKIE, id, None)
}

pub(crate) fn cookie_efface(reponse: Reponse) -> Reponse {
    cookie(reponse, COOKIE, "", Some(0))
}
