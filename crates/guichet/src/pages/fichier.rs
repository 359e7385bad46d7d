//! Pages of `fichier`.

pub mod apercu;
pub mod telecharger;
pub mod televersement;
