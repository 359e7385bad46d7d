//! What can be turned while the realm runs: lives, and the two claims by which real environments differ.
//!
//! The published figures are the default; `acceleration` divides every life, so that four hours pass in a test.

use oidc::ciba::Canal;
use serde::{Deserialize, Serialize};

/// Known states of the real Pro Santé Connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prereglage {
    /// The sandbox as documented: `eidas1` whatever the means, `authMode` said.
    #[default]
    PscBas,
    /// Production as reported in 2026: `eidas2` for a card.
    #[serde(rename = "psc-prod-2026")]
    PscProd2026,
}

/// Lives, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durees {
    pub acces: u32,
    pub rafraichissement: u32,
    /// A session, used or not.
    pub session: u32,
    /// A session that nobody uses.
    pub inactivite: u32,
    /// A request for approval.
    pub ciba: u32,
    /// Between two polls of a CIBA client; never divided.
    pub intervalle: u32,
    /// Divides all the lives; 1 is real time.
    pub acceleration: u32,
}

impl Default for Durees {
    fn default() -> Self {
        Self {
            acces: 120,
            rafraichissement: 1800,
            session: 4 * 3600,
            inactivite: 1800,
            ciba: 120,
            intervalle: 5,
            acceleration: 1,
        }
    }
}

impl Durees {
    /// A life as it runs, one second at least.
    pub(super) fn vive(&self, duree: u32) -> i64 {
        i64::from(duree.checked_div(self.acceleration).unwrap_or(duree).max(1))
    }
}

/// How the realm behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reglages {
    pub prereglage: Prereglage,
    pub durees: Durees,
    /// `acr` of a card, instead of the preset's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_carte: Option<String>,
    /// `acr` of an e-CPS, instead of the preset's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_mobile: Option<String>,
    /// Leaves `authMode` out, as older realms do.
    pub sans_auth_mode: bool,
}

impl Reglages {
    pub(super) fn acr(&self, canal: Canal) -> &str {
        let (choisi, du_prereglage) = match (canal, self.prereglage) {
            (Canal::Carte, Prereglage::PscProd2026) => (&self.acr_carte, "eidas2"),
            (Canal::Carte, Prereglage::PscBas) => (&self.acr_carte, oidc::psc::ACR),
            (Canal::Mobile, _) => (&self.acr_mobile, oidc::psc::ACR),
        };
        choisi.as_deref().unwrap_or(du_prereglage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_and_what_stands_over_them() {
        let lire = |json: serde_json::Value| serde_json::from_value::<Reglages>(json).unwrap();
        for (json, carte, mobile) in [
            (serde_json::json!({}), "eidas1", "eidas1"),
            (serde_json::json!({"prereglage": "psc-prod-2026"}), "eidas2", "eidas1"),
            (serde_json::json!({"acr_carte": "eidas3"}), "eidas3", "eidas1"),
            (serde_json::json!({"prereglage": "psc-prod-2026", "acr_mobile": "eidas3"}), "eidas2", "eidas3"),
        ] {
            let reglages = lire(json.clone());
            assert_eq!((reglages.acr(Canal::Carte), reglages.acr(Canal::Mobile)), (carte, mobile), "{json}");
        }
        assert!(serde_json::from_value::<Reglages>(serde_json::json!({"inconnu": 1})).is_err());
    }

    #[test]
    fn acceleration_divides_and_never_reaches_zero() {
        for (acceleration, attendu) in [(1, 120), (60, 2), (500, 1), (0, 120)] {
            assert_eq!(Durees { acceleration, ..Durees::default() }.vive(120), attendu);
        }
    }
}
