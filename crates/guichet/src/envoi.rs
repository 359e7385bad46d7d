//! What keeps a form that creates something from creating it twice: a one-time token, remembered with its result in the
//! transaction of the creation.
//!
//! Rule: a form that is sent again, by a second click or a page reloaded, leads to what the first sending made.

use web::Saisie;

use crate::{app::App, erreur::Erreur};

/// Name of the hidden field.
const CHAMP: &str = "envoi";
/// Longest token that is looked up: ours have 43 characters.
const LONGUEUR: usize = 64;

/// The token of a form; a form without one counts as never sent before.
pub(crate) fn jeton(app: &App, saisie: &Saisie) -> String {
    let jeton = saisie.texte(CHAMP);
    if jeton.is_empty() || jeton.len() > LONGUEUR { app.alea.jeton() } else { jeton.to_owned() }
}

/// Where the first sending of this form led, when there was one.
pub(crate) async fn deja(app: &App, jeton: &str) -> Result<Option<String>, Erreur> {
    let mut tx = app.registre.lire().await?;
    Ok(tx.load_envoi(jeton).await?)
}
