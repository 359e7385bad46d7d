//! The rules on real and on hostile material: the référentiel of the repository, and bytes of any kind.

mod octets;
mod referentiel;
