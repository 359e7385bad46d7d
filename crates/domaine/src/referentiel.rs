//! The référentiel: what is asked of whom, as data.
//!
//! An [`Exigence`] belongs to a chapter and to profiles; its scénarios say how to show that it holds, and each scénario
//! lists its preuves attendues, the slots that an industriel fills. The catalogue is a TOML file, one per version,
//! that an engineer edits by hand; a candidature keeps the version with which it started.
//!
//! Rule: [`Referentiel::lire`] accepts a file only when it holds together, and tells all its faults at once, each with
//! its line. Nothing in the code knows an exigence by name.

mod controle;
mod difference;
mod kind;
mod lecture;
mod profil;
mod verification;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use controle::Controle;
pub use difference::{Changement, Ecart, Genre};
pub use kind::Kind;
pub use profil::{Guichet, Profil};

use crate::test_intrusion::Seuils;

/// One version of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referentiel {
    pub id: String,
    pub version: String,
    pub titre: String,
    /// First day on which a candidature may start with this version.
    pub applicable_du: Date,
    /// Last day on which one may; `None` while no newer version ends it.
    pub depot_jusquau: Option<Date>,
    pub chapitres: Vec<ChapitreRef>,
    pub exigences: Vec<Exigence>,
    pub seuils_ti: Seuils,
}

/// A chapter: exigences that are deposited, submitted and examined together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChapitreRef {
    /// Three or fewer capitals, prefix of the exigences: `PMT`, `TI`.
    pub code: String,
    pub titre: String,
    pub description: String,
    /// Place of the chapter in the list of each profile to which it applies, from 1.
    pub rangs: Vec<(Profil, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exigence {
    /// `TI.01`
    pub id: String,
    /// Number in the published référentiel; empty while it is not known.
    pub ref_officielle: String,
    /// Code of its chapter.
    pub chapitre: String,
    /// Place in its chapter, from 1.
    pub ordre: u32,
    pub nature: Nature,
    pub criticite: Criticite,
    pub profils: Vec<Profil>,
    pub enonce: String,
    /// For the industriel: what to show, and how.
    pub aide: String,
    /// Where the exigence comes from, for whoever maintains the catalogue.
    pub base: String,
    pub scenarios: Vec<Scenario>,
}

/// A way to show that an exigence holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// `TI.01.01`
    pub id: String,
    pub texte: String,
    pub preuves: Vec<PreuveAttendue>,
}

/// A slot: what is to be deposited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreuveAttendue {
    /// `TI.01.01.01`
    pub id: String,
    pub titre: String,
    /// Any of these is accepted.
    pub kinds: Vec<Kind>,
    /// Fewest and most items in the slot.
    pub min: u32,
    pub max: u32,
    /// Months during which what the preuve shows remains true, counted from its real date.
    pub validite_mois: Option<u32>,
    /// Name of the template to fill in; empty when there is none.
    pub modele: String,
    pub controles: Vec<Controle>,
    /// Those of the exigence, unless the slot says otherwise.
    pub profils: Vec<Profil>,
    /// For the vérificateur; never shown to the industriel.
    pub points_de_verification: Vec<String>,
}

/// Whether the exigence must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Nature {
    #[serde(rename = "EXIGENCE")]
    Exigence,
    /// A recommendation: its slots never block the submission of a chapter.
    #[serde(rename = "PRECONISATION")]
    Preconisation,
}

impl Nature {
    pub const TOUTES: [Self; 2] = [Self::Exigence, Self::Preconisation];

    /// As written in the catalogue.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exigence => "EXIGENCE",
            Self::Preconisation => "PRECONISATION",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Exigence => "Exigence",
            Self::Preconisation => "Préconisation",
        }
    }
}

/// What it costs when the exigence does not hold, from the lightest to the heaviest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Criticite {
    #[serde(rename = "Non définie")]
    NonDefinie,
    Mineure,
    Majeure,
    Critique,
}

impl Criticite {
    pub const TOUTES: [Self; 4] = [Self::NonDefinie, Self::Mineure, Self::Majeure, Self::Critique];

    /// As written in the catalogue and as shown.
    pub const fn libelle(self) -> &'static str {
        match self {
            Self::NonDefinie => "Non définie",
            Self::Mineure => "Mineure",
            Self::Majeure => "Majeure",
            Self::Critique => "Critique",
        }
    }
}

/// Something wrong in the file of a référentiel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faute {
    /// The nearest identifier (`TI.01.01`), or the name of the section.
    pub ou: String,
    /// From 1, when the fault was found in a file.
    pub ligne: Option<usize>,
    pub texte: String,
}

