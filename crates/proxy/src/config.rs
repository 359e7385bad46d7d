//! What an operator writes: who may connect, through which identity provider, towards which API, within what limits.
//!
//! Rule: the type is the documentation; every key has its unit in its name and a safe default. [`Config::fautes`] tells all
//! that can be known wrong without opening a file or a connection.

mod fautes;
mod reseau;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

pub use reseau::Reseau;

/// The section `[proxy]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the LPS connect, over TLS.
    pub ecoute: SocketAddr,
    /// Public address, without a path: what browsers and LPS write.
    pub url: Url,
    #[serde(default)]
    pub profil: Profil,
    /// Threads that relay; 0 for as many as the machine has processors.
    #[serde(default)]
    pub coeurs: usize,
    /// Front-ends whose `X-Forwarded-For` is believed, nobody by default: the caller is the last address there that is none of
    /// them.
    #[serde(default)]
    pub relais_de_confiance: Vec<Reseau>,
    /// Authorities (PEM) of the certificates that LPS may show. One that is shown is always verified.
    #[serde(default)]
    pub autorites_clients: Option<PathBuf>,
    /// Lists of what those authorities revoked (CRL, PEM or DER), one for each authority of a chain. Read again with the
    /// certificates. A list past its date is as good as none: who depends on it is refused.
    #[serde(default)]
    pub crl_clients: Vec<PathBuf>,
    pub psc: Psc,
    #[serde(default)]
    pub session: ReglesSession,
    #[serde(default)]
    pub depot: DepotSessions,
    #[serde(default)]
    pub limites: Limites,
    pub traces: Traces,
    #[serde(default)]
    pub admin: Option<Admin>,
    #[serde(default)]
    pub alertes: Alertes,
    pub clients: Vec<Client>,
    pub apis: Vec<Api>,
    /// Seconds between two looks at the certificate files; 0 looks only when told (SIGHUP).
    #[serde(default = "une_minute")]
    pub relecture_certificats_s: u64,
}

/// What the proxy is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profil {
    /// Strict: client certificates named after the client, `/traces` guarded.
    #[default]
    Production,
    /// For the agency's conformity tool and for development: `/traces` open, certificate names only warned about.
    Conformite,
}

/// Pro Santé Connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Psc {
    /// Full address of the discovery document (its path is not the standard one).
    pub decouverte: Url,
    /// Issuer expected in the document and in tokens. Absent: the part of `decouverte` before `/.well-known/`.
    #[serde(default)]
    pub emetteur: Option<String>,
    /// Authorities trusted for PSC's servers (PEM); the system's by default.
    #[serde(default)]
    pub autorite: Option<PathBuf>,
    /// Lists of what the authorities of PSC's servers revoked, under the rules of `crl_clients`.
    #[serde(default)]
    pub crl: Vec<PathBuf>,
    #[serde(default = "dix")]
    pub delai_s: u64,
    /// Asked as `acr_values`.
    #[serde(default = "eidas1")]
    pub acr: String,
    /// Levels accepted in the id_token; one that is absent is accepted.
    #[serde(default = "acr_acceptes")]
    pub acr_acceptes: Vec<String>,
    #[serde(default = "scope_all")]
    pub scope: String,
    /// Serves `GET /userinfo`, what PSC says of the session's user.
    #[serde(default)]
    pub userinfo: bool,
    /// When the request of the code flow is pushed server to server before the browser leaves (RFC 9126).
    #[serde(default)]
    pub par: Par,
    /// How long a second of PSC's `interval` and `expires_in` lasts: only tests make it shorter.
    #[serde(skip, default = "seconde")]
    pub seconde: Duration,
}

/// When an authorization request is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Par {
    /// When the provider says that it must be.
    #[default]
    SiExige,
    /// As soon as the provider says that it can be.
    SiAnnonce,
}

/// Life of a session and of its cookie.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReglesSession {
    /// From the connection on, whatever happens.
    pub duree_max_s: u64,
    /// Without a relayed call.
    pub inactivite_s: u64,
    /// 409 rather than 304 when a live cookie comes with another client.
    pub reprise_stricte: bool,
    /// An API token is renewed when less than this is left.
    pub marge_jeton_s: u64,
    /// Refuse a bindingMessage that isn't two digits.
    pub message_strict: bool,
    /// JSON body on 502, 503 and 504 too; the agency's example leaves them empty.
    pub corps_5xx: bool,
}

impl Default for ReglesSession {
    fn default() -> Self {
        Self {
            duree_max_s: 14_400,
            inactivite_s: 1_800,
            reprise_stricte: false,
            marge_jeton_s: 30,
            message_strict: true,
            corps_5xx: false,
        }
    }
}

