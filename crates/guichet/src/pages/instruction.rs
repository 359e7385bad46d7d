//! Pages of `instruction`.

pub mod affecter;
pub mod chapitre;
pub mod formulaire;
pub mod lister;
pub mod note;
pub mod versions;
