//! Pages of the Client IDs of a produit.

pub mod demander;
pub mod voir;
