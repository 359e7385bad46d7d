//! Certificates: a test authority that issues them, a reader that never panics, and PKCS#12 files.
//!
//! The rule: nothing here decides whom to trust. [`Autorite`] is for sandboxes and tests (the real certificates come from
//! IGC-Santé), [`lire`] says what a certificate holds, and the caller judges.

mod autorite;
pub mod crl;
pub mod lire;
pub mod pkcs12;

pub use autorite::{Algorithme, Autorite, Certificat, Demande, Usage};
pub use lire::Lecture;
pub use pkcs12::cle_pkcs8;

/// What can go wrong with a certificate or a key. The texts may be shown to the person who gave the file: they hold no
/// content of it.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    /// The file holds a private key where a certificate was asked for.
    #[error(
        "Ce fichier contient une clé privée. Ne la transmettez à personne : déposez uniquement le certificat \
         (bloc « BEGIN CERTIFICATE ») et, si la clé a pu être vue par un tiers, demandez la révocation du certificat."
    )]
    ClePrivee,
    /// Neither PEM nor DER, or a PEM without certificate.
    #[error("Ce fichier n’est pas un certificat X.509 lisible (formats acceptés : PEM et DER).")]
    Illisible,
    /// Neither PEM nor DER of a list of revoked certificates.
    #[error("Ce fichier n’est pas une liste de révocation X.509 lisible (formats acceptés : PEM et DER).")]
    Liste,
    /// Larger than [`lire::TAILLE_MAX`].
    #[error("Ce fichier est trop gros pour être un certificat.")]
    TropGros,
    /// A validity that ends before it begins, or a date outside what X.509 can say.
    #[error("La période de validité demandée est impossible.")]
    Validite,
    /// A name that X.509 can't hold (empty, or not ASCII for a DNS name).
    #[error("Le nom « {0} » ne peut pas figurer dans un certificat.")]
    Nom(String),
    /// The private key isn't one that we can use.
    #[error("La clé privée est illisible ou d’un type inconnu (formats acceptés : PKCS#8, EC P-256 ou RSA).")]
    Cle,
    /// The PKCS#12 file can't be opened: wrong password, or damaged file (the format can't tell which).
    #[error("Le fichier PKCS#12 ne s’ouvre pas : mot de passe erroné ou fichier abîmé.")]
    Pkcs12,
    /// The PKCS#12 file opens but holds no key with its certificate.
    #[error("Le fichier PKCS#12 ne contient pas une clé privée accompagnée de son certificat.")]
    Pkcs12Incomplet,
    /// The cryptographic library refused the issue.
    #[error("L’émission du certificat a échoué : {0}")]
    Emission(String),
}
