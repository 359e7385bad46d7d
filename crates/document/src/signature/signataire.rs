//! Who signs: a key in memory or in a token, with its certificates.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::pkcs11::{ConfigPkcs11, Jeton};
use crate::{Erreur, certificats};

/// Longest DER encoding of an ECDSA signature on P-256.
const ECDSA_MAX: usize = 72;

/// A key able to sign, RSA (PKCS#1 v1.5) or ECDSA on P-256, both with SHA-256.
#[derive(Debug)]
pub enum Signataire {
    /// The key is in memory.
    Logiciel(CleLogicielle),
    /// The key stays in a PKCS#11 token.
    Materiel(Jeton),
}

/// A private key in memory.
pub struct CleLogicielle {
    chaine: Vec<Vec<u8>>,
    cle: Cle,
}

enum Cle {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl std::fmt::Debug for CleLogicielle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CleLogicielle").finish_non_exhaustive()
    }
}

impl Signataire {
    /// Opens a PKCS#12 file.
    pub fn depuis_pkcs12(octets: &[u8], mot_de_passe: &SecretString) -> Result<Self, Erreur> {
        let identite = igc::pkcs12::lire(octets, mot_de_passe).map_err(Erreur::Identite)?;
        Self::en_memoire(identite.certs_der, identite.cle_pkcs8_der.expose_secret())
    }

    /// Takes a key in PKCS#8 PEM and the certificates that go with it, the key's own first.
    pub fn depuis_pem(chaine_pem: &str, cle_pem: &SecretString) -> Result<Self, Erreur> {
        let chaine = igc::lire::certificats_pem(chaine_pem.as_bytes()).map_err(Erreur::Identite)?;
        let cle = igc::cle_pkcs8(cle_pem).map_err(Erreur::Identite)?;
        Self::en_memoire(chaine, cle.expose_secret())
    }

    /// Finds a key in a PKCS#11 token, and proves by a signature that it is the one of the certificate.
    pub fn depuis_pkcs11(config: ConfigPkcs11) -> Result<Self, Erreur> {
        let jeton = Jeton::ouvrir(config)?;
        let epreuve = b"epreuve de la cle";
        let signature = jeton.signer(epreuve)?;
        let certificat = jeton.chaine.first().ok_or(Erreur::Cle)?;
        if certificats::verifier_sha256(certificat, jeton.rsa, epreuve, &signature) {
            Ok(Self::Materiel(jeton))
        } else {
            Err(Erreur::Cle)
        }
    }

    fn en_memoire(chaine: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<Self, Erreur> {
        let ec = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8);
        let cle = match ec {
            Ok(paire) => Cle::Ec(paire),
            Err(_) => Cle::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| Erreur::Cle)?),
        };
        let publique = match &cle {
            Cle::Ec(paire) => paire.public_key().as_ref(),
            Cle::Rsa(paire) => paire.public_key().as_ref(),
        };
        let certifiee = certificats::cle_publique(chaine.first().ok_or(Erreur::Cle)?).ok_or(Erreur::Cle)?;
        if certifiee.octets != publique {
            return Err(Erreur::Cle);
        }
        Ok(Self::Logiciel(CleLogicielle { chaine, cle }))
    }

    /// DER certificates: the key's own first, then its issuers as far as they are known.
    pub fn chaine(&self) -> &[Vec<u8>] {
        match self {
            Self::Logiciel(logiciel) => &logiciel.chaine,
            Self::Materiel(jeton) => &jeton.chaine,
        }
    }

    /// The signer's own certificate, DER.
    pub fn certificat(&self) -> &[u8] {
        self.chaine().first().map_or(&[], Vec::as_slice)
    }

    pub(super) fn rsa(&self) -> bool {
        match self {
            Self::Logiciel(logiciel) => matches!(logiciel.cle, Cle::Rsa(_)),
            Self::Materiel(jeton) => jeton.rsa,
        }
    }

    /// Most bytes of a signature.
    pub(super) fn signature_max(&self) -> usize {
        match self {
            Self::Logiciel(CleLogicielle { cle: Cle::Rsa(paire), .. }) => paire.public_modulus_len(),
            Self::Materiel(jeton) if jeton.rsa => jeton.module,
            _ => ECDSA_MAX,
        }
    }

    /// Signs `message` with SHA-256; ECDSA signatures are DER.
    pub(super) fn signer(&self, message: &[u8]) -> Result<Vec<u8>, Erreur> {
        let alea = SystemRandom::new();
        match self {
            Self::Materiel(jeton) => jeton.signer(message),
            Self::Logiciel(CleLogicielle { cle: Cle::Ec(paire), .. }) => {
                Ok(paire.sign(&alea, message).map_err(|_| Erreur::Cle)?.as_ref().to_vec())
            }
            Self::Logiciel(CleLogicielle { cle: Cle::Rsa(paire), .. }) => {
                let mut signature = vec![0; paire.public_modulus_len()];
                paire
                    .sign(&signature::RSA_PKCS1_SHA256, &alea, message, &mut signature)
                    .map_err(|_| Erreur::Cle)?;
                Ok(signature)
            }
        }
    }
}
