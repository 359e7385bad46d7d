//! What a provider says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::pkce;

/// Path of the document under the issuer's URL.
pub const CHEMIN: &str = "/.well-known/openid-configuration";

/// A provider's metadata. Members that we don't use are ignored when read and left out when written.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fournisseur {
    pub issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<Url>,
    /// RFC 7662.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<Url>,
    /// RFC 7009.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Url>,
    /// CIBA §4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_endpoint: Option<Url>,
    /// RFC 9126 §5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<Url>,
    /// Whether an authorization request must be pushed first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backchannel_token_delivery_modes_supported: Vec<String>,
    /// Where to go with a client certificate (RFC 8705 §5); read with [`Fournisseur::points`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<Alias>,
    pub response_types_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    pub subject_types_supported: Vec<String>,
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Absent means `client_secret_basic` (RFC 8414 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_values_supported: Vec<String>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// The endpoints that have another address for clients that show a certificate.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Alias {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_endpoint: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<Url>,
}

/// The addresses that a client calls by itself, aliases applied or not.
#[derive(Clone, Debug)]
pub struct Points {
    pub token: Url,
    pub userinfo: Option<Url>,
    pub introspection: Option<Url>,
    pub revocation: Option<Url>,
    pub backchannel_authentication: Option<Url>,
    /// RFC 9126.
    pub demande_poussee: Option<Url>,
}

/// Why a provider's metadata can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Faute {
    #[error("les métadonnées annoncent un autre émetteur que celui qui est configuré")]
    Emetteur,
    #[error("l’adresse « {0} » des métadonnées n’est pas en https")]
    Adresse(&'static str),
    #[error("le fournisseur n’accepte pas le flux « code »")]
    Flux,
    #[error("le fournisseur n’accepte pas PKCE S256")]
    Pkce,
    #[error("le fournisseur n’accepte ni client_secret_basic ni client_secret_post")]
    Authentification,
}

impl Fournisseur {
    /// Checks what a client relies on: the issuer exactly as configured, safe addresses, the code flow, PKCE, our ways to authenticate.
    ///
    /// # Errors
    /// The first [`Faute`] met.
    pub fn verifier(&self, issuer: &str) -> Result<(), Faute> {
        if self.issuer != issuer {
            return Err(Faute::Emetteur);
        }
        let adresses = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
        ];
        if let Some((nom, _)) = adresses.iter().find(|(_, url)| url.is_some_and(|url| !adresse_sure(url))) {
            return Err(Faute::Adresse(nom));
        }
        if !contient(&self.response_types_supported, "code") {
            return Err(Faute::Flux);
        }
        if !contient(&self.code_challenge_methods_supported, pkce::METHODE) {
            return Err(Faute::Pkce);
        }
        if !self.accepte_basic()
            && !contient(&self.token_endpoint_auth_methods_supported, "client_secret_post")
        {
            return Err(Faute::Authentification);
        }
        Ok(())
    }

    /// Where a client calls: at the aliases when it shows a certificate and they exist, else at the plain endpoints.
    pub fn points(&self, avec_certificat: bool) -> Points {
        let alias = self.mtls_endpoint_aliases.clone().filter(|_| avec_certificat).unwrap_or_default();
        Points {
            token: alias.token_endpoint.unwrap_or_else(|| self.token_endpoint.clone()),
            userinfo: alias.userinfo_endpoint.or_else(|| self.userinfo_endpoint.clone()),
            introspection: alias.introspection_endpoint.or_else(|| self.introspection_endpoint.clone()),
            revocation: alias.revocation_endpoint.or_else(|| self.revocation_endpoint.clone()),
            backchannel_authentication: alias
                .backchannel_authentication_endpoint
                .or_else(|| self.backchannel_authentication_endpoint.clone()),
            demande_poussee: alias
                .pushed_authorization_request_endpoint
                .or_else(|| self.pushed_authorization_request_endpoint.clone()),
        }
    }

    pub(crate) fn accepte_basic(&self) -> bool {
        let methodes = &self.token_endpoint_auth_methods_supported;
        methodes.is_empty() || contient(methodes, "client_secret_basic")
    }
}

fn contient(liste: &[String], valeur: &str) -> bool {
    liste.iter().any(|element| element == valeur)
}

/// https, or http towards this very machine (development, tests).
pub fn adresse_sure(url: &Url) -> bool {
    let local = match url.host() {
        Some(url::Host::Domain(nom)) => nom == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://isc.test/realms/industriels";

    #[test]
    fn what_a_client_relies_on_is_checked() {
        let cas = [
            (json!({}), Ok(())),
            (json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}), Ok(())),
            (json!({"jwks_uri": "http://127.0.0.1:1/k"}), Ok(())),
            (json!({"issuer": "https://isc.test/realms/industriels/"}), Err(Faute::Emetteur)),
            (json!({"token_endpoint": "http://isc.test/t"}), Err(Faute::Adresse("token_endpoint"))),
            (
                json!({"end_session_endpoint": "http://isc.test/t"}),
                Err(Faute::Adresse("end_session_endpoint")),
            ),
            (json!({"jwks_uri": "file:///etc/passwd"}), Err(Faute::Adresse("jwks_uri"))),
            (json!({"response_types_supported": ["id_token"]}), Err(Faute::Flux)),
            (json!({"code_challenge_methods_supported": ["plain"]}), Err(Faute::Pkce)),
            (
                json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
                Err(Faute::Authentification),
            ),
        ];
        for (changement, attendu) in cas {
            let mut document = json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://isc.test/auth",
                "token_endpoint": "https://isc.test/token",
                "jwks_uri": "https://isc.test/certs",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "tls_client_certificate_bound_access_tokens": true,
            });
            for (cle, valeur) in changement.as_object().unwrap() {
                document[cle] = valeur.clone();
            }
            let fournisseur: Fournisseur = serde_json::from_value(document).unwrap();
            assert_eq!(fournisseur.verifier(ISSUER), attendu, "{changement}");
        }
    }

    #[test]
    fn a_certificate_leads_to_the_aliases_where_there_are_some() {
        let document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://isc.test/auth",
            "token_endpoint": "https://isc.test/token",
            "jwks_uri": "https://isc.test/certs",
            "revocation_endpoint": "https://isc.test/revoke",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.isc.test/token"},
        });
        let fournisseur: Fournisseur = serde_json::from_value(document).unwrap();
        for (avec, jeton) in [(true, "https://mtls.isc.test/token"), (false, "https://isc.test/token")] {
            let points = fournisseur.points(avec);
            assert_eq!(points.token.as_str(), jeton);
            assert_eq!(points.revocation.unwrap().as_str(), "https://isc.test/revoke");
            assert_eq!(points.backchannel_authentication, None);
        }
    }
}
