//! What the realm publishes of itself: metadata and public keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use oidc::Fournisseur;

use super::{AUTH, CERTS, Isc, LOGOUT, TOKEN, USERINFO};

pub(super) async fn publier(State(isc): State<Arc<Isc>>) -> Json<Fournisseur> {
    let liste = |valeurs: &[&str]| valeurs.iter().map(|valeur| (*valeur).to_owned()).collect();
    Json(Fournisseur {
        issuer: isc.issuer.clone(),
        authorization_endpoint: isc.adresse(AUTH),
        token_endpoint: isc.adresse(TOKEN),
        jwks_uri: isc.adresse(CERTS),
        userinfo_endpoint: Some(isc.adresse(USERINFO)),
        end_session_endpoint: Some(isc.adresse(LOGOUT)),
        introspection_endpoint: None,
        revocation_endpoint: None,
        backchannel_authentication_endpoint: None,
        pushed_authorization_request_endpoint: None,
        require_pushed_authorization_requests: false,
        backchannel_token_delivery_modes_supported: Vec::new(),
        mtls_endpoint_aliases: None,
        response_types_supported: liste(&["code"]),
        response_modes_supported: liste(&["query"]),
        grant_types_supported: liste(&["authorization_code"]),
        subject_types_supported: liste(&["public"]),
        id_token_signing_alg_values_supported: liste(&["RS256"]),
        token_endpoint_auth_methods_supported: liste(&["client_secret_basic", "client_secret_post"]),
        code_challenge_methods_supported: liste(&[oidc::pkce::METHODE]),
        scopes_supported: liste(&["openid", "profile", "email", "phone"]),
        claims_supported: liste(&[
            "sub",
            "auth_time",
            "sid",
            "preferred_username",
            "given_name",
            "family_name",
            "email",
            "email_verified",
            "phone_number",
            "role_entreprise",
            "structure",
            "roles_agence",
        ]),
        prompt_values_supported: liste(&["none", "login", "select_account"]),
        authorization_response_iss_parameter_supported: true,
    })
}

pub(super) async fn publier_cles(State(isc): State<Arc<Isc>>) -> Json<serde_json::Value> {
    Json(isc.cle.jwks())
}
