//! One bounded call to PSC or to an authorization server, and what can come of it.
//!
//! What a server writes ends in a log, cleaned and cut, never in an answer to an LPS: the texts that are passed on are ours,
//! or in the list of those that Keycloak is known to write.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oidc::jetons::ErreurOauth;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use crate::identite::Identite;

const TAILLE_MAX: usize = 256 * 1024;

/// Calls of one client to one server at a time. A burst of a thousand would else open a thousand connections, each with its
/// handshake, before the first of them could carry the others.
const APPELS_MAX: usize = 256;

/// A server as one client reaches it: PSC, or the authorization server of an API.
pub(crate) struct Liaison {
    http: reqwest::Client,
    places: Semaphore,
    /// Longest wait for a place, and longest call.
    delai: Duration,
}

impl Liaison {
    /// `http` bounds its calls by `delai` itself.
    pub(crate) fn nouvelle(http: reqwest::Client, delai: Duration) -> Self {
        Self { http, places: Semaphore::new(APPELS_MAX), delai }
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.http.get(url)
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.http.post(url)
    }
}

/// Why a call gave nothing. Holds no token.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Panne {
    #[error("{etape} : pas de réponse à temps")]
    Delai { etape: &'static str },
    #[error("{etape} : serveur injoignable")]
    Injoignable { etape: &'static str, source: Option<Arc<reqwest::Error>> },
    #[error("{etape} : certificat du serveur refusé, {cause}")]
    Certificat { etape: &'static str, cause: String },
    #[error("{etape} : le serveur refuse le certificat du logiciel, ou son absence")]
    NotreCertificat { etape: &'static str },
    /// It answered 5xx, or 429; `attendre` is its `Retry-After`, in seconds.
    #[error("{etape} : le serveur a répondu {statut}")]
    Indisponible { etape: &'static str, statut: StatusCode, attendre: Option<u64> },
    #[error("{etape} : réponse illisible ou trop longue")]
    Illisible { etape: &'static str },
    #[error("{etape} : le jeton reçu est lié à un autre certificat que celui du logiciel, ou à aucun")]
    Lien { etape: &'static str },
    #[error("{etape} : refus {}", refus.message())]
    Refus { etape: &'static str, refus: Refus },
}

impl Panne {
    /// The word of a refusal, where it gave one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refus { refus, .. } => refus.code.as_deref(),
            _ => None,
        }
    }

    /// What an LPS hears of it: 502 for a bad answer, 503 for no answer, 504 for a late one, 401 for a refusal.
    pub(crate) fn statut(&self) -> StatusCode {
        match self {
            Self::Refus { .. } => StatusCode::UNAUTHORIZED,
            Self::Delai { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Injoignable { .. } | Self::Indisponible { statut: StatusCode::TOO_MANY_REQUESTS, .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Indisponible { statut, .. } if (502..=504).contains(&statut.as_u16()) => *statut,
            Self::Indisponible { .. }
            | Self::Illisible { .. }
            | Self::Lien { .. }
            | Self::Certificat { .. }
            | Self::NotreCertificat { .. } => StatusCode::BAD_GATEWAY,
        }
    }
}

/// A failure that everybody who would ask again at once hears too: many callers of a server that hangs would else wait one
/// after the other.
#[derive(Clone, Debug)]
pub(crate) struct PanneRecente {
    panne: Panne,
    le: Timestamp,
}

impl PanneRecente {
    const MEMOIRE: SignedDuration = SignedDuration::from_secs(5);

    pub(crate) fn nouvelle(panne: &Panne, le: Timestamp) -> Self {
        Self { panne: panne.clone(), le }
    }

    /// The failure, for some seconds.
    pub(crate) fn encore(&self, maintenant: Timestamp) -> Option<Panne> {
        (maintenant.duration_since(self.le).abs() < Self::MEMOIRE).then(|| self.panne.clone())
    }
}

/// A refusal in the words of OAuth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refus {
    pub(crate) statut: u16,
    /// Only lowercase letters and `_`.
    pub(crate) code: Option<String>,
    pub(crate) description: Option<&'static str>,
}

/// The descriptions of Keycloak that may be passed on as they are.
const DESCRIPTIONS: [&str; 16] = [
    "missing parameter : login_hint",
    "invalid user",
    "missing parameter : scope",
    "User code not supported",
    "Client not allowed OIDC CIBA Grant",
    "Invalid Auth Req ID",
    "Invalid auth_req_id",
    "authentication timed out",
    "too early to access",
    "not authorized",
    "Invalid client or Invalid client credentials",
    "Invalid token",
    "Token is not active",
    "Session not active",
    "Maximum allowed refresh token reuse exceeded",
    "Code not valid",
];

impl Refus {
    /// `<status> - <error> : <description>`, the agency's form; `null` for what was not said.
    pub(crate) fn message(&self) -> String {
        let code = self.code.as_deref().unwrap_or("null");
        format!("{} - {code} : {}", self.statut, self.description.unwrap_or("null"))
    }

    fn depuis(statut: StatusCode, corps: &[u8]) -> Self {
        let lue: Option<ErreurOauth> = serde_json::from_slice(corps).ok();
        let (code, description) = lue.map_or((None, None), |lue| (Some(lue.error), lue.error_description));
        if let Some(texte) = &description {
            tracing::info!(statut = statut.as_u16(), description = %propre(texte), "refus motivé par le serveur");
        }
        let connue = |texte: String| DESCRIPTIONS.into_iter().find(|connue| *connue == texte);
        Self {
            statut: statut.as_u16(),
            code: code.map(|code| code_propre(&code)).filter(|code| !code.is_empty()),
            description: description.and_then(connue),
        }
    }
}

/// Letters of an OAuth code, nothing else.
fn code_propre(code: &str) -> String {
    code.chars().filter(|lettre| lettre.is_ascii_lowercase() || *lettre == '_').take(40).collect()
}

fn propre(texte: &str) -> String {
    texte.chars().map(|lettre| if lettre.is_control() { ' ' } else { lettre }).take(200).collect()
}

/// Sends when there is a place, reads at most 256 KiB, wants a success.
pub(crate) async fn octets(
    vers: &Liaison,
    requete: RequestBuilder,
    etape: &'static str,
) -> Result<Vec<u8>, Panne> {
    let place = tokio::time::timeout(vers.delai, vers.places.acquire()).await;
    let _place = place.map_err(|_| Panne::Delai { etape })?;
    let panne = |source: reqwest::Error| {
        if let Some(cause) = service::tls::serveur_refuse(&source) {
            Panne::Certificat { etape, cause }
        } else if service::tls::client_refuse(&source) {
            Panne::NotreCertificat { etape }
        } else if source.is_timeout() {
            Panne::Delai { etape }
        } else if source.is_connect() {
            Panne::Injoignable { etape, source: Some(Arc::new(source.without_url())) }
        } else {
            tracing::debug!(erreur = %source.without_url(), "{etape}");
            Panne::Illisible { etape }
        }
    };
    let mut reponse = requete.send().await.map_err(panne)?;
    let statut = reponse.status();
    let attendre = reponse.headers().get(http::header::RETRY_AFTER);
    let attendre = attendre.and_then(|valeur| valeur.to_str().ok()).and_then(|texte| texte.parse().ok());
    let mut corps = Vec::new();
    while let Some(morceau) = reponse.chunk().await.map_err(panne)? {
        if corps.len() + morceau.len() > TAILLE_MAX {
            return Err(Panne::Illisible { etape });
        }
        corps.extend_from_slice(&morceau);
    }
    if statut.is_success() {
        Ok(corps)
    } else if statut.is_client_error() && statut != StatusCode::TOO_MANY_REQUESTS {
        Err(Panne::Refus { etape, refus: Refus::depuis(statut, &corps) })
    } else {
        Err(Panne::Indisponible { etape, statut, attendre })
    }
}

pub(crate) async fn json<T: DeserializeOwned>(
    vers: &Liaison,
    requete: RequestBuilder,
    etape: &'static str,
) -> Result<T, Panne> {
    let corps = octets(vers, requete, etape).await?;
    // Serde's message may quote a value, and the values here are tokens.
    serde_json::from_slice(&corps).map_err(|_| Panne::Illisible { etape })
}

/// A form with the client's proof: `client_id` beside the TLS certificate (RFC 8705 §2), or its secret as Basic.
pub(crate) fn formulaire<T: serde::Serialize>(
    requete: RequestBuilder,
    identite: &Identite,
    champs: &T,
) -> RequestBuilder {
    #[derive(serde::Serialize)]
    struct Avec<'a, T> {
        #[serde(flatten)]
        champs: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
    }
    let client_id: &str = &identite.client_id;
    match &identite.secret {
        None => requete.form(&Avec { champs, client_id: Some(client_id) }),
        Some(secret) => {
            // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
            let encoder =
                |texte: &str| url::form_urlencoded::byte_serialize(texte.as_bytes()).collect::<String>();
            requete
                .basic_auth(encoder(client_id), Some(encoder(secret.expose_secret())))
                .form(&Avec { champs, client_id: None })
        }
    }
}
