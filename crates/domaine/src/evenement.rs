//! What happened: an immutable line of the history, written with the state it tells (spec guichets §1).
//!
//! Rule: no act without its event, and none is ever changed or removed; a correction is another event.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{id::Id, permission::Qualite, structure::Personne};

/// Who acted: a person in a given quality, or the system itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acteur {
    /// `None` when the system acts by itself.
    pub personne: Option<Id<Personne>>,
    /// As shown to people, kept as it was on the day.
    pub nom: String,
    pub qualite: Qualite,
}

impl Acteur {
    pub fn systeme() -> Self {
        Self { personne: None, nom: "Espace de Confiance".to_owned(), qualite: Qualite::Systeme }
    }

    pub fn est(&self, personne: Id<Personne>) -> bool {
        self.personne == Some(personne)
    }
}

impl fmt::Display for Acteur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.nom)
    }
}

/// What the event is about; `nom` is the noun, `id` its identity as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sujet {
    pub nom: String,
    pub id: String,
}

impl Sujet {
    pub fn new(nom: &str, id: impl fmt::Display) -> Self {
        Self { nom: nom.to_owned(), id: id.to_string() }
    }
}

/// Who may read the event: the notes and assignments of the agency stay inside (spec guichets §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibilite {
    Tous,
    Agence,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub champ: String,
    pub avant: String,
    pub apres: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evenement {
    pub sujet: Sujet,
    /// The act as a sentence for people, for instance « Chapitre PMT soumis ».
    pub acte: String,
    pub acteur: Acteur,
    pub le: Timestamp,
    pub de: Option<String>,
    pub vers: Option<String>,
    pub motif: Option<String>,
    pub differences: Vec<Difference>,
    pub visibilite: Visibilite,
}

impl Evenement {
    pub fn new(sujet: Sujet, acte: impl Into<String>, acteur: &Acteur, le: Timestamp) -> Self {
        Self {
            sujet,
            acte: acte.into(),
            acteur: acteur.clone(),
            le,
            de: None,
            vers: None,
            motif: None,
            differences: Vec::new(),
            visibilite: Visibilite::Tous,
        }
    }

    #[must_use]
    pub fn etats(mut self, de: impl fmt::Display, vers: impl fmt::Display) -> Self {
        self.de = Some(de.to_string());
        self.vers = Some(vers.to_string());
        self
    }

    #[must_use]
    pub fn motif(mut self, motif: impl Into<String>) -> Self {
        self.motif = Some(motif.into());
        self
    }

    #[must_use]
    pub fn difference(
        mut self,
        champ: impl Into<String>,
        avant: impl Into<String>,
        apres: impl Into<String>,
    ) -> Self {
        self.differences.push(Difference { champ: champ.into(), avant: avant.into(), apres: apres.into() });
        self
    }

    #[must_use]
    pub fn interne(mut self) -> Self {
        self.visibilite = Visibilite::Agence;
        self
    }
}
