//! Pages of `produit`.

pub mod archiver;
pub mod collaborateur;
pub mod lister;
pub mod modifier;
pub mod nouveau;
pub mod valider;
pub mod voir;
