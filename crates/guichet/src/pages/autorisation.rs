//! Pages of `autorisation`.

pub mod lister;
pub mod prolonger;
pub mod revoquer;
pub mod voir;
