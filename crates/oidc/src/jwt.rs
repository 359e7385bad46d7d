//! Signed tokens (RFC 7519, RFC 7515 compact form): signing with our key, verifying with a provider's.
//!
//! The algorithm is the key's. A header that names another one is refused, so neither `none` nor a key confusion can pass.

mod detachee;

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::id_token::Refus;
use crate::jwks::Jwks;

pub use detachee::verifier_detache;

/// A longer token is refused before anything is decoded.
const TAILLE_MAX: usize = 16 * 1024;

/// The algorithms of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithme {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithme {
    pub fn nom(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    fn jose(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
        }
    }
}

/// A private key that can't be made, read or used. Never shows the key.
#[derive(Debug, thiserror::Error)]
pub enum ErreurCle {
    #[error("clé de signature impossible à fabriquer")]
    Fabrication,
    #[error("clé de signature illisible")]
    Illisible(#[source] jsonwebtoken::errors::Error),
    #[error("signature impossible")]
    Signature(#[source] jsonwebtoken::errors::Error),
}

/// A private key, its algorithm, and the identifier by which others find its public half (RFC 7638 thumbprint).
pub struct CleSignature {
    algorithme: Algorithme,
    cle: EncodingKey,
    publique: Jwk,
    kid: String,
}

impl fmt::Debug for CleSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CleSignature({}, {})", self.algorithme.nom(), self.kid)
    }
}

impl CleSignature {
    /// Makes a new key (RSA 2048 or P-256), as PKCS#8 in PEM, for [`CleSignature::depuis_pem`] and for safe keeping.
    ///
    /// # Errors
    /// [`ErreurCle::Fabrication`] when the system refuses.
    pub fn generer_pem(algorithme: Algorithme) -> Result<SecretString, ErreurCle> {
        let der = match algorithme {
            Algorithme::Rs256 => {
                let paire = KeyPair::generate(KeySize::Rsa2048).map_err(|_| ErreurCle::Fabrication)?;
                let der: Pkcs8V1Der<'_> = paire.as_der().map_err(|_| ErreurCle::Fabrication)?;
                Zeroizing::new(der.as_ref().to_vec())
            }
            Algorithme::Es256 => {
                let document =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                        .map_err(|_| ErreurCle::Fabrication)?;
                Zeroizing::new(document.as_ref().to_vec())
            }
        };
        let corps = BASE64_STANDARD.encode(&*der);
        let lignes: Vec<&str> =
            (0..corps.len()).step_by(64).map(|i| &corps[i..corps.len().min(i + 64)]).collect();
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lignes.join("\n")).into())
    }

    /// Reads a PKCS#8 private key in PEM.
    ///
    /// # Errors
    /// [`ErreurCle::Illisible`] when it isn't one of that algorithm.
    pub fn depuis_pem(algorithme: Algorithme, pem: &SecretString) -> Result<Self, ErreurCle> {
        let octets = pem.expose_secret().as_bytes();
        let cle = match algorithme {
            Algorithme::Rs256 => EncodingKey::from_rsa_pem(octets),
            Algorithme::Es256 => EncodingKey::from_ec_pem(octets),
        }
        .map_err(ErreurCle::Illisible)?;
        let mut publique = Jwk::from_encoding_key(&cle, algorithme.jose()).map_err(ErreurCle::Illisible)?;
        let kid = publique.thumbprint(ThumbprintHash::SHA256).map_err(ErreurCle::Illisible)?;
        publique.common.key_id = Some(kid.clone());
        publique.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { algorithme, cle, publique, kid })
    }

    /// The identifier put in the header of every token.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The JWKS document that publishes this key.
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [self.publique] })
    }

    /// Signs claims.
    ///
    /// # Errors
    /// [`ErreurCle::Signature`] when the claims can't be written as JSON.
    pub fn signer<T: Serialize>(&self, revendications: &T) -> Result<String, ErreurCle> {
        let mut entete = Header::new(self.algorithme.jose());
        entete.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&entete, revendications, &self.cle).map_err(ErreurCle::Signature)
    }
}

impl CleSignature {
    /// Signs claims under a header given whole, whatever it says: for those who must show clients wrong tokens.
    ///
    /// # Errors
    /// [`ErreurCle::Signature`] when the key refuses.
    pub fn signer_sous<T: Serialize>(
        &self,
        entete: &serde_json::Value,
        revendications: &T,
    ) -> Result<String, ErreurCle> {
        let illisible = |erreur: serde_json::Error| ErreurCle::Signature(erreur.into());
        let charge = serde_json::to_vec(revendications).map_err(illisible)?;
        let encoder = |octets: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(octets);
        let message = format!("{}.{}", encoder(entete.to_string().as_bytes()), encoder(&charge));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.cle, self.algorithme.jose());
        Ok(format!("{message}.{}", signature.map_err(ErreurCle::Signature)?))
    }
}

#[derive(Deserialize)]
struct Entete {
    alg: String,
    kid: Option<String>,
    /// RFC 7515 §4.1.11: what is listed here must be understood, and we understand nothing.
    crit: Option<serde::de::IgnoredAny>,
}

/// Verifies the signature and reads the claims; says nothing of their truth.
///
/// # Errors
/// [`Refus::Forme`], [`Refus::CleInconnue`], [`Refus::Algorithme`] or [`Refus::Signature`].
pub fn verifier<T: DeserializeOwned>(jeton: &str, cles: &Jwks) -> Result<T, Refus> {
    if jeton.len() > TAILLE_MAX {
        return Err(Refus::Forme);
    }
    let (message, signature) = jeton.rsplit_once('.').ok_or(Refus::Forme)?;
    let (entete, charge) = message.split_once('.').ok_or(Refus::Forme)?;
    let entete: Entete = decoder(entete)?;
    entete.verifier(message, signature, cles)?;
    decoder(charge)
}

impl Entete {
    /// The signature of a message under this header. The key chooses the algorithm, never the header.
    fn verifier(&self, message: &str, signature: &str, cles: &Jwks) -> Result<(), Refus> {
        if self.crit.is_some() {
            return Err(Refus::Forme);
        }
        let cle = cles.trouver(self.kid.as_deref()).ok_or(Refus::CleInconnue)?;
        if self.alg != cle.algorithme.nom() {
            return Err(Refus::Algorithme);
        }
        let jose = cle.algorithme.jose();
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &cle.decodage, jose) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Refus::Signature),
        }
    }
}

fn decoder<T: DeserializeOwned>(partie: &str) -> Result<T, Refus> {
    let octets = BASE64_URL_SAFE_NO_PAD.decode(partie).map_err(|_| Refus::Forme)?;
    serde_json::from_slice(&octets).map_err(|_| Refus::Forme)
}
