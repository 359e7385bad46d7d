//! Pages of `candidature`.

pub mod abandonner;
pub mod creer;
pub mod demarrer;
pub mod historique;
pub mod remplacer;
pub mod voir;
