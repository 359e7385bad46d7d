//! Pages of `faq`.

pub mod gerer;
pub mod lister;
pub mod voir;
pub mod voter;
