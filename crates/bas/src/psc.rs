//! Pro Santé Connect, simulated: the realm `esante-wallet` of a Keycloak whose authorization page lives on another host.
//!
//! Three ways in: CIBA in poll mode, the authorization code, the refresh token. What a person does to approve is in
//! [`crate::ecps`]; who exists is in [`crate::identites`]. Sessions and tokens are in memory: a restart signs everybody
//! out, as it may happen in the field; identities, clients and keys are kept.

mod appel;
mod autorisation;
mod ciba;
mod cles;
mod clients;
mod deconnexion;
mod emission;
mod introspection;
mod jetons;
mod metadonnees;
mod par;
mod refus;
mod reglages;
mod sessions;
mod userinfo;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use secrecy::SecretString;
use serde::Deserialize;
use service::{Alea, Horloge};
use url::Url;

use crate::codes::Codes;
use crate::ecps::Approbations;
use crate::identites::Identites;
use crate::journal::Journal;
use crate::parametres::adresse;
use crate::revoques::Revoques;
use crate::scenarios::{Cible, RefusScenario, Scenarios};
use crate::{Erreur, fichier};

pub(crate) use autorisation::routes as routes_portail;
pub use clients::{Inscription, RefusClient};
pub(crate) use refus::Refus;
pub use reglages::{Durees, Prereglage, Reglages};

/// Settings that were changed since the first start.
const FICHIER_REGLAGES: &str = "psc-reglages.json";

/// How long a client may take to hear that a session has ended.
const DELAI_AVIS: Duration = Duration::from_secs(5);

/// What the realm must know before it serves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `https://localhost:8445/auth/realms/esante-wallet`: as clients write it, no slash at the end.
    pub issuer: String,
    /// `https://wallet.localhost:8444`: the host of the authorization page, which is not the issuer's. No slash at the end.
    pub portail: String,
    /// Folder that keeps keys, identities and clients.
    pub donnees: PathBuf,
    /// Who holds it administers the sandbox.
    pub jeton_admin: SecretString,
    /// PEM of the authority to trust when a client is told that a session has ended; the system's when absent.
    #[serde(default)]
    pub autorite: Option<PathBuf>,
    #[serde(default)]
    pub reglages: Reglages,
    /// Registered at each start, over what is kept under the same `client_id`.
    #[serde(default)]
    pub clients: Vec<Inscription>,
    /// The authority that issues the certificates of new clients; none are issued when absent.
    #[serde(default)]
    pub emission: Option<Emission>,
    /// JSON list of the scenarios that are on at the start; none when absent.
    #[serde(default)]
    pub scenarios: Option<PathBuf>,
}

/// A test authority, as files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emission {
    /// PEM of its certificate.
    pub certificat: PathBuf,
    /// PEM of its private key.
    pub cle: PathBuf,
}

impl Emission {
    fn charger(&self) -> Result<igc::Autorite, Erreur> {
        let lire = |chemin: &PathBuf| {
            let source = |source| Erreur::Fichier { chemin: chemin.clone(), source };
            std::fs::read_to_string(chemin).map_err(source)
        };
        Ok(igc::Autorite::depuis_pem(&lire(&self.certificat)?, &lire(&self.cle)?.into())?)
    }
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
struct Code {
    redirect_uri: String,
    defi: Option<String>,
    nonce: Option<String>,
    scope: String,
    sid: String,
}

/// The realm.
#[derive(Debug)]
pub(crate) struct Psc {
    pub(crate) issuer: String,
    /// Path of the issuer.
    base: String,
    pub(crate) portail: String,
    pub(crate) jeton_admin: SecretString,
    pub(crate) identites: Identites,
    pub(crate) approbations: Approbations,
    pub(crate) clients: clients::Clients,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) scenarios: Arc<Scenarios>,
    pub(crate) emission: Option<igc::Autorite>,
    requetes: ciba::Requetes,
    pousses: par::Pousses,
    codes: Codes<Code>,
    /// Session of each browser that signed in, by the digest of its token.
    navigateurs: Mutex<HashMap<String, String>>,
    cles: RwLock<cles::Cles>,
    revoques: Revoques,
    reglages: Mutex<Reglages>,
    /// Where changed settings are kept.
    chemin_reglages: PathBuf,
    /// Those of the configuration, which a reset goes back to.
    reglages_depart: Reglages,
    journal: Journal,
    http: reqwest::Client,
    pub(crate) horloge: Horloge,
    pub(crate) alea: Alea,
}

