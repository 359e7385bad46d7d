//! The agency's work on the dossiers: the queue, the verdicts, the notes that stay inside.
//!
//! Rule: what a vérificateur writes is shown to the industriel only when the chapter is sent back or validated; notes and
//! names never are.

pub mod affecter;
pub mod chapitre;
pub mod formulaire;
pub mod lister;
pub mod note;
pub mod versions;

use domaine::{
    calendrier::{date_heure_fr, jour},
    permission::Qualite,
    preuve::Appreciation,
    structure::Personne,
};
use jiff::Timestamp;
use registre::{NoteInterne, Tx};
use web::{Choix, Genre, Saisie};

use crate::erreur::Erreur;

/// How long a dossier has waited for the agency, against the time in which it means to answer (R37).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attente {
    pub texte: String,
    pub genre: Genre,
}

impl Attente {
    /// `delai` in calendar days. The tone changes at 50, 80 and 100 % of it.
    pub fn depuis(depuis: Timestamp, maintenant: Timestamp, delai: i32) -> Self {
        let jours = (jour(maintenant) - jour(depuis)).get_days().max(0);
        let part = i64::from(jours) * 100 / i64::from(delai.max(1));
        let genre = match part {
            ..50 => Genre::Neutre,
            50..80 => Genre::Info,
            80..100 => Genre::Attention,
            _ => Genre::Erreur,
        };
        let texte = if jours > delai {
            format!("{jours} j, dépassé de {} j", jours - delai)
        } else {
            format!("{jours} j sur {delai}")
        };
        Self { texte, genre }
    }
}

pub fn genre_appreciation(appreciation: Appreciation) -> Genre {
    match appreciation {
        Appreciation::Conforme => Genre::Succes,
        Appreciation::Incomplete => Genre::Attention,
        Appreciation::NonConforme => Genre::Erreur,
    }
}

/// A note as the agency's pages show it.
#[derive(Clone, Debug)]
pub struct NoteVue {
    pub auteur: String,
    pub le: String,
    pub texte: String,
}

/// The notes on one part of the dossier, oldest first.
pub fn notes_sur(notes: &[NoteInterne], objet: &str) -> Vec<NoteVue> {
    notes
        .iter()
        .filter(|note| note.objet == objet)
        .map(|note| NoteVue {
            auteur: note.auteur.nom.clone(),
            le: date_heure_fr(note.le),
            texte: note.texte.clone(),
        })
        .collect()
}

/// The people who can be in charge of a dossier, by name.
pub async fn load_referents(tx: &mut Tx) -> Result<Vec<Personne>, Erreur> {
    let mut personnes = tx.load_personnes_agence().await?;
    personnes.retain(|personne| {
        [Qualite::Verificateur, Qualite::Administrateur]
            .iter()
            .any(|role| personne.roles_agence.contains(role))
    });
    personnes.sort_by_key(|personne| (personne.nom.to_lowercase(), personne.prenom.to_lowercase()));
    Ok(personnes)
}

pub fn choix_referents(personnes: &[Personne]) -> Vec<Choix> {
    personnes
        .iter()
        .map(|personne| Choix::nouveau(&personne.id.to_string(), &personne.nom_complet()))
        .collect()
}

/// The page of the agency to which a small form comes back: only an address of our own, never one of elsewhere.
fn retour<'a>(saisie: &'a Saisie, defaut: &'a str) -> &'a str {
    let demande = saisie.texte("retour");
    let ici = (demande.starts_with("/instruction") || demande.starts_with("/candidatures/"))
        && !demande.contains(['\\', '\n', '\t']);
    if ici { demande } else { defaut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_of_a_wait_changes_at_half_four_fifths_and_the_end() {
        let depuis: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
        for (jours, genre, texte) in [
            (0, Genre::Neutre, "0 j sur 60"),
            (29, Genre::Neutre, "29 j sur 60"),
            (30, Genre::Info, "30 j sur 60"),
            (47, Genre::Info, "47 j sur 60"),
            (48, Genre::Attention, "48 j sur 60"),
            (59, Genre::Attention, "59 j sur 60"),
            (60, Genre::Erreur, "60 j sur 60"),
            (63, Genre::Erreur, "63 j, dépassé de 3 j"),
        ] {
            let maintenant = depuis + jiff::SignedDuration::from_hours(24 * jours);
            let attendue = Attente { texte: texte.to_owned(), genre };
            assert_eq!(Attente::depuis(depuis, maintenant, 60), attendue, "{jours}");
        }
    }

    #[test]
    fn a_form_comes_back_to_our_own_pages_only() {
        for (demande, attendu) in [
            ("/instruction?file=toutes&page=2", "/instruction?file=toutes&page=2"),
            (
                "/candidatures/1/instruction/chapitres/TI#notes",
                "/candidatures/1/instruction/chapitres/TI#notes",
            ),
            ("", "/ailleurs"),
            ("https://mechant.example/", "/ailleurs"),
            ("//mechant.example/instruction", "/ailleurs"),
            ("/instruction\\..", "/ailleurs"),
        ] {
            let mut saisie = Saisie::default();
            saisie.ajouter("retour", demande);
            assert_eq!(retour(&saisie, "/ailleurs"), attendu, "{demande}");
        }
    }
}
