//! The guichet run for real: in process, on a port of its own, with real TLS, on each database.
//!
//! Files mirror the URLs; [`appui`] holds the site, its people and dossiers brought to a given point.

#![expect(clippy::unwrap_used, reason = "a test that can’t go on has failed")]

mod acces;
mod accueil;
mod appui;
mod audit;
mod autorisation;
mod candidature;
mod client;
mod college;
mod coupures;
mod faq;
mod fichier;
mod formulaire;
mod glossaire;
mod habilitation;
mod instruction;
mod message;
mod pannes;
mod preuve;
mod produit;
mod robustesse;
mod structure;
mod tableau;
mod taches;
mod televersement;
mod trace;