impl Psc {
    pub(crate) fn nouveau(
        config: Config,
        journal: Journal,
        horloge: Horloge,
        alea: Alea,
    ) -> Result<Self, Erreur> {
        let lire = |texte: &str| {
            let url = adresse(texte).filter(|url| url.query().is_none() && !texte.ends_with('/'));
            url.ok_or_else(|| Erreur::Adresse(texte.to_owned()))
        };
        let url = lire(&config.issuer)?;
        lire(&config.portail)?;
        let ca = match &config.autorite {
            Some(chemin) => {
                let source = |source| Erreur::Fichier { chemin: chemin.clone(), source };
                Some(std::fs::read_to_string(chemin).map_err(source)?)
            }
            None => None,
        };
        let depart = match &config.scenarios {
            Some(chemin) => fichier::lire(chemin)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let scenarios = Scenarios::charger(&config.donnees, depart, config.emission.is_some())?;
        let chemin_reglages = config.donnees.join(FICHIER_REGLAGES);
        let reglages = fichier::lire(&chemin_reglages)?.unwrap_or_else(|| config.reglages.clone());
        let clients = clients::Clients::charger(&config.donnees)?;
        for inscription in config.clients {
            clients.inscrire(inscription)?;
        }
        Ok(Self {
            base: url.path().trim_end_matches('/').to_owned(),
            issuer: config.issuer,
            portail: config.portail,
            jeton_admin: config.jeton_admin,
            identites: Identites::charger(&config.donnees)?,
            approbations: Approbations::default(),
            clients,
            sessions: sessions::Sessions::default(),
            scenarios: Arc::new(scenarios),
            emission: config.emission.as_ref().map(Emission::charger).transpose()?,
            requetes: ciba::Requetes::default(),
            pousses: par::Pousses::default(),
            codes: Codes::default(),
            navigateurs: Mutex::default(),
            cles: RwLock::new(cles::Cles::charger(&config.donnees)?),
            revoques: Revoques::default(),
            reglages: Mutex::new(reglages),
            chemin_reglages,
            reglages_depart: config.reglages,
            journal,
            http: service::client_http::client(ca.as_deref(), DELAI_AVIS)?,
            horloge,
            alea,
        })
    }

    /// Full address of an endpoint of the realm.
    fn adresse(&self, chemin: &str) -> Url {
        Url::parse(&format!("{}{chemin}", self.issuer))
            .expect("the issuer is an address and the path a literal")
    }

    pub(crate) fn reglages(&self) -> Reglages {
        self.reglages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on, and after a restart.
    pub(crate) fn regler(&self, reglages: Reglages) -> std::io::Result<()> {
        let mut actuels = self.reglages.lock().unwrap_or_else(PoisonError::into_inner);
        fichier::ecrire(&self.chemin_reglages, &reglages)?;
        *actuels = reglages;
        Ok(())
    }

    /// Whether settings are other than those of the configuration.
    pub(crate) fn deregle(&self) -> bool {
        self.reglages() != self.reglages_depart
    }

    /// What is not as at the first start, in a sentence.
    pub(crate) fn ecarts(&self) -> Option<String> {
        let noms: Vec<String> = self.scenarios.actifs().into_iter().map(|actif| actif.nom).collect();
        let regle = if self.deregle() { "réglages changés" } else { "" };
        let fautes = match noms.as_slice() {
            [] => String::new(),
            [un] => format!("1 scénario de faute actif ({un})"),
            plusieurs => format!("{} scénarios de faute actifs ({})", plusieurs.len(), plusieurs.join(", ")),
        };
        let dits: Vec<&str> = [fautes.as_str(), regle].into_iter().filter(|dit| !dit.is_empty()).collect();
        (!dits.is_empty()).then(|| dits.join(" ; "))
    }

    /// Back to the identities, the settings and the faults of the first start, and to the right time; clients stay.
    pub(crate) fn reinitialiser(&self) -> Result<(), Reinitialisation> {
        self.identites.reinitialiser()?;
        self.scenarios.reinitialiser()?;
        self.regler(self.reglages_depart.clone()).map_err(Reinitialisation::Reglages)?;
        self.horloge.remettre();
        Ok(())
    }

    /// Another key signs from now on; gives its `kid`.
    pub(crate) fn tourner_cles(&self) -> Result<String, Erreur> {
        self.cles.write().unwrap_or_else(PoisonError::into_inner).tourner()
    }

    fn cles(&self) -> std::sync::RwLockReadGuard<'_, cles::Cles> {
        self.cles.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why not everything is as it was at the first start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reinitialisation {
    #[error(transparent)]
    Identites(#[from] crate::identites::RefusIdentite),
    #[error(transparent)]
    Scenarios(#[from] RefusScenario),
    #[error("Les réglages n’ont pas pu être enregistrés.")]
    Reglages(#[source] std::io::Error),
}

const TOKEN: &str = "/protocol/openid-connect/token";
const INTROSPECTION: &str = "/protocol/openid-connect/token/introspect";
const USERINFO: &str = "/protocol/openid-connect/userinfo";
const CERTS: &str = "/protocol/openid-connect/certs";
const LOGOUT: &str = "/protocol/openid-connect/logout";
const REVOCATION: &str = "/protocol/openid-connect/revoke";
const CIBA: &str = "/protocol/openid-connect/ext/ciba/auth";
const PAR: &str = "/protocol/openid-connect/ext/par/request";
/// On the portal's host, not under the issuer.
const AUTORISATION: &str = "/auth";

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    let chemin = |fin: &str| format!("{}{fin}", psc.base);
    let routes = Router::new()
        .route(&chemin(oidc::psc::CHEMIN_METADONNEES), get(metadonnees::publier))
        .route(&chemin(oidc::metadonnees::CHEMIN), get(metadonnees::publier))
        .route(&chemin(CERTS), get(metadonnees::publier_cles))
        .route(&chemin(CIBA), post(ciba::demander))
        .route(&chemin(PAR), post(par::deposer))
        .route(&chemin(TOKEN), post(jetons::donner))
        .route(&chemin(INTROSPECTION), post(introspection::dire))
        .route(&chemin(REVOCATION), post(introspection::revoquer))
        .route(&chemin(USERINFO), get(userinfo::donner).post(userinfo::donner))
        .route(&chemin(LOGOUT), get(deconnexion::demander).post(deconnexion::demander_par_formulaire))
        .layer(axum::middleware::from_fn_with_state(
            (Arc::clone(&psc.scenarios), Cible::Psc),
            crate::scenarios::couche,
        ))
        .layer(axum::middleware::from_fn(appel::noter))
        .with_state(Arc::clone(psc))
        .merge(web::assets::routes());
    crate::cadre::habiller_psc(routes, psc)
}

/// Locks, whatever happened to the last holder: what is guarded is replaced whole.
fn ouvrir<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
