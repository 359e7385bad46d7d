//! Signing: an incremental update that carries a PAdES B-B certification signature (ETSI EN 319 142-1).
//!
//! The original file stays a byte prefix of the signed one. What the update adds: the signature and its dictionary, an
//! invisible field tagged in the structure tree (so that PDF/A-3a and PDF/UA-1 still hold), and the certification itself
//! (DocMDP, no change allowed afterwards). The date is `/M`, for PAdES forbids the signing-time attribute beside it.

mod cms;
mod mise_a_jour;
mod pkcs11;
mod signataire;

use jiff::Timestamp;

use crate::Erreur;

pub(crate) use cms::SigningCertificateV2;
pub use pkcs11::{ConfigPkcs11, Jeton};
pub use signataire::{CleLogicielle, Signataire};

/// What the signature says of itself, shown by readers.
#[derive(Debug, Clone)]
pub struct Mention {
    /// Who signs.
    pub nom: String,
    /// Why.
    pub raison: String,
    /// Where.
    pub lieu: String,
    /// When, rounded down to a second.
    pub le: Timestamp,
}

/// Signs a PDF that bears no signature nor form yet, and forbids any change after.
///
/// # Errors
/// [`Erreur::Hors`] when the certificate isn't valid at `mention.le`, [`Erreur::Pdf`] for a file that isn't one of ours in its
/// form (cross-reference tables, no encryption), [`Erreur::DejaSigne`] when it has a form already, [`Erreur::Pkcs11`] when the
/// token refuses.
pub fn signer(pdf: &[u8], signataire: &Signataire, mention: &Mention) -> Result<Vec<u8>, Erreur> {
    let feuille = igc::lire::lire_der(signataire.certificat()).map_err(Erreur::Identite)?;
    if !feuille.valide_le(mention.le) {
        return Err(Erreur::Hors);
    }
    let place = cms::taille_max(signataire)?;
    let mut prepare = mise_a_jour::preparer(pdf, mention, place)?;
    let condensat = prepare.condensat();
    let contenu = cms::signer(signataire, &condensat)?;
    prepare.inserer(&contenu)?;
    Ok(prepare.octets)
}
