//! The pages, one folder for each noun, one file for each act: `<noun>/<verb>.rs` with `templates/<noun>/<verb>.html`.

pub mod accueil;
pub mod audit;
pub mod autorisation;
pub mod candidature;
pub mod chapitre;
pub mod client;
pub mod college;
pub mod connexion;
pub mod courriels;
pub mod faq;
pub mod fichier;
pub mod formulaire;
pub mod habilitation;
pub mod instruction;
pub mod message;
pub mod modele;
pub mod parcours;
pub mod pieces;
pub mod preuve;
pub mod produit;
pub mod referentiel;
pub mod registre_public;
pub mod structure;
pub mod tableau;
