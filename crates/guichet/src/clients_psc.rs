//! The service that delivers Client IDs, from our side: one demande sent, one credential received, checked and handed on.
//!
//! Rule: the key and the password pass through memory to the page of whoever asked, and are written nowhere. What the service
//! answers is believed only if the PKCS#12 opens and names the Client ID.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domaine::{client_psc::Demande, identifiant::ClientId};
use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use service::client_http::{self, ErreurClient};
use thiserror::Error;
use url::Url;

use crate::config::ClientsPsc;

/// For the whole of one demande.
const DELAI: Duration = Duration::from_secs(20);
/// Longest answer, in bytes: a PKCS#12 has a few thousand.
const REPONSE_MAX: usize = 256 * 1024;
/// Longest sentence of the service that is shown, in characters.
const PHRASE_MAX: usize = 300;

/// Where demandes are sent.
pub struct Emetteur {
    http: reqwest::Client,
    url: Url,
    jeton: SecretString,
}

/// A Client ID with its credential, to be shown once.
pub struct Emis {
    pub client_id: ClientId,
    pub pkcs12: Vec<u8>,
    pub mot_de_passe: SecretString,
    /// Of the certificate.
    pub fin: Timestamp,
}

/// Why no Client ID came.
#[derive(Debug, Error)]
pub enum Panne {
    #[error(
        "Le service qui délivre les Client ID ne répond pas. Votre demande est gardée ci-dessous : réessayez dans un instant."
    )]
    Injoignable(#[source] reqwest::Error),
    /// The service's own sentence, which begins with the name of a field.
    #[error("Le service qui délivre les Client ID a refusé la demande : {0}")]
    Refus(String),
    #[error(
        "Le service qui délivre les Client ID ne reconnaît pas ce guichet. Prévenez l’agence : son jeton est à remplacer."
    )]
    Acces,
    #[error(
        "Le service qui délivre les Client ID a répondu {0}. Votre demande est gardée ci-dessous : réessayez dans un instant."
    )]
    Statut(u16),
    #[error(
        "Le service qui délivre les Client ID a donné une réponse inutilisable ({0}). Prévenez l’agence."
    )]
    Reponse(&'static str),
}

impl Panne {
    pub(crate) fn statut(&self) -> StatusCode {
        match self {
            Self::Refus(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Injoignable(_) | Self::Statut(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Acces | Self::Reponse(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

#[derive(Deserialize)]
struct Reponse {
    client_id: ClientId,
    /// Base64.
    p12: String,
    mot_de_passe: SecretString,
}

#[derive(Deserialize)]
struct Refus {
    message: String,
}

impl Emetteur {
    /// # Errors
    /// [`ErreurClient`] when the authority can't be read.
    pub fn nouveau(reglage: &ClientsPsc, autorite: Option<&str>) -> Result<Self, ErreurClient> {
        let http = client_http::client(autorite, DELAI)?;
        Ok(Self { http, url: reglage.url.clone(), jeton: reglage.jeton.clone() })
    }

    /// Asks, waits for the answer, checks it.
    ///
    /// # Errors
    /// [`Panne`]; nothing was then delivered, or nothing that anybody holds the key of.
    pub async fn demander(&self, demande: &Demande) -> Result<Emis, Panne> {
        let mut corps = json!({
            "environnement": demande.environnement.cle(),
            "nom": demande.nom,
            "organisation": demande.organisation,
            "structure": demande.structure,
            "redirect_uris": demande.retours,
        });
        if let Some(dossier) = &demande.dossier {
            corps["datapass"] = json!(dossier.datapass);
            corps["nru"] = json!(dossier.nru);
        }
        let envoi = self.http.post(self.url.clone()).bearer_auth(self.jeton.expose_secret()).json(&corps);
        let injoignable = |erreur: reqwest::Error| Panne::Injoignable(erreur.without_url());
        let mut reponse = envoi.send().await.map_err(injoignable)?;
        let mut octets = Vec::new();
        while let Some(morceau) = reponse.chunk().await.map_err(injoignable)? {
            if octets.len() + morceau.len() > REPONSE_MAX {
                return Err(Panne::Reponse("trop longue"));
            }
            octets.extend_from_slice(&morceau);
        }
        match reponse.status() {
            statut if statut.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Panne::Acces),
            statut if statut.is_client_error() => {
                let Ok(refus) = serde_json::from_slice::<Refus>(&octets) else {
                    return Err(Panne::Statut(statut.as_u16()));
                };
                return Err(Panne::Refus(refus.message.chars().take(PHRASE_MAX).collect()));
            }
            statut => return Err(Panne::Statut(statut.as_u16())),
        }
        // Deriving the key of a PKCS#12 is long: not on a thread that serves.
        let lu = tokio::task::spawn_blocking(move || lire(&octets)).await;
        lu.map_err(|_| Panne::Reponse("PKCS#12"))?
    }
}

fn lire(octets: &[u8]) -> Result<Emis, Panne> {
    // Serde's message may quote a value, and the values here are secrets.
    let lu: Reponse = serde_json::from_slice(octets).map_err(|_| Panne::Reponse("format"))?;
    let pkcs12 = BASE64_STANDARD.decode(&lu.p12).map_err(|_| Panne::Reponse("PKCS#12 mal encodé"))?;
    let identite = igc::pkcs12::lire(&pkcs12, &lu.mot_de_passe)
        .map_err(|_| Panne::Reponse("PKCS#12 qui ne s’ouvre pas avec son mot de passe"))?;
    let certificat = identite.certs_der.first().and_then(|der| igc::lire::lire_der(der).ok());
    let certificat = certificat.ok_or(Panne::Reponse("certificat illisible"))?;
    if certificat.cn.as_deref() != Some(lu.client_id.as_str()) {
        return Err(Panne::Reponse("certificat au nom d’un autre Client ID"));
    }
    Ok(Emis { client_id: lu.client_id, pkcs12, mot_de_passe: lu.mot_de_passe, fin: certificat.fin })
}
