//! What token endpoints answer, in the shape of Keycloak: tokens, errors, introspection.
//!
//! Tokens are secrets here: they are written on the wire by [`exposer`] and nowhere else.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// Writes a secret on the wire, for `#[serde(serialize_with = "…")]`.
///
/// # Errors
/// The serializer's.
pub fn exposer<S: Serializer>(secret: &SecretString, sortie: S) -> Result<S::Ok, S::Error> {
    sortie.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn exposer_option<S: Serializer>(secret: &Option<SecretString>, sortie: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => exposer(secret, sortie),
        None => sortie.serialize_none(),
    }
}

/// A successful answer of a token endpoint (RFC 6749 §5.1), with Keycloak's additions. Lives are in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReponseJetons {
    #[serde(serialize_with = "exposer")]
    pub access_token: SecretString,
    /// `Bearer`, in any case (RFC 6749 §5.1).
    pub token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposer_option")]
    pub refresh_token: Option<SecretString>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposer_option")]
    pub id_token: Option<SecretString>,
    /// Identifier of the session at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// RFC 8693 §2.2.1; Keycloak leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
    #[serde(default, rename = "not-before-policy", skip_serializing_if = "Option::is_none")]
    pub not_before_policy: Option<u64>,
}

impl ReponseJetons {
    /// Whether the access token is one that goes in `Authorization: Bearer`.
    pub fn porteur(&self) -> bool {
        self.token_type.eq_ignore_ascii_case("Bearer")
    }
}

/// An OAuth error answer (RFC 6749 §5.2, CIBA §11 and §13).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ErreurOauth {
    pub error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// An introspection answer (RFC 7662 §2.2).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Introspection {
    /// `false` says nothing more, whatever the reason.
    pub active: bool,
    #[serde(flatten)]
    pub revendications: Map<String, Value>,
}

impl Introspection {
    /// A claim that is a text.
    pub fn texte(&self, nom: &str) -> Option<&str> {
        self.revendications.get(nom).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_survives_the_wire_and_never_prints_a_token() {
        let texte = r#"{"access_token":"secret-a","token_type":"bearer","expires_in":120,"refresh_token":"secret-r",
            "refresh_expires_in":1800,"id_token":"secret-i","session_state":"s","scope":"openid","not-before-policy":0}"#;
        let lue: ReponseJetons = serde_json::from_str(texte).unwrap();
        assert!(lue.porteur());
        assert!(!format!("{lue:?}").contains("secret-"));
        let ecrite = serde_json::to_value(&lue).unwrap();
        assert_eq!(ecrite, serde_json::from_str::<Value>(texte).unwrap());
    }

    #[test]
    fn an_inactive_token_says_nothing_more() {
        let morte = serde_json::to_string(&Introspection::default()).unwrap();
        assert_eq!(morte, r#"{"active":false}"#);
        let vive: Introspection = serde_json::from_str(r#"{"active":true,"SubjectNameID":"8"}"#).unwrap();
        assert_eq!(vive.texte("SubjectNameID"), Some("8"));
        assert_eq!(vive.texte("exp"), None);
    }
}
