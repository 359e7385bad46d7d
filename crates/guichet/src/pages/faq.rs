//! Pages of `faq`: the search, one question with its vote, and the agency's editor.

pub mod gerer;
pub mod lister;
mod recherche;
pub mod rediger;
pub mod voir;
pub mod voter;
