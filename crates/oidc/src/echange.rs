//! Token exchange (RFC 8693), as the authorization servers of the API Pro Santé Connectées take it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::jetons::exposer;

/// `grant_type` of an exchange.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const TYPE_JETON_ACCES: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const TYPE_JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// `subject_issuer` that names Pro Santé Connect (an extension of Keycloak).
pub const EMETTEUR_PSC: &str = "psc";

/// The form of an exchange. The client's proof comes beside it. The answer is a [`crate::jetons::ReponseJetons`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Demande {
    /// Always [`GRANT`].
    pub grant_type: String,
    /// The access token of Pro Santé Connect.
    #[serde(serialize_with = "exposer")]
    pub subject_token: SecretString,
    /// [`TYPE_JETON_ACCES`] or [`TYPE_JWT`].
    pub subject_token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The JWT that describes proxy, LPS and situation of practice; unsigned where mTLS stands for the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_token_type: Option<String>,
}

impl Demande {
    /// The exchange of an access token of Pro Santé Connect, nothing else asked.
    pub fn nouvelle(subject_token: SecretString) -> Self {
        Self {
            grant_type: GRANT.to_owned(),
            subject_token,
            subject_token_type: TYPE_JETON_ACCES.to_owned(),
            subject_issuer: Some(EMETTEUR_PSC.to_owned()),
            scope: None,
            audience: None,
            actor_token: None,
            actor_token_type: None,
        }
    }
}