/// Where sessions are kept, sealed, so that they outlive the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DepotSessions {
    /// `sqlite:<path>` for one process; `redis://…` or `rediss://…` (Redis or Valkey, 6.2 at least) for several; `memoire` to lose
    /// them at each stop. Absent: `sessions.db` in the folder of the traces.
    pub base: Option<SecretString>,
    /// File of the sealing keys, one a line in base64 (`openssl rand -base64 32`); the first seals, all open. Absent:
    /// `sessions.cles` in the folder of the traces. Made when missing, but for Redis, where all nodes need the same.
    pub cles: Option<PathBuf>,
    /// Authority (PEM) of a Redis behind `rediss://`; the system's by default.
    pub autorite: Option<PathBuf>,
    /// Certificate and its chain (PEM) that the proxy shows to that Redis.
    pub certificat: Option<PathBuf>,
    /// Private key (PEM) of that certificate.
    pub certificat_cle: Option<PathBuf>,
    /// Sessions open at once, on all nodes.
    pub sessions_max: usize,
}

impl Default for DepotSessions {
    fn default() -> Self {
        Self {
            base: None,
            cles: None,
            autorite: None,
            certificat: None,
            certificat_cle: None,
            sessions_max: 1_000_000,
        }
    }
}

/// Bounds, so that nobody takes it all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limites {
    /// Connections open at once, all threads together.
    pub connexions_max: usize,
    /// Connects waiting for somebody's approval at once.
    pub attentes_max: usize,
    /// `/connect` per client and minute; 0 for no bound, as for the two that follow.
    pub connects_client_minute: u32,
    /// `/connect` per nationalId and minute.
    pub connects_personne_minute: u32,
    /// `/connect` per address and minute. None by default: a hospital, or the server of a web LPS, has one address.
    pub connects_adresse_minute: u32,
    /// Relayed calls per session and second; 0 for no bound.
    pub appels_session_seconde: u32,
    /// For the whole head of a request.
    pub entetes_s: u64,
    /// Without a byte, either way, inside a body.
    pub silence_s: u64,
    /// Of a request's line.
    pub adresse_octets: usize,
}

impl Default for Limites {
    fn default() -> Self {
        Self {
            connexions_max: 16_384,
            attentes_max: 1_000,
            connects_client_minute: 600,
            connects_personne_minute: 6,
            connects_adresse_minute: 0,
            appels_session_seconde: 0,
            entetes_s: 15,
            silence_s: 60,
            adresse_octets: 8_192,
        }
    }
}

/// Where traces go, and who reads them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// Where they are kept, and how long.
    pub journal: journal::Config,
    /// Bearer token that opens `/traces`.
    #[serde(default)]
    pub jeton: Option<SecretString>,
    /// Subjects (CN) of the client certificates that open `/traces`.
    #[serde(default)]
    pub lecteurs: Vec<String>,
    /// What stands for the session in traces. Absent: the identifier itself in the profile `conformite`, else its fingerprint,
    /// so that whoever reads traces can't use them as cookies.
    #[serde(default)]
    pub identifiant_session: Option<IdentifiantTrace>,
    /// What `/send` does when no trace can be written.
    #[serde(default)]
    pub en_panne: EnPanne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentifiantTrace {
    Clair,
    Empreinte,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnPanne {
    /// 503: no call without its trace.
    #[default]
    Refuser,
    /// Relayed, with a line of log for each.
    Continuer,
}

/// The listener of the operator: metrics, health. Keep it off the internet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    pub ecoute: SocketAddr,
}

/// Who is told when something is wrong, besides the log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alertes {
    /// Address that receives each alert as JSON, signed with HMAC-SHA-256 of `secret`.
    pub webhook: Option<Url>,
    pub secret: Option<SecretString>,
    pub autorite: Option<PathBuf>,
    /// Forged cookies from one address, a minute, before an alert.
    pub cookies_faux_minute: u32,
    /// Connects of one person, a minute, before an alert.
    pub connects_personne_minute: u32,
    /// A certificate that ends sooner is announced.
    pub certificat_jours: u32,
    /// Calls of a minute against those of the hours before: so many times more is announced; 0 for never.
    pub volume_facteur: u32,
    /// Calls of a minute under which nothing is unusual.
    pub volume_minimum: u32,
}

impl Default for Alertes {
    fn default() -> Self {
        Self {
            webhook: None,
            secret: None,
            autorite: None,
            cookies_faux_minute: 10,
            connects_personne_minute: 5,
            certificat_jours: 60,
            volume_facteur: 10,
            volume_minimum: 600,
        }
    }
}

