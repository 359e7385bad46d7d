//! The collège: sessions, agenda and decisions (spec guichets §1.2, T3: the three names of the sources are one body).
//!
//! Rule: a decision names who took it, and a member who recuses himself, or who instructed the dossier, takes no part.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    candidature::Candidature,
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Avis {
    Favorable,
    /// The named chapters are reopened.
    Complement {
        chapitres: Vec<String>,
    },
    Refus,
}

impl Avis {
    pub fn libelle(&self) -> &'static str {
        match self {
            Self::Favorable => "favorable",
            Self::Complement { .. } => "complément demandé",
            Self::Refus => "refus",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub avis: Avis,
    /// Shown to the industriel; obligatory unless favourable.
    pub motif: String,
    pub par: Acteur,
    pub le: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recusation {
    pub candidature: Id<Candidature>,
    pub par: Acteur,
    pub motif: String,
}

/// A dossier on the agenda, with its decision once it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inscription {
    pub candidature: Id<Candidature>,
    pub decision: Option<Decision>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: Id<Session>,
    pub date: Date,
    pub lieu: String,
    pub dossiers: Vec<Inscription>,
    pub recusations: Vec<Recusation>,
    pub close: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("Cette session est close.")]
    Close,
    #[error("La date d’une session ne peut pas être passée.")]
    DatePassee,
    #[error("Ce dossier est déjà à l’ordre du jour.")]
    DejaInscrit,
    #[error("Ce dossier n’est pas à l’ordre du jour.")]
    PasInscrit,
    #[error("Une décision est déjà prise sur ce dossier.")]
    DejaDecide,
    #[error("Vous vous êtes récusé sur ce dossier : un autre membre décide.")]
    Recuse,
    #[error("Des dossiers attendent encore leur décision.")]
    DecisionsManquantes,
}

impl Session {
    pub fn ouvrir(
        id: Id<Self>,
        date: Date,
        lieu: String,
        aujourdhui: Date,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if date < aujourdhui {
            return Err(Refus::DatePassee);
        }
        let session = Self { id, date, lieu, dossiers: Vec::new(), recusations: Vec::new(), close: false };
        let evenement = session.evenement("Session du collège ouverte", par, le);
        Ok((session, evenement))
    }

    fn evenement(&self, acte: impl Into<String>, par: &Acteur, le: Timestamp) -> Evenement {
        Evenement::new(Sujet::new("session", self.id), acte, par, le).interne()
    }

    pub fn inscription(&self, candidature: Id<Candidature>) -> Option<&Inscription> {
        self.dossiers.iter().find(|inscription| inscription.candidature == candidature)
    }

    pub fn inscrire(
        mut self,
        candidature: &Candidature,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.close {
            return Err(Refus::Close);
        }
        if self.inscription(candidature.id).is_some() {
            return Err(Refus::DejaInscrit);
        }
        self.dossiers.push(Inscription { candidature: candidature.id, decision: None });
        let evenement = self.evenement(format!("Dossier {} à l’ordre du jour", candidature.nru), par, le);
        Ok((self, evenement))
    }

    /// Takes off the agenda a dossier on which nothing was decided: its candidature was abandoned since.
    pub fn retirer(
        mut self,
        candidature: &Candidature,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.close {
            return Err(Refus::Close);
        }
        match self.inscription(candidature.id) {
            None => return Err(Refus::PasInscrit),
            Some(inscription) if inscription.decision.is_some() => return Err(Refus::DejaDecide),
            Some(_) => {}
        }
        self.dossiers.retain(|inscription| inscription.candidature != candidature.id);
        let evenement =
            self.evenement(format!("Dossier {} retiré de l’ordre du jour", candidature.nru), par, le);
        Ok((self, evenement))
    }

    pub fn recuse(&self, candidature: Id<Candidature>, par: &Acteur) -> bool {
        self.recusations.iter().any(|recusation| {
            recusation.candidature == candidature && recusation.par.personne == par.personne
        })
    }

    pub fn recuser(
        mut self,
        candidature: Id<Candidature>,
        motif: String,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.close {
            return Err(Refus::Close);
        }
        if self.inscription(candidature).is_none() {
            return Err(Refus::PasInscrit);
        }
        let evenement = self.evenement("Un membre se récuse sur un dossier", par, le).motif(motif.clone());
        if !self.recuse(candidature, par) {
            self.recusations.push(Recusation { candidature, par: par.clone(), motif });
        }
        Ok((self, evenement))
    }

    /// Writes down the decision on one dossier; the candidature applies it (see [`crate::candidature::decision`]).
    pub fn decider(
        mut self,
        candidature: Id<Candidature>,
        decision: Decision,
    ) -> Result<(Self, Evenement), Refus> {
        if self.close {
            return Err(Refus::Close);
        }
        if self.recuse(candidature, &decision.par) {
            return Err(Refus::Recuse);
        }
        let evenement = self.evenement(
            format!("Décision du collège : {}", decision.avis.libelle()),
            &decision.par,
            decision.le,
        );
        let inscription = self
            .dossiers
            .iter_mut()
            .find(|inscription| inscription.candidature == candidature)
            .ok_or(Refus::PasInscrit)?;
        if inscription.decision.is_some() {
            return Err(Refus::DejaDecide);
        }
        inscription.decision = Some(decision);
        Ok((self, evenement))
    }

    pub fn clore(mut self, par: &Acteur, le: Timestamp) -> Result<(Self, Evenement), Refus> {
        if self.close {
            return Err(Refus::Close);
        }
        if self.dossiers.iter().any(|inscription| inscription.decision.is_none()) {
            return Err(Refus::DecisionsManquantes);
        }
        self.close = true;
        let evenement = self.evenement("Session du collège close", par, le);
        Ok((self, evenement))
    }
}
