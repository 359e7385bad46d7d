//! Pages of `tableau`.

mod dossier;
mod urgence;
pub mod voir;
