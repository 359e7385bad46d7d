//! The messagerie of a candidature: one conversation between the industriel and the agency.
//!
//! Rule: a message never changes once it is sent. The industriel reads the name of the référent, and « l’agence » for
//! everybody else who answers.

pub mod envoyer;
pub mod piece;
pub mod voir;
