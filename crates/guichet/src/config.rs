//! What the guichet needs to be told: addresses, stores, the OpenID provider, mail, antivirus, the signing key.
//!
//! Rule: every key has a meaning in `dev/guichet.toml`; an unknown key is a fault, and a secret stands in a file of its
//! own or in the environment, never in a default.

use std::{net::SocketAddr, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address of the site as people type it, without a path.
    pub url: Url,
    /// Where the process listens.
    pub ecoute: SocketAddr,
    /// `sqlite:<path>` or `postgres://…`.
    pub base: String,
    /// Folder of the deposited files.
    pub fichiers: PathBuf,
    pub oidc: Oidc,
    pub courriel: Courriel,
    #[serde(default)]
    pub antivirus: Option<Antivirus>,
    pub signature: Signature,
    /// PEM files of the authorities whose PDF signatures are recognised.
    #[serde(default)]
    pub autorites_signature: Vec<PathBuf>,
    /// Who delivers Client IDs; without it, the pages say how it is connected.
    #[serde(default)]
    pub clients_psc: Option<ClientsPsc>,
    #[serde(default)]
    pub agence: Agence,
    /// Shows the banner of a test environment and the mails that were sent.
    #[serde(default)]
    pub demonstration: bool,
    /// Folder of a référentiel (`edc-psc.toml`); the embedded one when absent.
    #[serde(default)]
    pub referentiel: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Exactly as the provider writes it.
    pub emetteur: String,
    pub client_id: String,
    pub secret: SecretString,
    /// PEM of the authority of the provider's TLS certificate, when it is not a public one.
    #[serde(default)]
    pub autorite: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase", deny_unknown_fields)]
pub enum Courriel {
    /// One `.eml` file a mail; the site shows them in demonstration.
    Dossier { chemin: PathBuf, expediteur: String },
    Smtp {
        /// `smtp://host:port`, `smtps://user:password@host`.
        url: SecretString,
        expediteur: String,
    },
}

impl Courriel {
    pub fn expediteur(&self) -> &str {
        match self {
            Self::Dossier { expediteur, .. } | Self::Smtp { expediteur, .. } => expediteur,
        }
    }
}

/// Where clamd listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Antivirus {
    Tcp { tcp: String },
    Socket { socket: PathBuf },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase", deny_unknown_fields)]
pub enum Signature {
    Pkcs12 {
        fichier: PathBuf,
        mot_de_passe: SecretString,
    },
    Pkcs11 {
        /// Path of the module, for instance `/usr/lib/softhsm/libsofthsm2.so`.
        module: PathBuf,
        /// Label of the token.
        jeton: String,
        /// Label of the key.
        etiquette: String,
        code: SecretString,
        /// PEM of the certificate and its chain.
        certificat: PathBuf,
    },
}

/// The service that delivers Client IDs of Pro Santé Connect with their certificate: the sandbox, or what speaks as it does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsPsc {
    /// Whole address to which a demande is posted.
    pub url: Url,
    /// Bearer token that opens it.
    pub jeton: SecretString,
    /// PEM of the authority of its TLS certificate, when it is not a public one.
    #[serde(default)]
    pub autorite: Option<PathBuf>,
}

/// What the documents say of the agency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agence {
    pub nom: String,
    pub lieu: String,
    /// Calendar days in which the agency means to answer (spec guichets R37).
    #[serde(default = "delai")]
    pub delai_jours: i32,
    /// Mail address for whoever finds a flaw of this site; shown on `/mentions`.
    #[serde(default)]
    pub contact_securite: Option<String>,
    /// Mail address for requests about personal data; shown on `/mentions`.
    #[serde(default)]
    pub contact_donnees: Option<String>,
}

fn delai() -> i32 {
    60
}

impl Default for Agence {
    fn default() -> Self {
        Self {
            nom: "Agence de démonstration".to_owned(),
            lieu: "Paris".to_owned(),
            delai_jours: delai(),
            contact_securite: None,
            contact_donnees: None,
        }
    }
}