impl fmt::Display for Faute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ligne) = self.ligne {
            write!(f, "ligne {ligne}, ")?;
        }
        write!(f, "{} : {}", self.ou, self.texte)
    }
}

impl Referentiel {
    /// Reads and verifies the TOML file of a référentiel.
    ///
    /// # Errors
    /// All the faults that can be told at once, in the order of the file: a syntax error hides the rest, a missing or
    /// unknown key hides the rules, since they would only repeat it.
    pub fn lire(toml: &str) -> Result<Self, Vec<Faute>> {
        lecture::lire(toml)
    }

    /// The rules that the catalogue must follow, whatever it asks; empty when all hold.
    pub fn verifier(&self) -> Vec<Faute> {
        verification::verifier(self)
    }

    /// What changed since `ancien`, in the order of identifiers.
    pub fn difference(ancien: &Self, nouveau: &Self) -> Vec<Ecart> {
        difference::difference(ancien, nouveau)
    }

    /// Whether a candidature may start with this version on that day.
    pub fn ouvert_le(&self, date: Date) -> bool {
        self.applicable_du <= date && self.depot_jusquau.is_none_or(|fin| date <= fin)
    }

    /// The chapters of a candidature with these profiles, each once, in the order in which they are shown.
    ///
    /// Two profiles may rank a chapter differently: the later rank counts, so that no chapter comes before what
    /// precedes it in the longer list.
    pub fn chapitres_pour(&self, profils: &[Profil]) -> Vec<&ChapitreRef> {
        let mut chapitres: Vec<(u32, &ChapitreRef)> = self
            .chapitres
            .iter()
            .filter_map(|chapitre| {
                let rangs = chapitre.rangs.iter().filter(|(profil, _)| profils.contains(profil));
                Some((rangs.map(|(_, rang)| *rang).max()?, chapitre))
            })
            .collect();
        // Stable: at the same rank, the order of the file.
        chapitres.sort_by_key(|(rang, _)| *rang);
        chapitres.into_iter().map(|(_, chapitre)| chapitre).collect()
    }

    /// The slots of a chapter for these profiles, each once, in the order of the exigences. The profiles of a slot are
    /// in [`PreuveAttendue::profils`], whether it blocks in [`Referentiel::est_bloquante`].
    pub fn attendues(&self, chapitre: &str, profils: &[Profil]) -> Vec<&PreuveAttendue> {
        self.exigences_du(chapitre)
            .into_iter()
            .flat_map(Exigence::preuves)
            .filter(|preuve| preuve.profils.iter().any(|profil| profils.contains(profil)))
            .collect()
    }

    /// The exigences of a chapter, in their order.
    pub fn exigences_du(&self, chapitre: &str) -> Vec<&Exigence> {
        let mut exigences: Vec<&Exigence> =
            self.exigences.iter().filter(|exigence| exigence.chapitre == chapitre).collect();
        exigences.sort_by_key(|exigence| exigence.ordre);
        exigences
    }

    pub fn chapitre(&self, code: &str) -> Option<&ChapitreRef> {
        self.chapitres.iter().find(|chapitre| chapitre.code == code)
    }

    /// The slot of that identifier.
    pub fn attendue(&self, id: &str) -> Option<&PreuveAttendue> {
        self.exigences.iter().flat_map(Exigence::preuves).find(|preuve| preuve.id == id)
    }

    /// The exigence to which the slot of that identifier answers.
    pub fn exigence_de(&self, attendue: &str) -> Option<&Exigence> {
        self.exigences.iter().find(|exigence| exigence.preuves().any(|preuve| preuve.id == attendue))
    }

    /// Whether the chapter cannot be submitted while this slot is short of items.
    pub fn est_bloquante(&self, attendue: &PreuveAttendue) -> bool {
        attendue.min > 0
            && self.exigence_de(&attendue.id).is_some_and(|exigence| exigence.nature == Nature::Exigence)
    }
}

impl ChapitreRef {
    /// The profiles to which the chapter applies.
    pub fn profils(&self) -> impl Iterator<Item = Profil> {
        self.rangs.iter().map(|(profil, _)| *profil)
    }
}

impl Exigence {
    /// The slots of all its scénarios.
    pub fn preuves(&self) -> impl Iterator<Item = &PreuveAttendue> {
        self.scenarios.iter().flat_map(|scenario| &scenario.preuves)
    }
}
