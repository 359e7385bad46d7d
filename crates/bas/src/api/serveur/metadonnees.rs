//! What a realm publishes of itself (RFC 8414, RFC 8705 §3.3) and its public keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{CERTS, INTROSPECTION, REVOCATION, SCOPES_OPENID, ServeurAutorisation, TOKEN};

/// No authorization endpoint: nobody signs in here, tokens come from an exchange.
pub(super) async fn publier(State(serveur): State<Arc<ServeurAutorisation>>) -> Json<Value> {
    let scopes: Vec<&str> =
        SCOPES_OPENID.into_iter().chain(serveur.config.scopes.iter().map(String::as_str)).collect();
    let points = json!({
        "token_endpoint": serveur.adresse(TOKEN),
        "introspection_endpoint": serveur.adresse(INTROSPECTION),
        "revocation_endpoint": serveur.adresse(REVOCATION),
    });
    let methodes = ["tls_client_auth", "client_secret_basic", "client_secret_post"];
    let mut document = json!({
        "issuer": serveur.issuer,
        "jwks_uri": serveur.adresse(CERTS),
        "grant_types_supported": [oidc::echange::GRANT, "refresh_token"],
        "response_types_supported": [],
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported": methodes,
        "introspection_endpoint_auth_methods_supported": methodes,
        "revocation_endpoint_auth_methods_supported": methodes,
        "tls_client_certificate_bound_access_tokens": true,
        "mtls_endpoint_aliases": points,
    });
    if let (Some(document), Some(points)) = (document.as_object_mut(), points.as_object()) {
        document.extend(points.clone());
    }
    Json(document)
}

pub(super) async fn publier_cles(State(serveur): State<Arc<ServeurAutorisation>>) -> Json<Value> {
    Json(serveur.cle.jwks())
}
