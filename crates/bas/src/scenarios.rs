//! Faults on demand: named scenarios that make Pro Santé Connect answer wrongly, so that a product's defences can be tried.
//!
//! All off by default. One is set for a client or for everybody, for some times or until it is taken off, by the API of
//! administration or by a file. Each use is told in the journal.

mod catalogue;
mod http;
mod signature;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use catalogue::{Avis, Faute, FauteHttp, FauteId, Retour};
pub(crate) use http::couche;

/// More than this set at once is a mistake.
const ACTIFS_MAX: usize = 200;

/// Where a scenario strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Point {
    Metadonnees,
    Cles,
    Ciba,
    Jeton,
    Introspection,
    Userinfo,
    Deconnexion,
    Revocation,
}

impl Point {
    /// The endpoint of a path of the realm.
    fn du_chemin(chemin: &str) -> Option<Self> {
        let fins = [
            ("-configuration", Self::Metadonnees),
            ("/certs", Self::Cles),
            ("/ext/ciba/auth", Self::Ciba),
            ("/token/introspect", Self::Introspection),
            ("/token", Self::Jeton),
            ("/userinfo", Self::Userinfo),
            ("/logout", Self::Deconnexion),
            ("/revoke", Self::Revocation),
        ];
        fins.into_iter().find(|(fin, _)| chemin.ends_with(fin)).map(|(_, point)| point)
    }
}

/// A scenario that is on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Actif {
    /// One of the catalogue.
    nom: String,
    /// The client that it strikes; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// For `http-…`: the endpoint that it strikes; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    point: Option<Point>,
    /// For `http-lent`: seconds of delay, 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secondes: Option<u32>,
    /// How many times it strikes yet; until it is taken off when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fois: Option<u32>,
}

/// Why a scenario is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RefusScenario {
    #[error("nom : le scénario « {0} » n’est pas au catalogue.")]
    Inconnu(String),
    #[error("fois : un nombre d’au moins 1 est attendu.")]
    Fois,
    #[error("secondes : 600 au plus.")]
    Secondes,
    #[error("point : il ne se choisit que pour les scénarios « http-… ».")]
    Point,
    #[error("Deux cents scénarios actifs au plus.")]
    Trop,
}

/// A fault to apply now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tire {
    pub(crate) nom: &'static str,
    pub(crate) faute: Faute,
    secondes: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Scenarios(Mutex<Vec<Actif>>);

impl Scenarios {
    /// Replaces all that is on.
    pub(crate) fn fixer(&self, actifs: Vec<Actif>) -> Result<(), RefusScenario> {
        if actifs.len() > ACTIFS_MAX {
            return Err(RefusScenario::Trop);
        }
        for actif in &actifs {
            let fiche = catalogue::trouver(&actif.nom);
            let fiche = fiche.ok_or_else(|| RefusScenario::Inconnu(actif.nom.clone()))?;
            if actif.fois == Some(0) {
                return Err(RefusScenario::Fois);
            }
            if actif.secondes.is_some_and(|secondes| secondes > 600) {
                return Err(RefusScenario::Secondes);
            }
            if actif.point.is_some() && !matches!(fiche.faute, Faute::Http(_)) {
                return Err(RefusScenario::Point);
            }
        }
        *self.ouvrir() = actifs;
        Ok(())
    }

    pub(crate) fn actifs(&self) -> Vec<Actif> {
        self.ouvrir().clone()
    }

    /// The first fault that is on for that client and that `voulue` wants; counts it.
    pub(crate) fn tirer(&self, client_id: Option<&str>, voulue: impl Fn(Faute) -> bool) -> Option<Tire> {
        self.choisir(client_id, None, voulue)
    }

