//! PDF documents: made, signed, verified.
//!
//! The rule: a document is a pure function of what it says. [`rendre`] gives the same bytes for the same [`Feuille`]; [`signer`]
//! only appends to them. Nothing here reads a clock or touches a file.
//!
//! A signed PDF for a test takes a test authority, a certificate and two calls:
//!
//! ```
//! use document::{Bloc, Feuille, Mention, Signataire};
//! use igc::{Algorithme, Autorite, Demande, Usage};
//!
//! let le: jiff::Timestamp = "2026-11-21T10:00:00Z".parse()?;
//! let autorite = Autorite::nouvelle("AC d’essai", le)?;
//! let certificat = autorite.emettre(&Demande {
//!     cn: "Guichet d’essai".into(),
//!     ou: None,
//!     organisation: Some("Espace de Confiance".into()),
//!     noms_dns: vec![],
//!     adresses_ip: vec![],
//!     usage: Usage::Signature,
//!     debut: le,
//!     fin: "2029-11-21T10:00:00Z".parse()?,
//!     algorithme: Algorithme::P256,
//! })?;
//! let signataire = Signataire::depuis_pem(&certificat.cert_pem, &certificat.cle_pem)?;
//!
//! let pdf = document::rendre(&Feuille {
//!     titre: "Essai".into(),
//!     sujet: "Essai".into(),
//!     auteur: "Guichet d’essai".into(),
//!     le,
//!     numero: "2026-1".into(),
//!     blocs: vec![Bloc::Titre("Essai".into()), Bloc::Paragraphe("Bonjour.".into())],
//!     pieces_jointes: vec![],
//!     pied: "Essai".into(),
//! })?;
//! let mention = Mention { nom: "Guichet".into(), raison: "Essai".into(), lieu: "Paris".into(), le };
//! let signe = document::signer(&pdf, &signataire, &mention)?;
//! assert!(signe.starts_with(&pdf));
//!
//! let rapport = document::verification::verifier(&signe, &[autorite.cert_der().to_vec()], le);
//! assert_eq!(rapport.reconnue().and_then(|s| s.signataire_cn.as_deref()), Some("Guichet d’essai"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificats;
mod dates;
mod feuille;
mod mise_en_page;
mod pdf;
mod rendre;
pub mod signature;
mod texte;
pub mod verification;

pub use feuille::{Bloc, Feuille, PieceJointe};
pub use rendre::rendre;
pub use signature::{ConfigPkcs11, Mention, Signataire, signer};

/// What can go wrong in making or signing a document. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    /// An attachment without a valid media type, or under a name already taken.
    #[error("La pièce jointe « {0} » ne peut pas être incluse : type de média invalide ou nom déjà pris.")]
    PieceJointe(String),
    /// The content of a QR code is too long for one.
    #[error("Le contenu du code QR est trop long.")]
    Qr,
    /// The PDF library refused the document.
    #[error("Le document n’a pas pu être fabriqué : {0}")]
    Fabrication(String),
    /// The file to sign isn't a PDF that we can extend.
    #[error("Le fichier PDF ne peut pas être signé : {0}.")]
    Pdf(&'static str),
    /// The file to sign has a form or a signature already.
    #[error("Le fichier PDF porte déjà un formulaire ou une signature.")]
    DejaSigne,
    /// The identity file can't be read.
    #[error("L’identité de signature est inutilisable : {0}")]
    Identite(#[source] igc::Erreur),
    /// The key isn't RSA nor EC P-256, or isn't the certificate's.
    #[error("La clé de signature n’est pas celle du certificat, ou n’est ni RSA ni EC P-256.")]
    Cle,
    /// The signer's certificate isn't valid at the date of the signature.
    #[error("Le certificat de signature n’est pas valide à la date de la signature.")]
    Hors,
    /// The PKCS#11 token refused.
    #[error("Le jeton cryptographique a refusé : {0}")]
    Pkcs11(String),
    /// The signature couldn't be encoded.
    #[error("La signature n’a pas pu être encodée : {0}")]
    Cms(String),
}
