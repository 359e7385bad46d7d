//! The messagerie of a candidature, as acts use it: what the agency decides is also written there.
//!
//! Rule: a message never changes once it is sent, and the notice mailed about it tells nothing of what it says.

use domaine::{candidature::Candidature, evenement::Acteur};
use jiff::Timestamp;
use registre::{Message, Tx};

use crate::{app::App, erreur::Erreur};

/// Longest message, in characters (spec guichets §2.7).
pub(crate) const TEXTE_MAX: usize = 8000;

/// Writes a message of the agency in the conversation, in the transaction of the act that it tells.
///
/// # Errors
/// Those of the registry.
pub(crate) async fn poster(
    app: &App,
    tx: &mut Tx,
    candidature: &Candidature,
    par: &Acteur,
    texte: String,
    le: Timestamp,
) -> Result<(), Erreur> {
    let message = Message {
        id: app.id(),
        auteur: par.clone(),
        agence: true,
        le,
        texte: raccourcir(texte),
        pieces: vec![],
    };
    tx.save_message(candidature.id, &message).await?;
    Ok(())
}

fn raccourcir(texte: String) -> String {
    if texte.chars().count() <= TEXTE_MAX {
        return texte;
    }
    let mut court: String = texte.chars().take(TEXTE_MAX - 1).collect();
    court.push('…');
    court
}
