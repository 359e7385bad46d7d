//! The sandbox ("bac à sable"): what surrounds the products in the field, simulated well enough to develop against.
//!
//! Everything here is fictitious and says so on every page. It speaks to the products over HTTP and OpenID only. It holds
//! two realms, "Industriels Santé Connect" ([`isc`]) and Pro Santé Connect ([`psc`]), with the professionals who exist
//! there ([`identites`]) and the pages where they approve ([`ecps`]); the API behind their authorization servers ([`api`]);
//! and the [`journal`] of all that these were asked.

mod accueil;
mod admin;
pub mod api;
mod cadre;
mod cle;
mod codes;
mod demande;
pub mod ecps;
mod fichier;
pub mod identites;
pub mod isc;
pub mod journal;
mod navigateur;
mod parametres;
pub mod psc;
mod revoques;
pub mod scenarios;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use scenarios::Cible;
use serde::Deserialize;
use service::serveur::Portier;
use service::{Alea, Horloge};

/// What the sandbox must know before it serves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub isc: isc::Config,
    pub psc: psc::Config,
    /// The API and their authorization servers; none when absent.
    #[serde(default)]
    pub apis: Option<api::Config>,
}

/// Why the sandbox can't start.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    #[error("l’adresse « {0} » n’est pas utilisable (https attendu, sans fragment ni barre finale)")]
    Adresse(String),
    #[error("le client « {0} » est donné deux fois")]
    ClientEnDouble(String),
    #[error("{} : lecture ou écriture impossible", chemin.display())]
    Fichier { chemin: PathBuf, source: std::io::Error },
    #[error("{} : contenu illisible", chemin.display())]
    Contenu { chemin: PathBuf, source: serde_json::Error },
    #[error("le chemin ou le nom « {0} » n’est pas utilisable, ou sert deux fois")]
    Chemin(String),
    #[error("le royaume « {0} » n’a pas de serveur d’autorisation")]
    Royaume(String),
    #[error("clé de signature inutilisable")]
    Cle(#[from] oidc::jwt::ErreurCle),
    #[error("client du bac à sable refusé")]
    Client(#[from] psc::RefusClient),
    #[error("autorité d’émission du bac à sable")]
    Autorite(#[from] igc::Erreur),
    #[error("scénario du bac à sable refusé")]
    Scenario(#[from] scenarios::RefusScenario),
    #[error("client HTTP du bac à sable")]
    Http(#[from] service::client_http::ErreurClient),
}

/// Host names that a certificate of these addresses must bear.
fn noms(adresses: &[&str]) -> Vec<String> {
    let hote = |adresse: &&str| Some(url::Url::parse(adresse).ok()?.host_str()?.to_owned());
    let mut noms: Vec<String> = adresses.iter().filter_map(hote).collect();
    noms.push("localhost".to_owned());
    noms.dedup();
    noms
}

/// The sandbox, ready to serve.
#[derive(Debug)]
pub struct Bac {
    isc: Arc<isc::Isc>,
    psc: Arc<psc::Psc>,
    apis: Option<api::Apis>,
    journal: journal::Journal,
}

impl Bac {
    /// Reads or makes what lives in the folders of the configuration (signing keys, sessions, identities, clients).
    ///
    /// # Errors
    /// [`Erreur`] when the configuration can't be used or a folder can't be read and written.
    pub fn nouveau(config: Config, horloge: Horloge, alea: Alea) -> Result<Self, Erreur> {
        let dossier = &config.psc.donnees;
        let source = |source| Erreur::Fichier { chemin: dossier.clone(), source };
        let journal = journal::Journal::ouvrir(dossier, horloge.clone()).map_err(source)?;
        let apis = config.apis.map(|apis| api::Apis::nouvelles(apis, journal.clone(), &horloge, &alea));
        Ok(Self {
            apis: apis.transpose()?,
            isc: Arc::new(isc::Isc::nouveau(config.isc, horloge.clone(), alea.clone())?),
            psc: Arc::new(psc::Psc::nouveau(config.psc, journal.clone(), horloge, alea)?),
            journal,
        })
    }

    /// What people see, static files included: iSC, the portal of Pro Santé Connect, the simulated e-CPS and CPS-Gestion,
    /// the identities; and the API of administration.
    pub fn routes(&self) -> Router {
        let routes = isc::routes(&self.isc)
            .merge(accueil::routes(&self.isc, &self.psc, self.apis()))
            .merge(self.journal.couche("portail", psc::routes_portail(&self.psc)))
            .merge(ecps::routes(&self.psc))
            .merge(identites::routes(&self.psc))
            .merge(scenarios::routes(&self.psc))
            .merge(admin::routes(&self.psc))
            .merge(journal::routes_page(&self.journal))
            .merge(journal::routes_api(&self.journal, self.psc.jeton_admin.clone()))
            .merge(web::assets::routes());
        cadre::habiller(routes, &self.isc)
    }

    /// What machines call at Pro Santé Connect. Serve it where a client certificate is asked for without being required.
    pub fn routes_psc(&self) -> Router {
        self.journal.couche("psc", psc::routes(&self.psc))
    }

    /// The API and their authorization servers. Serve them where a client certificate is asked for without being required.
    pub fn routes_apis(&self) -> Router {
        self.apis.as_ref().map(|apis| apis.routes_faillibles(&self.psc.scenarios)).unwrap_or_default()
    }

    /// Stands before the listener of [`Self::routes_psc`], for the faults of the connection.
    pub fn portier_psc(&self) -> Portier {
        scenarios::portier(&self.psc, &self.journal, "psc", &[Cible::Psc], noms(&[&self.psc.issuer]))
    }

    /// The same before that of [`Self::routes_apis`].
    pub fn portier_apis(&self) -> Portier {
        let url = self.apis.as_ref().map(api::Apis::url).unwrap_or_default();
        scenarios::portier(&self.psc, &self.journal, "apis", &[Cible::As, Cible::Api], noms(&[url]))
    }

    /// What is not as at the first start, in a sentence; `None` when nothing is.
    pub fn ecarts(&self) -> Option<String> {
        self.psc.ecarts()
    }

    /// Where each API is, for `edc up` to say.
    pub fn apis(&self) -> Vec<api::Annonce> {
        self.apis.as_ref().map(api::Apis::annonces).unwrap_or_default()
    }

    /// Each request that the sandbox's servers received, and why it was refused.
    pub fn journal(&self) -> &journal::Journal {
        &self.journal
    }

    /// What `edc up` says of the sandbox.
    pub fn identites(&self) -> Vec<identites::Identite> {
        self.psc.identites.toutes()
    }
}
