//! The test d’intrusion: the structured sheet that goes with the signed report, and what follows from it.
//!
//! Rule: the test is less than one year old at the deposit, was made on the version of the candidature by an organisme
//! qualified on that day, found nothing of high severity, and no more medium findings than the thresholds of the
//! référentiel allow. Published texts disagree on exactly ten medium findings: that case goes to arbitration.
//!
//! [`Saisie`] is what was typed, [`Fiche`] what is valid, [`juger`] says what the vérificateur should think of it.

mod fiche;
mod jugement;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use fiche::{Fiche, RefusFiche, Resultat, Saisie, TypeApplication};
pub use jugement::{Effet, Jugement, Raison, Verdict, juger};

use crate::referentiel::Profil;

/// How many findings a profile may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seuil {
    /// Most findings of high severity.
    pub haute_max: u32,
    /// Most findings of medium severity; `None` when no threshold is stated.
    pub moyenne_max: Option<u32>,
    /// Above `moyenne_max` and up to this number, the agency arbitrates.
    pub moyenne_arbitrage: Option<u32>,
}

/// The thresholds of each profile, from the référentiel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seuils(BTreeMap<Profil, Seuil>);

impl Seuils {
    pub fn fixer(&mut self, profil: Profil, seuil: Seuil) {
        self.0.insert(profil, seuil);
    }

    pub fn pour(&self, profil: Profil) -> Option<&Seuil> {
        self.0.get(&profil)
    }
}
