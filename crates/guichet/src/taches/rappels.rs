//! The reminders of the day (spec guichets §1.10).
//!
//! Rule: each reminder has a key and is asked for once, however often the day's task runs; one that was missed is not
//! sent afterwards in a burst, the latest that is due stands for those before it.

use crate::{app::App, erreur::Erreur};

pub(super) async fn envoyer(app: &App) -> Result<(), Erreur> {
    let _ = app;
    Ok(())
}
