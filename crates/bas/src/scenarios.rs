//! Faults on demand: named scenarios that make the sandbox answer wrongly, so that a product's defences can be tried.
//!
//! All off by default. One is set for a client or for everybody, for some times or until it is taken off, by a page, by the
//! API of administration or by a file, and is still there after a restart. Each use is told in the journal, by name.

mod catalogue;
mod http;
mod lieu;
mod pages;
mod signature;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{Erreur, fichier};

pub(crate) use catalogue::{Avis, Faute, FauteHttp, FauteId, FauteTls, Retour};
pub(crate) use http::couche;
pub use lieu::Cible;
pub(crate) use lieu::Point;
pub(crate) use pages::routes;
pub(crate) use signature::deformer_id;
pub(crate) use tls::portier;

const FICHIER: &str = "psc-scenarios.json";
/// More than this set at once is a mistake.
const ACTIFS_MAX: usize = 200;
const SECONDES_MAX: u32 = 600;

/// A scenario that is on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Actif {
    /// One of the catalogue.
    pub(crate) nom: String,
    /// For `tls-…` and `http-…`: the server that it strikes; Pro Santé Connect when absent.
    #[serde(default, skip_serializing_if = "Cible::par_defaut")]
    pub(crate) cible: Cible,
    /// The client that it strikes; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    /// For `http-…`: the endpoint that it strikes; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) point: Option<Point>,
    /// For `http-lent` and `http-goutte`: seconds of delay, 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secondes: Option<u32>,
    /// How many times it strikes yet; until it is taken off when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fois: Option<u32>,
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
    #[error("point : il ne se choisit que pour les scénarios « http-… », et une API n’en a pas.")]
    Point,
    #[error("cible : elle ne se choisit que pour les scénarios « tls-… » et « http-… ».")]
    Cible,
    #[error("client : un scénario « tls-… » frappe avant que quiconque ait dit qui il est.")]
    Client,
    #[error("nom : « {0} » demande une autorité d’émission ([psc.emission]), et ce bac à sable n’en a pas.")]
    Emission(String),
    #[error("Deux cents scénarios actifs au plus.")]
    Trop,
    #[error("Les scénarios n’ont pas pu être enregistrés.")]
    Enregistrement(#[source] std::io::Error),
}

impl RefusScenario {
    /// Field of a form that is at fault; empty for none.
    fn champ(&self) -> &'static str {
        match self {
            Self::Inconnu(_) | Self::Emission(_) => "nom",
            Self::Fois => "fois",
            Self::Secondes => "secondes",
            Self::Point => "point",
            Self::Cible => "cible",
            Self::Client => "client",
            Self::Trop | Self::Enregistrement(_) => "",
        }
    }
}

/// A fault to apply now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tire {
    pub(crate) nom: &'static str,
    pub(crate) faute: Faute,
    secondes: u32,
}

/// What is on. What is set is written before it holds, and what has struck its last time is forgotten on disk too.
#[derive(Debug)]
pub(crate) struct Scenarios {
    chemin: PathBuf,
    /// Those of the configuration, which a reset goes back to.
    depart: Vec<Actif>,
    /// Whether there is an authority to make certificates with.
    emission: bool,
    actifs: Mutex<Vec<Actif>>,
    /// Told when what listeners do changes.
    ecoutes: Arc<Notify>,
}

impl Scenarios {
    /// What was set last, or `depart` if nothing ever was.
    pub(crate) fn charger(donnees: &Path, depart: Vec<Actif>, emission: bool) -> Result<Self, Erreur> {
        let chemin = donnees.join(FICHIER);
        let mut gardes: Vec<Actif> = match fichier::lire(&chemin)? {
            Some(gardes) => gardes,
            None => depart.clone(),
        };
        for actif in &depart {
            verifier(actif, emission)?;
        }
        // Another version may have had other names.
        gardes.retain(|actif| match verifier(actif, emission) {
            Ok(()) => true,
            Err(refus) => {
                tracing::warn!(%refus, "scénario gardé qui ne peut plus servir : oublié");
                false
            }
        });
        Ok(Self { chemin, depart, emission, actifs: Mutex::new(gardes), ecoutes: Arc::default() })
    }

    /// Replaces all that is on.
    pub(crate) fn fixer(&self, voulus: Vec<Actif>) -> Result<(), RefusScenario> {
        self.changer(|actifs| *actifs = voulus)
    }

    /// Adds one, in the place of one like it.
    pub(crate) fn ajouter(&self, voulu: Actif) -> Result<(), RefusScenario> {
        self.changer(|actifs| {
            let meme = |autre: &Actif| {
                (&autre.nom, autre.cible, &autre.client, autre.point)
                    == (&voulu.nom, voulu.cible, &voulu.client, voulu.point)
            };
            actifs.retain(|autre| !meme(autre));
            actifs.push(voulu);
        })
    }

