//! Pages of `connexion`.

pub mod consentement;
pub mod finir;
pub mod partir;
pub mod reprise;
pub mod revenir;