/// A software (LPS) and its credential at PSC: a certificate, as PKCS#12 or PEM, or a secret (Communauté only).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub client_id: String,
    #[serde(default)]
    pub pkcs12: Option<PathBuf>,
    #[serde(default)]
    pub mot_de_passe: Option<SecretString>,
    #[serde(default)]
    pub certificat: Option<PathBuf>,
    #[serde(default)]
    pub cle: Option<PathBuf>,
    #[serde(default)]
    pub secret: Option<SecretString>,
    /// API that this client may call; all when absent.
    #[serde(default)]
    pub apis: Option<Vec<String>>,
    /// What a person is told that this software is; `client_id` when absent.
    #[serde(default)]
    pub nom: Option<String>,
    /// Where a browser may be sent back after the code flow: addresses, compared to the letter.
    #[serde(default)]
    pub retours: Vec<String>,
    /// How the software is named to authorization servers, where an API has an `acteur`.
    #[serde(default)]
    pub lps: Option<Lps>,
    /// Gives a bearer « jeton applicatif » besides the cookie.
    #[serde(default)]
    pub jeton_applicatif: bool,
}

/// A software, as an `actor_token` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lps {
    #[serde(rename(serialize = "lps_nom"))]
    pub nom: String,
    #[serde(default, rename(serialize = "lps_id"), skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, rename(serialize = "lps_version"), skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// When the API token is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Echange {
    #[default]
    Connexion,
    PremierAppel,
}

/// What is done of the certificate that an API token says it is bound to (`cnf`, RFC 8705 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CnfDuJeton {
    /// A token bound to another certificate than the client's is refused; one that is bound to none, or whose inside can't be
    /// read, is taken.
    #[default]
    Verifier,
    /// It must be bound to the client's certificate.
    Exiger,
    /// Taken as it comes: the API alone judges.
    Ignorer,
}

/// An API Pro Santé Connectée and its authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// In `/send/{id}/…`: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// Address under which the rest of the path is called.
    pub url: Url,
    /// Token endpoint of its authorization server.
    pub jeton_url: Url,
    /// Absent: `jeton_url` with its last word replaced by `revoke`, when that word is `token`.
    #[serde(default)]
    pub revocation_url: Option<Url>,
    #[serde(default)]
    pub autorite: Option<PathBuf>,
    /// Lists of what the authorities of the API and of its authorization server revoked, under the rules of `crl_clients`.
    #[serde(default)]
    pub crl: Vec<PathBuf>,
    #[serde(default)]
    pub echange: Echange,
    /// Its authorization server failing at connect makes the whole connect fail; else it is asked again at the first call.
    #[serde(default = "vrai")]
    pub obligatoire: bool,
    /// Empty: not sent.
    #[serde(default = "psc")]
    pub subject_issuer: String,
    #[serde(default = "type_acces")]
    pub subject_token_type: String,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default)]
    pub audience: Option<String>,
    /// Sends an `actor_token` with the exchange: an unsigned JWT (mTLS stands for the signature) of these claims and of the
    /// client's `lps`.
    #[serde(default)]
    pub acteur: Option<BTreeMap<String, String>>,
    /// Sends the fingerprint of the client certificate as `cnf`.
    #[serde(default)]
    pub cnf: bool,
    #[serde(default)]
    pub cnf_du_jeton: CnfDuJeton,
    #[serde(default = "cinq")]
    pub delai_connexion_s: u64,
    /// Until the head of the answer, from the last piece of the request on.
    #[serde(default = "une_minute")]
    pub delai_reponse_s: u64,
    /// 0 for no bound.
    #[serde(default)]
    pub corps_max_octets: u64,
    #[serde(default)]
    pub reponse_max_octets: u64,
    /// Connections to this API at once, for each client and thread.
    #[serde(default = "connexions_api")]
    pub connexions_max: usize,
    /// An idle connection is closed after this; keep it under what the API announces.
    #[serde(default = "trente")]
    pub connexion_libre_s: u64,
}

fn une_minute() -> u64 {
    60
}
fn dix() -> u64 {
    10
}
fn cinq() -> u64 {
    5
}
fn trente() -> u64 {
    30
}
fn connexions_api() -> usize {
    256
}
fn vrai() -> bool {
    true
}
fn eidas1() -> String {
    "eidas1".to_owned()
}
fn acr_acceptes() -> Vec<String> {
    ["eidas1", "eidas2", "eidas3"].map(str::to_owned).to_vec()
}
fn scope_all() -> String {
    "openid scope_all".to_owned()
}
fn psc() -> String {
    "psc".to_owned()
}
fn type_acces() -> String {
    "urn:ietf:params:oauth:token-type:access_token".to_owned()
}
fn seconde() -> Duration {
    Duration::from_secs(1)
}