    /// Takes off the one of that rank, if it still is what the caller saw there.
    pub(crate) fn retirer(&self, rang: usize, nom: &str) -> Result<(), RefusScenario> {
        self.changer(|actifs| {
            if actifs.get(rang).is_some_and(|actif| actif.nom == nom) {
                actifs.remove(rang);
            }
        })
    }

    /// Back to those of the configuration.
    pub(crate) fn reinitialiser(&self) -> Result<(), RefusScenario> {
        self.fixer(self.depart.clone())
    }

    fn changer(&self, changement: impl FnOnce(&mut Vec<Actif>)) -> Result<(), RefusScenario> {
        let mut actifs = self.ouvrir();
        let mut nouveaux = actifs.clone();
        changement(&mut nouveaux);
        if nouveaux.len() > ACTIFS_MAX {
            return Err(RefusScenario::Trop);
        }
        for actif in &nouveaux {
            verifier(actif, self.emission)?;
        }
        fichier::ecrire(&self.chemin, &nouveaux).map_err(RefusScenario::Enregistrement)?;
        let tls = |liste: &[Actif]| -> Vec<Actif> {
            liste.iter().filter(|actif| actif.nom.starts_with("tls-")).cloned().collect()
        };
        if tls(&actifs) != tls(&nouveaux) {
            self.ecoutes.notify_waiters();
        }
        *actifs = nouveaux;
        Ok(())
    }

    pub(crate) fn actifs(&self) -> Vec<Actif> {
        self.ouvrir().clone()
    }

    /// The first fault that is on for that client and that `voulue` wants; counts it.
    pub(crate) fn tirer(&self, client_id: Option<&str>, voulue: impl Fn(Faute) -> bool) -> Option<Tire> {
        self.choisir(None, client_id, None, voulue)
    }

    /// The same at a server and an endpoint. Faults that only one server has don't ask for which.
    fn choisir(
        &self,
        cibles: Option<&[Cible]>,
        client_id: Option<&str>,
        point: Option<Point>,
        voulue: impl Fn(Faute) -> bool,
    ) -> Option<Tire> {
        let mut actifs = self.ouvrir();
        let frappe = |actif: &Actif| {
            let fiche = catalogue::trouver(&actif.nom)?;
            let pour_lui = actif.client.as_deref().is_none_or(|client| Some(client) == client_id);
            let ici = actif.point.is_none_or(|choisi| Some(choisi) == point)
                && (!fiche.faute.a_une_cible() || cibles.is_some_and(|ici| ici.contains(&actif.cible)));
            (pour_lui && ici && voulue(fiche.faute)).then_some(fiche)
        };
        let (rang, fiche) =
            actifs.iter().enumerate().find_map(|(rang, actif)| Some((rang, frappe(actif)?)))?;
        let actif = actifs.get_mut(rang)?;
        let tire = Tire { nom: fiche.nom, faute: fiche.faute, secondes: actif.secondes.unwrap_or(5) };
        if let Some(fois) = actif.fois {
            actif.fois = Some(fois.saturating_sub(1));
            if fois <= 1 {
                actifs.remove(rang);
            }
            // A restart must not give a fault that has struck its times another life.
            if let Err(erreur) = fichier::ecrire(&self.chemin, &*actifs) {
                tracing::warn!(%erreur, "scénarios non enregistrés");
            }
        }
        Some(tire)
    }

