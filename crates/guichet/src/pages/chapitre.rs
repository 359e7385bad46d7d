//! A chapter of a dossier: what is asked, what is there, what is missing.

pub mod soumettre;
pub mod voir;
