//! One bounded request: ten seconds, 256 KiB, and an error that says the step.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Erreur;

const DELAI: Duration = Duration::from_secs(10);
const TAILLE_MAX: usize = 256 * 1024;

/// An OAuth error answer (RFC 6749 §5.2). Its description is free text and stays unread.
#[derive(Deserialize)]
struct Refus {
    error: String,
}

/// Sends, reads at most 256 KiB, wants a success.
pub(super) async fn octets(requete: reqwest::RequestBuilder, etape: &'static str) -> Result<Vec<u8>, Erreur> {
    // The address of a request may hold parameters: the error keeps the cause, not the address.
    let injoignable = |source: reqwest::Error| Erreur::Injoignable { etape, source: source.without_url() };
    let mut reponse = requete.timeout(DELAI).send().await.map_err(injoignable)?;
    let mut corps = Vec::new();
    while let Some(morceau) = reponse.chunk().await.map_err(injoignable)? {
        if corps.len() + morceau.len() > TAILLE_MAX {
            return Err(Erreur::TropLong { etape });
        }
        corps.extend_from_slice(&morceau);
    }
    if reponse.status().is_success() {
        return Ok(corps);
    }
    Err(match serde_json::from_slice::<Refus>(&corps) {
        Ok(refus) => Erreur::Refuse { etape, code: code_propre(&refus.error) },
        Err(_) => Erreur::Statut { etape, statut: reponse.status().as_u16() },
    })
}

pub(super) async fn json<T: DeserializeOwned>(
    requete: reqwest::RequestBuilder,
    etape: &'static str,
) -> Result<T, Erreur> {
    let corps = octets(requete, etape).await?;
    // Serde's message may quote a value, and the values here are tokens.
    serde_json::from_slice(&corps).map_err(|_| Erreur::Illisible { etape })
}

/// An OAuth error code, kept to what such codes are made of: it comes from outside and ends in logs and pages.
pub(super) fn code_propre(code: &str) -> String {
    code.chars().filter(|lettre| lettre.is_ascii_lowercase() || *lettre == '_').take(64).collect()
}

/// `application/x-www-form-urlencoded`.
pub(super) fn encoder(texte: &str) -> String {
    url::form_urlencoded::byte_serialize(texte.as_bytes()).collect()
}
