//! The rules of the trust space, and nothing else: no input, no output, no clock, no randomness.
//!
//! The rule that makes the rest make sense: an act is a function that takes the state by value and gives back either
//! the next state together with the event that tells it, or a refusal that names the rule. Whoever calls decides the
//! time, the identity and the random numbers, so that every rule can be written as a table of cases.
//!
//! Start with [`candidature`]: a dossier from its first step to its habilitation. [`permission`] says who may do what.

pub mod audit;
pub mod autorisation;
pub mod avis;
pub mod calendrier;
pub mod candidature;
pub mod chapitre;
pub mod client_psc;
pub mod college;
pub mod evenement;
pub mod faq;
pub mod formulaire;
pub mod habilitation;
pub mod id;
pub mod identifiant;
pub mod permission;
pub mod preuve;
pub mod produit;
pub mod referentiel;
pub mod structure;
pub mod test_intrusion;
