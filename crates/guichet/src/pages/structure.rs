//! Pages of `structure`.

pub mod invitation;
pub mod inviter;
pub mod membre;
pub mod voir;
