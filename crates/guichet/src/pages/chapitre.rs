//! Pages of `chapitre`.

pub mod soumettre;
pub mod voir;
