//! Append-only traces: who did what through the proxy, kept so that none is lost, changed or invented.
//!
//! Rule: a trace that was accepted survives `kill -9` at once (it stands in the page cache of a mapped file), reaches the
//! disk with its group a moment later, and from then on can't be changed without [`Lecteur::verifier`] seeing it. The
//! way of a trace is [`Ecrivain`] → segment → `vidange` → database → [`Lecteur`]. A trace has the agency's fields and
//! never a token, a body or a query: there is no field to put them in.

mod base;
mod chaine;
mod config;
mod ecrivain;
mod export;
mod journal;
mod lecture;
mod ligne;
mod lot;
pub mod prive;
mod purge;
mod segment;
mod trace;
mod verification;
mod vidange;

pub use base::Erreur;
pub use config::Config;
pub use ecrivain::{Ecrivain, RefusDeTracer};
pub use export::Format;
pub use journal::Journal;
pub use lecture::{Flux, Intervalle, Lecteur, TraceLue};
pub use trace::{Appel, Fait, Genre, Issue, Origine, Session, Trace};
pub use verification::{Chaine, Rapport, Rupture, verifier_export};
pub use vidange::Etat;
