//! Public keys of certificates, and signatures checked with them.

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use const_oid::{ObjectIdentifier, db::rfc5912};
use der::Decode as _;
use x509_cert::Certificate;

/// A public key as a certificate holds it.
pub(crate) struct ClePublique {
    /// rsaEncryption or id-ecPublicKey.
    pub(crate) algorithme: ObjectIdentifier,
    /// Curve of an EC key.
    pub(crate) courbe: Option<ObjectIdentifier>,
    /// EC point, or PKCS#1 `RSAPublicKey`.
    pub(crate) octets: Vec<u8>,
}

pub(crate) fn cle_publique(certificat: &[u8]) -> Option<ClePublique> {
    let certificat = Certificate::from_der(certificat).ok()?;
    let spki = certificat.tbs_certificate.subject_public_key_info;
    Some(ClePublique {
        algorithme: spki.algorithm.oid,
        courbe: spki.algorithm.parameters.and_then(|p| p.decode_as().ok()),
        octets: spki.subject_public_key.as_bytes()?.to_vec(),
    })
}

/// Checks a signature with SHA-256, RSA PKCS#1 v1.5 or ECDSA on P-256.
pub(crate) fn verifier_sha256(certificat: &[u8], rsa: bool, message: &[u8], signe: &[u8]) -> bool {
    let attendu = if rsa { rfc5912::RSA_ENCRYPTION } else { rfc5912::ID_EC_PUBLIC_KEY };
    let algorithme: &'static dyn VerificationAlgorithm =
        if rsa { &signature::RSA_PKCS1_2048_8192_SHA256 } else { &signature::ECDSA_P256_SHA256_ASN1 };
    cle_publique(certificat)
        .is_some_and(|cle| cle.algorithme == attendu && verifier(algorithme, &cle.octets, message, signe))
}

pub(crate) fn verifier(
    algorithme: &'static dyn VerificationAlgorithm,
    cle: &[u8],
    message: &[u8],
    signe: &[u8],
) -> bool {
    ParsedPublicKey::new(algorithme, cle).is_ok_and(|cle| cle.verify_sig(message, signe).is_ok())
}
