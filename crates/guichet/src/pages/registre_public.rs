//! Pages of `registre_public`.

pub mod lister;
pub mod voir;
