//! A provider's public keys (RFC 7517), each tied to the one algorithm that it may verify.
//!
//! A key that we can't use (another type, another use) is skipped, never a reason to refuse the others.

use std::fmt;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::Deserialize;

use crate::jwt::Algorithme;

/// More keys than this in a set are ignored.
const CLES_MAX: usize = 64;

/// The usable keys of a set.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    cles: Vec<Cle>,
}

/// A key, and the only algorithm it is good for.
#[derive(Clone)]
pub(crate) struct Cle {
    kid: Option<String>,
    pub(crate) algorithme: Algorithme,
    pub(crate) decodage: DecodingKey,
}

impl fmt::Debug for Cle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cle({:?}, {:?})", self.kid, self.algorithme)
    }
}

impl Jwks {
    /// Reads a JWKS document.
    ///
    /// # Errors
    /// When it isn't a JSON object with a list `keys`.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let document: Document = serde_json::from_slice(json)?;
        let lues =
            document.keys.into_iter().take(CLES_MAX).filter_map(|cle| serde_json::from_value(cle).ok());
        Ok(Self { cles: lues.filter_map(|jwk: Jwk| Cle::depuis(&jwk)).collect() })
    }

    /// The key of that identifier. A token without one is allowed only when there is no choice.
    pub(crate) fn trouver(&self, kid: Option<&str>) -> Option<&Cle> {
        match (kid, self.cles.as_slice()) {
            (Some(kid), cles) => cles.iter().find(|cle| cle.kid.as_deref() == Some(kid)),
            (None, [seule]) => Some(seule),
            (None, _) => None,
        }
    }
}

impl Cle {
    fn depuis(jwk: &Jwk) -> Option<Self> {
        if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let algorithme = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithme::Rs256,
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithme::Es256,
            _ => return None,
        };
        let annonce = match algorithme {
            Algorithme::Rs256 => KeyAlgorithm::RS256,
            Algorithme::Es256 => KeyAlgorithm::ES256,
        };
        if jwk.common.key_algorithm.is_some_and(|autre| autre != annonce) {
            return None;
        }
        let decodage = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self { kid: jwk.common.key_id.clone(), algorithme, decodage })
    }
}
