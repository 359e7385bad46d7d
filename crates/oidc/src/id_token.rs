//! The id_token, as a client must check it (OpenID Connect Core 1.0 §3.1.3.7).
//!
//! Every check has its own refusal, so that a log tells a clock that drifts from an attack.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::jwks::Jwks;
use crate::jwt;

/// How far apart two clocks may be, in seconds.
pub const DERIVE_MAX: i64 = 60;
/// How old a token just received may be, in seconds.
pub const AGE_MAX: i64 = 600;

/// Why an id_token is refused. Never shows the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refus {
    #[error("id_token mal formé")]
    Forme,
    #[error("id_token signé par une clé inconnue")]
    CleInconnue,
    #[error("id_token signé avec un algorithme refusé")]
    Algorithme,
    #[error("signature de l’id_token fausse")]
    Signature,
    #[error("id_token d’un autre émetteur")]
    Emetteur,
    #[error("id_token sans sujet")]
    Sujet,
    #[error("id_token destiné à un autre client")]
    Audience,
    #[error("id_token émis pour un autre client (azp)")]
    PartieAutorisee,
    #[error("id_token expiré")]
    Expire,
    #[error("id_token émis dans le futur : les horloges diffèrent")]
    Futur,
    #[error("id_token trop ancien")]
    TropAncien,
    #[error("id_token sans le nonce de la demande")]
    Nonce,
    #[error("id_token sans rapport avec le jeton d’accès (at_hash)")]
    JetonAcces,
    #[error("id_token sans heure d’authentification (auth_time)")]
    SansAuthentification,
    #[error("authentification trop ancienne")]
    AuthentificationAncienne,
}

/// What the client knows and the token must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Attentes<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The nonce of the authorization request; `None` where the flow has none (CIBA).
    pub nonce: Option<&'a str>,
    /// The access token that came along, for `at_hash`.
    pub jeton_acces: Option<&'a str>,
    /// The `max_age` of the authorization request, in seconds.
    pub max_age: Option<u32>,
    pub maintenant: Timestamp,
}

/// The claims of a verified id_token. Instants in seconds since 1970.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Revendications {
    pub iss: String,
    pub sub: String,
    #[serde(deserialize_with = "un_ou_plusieurs")]
    pub aud: Vec<String>,
    pub exp: i64,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The session at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub autres: serde_json::Map<String, serde_json::Value>,
}

impl Revendications {
    /// Reads another claim; `None` when it is absent or of another type.
    pub fn lire<T: DeserializeOwned>(&self, nom: &str) -> Option<T> {
        self.autres.get(nom).and_then(|valeur| serde_json::from_value(valeur.clone()).ok())
    }
}

pub(crate) fn un_ou_plusieurs<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        Une(String),
        Plusieurs(Vec<String>),
    }
    Ok(match Audience::deserialize(source)? {
        Audience::Une(une) => vec![une],
        Audience::Plusieurs(plusieurs) => plusieurs,
    })
}

/// Who an id_token is about, read without verifying it: for one that was verified when it came.
pub fn sujet(jeton: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Corps {
        sub: String,
    }
    let octets = BASE64_URL_SAFE_NO_PAD.decode(jeton.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Corps>(&octets).ok().map(|corps| corps.sub)
}

/// Left half of the SHA-256 of an access token, in base64url (OpenID Connect Core §3.1.3.6).
pub fn at_hash(jeton_acces: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, jeton_acces.as_bytes()).as_ref()[..16])
}

/// Verifies an id_token, signature first.
///
/// # Errors
/// The first [`Refus`] met.
pub fn verifier(jeton: &str, cles: &Jwks, attentes: &Attentes<'_>) -> Result<Revendications, Refus> {
    let lues: Revendications = jwt::verifier(jeton, cles)?;
    if lues.iss != attentes.issuer {
        return Err(Refus::Emetteur);
    }
    if lues.sub.is_empty() || lues.sub.len() > 255 {
        return Err(Refus::Sujet);
    }
    if !lues.aud.iter().any(|aud| aud == attentes.client_id) {
        return Err(Refus::Audience);
    }
    let pour_nous = match &lues.azp {
        Some(azp) => azp == attentes.client_id,
        None => lues.aud.len() == 1,
    };
    if !pour_nous {
        return Err(Refus::PartieAutorisee);
    }
    instants(&lues, attentes)?;
    if let Some(attendu) = attentes.nonce {
        let nonce = lues.nonce.as_deref().unwrap_or_default();
        if nonce.is_empty() || !egaux(nonce, attendu) {
            return Err(Refus::Nonce);
        }
    }
    if let (Some(annonce), Some(jeton_acces)) = (&lues.at_hash, attentes.jeton_acces)
        && !egaux(annonce, &at_hash(jeton_acces))
    {
        return Err(Refus::JetonAcces);
    }
    Ok(lues)
}

fn instants(lues: &Revendications, attentes: &Attentes<'_>) -> Result<(), Refus> {
    let maintenant = attentes.maintenant.as_second();
    if lues.exp <= maintenant.saturating_sub(DERIVE_MAX) {
        return Err(Refus::Expire);
    }
    if lues.iat > maintenant + DERIVE_MAX {
        return Err(Refus::Futur);
    }
    if lues.iat < maintenant - AGE_MAX {
        return Err(Refus::TropAncien);
    }
    let Some(max_age) = attentes.max_age else { return Ok(()) };
    let auth_time = lues.auth_time.ok_or(Refus::SansAuthentification)?;
    if auth_time > maintenant + DERIVE_MAX {
        return Err(Refus::Futur);
    }
    if auth_time < maintenant - i64::from(max_age) - DERIVE_MAX {
        return Err(Refus::AuthentificationAncienne);
    }
    Ok(())
}

/// Equality in constant time.
pub(crate) fn egaux(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests;
