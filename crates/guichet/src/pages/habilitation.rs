//! Pages of `habilitation`.

pub mod lister;
pub mod retirer;
pub mod signer;
pub mod suspendre;
pub mod telecharger;
