//! Pages of `college`.

pub mod clore;
pub mod decider;
pub mod inscrire;
pub mod lister;
pub mod ouvrir;
pub mod synthese;
pub mod voir;
