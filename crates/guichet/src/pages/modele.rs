//! Pages of `modele`.

pub mod enregistrer;
pub mod lister;
pub mod supprimer;
