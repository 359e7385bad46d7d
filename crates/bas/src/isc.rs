//! The realm "Industriels Santé Connect" (iSC), simulated: an OpenID provider where the people of the companies and of
//! the agency sign in.
//!
//! Paths are those of a Keycloak realm. One flow: authorization code with PKCE S256. Every claim goes into the id_token
//! whatever the scope, as with the default client scopes of such a realm.

mod autorisation;
mod client;
mod deconnexion;
mod echange;
mod freins;
mod metadonnees;
mod personnes;
mod profil;
mod sessions;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use oidc::{CleSignature, Jwks};
use serde::Deserialize;
use service::{Alea, Horloge};
use url::Url;

use crate::Erreur;
use crate::codes::Codes;
use crate::parametres::adresse;
use crate::revoques::Revoques;

pub use client::ClientIsc;
pub use personnes::{Groupe, MOT_DE_PASSE, Personne, Role, Structure, groupes, personnes};

/// What the realm must know before it serves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `https://localhost:8444/realms/industriels`: scheme, host and path as clients write them, no slash at the end.
    pub issuer: String,
    /// Who may send people here.
    pub clients: Vec<ClientIsc>,
    /// Folder that keeps the signing key and the sessions, so that both outlive a restart.
    pub donnees: PathBuf,
}

/// What a code stands for.
#[derive(Clone, Debug)]
struct Code {
    redirect_uri: String,
    defi: Option<String>,
    nonce: Option<String>,
    scope: String,
    personne: &'static Personne,
    sid: String,
    auth_time: jiff::Timestamp,
}

/// The realm.
#[derive(Debug)]
pub(crate) struct Isc {
    pub(crate) issuer: String,
    /// Path of the issuer, under which every endpoint lives.
    base: String,
    pub(crate) clients: client::Clients,
    cle: CleSignature,
    cles: Jwks,
    codes: Codes<Code>,
    revoques: Revoques,
    sessions: sessions::Sessions,
    freins: freins::Freins,
    horloge: Horloge,
    pub(crate) alea: Alea,
}

impl Isc {
    pub(crate) fn nouveau(config: Config, horloge: Horloge, alea: Alea) -> Result<Self, Erreur> {
        let url = adresse(&config.issuer).ok_or_else(|| Erreur::Adresse(config.issuer.clone()))?;
        if config.issuer.ends_with('/') || url.query().is_some() {
            return Err(Erreur::Adresse(config.issuer));
        }
        let cle = crate::cle::charger(&config.donnees.join("isc-cle.pem"), crate::cle::Algorithme::Rs256)?;
        let document = cle.jwks().to_string();
        Ok(Self {
            base: url.path().trim_end_matches('/').to_owned(),
            issuer: config.issuer,
            clients: client::Clients::nouveaux(config.clients)?,
            cles: Jwks::parse(document.as_bytes()).expect("our own key set is well formed"),
            cle,
            codes: Codes::default(),
            revoques: Revoques::default(),
            sessions: sessions::Sessions::charger(&config.donnees)?,
            freins: freins::Freins::default(),
            horloge,
            alea,
        })
    }

    /// Full address of an endpoint of the realm.
    fn adresse(&self, chemin: &str) -> Url {
        Url::parse(&format!("{}{chemin}", self.issuer))
            .expect("the issuer is an address and the path a literal")
    }
}

const AUTH: &str = "/protocol/openid-connect/auth";
const TOKEN: &str = "/protocol/openid-connect/token";
const USERINFO: &str = "/protocol/openid-connect/userinfo";
const CERTS: &str = "/protocol/openid-connect/certs";
const LOGOUT: &str = "/protocol/openid-connect/logout";
/// Where our own pages post: signing in, and confirming to sign out.
const CONNEXION: &str = "/connexion";
const DECONNEXION: &str = "/deconnexion";

pub(crate) fn routes(isc: &Arc<Isc>) -> Router {
    let chemin = |fin: &str| format!("{}{fin}", isc.base);
    Router::new()
        .route(&chemin(oidc::metadonnees::CHEMIN), get(metadonnees::publier))
        .route(&chemin(CERTS), get(metadonnees::publier_cles))
        .route(&chemin(AUTH), get(autorisation::demander).post(autorisation::demander_par_formulaire))
        .route(&chemin(CONNEXION), post(autorisation::connecter))
        .route(&chemin(TOKEN), post(echange::echanger))
        .route(&chemin(USERINFO), get(profil::donner).post(profil::donner))
        .route(&chemin(LOGOUT), get(deconnexion::demander).post(deconnexion::demander_par_formulaire))
        .route(&chemin(DECONNEXION), post(deconnexion::confirmer))
        .with_state(Arc::clone(isc))
}
