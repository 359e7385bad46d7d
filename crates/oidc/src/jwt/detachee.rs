//! Detached signatures (RFC 7515 appendix F): the payload travels beside the token, which reads `header..signature`.
//!
//! What is signed is what an ordinary JWS would sign, base64url(header) "." base64url(payload): putting the payload back
//! between the dots makes a token that any JOSE library verifies.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{CleSignature, Entete, ErreurCle, TAILLE_MAX, decoder};
use crate::id_token::Refus;
use crate::jwks::Jwks;

impl CleSignature {
    /// Signs bytes that stay apart. `entete` may not hold `alg` nor `kid`: they are the key's, and set over it.
    ///
    /// # Errors
    /// [`ErreurCle::Signature`] when the key can't sign.
    pub fn signer_detache(&self, mut entete: Map<String, Value>, charge: &[u8]) -> Result<String, ErreurCle> {
        entete.insert("alg".to_owned(), self.algorithme.nom().into());
        entete.insert("kid".to_owned(), self.kid.clone().into());
        let entete = BASE64_URL_SAFE_NO_PAD.encode(Value::Object(entete).to_string());
        let message = format!("{entete}.{}", BASE64_URL_SAFE_NO_PAD.encode(charge));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.cle, self.algorithme.jose())
            .map_err(ErreurCle::Signature)?;
        Ok(format!("{entete}..{signature}"))
    }
}

/// Verifies a detached signature over `charge` and gives its header, which it covers as well.
///
/// # Errors
/// [`Refus::Forme`], [`Refus::CleInconnue`], [`Refus::Algorithme`] or [`Refus::Signature`].
pub fn verifier_detache(signature: &str, charge: &[u8], cles: &Jwks) -> Result<Map<String, Value>, Refus> {
    if signature.len() > TAILLE_MAX {
        return Err(Refus::Forme);
    }
    let (entete, signature) = signature.split_once("..").ok_or(Refus::Forme)?;
    let message = format!("{entete}.{}", BASE64_URL_SAFE_NO_PAD.encode(charge));
    let lu: Entete = decoder(entete)?;
    lu.verifier(&message, signature, cles)?;
    decoder(entete)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jwt::{self, Algorithme};

    #[test]
    fn a_detached_signature_covers_payload_and_header() {
        let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
        let cle = CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap();
        let cles = Jwks::parse(cle.jwks().to_string().as_bytes()).unwrap();
        let Value::Object(entete) = json!({"iat": 7, "alg": "none"}) else { panic!("an object") };
        let charge = br#"{"a":"b"}"#;
        let signature = cle.signer_detache(entete, charge).unwrap();

        let lu = verifier_detache(&signature, charge, &cles).unwrap();
        assert_eq!((&lu["iat"], &lu["alg"]), (&json!(7), &json!("ES256")));
        assert_eq!(verifier_detache(&signature, br#"{"a":"c"}"#, &cles), Err(Refus::Signature));
        assert_eq!(verifier_detache(&signature, charge, &Jwks::default()), Err(Refus::CleInconnue));
        for fausse in ["", "..", ".", "e30..AAAA", &signature.replace("..", "."), &signature[1..]] {
            assert!(verifier_detache(fausse, charge, &cles).is_err(), "{fausse}");
        }
        // Put back together, it is an ordinary token.
        let entier = signature.replace("..", &format!(".{}.", BASE64_URL_SAFE_NO_PAD.encode(charge)));
        assert_eq!(jwt::verifier::<Value>(&entier, &cles).unwrap(), json!({"a": "b"}));
    }
}
