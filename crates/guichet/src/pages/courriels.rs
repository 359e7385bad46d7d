//! The mails of a demonstration, read on the site: only where they go to a folder and the site says that it is a
//! demonstration. Elsewhere these pages do not exist.

mod lecture;
pub mod lister;
pub mod voir;

use std::path::Path;

use crate::{app::App, config::Courriel, erreur::Erreur};

/// The folder of the mails, where it may be shown.
fn dossier(app: &App) -> Result<&Path, Erreur> {
    match &app.config.courriel {
        Courriel::Dossier { chemin, .. } if app.config.demonstration => Ok(chemin),
        _ => Err(Erreur::Introuvable),
    }
}
