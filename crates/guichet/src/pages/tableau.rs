//! Pages of `tableau`.

pub mod voir;
