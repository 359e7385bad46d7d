//! A preuve: one thing deposited in answer to a preuve attendue, and the verdict on it (spec guichets §1.5, §2.5).
//!
//! Rule: what was deposited never changes and never disappears. A newer version replaces it, a withdrawal leaves a
//! tombstone, and the verdict stands on the item on which it was given.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    avis::Avis, evenement::Acteur, id::Id, identifiant::NomFichier, referentiel::Kind, test_intrusion::Fiche,
};

/// What the antivirus said of a file; a file in which something was found is never accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Analyse {
    /// No antivirus is configured.
    NonAnalyse,
    Sain {
        le: Timestamp,
    },
}

/// A file kept by content; the name is only what people see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fichier {
    /// Lower-case hexadecimal, 64 characters.
    pub sha256: String,
    /// In bytes.
    pub taille: u64,
    pub nom: NomFichier,
    /// Sniffed from the content, never taken from the sender.
    pub mime: String,
    pub analyse: Analyse,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Contenu {
    Fichier(Fichier),
    Texte(String),
    Lien(String),
    /// The structured sheet of the test d’intrusion.
    TestIntrusion(Box<Fiche>),
    /// The industriel holds that the preuve does not apply; the agency agrees or not.
    NonApplicable {
        justification: String,
    },
}

impl Contenu {
    pub fn fichier(&self) -> Option<&Fichier> {
        if let Self::Fichier(fichier) = self { Some(fichier) } else { None }
    }
}

/// What the agency says of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Appreciation {
    Conforme,
    /// Something is missing in it.
    Incomplete,
    NonConforme,
}

impl Appreciation {
    pub const TOUTES: [Self; 3] = [Self::Conforme, Self::Incomplete, Self::NonConforme];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Conforme => "conforme",
            Self::Incomplete => "incomplete",
            Self::NonConforme => "non_conforme",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Conforme => "Conforme",
            Self::Incomplete => "À compléter",
            Self::NonConforme => "Non conforme",
        }
    }

    pub fn depuis_cle(cle: &str) -> Option<Self> {
        Self::TOUTES.into_iter().find(|appreciation| appreciation.cle() == cle)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub appreciation: Appreciation,
    /// Shown to the industriel; obligatory unless the item is conforme.
    pub motif: String,
    pub par: Acteur,
    pub le: Timestamp,
}

/// Why an item no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sortie {
    RemplaceePar(Id<Preuve>),
    Retiree { par: Acteur, le: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preuve {
    pub id: Id<Preuve>,
    pub kind: Kind,
    pub contenu: Contenu,
    /// Date of what the item shows, which is not the date of its deposit.
    pub date_reelle: Date,
    pub version_logiciel: String,
    pub commentaire: String,
    pub deposee_par: Acteur,
    pub deposee_le: Timestamp,
    /// 1 for the first of its line.
    pub numero_version: u32,
    pub sortie: Option<Sortie>,
    /// Advice of the automatic checks, never the verdict.
    pub avis: Vec<Avis>,
    pub verdict: Option<Verdict>,
}

impl Preuve {
    /// Whether the item still counts: neither replaced nor withdrawn.
    pub fn courante(&self) -> bool {
        self.sortie.is_none()
    }
}
