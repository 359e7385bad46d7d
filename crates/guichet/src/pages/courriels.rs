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

/// A plain file name of the folder, and nothing that leads elsewhere.
fn nom_sur(nom: &str) -> bool {
    Path::new(nom).extension().is_some_and(|fin| fin == "eml")
        && !nom.starts_with('.')
        && nom.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::nom_sur;

    #[test]
    fn un_nom_ne_sort_pas_du_dossier() {
        for (nom, attendu) in [
            ("20261121T090000Z-0199.eml", true),
            ("../guichet.toml", false),
            ("..eml", false),
            ("a/b.eml", false),
            ("a.txt", false),
            ("", false),
        ] {
            assert_eq!(nom_sur(nom), attendu, "{nom}");
        }
    }
}
