//! The guichets: the portal where industriels apply to the Espace de Confiance and where the agency answers.
//!
//! Rule: a request is routed by [`routes`], guarded by [`acces`], answered by one file of [`pages`]; the rules are in
//! `domaine`, the SQL in `registre`. What takes longer than a page, or must survive a crash, is a task of [`taches`].

pub mod acces;
mod antivirus;
pub mod app;
pub mod autorisations;
mod avancement;
pub mod cadre;
mod chronologie;
pub mod clients_psc;
pub mod config;
pub mod depot;
pub mod documents;
mod echeances;
mod envoi;
pub mod erreur;
pub mod faq;
pub mod fichiers;
pub mod habilitations;
mod messagerie;
mod modeles;
pub mod ouverture;
pub mod pages;
pub mod routes;
pub mod session;
pub mod taches;
mod verifications;

pub use app::App;
pub use erreur::Erreur;
pub use ouverture::{ErreurOuverture, REFERENTIEL, ouvrir};
