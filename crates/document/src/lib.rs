//! PDF documents: made, signed, verified.

mod dates;
mod feuille;
mod mise_en_page;
mod rendre;
mod texte;

pub use feuille::{Bloc, Feuille, PieceJointe};
pub use rendre::rendre;

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
}
