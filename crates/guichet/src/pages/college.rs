//! The collège: sessions, their agenda, the decisions.
//!
//! Rule: a session and the candidature that it decides on are saved in one transaction. Whoever instructed a dossier is
//! told before the form that he takes no part in its decision, and the rules refuse it anyway.

pub mod clore;
pub mod decider;
pub mod inscrire;
pub mod lister;
pub mod ouvrir;
pub mod synthese;
pub mod voir;

use domaine::{college::Session, id::Id};
use registre::{Tx, Versionne};

use crate::erreur::Erreur;

async fn charger(tx: &mut Tx, id: Id<Session>) -> Result<Versionne<Session>, Erreur> {
    tx.load_session_college(id).await?.ok_or(Erreur::Introuvable)
}

fn url(session: Id<Session>) -> String {
    format!("/college/{session}")
}
