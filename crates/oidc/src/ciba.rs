//! The words of CIBA in poll mode (OpenID Connect Client-Initiated Backchannel Authentication 1.0), with what Pro Santé
//! Connect adds: the parameter `channel`.
//!
//! Shared by the provider and the client, so that neither spells a parameter its own way.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::jetons::exposer;

/// `grant_type` of a poll (CIBA §10.1).
pub const GRANT: &str = "urn:openid:params:grant-type:ciba";
/// Seconds between two polls when the acknowledgement doesn't say (CIBA §7.3).
pub const INTERVALLE_PAR_DEFAUT: u64 = 5;
/// Seconds that each `slow_down` adds to the interval (CIBA §11).
pub const RALENTIR: u64 = 5;
/// Longest `binding_message`.
const MESSAGE_MAX: usize = 50;

/// The means that the person authenticates with (`channel`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Canal {
    /// The CPx card, through the desktop tool CPS-Gestion.
    #[serde(rename = "CARD")]
    Carte,
    /// The e-CPS, an application on the telephone. What Pro Santé Connect assumes when nothing is said.
    #[default]
    #[serde(rename = "MOBILE")]
    Mobile,
}

impl Canal {
    /// The value of `channel` and of the claim `authMode`.
    pub fn valeur(self) -> &'static str {
        match self {
            Self::Carte => "CARD",
            Self::Mobile => "MOBILE",
        }
    }

    /// Reads `channel`, case included.
    pub fn lire(valeur: &str) -> Option<Self> {
        [Self::Carte, Self::Mobile].into_iter().find(|canal| canal.valeur() == valeur)
    }
}

impl fmt::Display for Canal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.valeur())
    }
}

/// The form of a request to the backchannel authentication endpoint. The client's proof comes beside it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Demande {
    /// `openid scope_all` at Pro Santé Connect.
    pub scope: String,
    /// `eidas1`.
    pub acr_values: String,
    /// National identifier of the person.
    pub login_hint: String,
    pub binding_message: String,
    pub channel: Canal,
}

/// The acknowledgement (CIBA §7.3).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Accuse {
    #[serde(serialize_with = "exposer")]
    pub auth_req_id: SecretString,
    /// Seconds.
    pub expires_in: u64,
    /// Seconds; see [`INTERVALLE_PAR_DEFAUT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
}

/// The form of a poll at the token endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Sondage {
    /// Always [`GRANT`].
    pub grant_type: String,
    #[serde(serialize_with = "exposer")]
    pub auth_req_id: SecretString,
}

impl Sondage {
    pub fn nouveau(auth_req_id: SecretString) -> Self {
        Self { grant_type: GRANT.to_owned(), auth_req_id }
    }
}

/// Whether the provider takes that `binding_message`: 1 to 50 letters, digits or `-._+/!?#`.
pub fn message_valide(message: &str) -> bool {
    let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"-._+/!?#".contains(&octet);
    (1..=MESSAGE_MAX).contains(&message.len()) && message.bytes().all(permis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binding_messages() {
        for (message, bon) in [
            ("00", true),
            ("99", true),
            ("A-z.0_9+/!?#", true),
            (&"a".repeat(50), true),
            (&"a".repeat(51), false),
            ("", false),
            ("12 34", false),
            ("é", false),
            ("1\n2", false),
        ] {
            assert_eq!(message_valide(message), bon, "{message:?}");
        }
    }

    #[test]
    fn the_forms_on_the_wire() {
        let demande = Demande {
            scope: "openid scope_all".into(),
            acr_values: "eidas1".into(),
            login_hint: "500000001815646/CPAT00045".into(),
            binding_message: "42".into(),
            channel: Canal::Carte,
        };
        let envoi = serde_json::to_value(&demande).unwrap();
        assert_eq!(envoi["channel"], "CARD");
        assert_eq!(envoi["login_hint"], "500000001815646/CPAT00045");
        let sondage = serde_json::to_value(Sondage::nouveau("abc".into())).unwrap();
        assert_eq!(sondage, serde_json::json!({"grant_type": GRANT, "auth_req_id": "abc"}));
        for (texte, attendu) in
            [("CARD", Some(Canal::Carte)), ("MOBILE", Some(Canal::Mobile)), ("card", None)]
        {
            assert_eq!(Canal::lire(texte), attendu);
        }
        let accuse: Accuse = serde_json::from_str(r#"{"auth_req_id":"x","expires_in":120}"#).unwrap();
        assert_eq!(accuse.interval, None);
    }
}
