//! Autorisations d’accès: the list of the agency and the CNDA, one page each, their document and the acts on them.

pub mod fiche;
pub mod lister;
pub mod prolonger;
pub mod revoquer;
pub mod voir;

use domaine::autorisation::EtatAutorisation;
use web::Genre;

/// Days before the end from which the state is shown as a warning.
const ALERTE: i32 = 30;

fn genre(etat: EtatAutorisation) -> Genre {
    match etat {
        EtatAutorisation::Active { jours } if jours <= ALERTE => Genre::Attention,
        EtatAutorisation::Active { .. } => Genre::Succes,
        EtatAutorisation::Expiree => Genre::Neutre,
        EtatAutorisation::Revoquee => Genre::Erreur,
    }
}

/// Key of the state, in filters.
fn cle(etat: EtatAutorisation) -> &'static str {
    match etat {
        EtatAutorisation::Active { .. } => "active",
        EtatAutorisation::Expiree => "expiree",
        EtatAutorisation::Revoquee => "revoquee",
    }
}

/// The state in words, with what remains of it.
fn libelle(etat: EtatAutorisation) -> String {
    match etat {
        EtatAutorisation::Active { jours: 0 } => "Active, dernier jour".to_owned(),
        EtatAutorisation::Active { jours: 1 } => "Active, encore 1 jour".to_owned(),
        EtatAutorisation::Active { jours } if jours <= ALERTE => format!("Active, encore {jours} jours"),
        autre => autre.libelle().to_owned(),
    }
}
