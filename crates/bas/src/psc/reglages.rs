//! What can be turned while the realm runs: lives, and the two claims by which real environments differ.
//!
//! The published figures are the default; `acceleration` divides every life, so that four hours pass in a test.

use oidc::ciba::Canal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a local provider says of a card.
const AMR_LOCAL: [&str; 4] = ["sc", "pin", "mfa", "hwk"];

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
    /// Not a realm that exists: what FAPI 2.0 would ask of clients. Requests are pushed (RFC 9126), PKCE and certificates
    /// are mandatory, access tokens are bound to the certificate (RFC 8705).
    #[serde(rename = "strict-fapi2")]
    StrictFapi2,
}

impl Prereglage {
    pub(crate) const TOUS: [Self; 3] = [Self::PscBas, Self::PscProd2026, Self::StrictFapi2];

    /// As in JSON and in forms.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::PscBas => "psc-bas",
            Self::PscProd2026 => "psc-prod-2026",
            Self::StrictFapi2 => "strict-fapi2",
        }
    }

    pub(crate) fn libelle(self) -> &'static str {
        match self {
            Self::PscBas => "psc-bas : le bac à sable tel qu’il est documenté",
            Self::PscProd2026 => "psc-prod-2026 : une carte donne eidas2",
            Self::StrictFapi2 => "strict-fapi2 : demandes poussées, PKCE et certificat exigés, jetons liés",
        }
    }
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
    /// `auth_level` in tokens and userinfo; left out when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_level: Option<String>,
    /// Says `idp` (« PSC ») and `amr` (null) in tokens and userinfo even when no local provider was asked for.
    pub avec_idp: bool,
}

impl Reglages {
    pub(super) fn acr(&self, canal: Canal) -> &str {
        let (choisi, du_prereglage) = match (canal, self.prereglage) {
            (Canal::Carte, Prereglage::PscProd2026) => (&self.acr_carte, "eidas2"),
            (Canal::Carte, Prereglage::PscBas | Prereglage::StrictFapi2) => (&self.acr_carte, oidc::psc::ACR),
            (Canal::Mobile, _) => (&self.acr_mobile, oidc::psc::ACR),
        };
        choisi.as_deref().unwrap_or(du_prereglage)
    }

    pub(super) fn strict(&self) -> bool {
        self.prereglage == Prereglage::StrictFapi2
    }

    /// The claims by which realms differ, for somebody authenticated by that means, through that local provider if any.
    pub(super) fn marques(&self, canal: Canal, idp: Option<&str>) -> Map<String, Value> {
        let mut marques = Map::new();
        let mut dire = |nom: &str, valeur: Value| marques.insert(nom.to_owned(), valeur);
        if !self.sans_auth_mode {
            dire("authMode", json!(canal.valeur()));
        }
        if let Some(auth_level) = &self.auth_level {
            dire("auth_level", json!(auth_level));
        }
        match idp {
            Some(idp) => {
                dire("idp", json!(idp));
                dire("amr", json!(AMR_LOCAL));
            }
            None if self.avec_idp => {
                dire("idp", json!("PSC"));
                dire("amr", Value::Null);
            }
            None => {}
        }
        marques
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
            (serde_json::json!({"prereglage": "strict-fapi2"}), "eidas1", "eidas1"),
            (serde_json::json!({"acr_carte": "eidas3"}), "eidas3", "eidas1"),
            (serde_json::json!({"prereglage": "psc-prod-2026", "acr_mobile": "eidas3"}), "eidas2", "eidas3"),
        ] {
            let reglages = lire(json.clone());
            assert_eq!((reglages.acr(Canal::Carte), reglages.acr(Canal::Mobile)), (carte, mobile), "{json}");
        }
        assert!(serde_json::from_value::<Reglages>(serde_json::json!({"inconnu": 1})).is_err());
    }

    #[test]
    fn presets_have_one_name_and_quirks_are_off_until_asked_for() {
        for prereglage in Prereglage::TOUS {
            assert_eq!(serde_json::to_value(prereglage).unwrap(), prereglage.code());
        }
        let marques = |json: Value, idp| {
            let reglages: Reglages = serde_json::from_value(json).unwrap();
            Value::Object(reglages.marques(Canal::Carte, idp))
        };
        let local = json!({"authMode": "CARD", "idp": "ch-brest", "amr": ["sc", "pin", "mfa", "hwk"]});
        for (reglages, idp, attendu) in [
            (json!({}), None, json!({"authMode": "CARD"})),
            (json!({"sans_auth_mode": true}), None, json!({})),
            (
                json!({"avec_idp": true, "auth_level": "2"}),
                None,
                json!({"authMode": "CARD", "auth_level": "2", "idp": "PSC", "amr": null}),
            ),
            (json!({}), Some("ch-brest"), local.clone()),
            (json!({"avec_idp": true}), Some("ch-brest"), local),
        ] {
            assert_eq!(marques(reglages.clone(), idp), attendu, "{reglages} {idp:?}");
        }
    }

    #[test]
    fn acceleration_divides_and_never_reaches_zero() {
        for (acceleration, attendu) in [(1, 120), (60, 2), (500, 1), (0, 120)] {
            assert_eq!(Durees { acceleration, ..Durees::default() }.vive(120), attendu);
        }
    }
}
