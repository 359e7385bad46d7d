//! Pages of `accueil`.

pub mod mentions;
pub mod sante;
pub mod voir;
