//! Pages of `referentiel`.

pub mod modele;
pub mod voir;
