//! The API Pro Santé Connectées, simulated, with the authorization servers that stand before them.
//!
//! A call takes two steps, as in the field. The client shows a token of Pro Santé Connect to an authorization server
//! (`serveur`), over mTLS, and gets a token of the API, bound to its certificate; then it calls the API with both
//! (`garde`). Three API stand behind that guard: the signature of session data (`signature`), a test API that does
//! what one asks (`essai`), and a stand-in for the search of a national health identity (`insi`).
//!
//! Serve it where a client certificate is asked for. Whatever is refused has its reason in the [`Journal`].

mod clients;
mod essai;
mod garde;
mod insi;
mod jetons;
mod refus;
mod serveur;
mod signature;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use http::StatusCode;
use oidc::cnf::Forme;
use secrecy::SecretString;
use serde::Deserialize;
use service::{Alea, Horloge};
use url::Url;

use crate::Erreur;
use crate::journal::{Journal, Note};
use crate::parametres::adresse;
use crate::scenarios::{Cible, Scenarios};

pub use clients::ClientAs;
pub use serveur::Durees;
pub(crate) use serveur::ServeurAutorisation;
pub use signature::CHEMIN as CHEMIN_SIGNATURE;

/// What this part of the sandbox must know before it serves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `https://localhost:8447`: as clients write it, no path, no slash at the end.
    pub url: String,
    /// Folder that keeps the keys and what was revoked.
    pub donnees: PathBuf,
    pub psc: ConfigPsc,
    pub serveurs: Vec<ConfigServeur>,
    pub apis: Vec<ConfigApi>,
}

/// How the authorization servers ask Pro Santé Connect what a token is worth, each with the same credential.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigPsc {
    pub introspection: Url,
    pub client_id: String,
    /// Absent: mTLS.
    #[serde(default)]
    pub secret: Option<SecretString>,
    /// Certificate, its chain and its key, in one PEM; wanted without a secret.
    #[serde(default)]
    pub identite: Option<PathBuf>,
    /// PEM of the authority to trust; the system's when absent.
    #[serde(default)]
    pub autorite: Option<PathBuf>,
}

/// An authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigServeur {
    /// Its realm: a word of the path.
    pub royaume: String,
    /// Business scopes that it may give.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// A request without scope is refused, as CI-SIS wants, instead of getting all that the client may have.
    #[serde(default)]
    pub scope_exige: bool,
    /// How the thumbprint of the certificate is written in tokens.
    #[serde(default)]
    pub cnf: Forme,
    #[serde(default)]
    pub durees: Durees,
    #[serde(default)]
    pub clients: Vec<ClientAs>,
    /// Takes any client whose certificate bears its `client_id` as CN, with every scope of the realm.
    #[serde(default)]
    pub cn_admis: bool,
}

/// What an API does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genre {
    /// `POST /signsessiondata`, as the agency's API for conformity tests.
    Signature,
    /// Answers what one asks for: echo, status, delay, size, breakdowns.
    Essai,
    /// Search of a national health identity.
    Insi,
}

/// An API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigApi {
    /// A word, unique; also its name in the journal, after `api-`.
    pub id: String,
    pub genre: Genre,
    /// Realm of its authorization server.
    pub royaume: String,
    /// Scope wanted in the token.
    #[serde(default)]
    pub scope: Option<String>,
    /// Path of its root; `/api/{id}` when absent, and the agency's for a signature.
    #[serde(default)]
    pub chemin: Option<String>,
    /// Takes tokens that are bound to no certificate, as those of clients with a secret.
    #[serde(default)]
    pub sans_liaison: bool,
}

/// Where an API is and how to get a token for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Annonce {
    pub id: String,
    pub url: String,
    /// Issuer of its tokens.
    pub issuer: String,
    pub token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

struct Api {
    config: ConfigApi,
    chemin: String,
    serveur: Arc<ServeurAutorisation>,
}

/// The authorization servers and the API, ready to serve.
pub struct Apis {
    url: String,
    serveurs: Vec<Arc<ServeurAutorisation>>,
    liste: Vec<Api>,
    signataire: Arc<signature::Signataire>,
    horloge: Horloge,
    journal: Journal,
}

impl std::fmt::Debug for Apis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Apis({}, {} serveurs, {} API)", self.url, self.serveurs.len(), self.liste.len())
    }
}

