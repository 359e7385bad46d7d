//! A chapter of a candidature: the preuves attendues and what was deposited for each (spec guichets §1.4, §4 R30–R33).
//!
//! Rule: the agency looks at a chapter only once it is complete and submitted; when it sends it back, only the slots
//! that it flagged unlock. The acts that change a chapter are those of [`crate::candidature`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    evenement::Acteur,
    id::Id,
    preuve::{Appreciation, Preuve},
    referentiel::Profil,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatChapitre {
    ACompleter,
    Soumis {
        le: Timestamp,
    },
    EnInstruction {
        par: Acteur,
        depuis: Timestamp,
    },
    /// Sent back: only the named preuves attendues are unlocked.
    ACorriger {
        emplacements: Vec<String>,
        le: Timestamp,
    },
    Valide {
        par: Acteur,
        le: Timestamp,
    },
}

impl EtatChapitre {
    pub fn libelle(&self) -> &'static str {
        match self {
            Self::ACompleter => "À compléter",
            Self::Soumis { .. } => "Soumis",
            Self::EnInstruction { .. } => "En instruction",
            Self::ACorriger { .. } => "À corriger",
            Self::Valide { .. } => "Validé",
        }
    }
}

/// Where a preuve attendue stands, read from its items: the worst of the current ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtatEmplacement {
    Absente,
    Chargee,
    Conforme,
    NonApplicable,
    Incomplete,
    NonConforme,
}

impl EtatEmplacement {
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Absente => "Absente",
            Self::Chargee => "Chargée",
            Self::Conforme => "Conforme",
            Self::NonApplicable => "Non applicable",
            Self::Incomplete => "À compléter",
            Self::NonConforme => "Non conforme",
        }
    }

    /// Whether the agency wants something else than what stands there.
    pub fn refuse(self) -> bool {
        matches!(self, Self::Incomplete | Self::NonConforme)
    }
}

/// A preuve attendue of the référentiel, as it applies to this candidature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Emplacement {
    /// Identity of the preuve attendue in the référentiel, for instance `TI.01.01.01`.
    pub attendue: String,
    pub profils: Vec<Profil>,
    /// False for a préconisation: it never blocks.
    pub obligatoire: bool,
    pub min: u32,
    pub max: u32,
    /// In order of deposit; replaced and withdrawn items stay.
    pub preuves: Vec<Preuve>,
}

impl Emplacement {
    pub fn courantes(&self) -> impl Iterator<Item = &Preuve> {
        self.preuves.iter().filter(|preuve| preuve.courante())
    }

    pub fn etat(&self) -> EtatEmplacement {
        let mut etat = EtatEmplacement::Absente;
        let mut non_applicable = true;
        let mut sans_verdict = false;
        let mut pire = None;
        for preuve in self.courantes() {
            etat = EtatEmplacement::Chargee;
            non_applicable &= matches!(preuve.contenu, crate::preuve::Contenu::NonApplicable { .. });
            match &preuve.verdict {
                Some(verdict) => pire = pire.max(Some(verdict.appreciation)),
                None => sans_verdict = true,
            }
        }
        match pire {
            Some(Appreciation::NonConforme) => EtatEmplacement::NonConforme,
            Some(Appreciation::Incomplete) => EtatEmplacement::Incomplete,
            Some(Appreciation::Conforme) if !sans_verdict => {
                if non_applicable {
                    EtatEmplacement::NonApplicable
                } else {
                    EtatEmplacement::Conforme
                }
            }
            _ => etat,
        }
    }

    /// Whether enough was deposited; a justification that the preuve does not apply is enough by itself.
    pub fn charge(&self) -> bool {
        let nombre = self.courantes().count();
        let non_applicable = self
            .courantes()
            .any(|preuve| matches!(preuve.contenu, crate::preuve::Contenu::NonApplicable { .. }));
        nombre > 0 && (non_applicable || nombre >= self.min as usize)
    }

    /// Whether the slot no longer needs anything before the verdict of the agency.
    pub fn complet(&self) -> bool {
        self.charge() || !self.obligatoire
    }

    /// Whether the verdict of the agency keeps the chapter from being validated.
    pub fn bloque(&self) -> bool {
        self.obligatoire && self.etat().refuse()
    }

    pub fn preuve(&self, id: Id<Preuve>) -> Option<&Preuve> {
        self.preuves.iter().find(|preuve| preuve.id == id)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chapitre {
    pub code: String,
    pub titre: String,
    pub etat: EtatChapitre,
    pub emplacements: Vec<Emplacement>,
    /// How many times the chapter was submitted.
    pub soumissions: u32,
    /// The instructor in charge, known inside the agency only.
    pub instructeur: Option<Acteur>,
}

impl Chapitre {
    pub fn valide(&self) -> bool {
        matches!(self.etat, EtatChapitre::Valide { .. })
    }

    pub fn soumis(&self) -> bool {
        matches!(
            self.etat,
            EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. } | EtatChapitre::Valide { .. }
        )
    }

    /// Up to which deposit the agency reads this chapter: what the industriel is still preparing stays his own (R32).
    /// `None` while nothing of it was ever submitted.
    pub fn lisible_jusqua(&self) -> Option<Timestamp> {
        match &self.etat {
            EtatChapitre::ACompleter => None,
            EtatChapitre::ACorriger { le, .. } => Some(*le),
            EtatChapitre::Soumis { .. }
            | EtatChapitre::EnInstruction { .. }
            | EtatChapitre::Valide { .. } => Some(Timestamp::MAX),
        }
    }

    /// Whether the agency may read this item of the chapter.
    pub fn lu_par_l_agence(&self, preuve: &Preuve) -> bool {
        self.lisible_jusqua().is_some_and(|jusqua| preuve.deposee_le <= jusqua)
    }

    pub fn complet(&self) -> bool {
        self.emplacements.iter().all(Emplacement::complet)
    }

    /// How many preuves attendues have something, and how many there are: « x/y preuves chargées ».
    pub fn chargees(&self) -> (usize, usize) {
        (self.emplacements.iter().filter(|slot| slot.charge()).count(), self.emplacements.len())
    }

    pub fn emplacement(&self, attendue: &str) -> Option<&Emplacement> {
        self.emplacements.iter().find(|slot| slot.attendue == attendue)
    }

    /// Whether the industriel may change what stands in this slot now.
    pub fn deverrouille(&self, attendue: &str) -> bool {
        match &self.etat {
            EtatChapitre::ACompleter => true,
            EtatChapitre::ACorriger { emplacements, .. } => emplacements.iter().any(|slot| slot == attendue),
            EtatChapitre::Soumis { .. }
            | EtatChapitre::EnInstruction { .. }
            | EtatChapitre::Valide { .. } => false,
        }
    }

    /// The slots that still keep the chapter from being submitted.
    pub fn a_faire(&self) -> Vec<&Emplacement> {
        self.emplacements
            .iter()
            .filter(|slot| {
                !slot.complet()
                    || (matches!(&self.etat, EtatChapitre::ACorriger { .. })
                        && self.deverrouille(&slot.attendue)
                        && slot.bloque())
            })
            .collect()
    }
}
