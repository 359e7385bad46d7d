//! What the realm publishes of itself: metadata in the shape of the agency's realm, and public keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{AUTORISATION, CERTS, CIBA, INTROSPECTION, LOGOUT, PAR, Psc, REVOCATION, TOKEN, USERINFO};

pub(super) async fn publier(State(psc): State<Arc<Psc>>) -> Json<Value> {
    let strict = psc.reglages().strict();
    let methodes = ["tls_client_auth", "client_secret_basic", "client_secret_post"];
    let methodes = if strict { &methodes[..1] } else { &methodes[..] };
    let point = |chemin: &str| psc.adresse(chemin);
    Json(json!({
        "issuer": psc.issuer,
        "authorization_endpoint": format!("{}{AUTORISATION}", psc.portail),
        "token_endpoint": point(TOKEN),
        "introspection_endpoint": point(INTROSPECTION),
        "userinfo_endpoint": point(USERINFO),
        "end_session_endpoint": point(LOGOUT),
        "revocation_endpoint": point(REVOCATION),
        "jwks_uri": point(CERTS),
        "backchannel_authentication_endpoint": point(CIBA),
        "pushed_authorization_request_endpoint": point(PAR),
        "backchannel_token_delivery_modes_supported": ["poll"],
        "grant_types_supported": ["authorization_code", "refresh_token", oidc::ciba::GRANT],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        // Of no use to anybody, and so in the field.
        "acr_values_supported": ["0", "0"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": [oidc::pkce::METHODE],
        "token_endpoint_auth_methods_supported": methodes,
        "introspection_endpoint_auth_methods_supported": methodes,
        "revocation_endpoint_auth_methods_supported": methodes,
        "scopes_supported": ["openid", "scope_all", "identity", "rpps", "referentiel", "profile", "eidas1", "acr"],
        "claims_supported": [
            "aud", "sub", "iss", "auth_time", "name", "given_name", "family_name", "preferred_username", "acr"
        ],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_pushed_authorization_requests": strict,
        "tls_client_certificate_bound_access_tokens": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "authorization_response_iss_parameter_supported": true,
        // The same host, certificate or not.
        "mtls_endpoint_aliases": {
            "token_endpoint": point(TOKEN),
            "introspection_endpoint": point(INTROSPECTION),
            "revocation_endpoint": point(REVOCATION),
            "userinfo_endpoint": point(USERINFO),
            "backchannel_authentication_endpoint": point(CIBA),
            "pushed_authorization_request_endpoint": point(PAR),
        },
    }))
}

pub(super) async fn publier_cles(State(psc): State<Arc<Psc>>) -> Json<Value> {
    Json(psc.cles().document())
}
