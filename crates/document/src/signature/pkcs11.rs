//! Keys in a PKCS#11 token (OASIS PKCS #11 v2.40 and later): the key signs there and never leaves.

use std::{
    path::PathBuf,
    sync::{PoisonError, RwLock},
};

use aws_lc_rs::digest;
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
};
use der::{Encode as _, Sequence, asn1::UintRef};
use secrecy::SecretString;

use crate::Erreur;

/// Where a key is, and the code that opens it.
#[derive(Debug)]
pub struct ConfigPkcs11 {
    /// The module of the token's maker, a shared library.
    pub module: PathBuf,
    /// Label of the token.
    pub jeton: String,
    /// Label of the private key in the token.
    pub etiquette: String,
    /// User PIN.
    pub code: SecretString,
    /// Certificates, PEM: the key's own first, then its issuers.
    pub certificat_pem: String,
}

/// A token whose key was found. A session is opened for each signature: sessions can't be shared between threads. After a
/// failure the module is initialised anew, because some never find again a token that was unplugged and put back.
#[derive(Debug)]
pub struct Jeton {
    config: ConfigPkcs11,
    pkcs11: Pkcs11,
    /// Read while a session is open, written while the module starts again.
    module_pret: RwLock<()>,
    pub(super) chaine: Vec<Vec<u8>>,
    pub(super) rsa: bool,
    /// Length of an RSA signature, in bytes.
    pub(super) module: usize,
}

/// ECDSA-Sig-Value of RFC 3279 section 2.2.3.
#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

impl Jeton {
    pub(super) fn ouvrir(config: ConfigPkcs11) -> Result<Self, Erreur> {
        let chaine =
            igc::lire::certificats_pem(config.certificat_pem.as_bytes()).map_err(Erreur::Identite)?;
        let pkcs11 = Pkcs11::new(&config.module).map_err(erreur)?;
        initialiser(&pkcs11)?;
        let mut jeton = Self { config, pkcs11, module_pret: RwLock::new(()), chaine, rsa: false, module: 0 };
        (jeton.rsa, jeton.module) = jeton.sorte()?;
        Ok(jeton)
    }

    fn session(&self) -> Result<(Session, ObjectHandle), Erreur> {
        let emplacements = self.pkcs11.get_slots_with_initialized_token().map_err(erreur)?;
        let emplacement = emplacements
            .into_iter()
            .find(|e| {
                self.pkcs11.get_token_info(*e).is_ok_and(|info| info.label().trim_end() == self.config.jeton)
            })
            .ok_or_else(|| Erreur::Pkcs11(format!("aucun jeton « {} »", self.config.jeton)))?;
        let session = self.pkcs11.open_ro_session(emplacement).map_err(erreur)?;
        match session.login(UserType::User, Some(&self.config.code)) {
            // Login is shared by the sessions of a process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(autre) => return Err(erreur(autre)),
        }
        let modele = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(self.config.etiquette.as_bytes().to_vec()),
        ];
        let cles = session.find_objects(&modele).map_err(erreur)?;
        match cles.as_slice() {
            [cle] => Ok((session, *cle)),
            [] => Err(Erreur::Pkcs11(format!("aucune clé privée « {} »", self.config.etiquette))),
            _ => Err(Erreur::Pkcs11(format!("plusieurs clés privées « {} »", self.config.etiquette))),
        }
    }

    /// Whether the key is RSA, and the length of its modulus.
    fn sorte(&self) -> Result<(bool, usize), Erreur> {
        let (session, cle) = self.session()?;
        let lus =
            session.get_attributes(cle, &[AttributeType::KeyType, AttributeType::Modulus]).map_err(erreur)?;
        let mut sorte = None;
        let mut module = 0;
        for attribut in lus {
            match attribut {
                Attribute::KeyType(lue) => sorte = Some(lue),
                Attribute::Modulus(octets) => module = octets.len(),
                _ => {}
            }
        }
        match sorte {
            Some(KeyType::RSA) if module > 0 => Ok((true, module)),
            Some(KeyType::EC) => Ok((false, 0)),
            _ => Err(Erreur::Cle),
        }
    }

    pub(super) fn signer(&self, message: &[u8]) -> Result<Vec<u8>, Erreur> {
        match self.essayer(message) {
            // A second try with a wrong code would only bring the token nearer to its lock.
            Err(Erreur::Pkcs11(texte)) if texte != CODE_FAUX => {
                self.reinitialiser()?;
                self.essayer(message)
            }
            fin => fin,
        }
    }

    fn reinitialiser(&self) -> Result<(), Erreur> {
        // Poisoned or not, the lock guards no data.
        let _seul = self.module_pret.write().unwrap_or_else(PoisonError::into_inner);
        // Not initialised any more is as good as finalised.
        let _ = self.pkcs11.clone().finalize();
        initialiser(&self.pkcs11)
    }

    fn essayer(&self, message: &[u8]) -> Result<Vec<u8>, Erreur> {
        let _pret = self.module_pret.read().unwrap_or_else(PoisonError::into_inner);
        let (session, cle) = self.session()?;
        if self.rsa {
            return session.sign(&Mechanism::Sha256RsaPkcs, cle, message).map_err(erreur);
        }
        // Bare ECDSA over our own digest: every token has it, the combined mechanism not.
        let condensat = digest::digest(&digest::SHA256, message);
        let brute = session.sign(&Mechanism::Ecdsa, cle, condensat.as_ref()).map_err(erreur)?;
        let (r, s) = brute.split_at(brute.len() / 2);
        let en_der = || EcdsaSigValue { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der();
        en_der().map_err(|e| Erreur::Cms(e.to_string()))
    }
}

fn initialiser(pkcs11: &Pkcs11) -> Result<(), Erreur> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another signer of this process has opened the same module.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(autre) => Err(erreur(autre)),
    }
}

const CODE_FAUX: &str = "le code du jeton est faux (plusieurs essais le verrouillent)";

/// In words for the operator; the token's own where they are rare. None holds a secret: the PIN is never part of them.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn erreur(erreur: Error) -> Erreur {
    let texte = match &erreur {
        Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            CODE_FAUX.to_owned()
        }
        Error::Pkcs11(RvError::PinLocked, _) => "le jeton est verrouillé après trop de codes faux".to_owned(),
        Error::Pkcs11(
            RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::DeviceError | RvError::SlotIdInvalid,
            _,
        ) => format!("le jeton ne répond pas ({erreur})"),
        _ => erreur.to_string(),
    };
    Erreur::Pkcs11(texte)
}