    fn ouvrir(&self) -> MutexGuard<'_, Vec<Actif>> {
        self.actifs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn verifier(actif: &Actif, emission: bool) -> Result<(), RefusScenario> {
    let fiche = catalogue::trouver(&actif.nom);
    let faute = fiche.ok_or_else(|| RefusScenario::Inconnu(actif.nom.clone()))?.faute;
    if actif.fois == Some(0) {
        return Err(RefusScenario::Fois);
    }
    if actif.secondes.is_some_and(|secondes| secondes > SECONDES_MAX) {
        return Err(RefusScenario::Secondes);
    }
    if actif.point.is_some() && (!matches!(faute, Faute::Http(_)) || actif.cible == Cible::Api) {
        return Err(RefusScenario::Point);
    }
    if actif.cible != Cible::Psc && !faute.a_une_cible() {
        return Err(RefusScenario::Cible);
    }
    if let Faute::Tls(faute) = faute {
        if actif.client.is_some() {
            return Err(RefusScenario::Client);
        }
        if faute.demande_l_autorite() && !emission {
            return Err(RefusScenario::Emission(actif.nom.clone()));
        }
    }
    Ok(())
}

/// The catalogue, for the API and the guide.
pub(crate) fn catalogue() -> Value {
    let fiches = catalogue::FICHES.iter();
    fiches.map(|fiche| serde_json::json!({ "nom": fiche.nom, "effet": fiche.effet })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actif(json: Value) -> Actif {
        serde_json::from_value(json).unwrap()
    }

    fn charger(dossier: &Path) -> Scenarios {
        Scenarios::charger(dossier, Vec::new(), false).unwrap()
    }

    #[test]
    fn a_scenario_strikes_its_client_its_endpoint_and_as_often_as_said() {
        let dossier = tempfile::tempdir().unwrap();
        let scenarios = charger(dossier.path());
        let http = |faute| matches!(faute, Faute::Http(_));
        assert!(scenarios.tirer(Some("lps"), http).is_none(), "off by default");
        let fixes = vec![
            actif(serde_json::json!({"nom": "http-503", "client": "lps", "point": "jeton", "fois": 2})),
            actif(serde_json::json!({"nom": "http-500", "cible": "api"})),
            actif(serde_json::json!({"nom": "id-iss-faux"})),
        ];
        scenarios.fixer(fixes).unwrap();
        let frappe = |client, point| scenarios.choisir(Some(&[Cible::Psc]), client, point, http).is_some();
        assert!(!frappe(Some("autre"), Some(Point::Jeton)));
        assert!(!frappe(None, Some(Point::Jeton)));
        assert!(!frappe(Some("lps"), Some(Point::Ciba)));
        assert!(frappe(Some("lps"), Some(Point::Jeton)));
        assert!(frappe(Some("lps"), Some(Point::Jeton)));
        assert!(!frappe(Some("lps"), Some(Point::Jeton)), "twice and no more");
        assert!(scenarios.choisir(Some(&[Cible::As]), Some("lps"), None, http).is_none());
        assert!(scenarios.choisir(Some(&[Cible::As, Cible::Api]), Some("lps"), None, http).is_some());
        for _ in 0..3 {
            assert!(scenarios.tirer(Some("n’importe"), |faute| matches!(faute, Faute::Id(_))).is_some());
        }
        assert_eq!(scenarios.actifs().len(), 2);
    }

    #[test]
    fn what_is_on_is_found_again_after_a_restart_less_what_has_struck() {
        let dossier = tempfile::tempdir().unwrap();
        let depart = || vec![actif(serde_json::json!({"nom": "http-500"}))];
        let ouvrir = || Scenarios::charger(dossier.path(), depart(), true).unwrap();
        let noms = |scenarios: &Scenarios| -> Vec<String> {
            scenarios.actifs().into_iter().map(|actif| actif.nom).collect()
        };
        assert_eq!(noms(&ouvrir()), ["http-500"], "those of the configuration");
        let scenarios = ouvrir();
        scenarios.ajouter(actif(serde_json::json!({"nom": "id-iss-faux", "fois": 2}))).unwrap();
        scenarios.ajouter(actif(serde_json::json!({"nom": "jeton-revoque", "fois": 1}))).unwrap();
        for voulue in [Faute::JetonRevoque, Faute::Id(FauteId::Jku)] {
            scenarios.tirer(None, |faute| faute == voulue || matches!(faute, Faute::Id(_)));
        }
        scenarios.tirer(None, |faute| faute == Faute::JetonRevoque);
        assert_eq!(noms(&ouvrir()), ["http-500"], "the counted ones have struck");
        ouvrir().fixer(Vec::new()).unwrap();
        assert!(noms(&ouvrir()).is_empty(), "taking all off holds too");
        let scenarios = ouvrir();
        scenarios.reinitialiser().unwrap();
        assert_eq!(noms(&ouvrir()), ["http-500"]);
        scenarios.retirer(0, "http-502").unwrap();
        assert_eq!(noms(&scenarios), ["http-500"], "not the one that was seen there");
        scenarios.retirer(0, "http-500").unwrap();
        assert!(noms(&scenarios).is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_changes_nothing() {
        let dossier = tempfile::tempdir().unwrap();
        let scenarios = charger(dossier.path());
        scenarios.fixer(vec![actif(serde_json::json!({"nom": "http-500"}))]).unwrap();
        for (json, mot) in [
            (serde_json::json!({"nom": "inconnu"}), "catalogue"),
            (serde_json::json!({"nom": "http-500", "fois": 0}), "fois"),
            (serde_json::json!({"nom": "http-lent", "secondes": 601}), "secondes"),
            (serde_json::json!({"nom": "id-iss-faux", "point": "jeton"}), "point"),
            (serde_json::json!({"nom": "http-500", "point": "jeton", "cible": "api"}), "point"),
            (serde_json::json!({"nom": "id-iss-faux", "cible": "as"}), "cible"),
            (serde_json::json!({"nom": "tls-muet", "client": "lps"}), "client"),
            (serde_json::json!({"nom": "tls-nom-faux"}), "autorité d’émission"),
        ] {
            let refus = scenarios.fixer(vec![actif(json)]).unwrap_err();
            assert!(refus.to_string().contains(mot), "{refus}");
        }
        assert_eq!(scenarios.actifs().len(), 1);
    }
}
