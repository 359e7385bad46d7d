//! What a token is worth, and taking it back: introspection (RFC 7662) and revocation (RFC 7009).
//!
//! `SubjectNameID` is told of an access token only. A dead token and one that never existed get the same answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use oidc::jetons::Introspection;
use serde_json::{Map, Value, json};

use super::appel::Appel;
use super::emission::{Sorte, sub};
use super::jetons::{Vivant, sans_cache};
use super::{Psc, Refus};
use crate::parametres::Parametres;

pub(super) async fn dire(State(psc): State<Arc<Psc>>, appel: Appel) -> Response {
    let dire = || {
        psc.prouver(&appel)?;
        let reponse = psc.introspecter(lire(&appel.corps)?, psc.horloge.maintenant());
        appel.note.accepte(if reponse.active { "Jeton actif." } else { "Jeton inactif ou inconnu." });
        Ok(reponse)
    };
    match dire() {
        Ok(reponse) => sans_cache(Json(reponse).into_response()),
        Err::<_, Refus>(refus) => refus.into_response(),
    }
}

pub(super) async fn revoquer(State(psc): State<Arc<Psc>>, appel: Appel) -> Response {
    let revoquer = || {
        let client = psc.prouver(&appel)?;
        psc.revoquer(&client, lire(&appel.corps)?, psc.horloge.maintenant());
        Ok(())
    };
    match revoquer() {
        Ok(()) => sans_cache(().into_response()),
        Err::<_, Refus>(refus) => refus.into_response(),
    }
}

fn lire(corps: &Parametres) -> Result<&str, Refus> {
    corps
        .jeton("token")
        .map_err(|_| Refus::requete("duplicated parameter", "token répété"))?
        .ok_or_else(|| Refus::requete("Token not provided", "token absent"))
}

impl Psc {
    fn introspecter(&self, jeton: &str, maintenant: Timestamp) -> Introspection {
        let vivant = [Sorte::Bearer, Sorte::Refresh]
            .into_iter()
            .find_map(|sorte| self.vivant(jeton, sorte, maintenant).ok());
        match vivant {
            Some(vivant) => Introspection { active: true, revendications: revendications(vivant) },
            None => Introspection::default(),
        }
    }
}

fn revendications(vivant: Vivant) -> Map<String, Value> {
    let Vivant { lu, identite, .. } = vivant;
    let national_id = identite.national_id();
    let ajouts = json!({
        "iss": lu.iss, "typ": lu.typ, "azp": lu.azp, "sid": lu.sid, "jti": lu.jti, "scope": lu.scope,
        "iat": lu.iat, "exp": lu.exp,
        // Always there at Pro Santé Connect, empty when the flow has none.
        "nonce": lu.nonce.unwrap_or_default(),
        "sub": sub(national_id),
        "client_id": lu.azp,
        "username": national_id,
        "preferred_username": national_id,
        "email_verified": false,
    });
    let mut toutes = lu.autres;
    if lu.typ != Sorte::Bearer {
        toutes.remove("SubjectNameID");
    }
    if let Value::Object(ajouts) = ajouts {
        toutes.extend(ajouts);
    }
    toutes
}
