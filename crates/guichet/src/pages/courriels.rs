//! Pages of `courriels`.

pub mod lister;
pub mod voir;