    fn choisir(
        &self,
        client_id: Option<&str>,
        point: Option<Point>,
        voulue: impl Fn(Faute) -> bool,
    ) -> Option<Tire> {
        let mut actifs = self.ouvrir();
        let frappe = |actif: &Actif| {
            let fiche = catalogue::trouver(&actif.nom)?;
            let pour_lui = actif.client.as_deref().is_none_or(|client| Some(client) == client_id);
            let ici = actif.point.is_none_or(|choisi| Some(choisi) == point);
            (pour_lui && ici && voulue(fiche.faute)).then_some(fiche)
        };
        let (rang, fiche) =
            actifs.iter().enumerate().find_map(|(rang, actif)| Some((rang, frappe(actif)?)))?;
        let actif = actifs.get_mut(rang)?;
        let tire = Tire { nom: fiche.nom, faute: fiche.faute, secondes: actif.secondes.unwrap_or(5) };
        actif.fois = actif.fois.map(|fois| fois.saturating_sub(1));
        if actif.fois == Some(0) {
            actifs.remove(rang);
        }
        Some(tire)
    }

    fn ouvrir(&self) -> MutexGuard<'_, Vec<Actif>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The catalogue, for the API and the guide.
pub(crate) fn catalogue() -> Value {
    let fiches = catalogue::FICHES.iter();
    fiches.map(|fiche| serde_json::json!({ "nom": fiche.nom, "effet": fiche.effet })).collect()
}

pub(crate) use signature::deformer_id;

#[cfg(test)]
mod tests {
    use super::*;

    fn actif(json: Value) -> Actif {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_scenario_strikes_its_client_its_endpoint_and_as_often_as_said() {
        let scenarios = Scenarios::default();
        let http = |faute| matches!(faute, Faute::Http(_));
        assert!(scenarios.tirer(Some("lps"), http).is_none(), "off by default");
        let fixes = vec![
            actif(serde_json::json!({"nom": "http-503", "client": "lps", "point": "jeton", "fois": 2})),
            actif(serde_json::json!({"nom": "id-iss-faux"})),
        ];
        scenarios.fixer(fixes).unwrap();
        let frappe = |client, point| scenarios.choisir(client, point, http).is_some();
        assert!(!frappe(Some("autre"), Some(Point::Jeton)));
        assert!(!frappe(None, Some(Point::Jeton)));
        assert!(!frappe(Some("lps"), Some(Point::Ciba)));
        assert!(frappe(Some("lps"), Some(Point::Jeton)));
        assert!(frappe(Some("lps"), Some(Point::Jeton)));
        assert!(!frappe(Some("lps"), Some(Point::Jeton)), "twice and no more");
        for _ in 0..3 {
            assert!(scenarios.tirer(Some("n’importe"), |faute| matches!(faute, Faute::Id(_))).is_some());
        }
        assert_eq!(scenarios.actifs().len(), 1);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_changes_nothing() {
        let scenarios = Scenarios::default();
        scenarios.fixer(vec![actif(serde_json::json!({"nom": "http-500"}))]).unwrap();
        for (json, mot) in [
            (serde_json::json!({"nom": "inconnu"}), "catalogue"),
            (serde_json::json!({"nom": "http-500", "fois": 0}), "fois"),
            (serde_json::json!({"nom": "http-lent", "secondes": 601}), "secondes"),
            (serde_json::json!({"nom": "id-iss-faux", "point": "jeton"}), "point"),
        ] {
            let refus = scenarios.fixer(vec![actif(json)]).unwrap_err();
            assert!(refus.to_string().contains(mot), "{refus}");
        }
        assert_eq!(scenarios.actifs().len(), 1);
    }

    #[test]
    fn endpoints_are_known_by_their_path() {
        for (chemin, attendu) in [
            ("/auth/realms/x/protocol/openid-connect/token", Some(Point::Jeton)),
            ("/auth/realms/x/protocol/openid-connect/token/introspect", Some(Point::Introspection)),
            ("/auth/realms/x/.well-known/wallet-openid-configuration", Some(Point::Metadonnees)),
            ("/auth/realms/x/.well-known/openid-configuration", Some(Point::Metadonnees)),
            ("/auth/realms/x/protocol/openid-connect/ext/ciba/auth", Some(Point::Ciba)),
            ("/assets/style.css", None),
        ] {
            assert_eq!(Point::du_chemin(chemin), attendu, "{chemin}");
        }
    }
}
