//! PKCS#12 files: a key with its certificates under a password (RFC 7292).
//!
//! We write the modern form (PBES2, AES-256, HMAC-SHA-256) and read the old ones too (PBE-SHA1 with 3DES or RC2), because
//! those are what older tools still hand out. Only files of the operator are read: the cost of opening one grows with the
//! iteration count that it names itself, so never open a file that a stranger sent.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain};
use rcgen::KeyPair;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use crate::{Erreur, lire};

/// Rounds of key derivation in the files that we write.
const TOURS: u32 = 100_000;

/// A key and its certificates, out of a PKCS#12 file.
#[derive(Debug)]
pub struct Identite {
    /// DER certificates: the key's own first, then its issuers upwards as far as the file holds them.
    pub certs_der: Vec<Vec<u8>>,
    /// Private key, PKCS#8 DER.
    pub cle_pkcs8_der: SecretBox<Vec<u8>>,
}

impl Identite {
    /// Chain, own certificate first, then private key, in one PEM text: what a TLS client or server takes.
    pub fn pem(&self) -> SecretString {
        let mut texte = String::new();
        for der in &self.certs_der {
            bloc(&mut texte, "CERTIFICATE", der);
        }
        bloc(&mut texte, "PRIVATE KEY", self.cle_pkcs8_der.expose_secret());
        texte.into()
    }
}

/// One PEM block (RFC 7468 section 2): lines of 64 characters.
fn bloc(texte: &mut String, nom: &str, der: &[u8]) {
    let _ = writeln!(texte, "-----BEGIN {nom}-----");
    for morceau in der.chunks(48) {
        BASE64_STANDARD.encode_string(morceau, texte);
        texte.push('\n');
    }
    let _ = writeln!(texte, "-----END {nom}-----");
}

/// Writes a PKCS#12 file with the certificates of `chaine_pem` (the key's own first) and the PKCS#8 key of `cle_pem`,
/// under the friendly name `nom`.
pub fn ecrire(
    chaine_pem: &str,
    cle_pem: &SecretString,
    mot_de_passe: &SecretString,
    nom: &str,
) -> Result<Vec<u8>, Erreur> {
    let ders = lire::certificats_pem(chaine_pem.as_bytes())?;
    let certs = ders
        .iter()
        .map(|der| Certificate::from_der(der).map_err(|_| Erreur::Illisible))
        .collect::<Result<Vec<_>, _>>()?;
    let paire = KeyPair::from_pem(cle_pem.expose_secret()).map_err(|_| Erreur::Cle)?;
    let premier = ders.first().ok_or(Erreur::Illisible)?;
    if lire::cle_publique(premier)? != paire.public_key_raw() {
        return Err(Erreur::Cle);
    }
    let cle = PrivateKey::from_der(paire.serialized_der()).map_err(|_| Erreur::Cle)?;
    let mut magasin = KeyStore::new();
    // The local key id only ties the key to its certificate inside this file.
    let identifiant = lire::lire_der(premier)?.empreinte_sha256;
    magasin.add_entry(nom, KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(identifiant, cle, certs)));
    magasin
        .writer(mot_de_passe.expose_secret())
        .encryption_iterations(TOURS)
        .mac_iterations(TOURS)
        .write()
        .map_err(|e| Erreur::Emission(e.to_string()))
}

/// Opens a PKCS#12 file of ours: the first key that has its certificate in the file.
///
/// # Errors
/// [`Erreur::Pkcs12`] for a wrong password or a damaged file, [`Erreur::Pkcs12Incomplet`] when no key has its certificate.
pub fn lire(octets: &[u8], mot_de_passe: &SecretString) -> Result<Identite, Erreur> {
    let archive =
        Pkcs12Archive::from_pkcs12(octets, mot_de_passe.expose_secret()).map_err(|_| Erreur::Pkcs12)?;
    for sac in &archive.keys {
        let pkcs8 = sac.key.as_der();
        let Ok(paire) = KeyPair::try_from(pkcs8) else { continue };
        // Tied by the public key rather than by localKeyId, which some tools leave out.
        let feuille = archive
            .certs
            .iter()
            .find(|c| lire::cle_publique(c.cert.as_der()).is_ok_and(|cle| cle == paire.public_key_raw()));
        if let Some(feuille) = feuille {
            let certs_der = chaine(&feuille.cert, &archive);
            return Ok(Identite { certs_der, cle_pkcs8_der: SecretBox::new(Box::new(pkcs8.to_vec())) });
        }
    }
    Err(Erreur::Pkcs12Incomplet)
}

fn chaine(feuille: &Certificate, archive: &Pkcs12Archive) -> Vec<Vec<u8>> {
    let mut certs: Vec<&Certificate> = vec![feuille];
    while let Some(bas) = certs.last() {
        let haut = archive.certs.iter().map(|c| &c.cert).find(|c| c.subject() == bas.issuer());
        match haut {
            Some(haut) if !certs.contains(&haut) => certs.push(haut),
            _ => break,
        }
    }
    certs.into_iter().map(|c| c.as_der().to_vec()).collect()
}

/// The DER of a private key given in PKCS#8 PEM.
///
/// # Errors
/// [`Erreur::Cle`] when it is unreadable or of a kind that we don't use.
pub fn cle_pkcs8(cle_pem: &SecretString) -> Result<SecretBox<Vec<u8>>, Erreur> {
    let paire = KeyPair::from_pem(cle_pem.expose_secret()).map_err(|_| Erreur::Cle)?;
    Ok(SecretBox::new(Box::new(paire.serialized_der().to_vec())))
}
