//! All the SQL of the guichet: one text for SQLite and for PostgreSQL, one file for each noun.
//!
//! Rule: a state is saved with the event that tells it, in one transaction, and only over the version that was read
//! ([`Versionne`]); whoever comes second learns it as [`Erreur::Conflit`]. A noun is kept as its JSON beside the few
//! columns by which it is looked for.

mod audit;
mod autorisation;
mod base;
mod candidature;
mod client_psc;
mod college;
mod evenement;
mod faq;
mod fichier;
mod habilitation;
mod message;
mod produit;
mod referentiel;
mod session_web;
mod structure;
mod tache;

pub use autorisation::ResumeAutorisation;
pub use base::{Erreur, Registre, Resultat, Tx, Versionne};
pub use candidature::{FiltreCandidatures, ResumeCandidature};
pub use evenement::{ChaineRompue, EvenementLu};
pub use faq::{FiltreFaq, TrouvailleFaq, Votes};
pub use fichier::{FichierGarde, Televersement};
pub use message::{Message, ModeleMessage, NoteInterne};
pub use session_web::{SaisieGardee, SessionGardee};
pub use tache::Tache;
