//! Pages of `parcours`.

pub mod demarche;
pub mod voir;
