//! The rules on real and on hostile material: dossiers driven from act to act, the référentiel of the repository, and
//! bytes of any kind.

mod appui;
mod audit;
mod autorisation;
mod candidature;
mod chapitre;
mod client_psc;
mod college;
mod conservation;
mod formulaire;
mod habilitation;
mod invariants;
mod octets;
mod preuve;
mod referentiel;
mod reprise;
mod structure;
