//! Pages of `preuve`.

pub mod deposer;
pub mod retirer;
pub mod test_intrusion;
pub mod voir;
