//! The userinfo endpoint (OpenID Connect Core §5.3): who the bearer of an access token is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::echange::Acces;
use super::{Isc, Personne, USERINFO, personnes};

pub(super) async fn donner(State(isc): State<Arc<Isc>>, entetes: HeaderMap) -> Response {
    let porteur = entetes.get(header::AUTHORIZATION).and_then(|valeur| valeur.to_str().ok());
    let Some(jeton) = porteur.and_then(|valeur| valeur.strip_prefix("Bearer ")) else {
        return refus("Bearer realm=\"industriels\"");
    };
    match isc.porteur(jeton) {
        Some(personne) => {
            let mut revendications = json!(personne.profil());
            revendications["sub"] = json!(personne.sub());
            Json(revendications).into_response()
        }
        None => refus("Bearer realm=\"industriels\", error=\"invalid_token\""),
    }
}

fn refus(methode: &'static str) -> Response {
    let corps = Json(json!({ "error": "invalid_token" }));
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, HeaderValue::from_static(methode))], corps)
        .into_response()
}

impl Isc {
    /// The person of an access token of ours, as long as the token, its code and its session are good.
    fn porteur(&self, jeton: &str) -> Option<&'static Personne> {
        let acces: Acces = oidc::jwt::verifier(jeton, &self.cles).ok()?;
        let maintenant = self.horloge.maintenant();
        let bon = acces.iss == self.issuer
            && acces.aud == self.adresse(USERINFO).as_str()
            && acces.exp > maintenant.as_second()
            && !self.revoques.contient(&acces.jti)
            && self.sessions.vivante(&acces.sid, maintenant);
        let personne = personnes().iter().find(|personne| personne.sub().to_string() == acces.sub)?;
        bon.then_some(personne)
    }
}
