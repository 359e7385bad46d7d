//! Pages of `message`.

pub mod envoyer;
pub mod piece;
pub mod voir;