impl Apis {
    /// Reads or makes what lives in `config.donnees`.
    ///
    /// # Errors
    /// [`Erreur`] when the configuration doesn't hold together or the folder can't be read and written.
    pub fn nouvelles(
        config: Config,
        journal: Journal,
        horloge: &Horloge,
        alea: &Alea,
    ) -> Result<Self, Erreur> {
        if adresse(&config.url).is_none_or(|url| url.path() != "/") || config.url.ends_with('/') {
            return Err(Erreur::Adresse(config.url));
        }
        let psc = Arc::new(serveur::Psc::nouveau(&config.psc)?);
        let mut noms = HashSet::new();
        let mut serveurs = Vec::new();
        for royaume in config.serveurs {
            prendre(&mut noms, &format!("as-{}", royaume.royaume), &royaume.royaume)?;
            let issuer = format!("{}/realms/{}", config.url, royaume.royaume);
            let serveur =
                ServeurAutorisation::nouveau(royaume, issuer, &config.donnees, &psc, horloge, alea)?;
            serveurs.push(Arc::new(serveur));
        }
        let mut apis = Vec::new();
        for api in config.apis {
            prendre(&mut noms, &format!("api-{}", api.id), &api.id)?;
            let serveur =
                serveurs.iter().find(|serveur: &&Arc<ServeurAutorisation>| serveur.royaume == api.royaume);
            let serveur = serveur.cloned().ok_or_else(|| Erreur::Royaume(api.royaume.clone()))?;
            let chemin = match (&api.chemin, api.genre) {
                (Some(chemin), _) => chemin.trim_end_matches('/').to_owned(),
                (None, Genre::Signature) => CHEMIN_SIGNATURE.to_owned(),
                (None, _) => format!("/api/{}", api.id),
            };
            if !chemin.starts_with('/')
                || chemin.contains(['{', '}', '?', '#'])
                || !noms.insert(chemin.clone())
            {
                return Err(Erreur::Chemin(chemin));
            }
            apis.push(Api { config: api, chemin, serveur });
        }
        let signataire = Arc::new(signature::Signataire::charger(&config.donnees)?);
        Ok(Self { url: config.url, serveurs, liste: apis, signataire, horloge: horloge.clone(), journal })
    }

    /// All endpoints, each server journaled under its own name.
    pub fn routes(&self) -> Router {
        self.routes_avec(|routes, _| routes)
    }

    /// The same, with faults on demand.
    pub(crate) fn routes_faillibles(&self, scenarios: &Arc<Scenarios>) -> Router {
        self.routes_avec(|routes, cible| {
            let etat = (Arc::clone(scenarios), cible);
            routes.layer(axum::middleware::from_fn_with_state(etat, crate::scenarios::couche))
        })
    }

    fn routes_avec(&self, entourer: impl Fn(Router, Cible) -> Router) -> Router {
        let mut routes = Router::new();
        for serveur in &self.serveurs {
            let chemin = format!("/realms/{}", serveur.royaume);
            let siennes = entourer(serveur::routes(serveur), Cible::As);
            let siennes = self.journal.couche(&format!("as-{}", serveur.royaume), siennes);
            routes = routes.nest(&chemin, siennes);
        }
        for api in &self.liste {
            let siennes = match api.config.genre {
                Genre::Signature => signature::routes(&self.signataire, &self.horloge, &api.serveur.alea),
                Genre::Essai => essai::routes(),
                Genre::Insi => insi::routes(),
            };
            let gardees = garde::couche(siennes, &api.serveur, &api.config);
            // The public key is for whoever verifies a signature: no token is asked.
            let ouvertes = match api.config.genre {
                Genre::Signature => gardees.merge(signature::routes_publiques(&self.signataire)),
                Genre::Essai | Genre::Insi => gardees,
            };
            let siennes = entourer(ouvertes, Cible::Api);
            routes =
                routes.nest(&api.chemin, self.journal.couche(&format!("api-{}", api.config.id), siennes));
        }
        let reste = Router::new().fallback(|note: Note| async move {
            note.refuse(None, "Aucun serveur d’autorisation ni aucune API n’est à cette adresse.");
            StatusCode::NOT_FOUND
        });
        routes.merge(self.journal.couche("apis", reste))
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where each API is.
    pub fn annonces(&self) -> Vec<Annonce> {
        let annonce = |api: &Api| Annonce {
            id: api.config.id.clone(),
            url: format!("{}{}", self.url, api.chemin),
            issuer: api.serveur.issuer.clone(),
            token_endpoint: api.serveur.adresse(serveur::TOKEN),
            scope: api.config.scope.clone(),
        };
        self.liste.iter().map(annonce).collect()
    }
}

/// Takes a name: a word of an address, given once.
fn prendre(noms: &mut HashSet<String>, nom: &str, mot: &str) -> Result<(), Erreur> {
    let bon =
        !mot.is_empty() && mot.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
    if bon && noms.insert(nom.to_owned()) { Ok(()) } else { Err(Erreur::Chemin(nom.to_owned())) }
}
