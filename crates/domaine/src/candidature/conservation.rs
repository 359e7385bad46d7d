//! How long a dossier is kept once it has come to its end (spec guichets R65), and what is then erased.
//!
//! Rule: the preuves of what was given up are kept twelve months, a whole dossier five years after its last expiry. What is
//! erased leaves its event, in the history, which is kept longer.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Candidature, Etat, Refus, Suite};
use crate::{
    calendrier::{jour, plus_mois},
    evenement::Acteur,
};

/// Months during which the preuves of an abandoned candidature are kept.
pub const MOIS_PREUVES: u32 = 12;
/// Months during which a dossier is kept after its last expiry, or after its end when there was no habilitation.
pub const MOIS_DOSSIER: u32 = 60;

/// Fields of the form that name people: they go with the dossier.
const PERSONNES: [&str; 2] = ["representant_", "contact_"];

/// How much of a dossier is to be erased, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Effacement {
    Preuves,
    /// Preuves, exchanges, files of the form, and what it says of people.
    Dossier,
}

impl Candidature {
    /// What is to be erased on that day and was not yet; `derniere_fin` is the end of the last of its habilitations.
    pub fn a_effacer(&self, derniere_fin: Option<Date>, aujourdhui: Date) -> Option<Effacement> {
        let (Etat::Abandonnee { le, .. } | Etat::Refusee { le, .. } | Etat::Habilitee { le }) = &self.etat
        else {
            return None;
        };
        let terme = derniere_fin.map_or(jour(*le), |fin| fin.max(jour(*le)));
        let abandon = matches!(self.etat, Etat::Abandonnee { .. });
        let du = if aujourdhui >= plus_mois(terme, MOIS_DOSSIER) {
            Effacement::Dossier
        } else if abandon && aujourdhui >= plus_mois(jour(*le), MOIS_PREUVES) {
            Effacement::Preuves
        } else {
            return None;
        };
        (self.efface.is_none_or(|fait| fait < du)).then_some(du)
    }

    /// Erases it. That something was there remains written: how many preuves, and the event.
    pub fn effacer(mut self, quoi: Effacement, le: Timestamp) -> Suite {
        if !self.etat.terminee() {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let mut nombre = 0;
        for slot in self.chapitres.iter_mut().flat_map(|chapitre| &mut chapitre.emplacements) {
            nombre += slot.preuves.len();
            slot.preuves.clear();
        }
        let acte = match quoi {
            Effacement::Preuves => "Preuves effacées au terme de leur conservation",
            Effacement::Dossier => "Dossier effacé au terme de sa conservation",
        };
        let evenement =
            self.evenement(acte, &Acteur::systeme(), le).difference("preuves", nombre.to_string(), "0");
        if quoi == Effacement::Dossier {
            let formulaire = &mut self.formulaire;
            formulaire.saisie.retain(|cle, _| !PERSONNES.iter().any(|debut| cle.starts_with(debut)));
            for composant in &mut formulaire.composants {
                composant.licence = None;
                composant.homologation = None;
            }
            for liee in formulaire.habilitations.values_mut() {
                liee.fichier = None;
            }
        }
        self.efface = Some(quoi);
        Ok((self, evenement))
    }
}
