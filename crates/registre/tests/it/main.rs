//! Every query, on a fresh SQLite and on a fresh PostgreSQL: the two give the same answers.

mod appui;
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
