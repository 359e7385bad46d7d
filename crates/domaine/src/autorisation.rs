//! The autorisation d’accès aux environnements de test: three months, for éditeurs, once the chapter *Prérequis
//! Maturité Technique* is valid (spec guichets §1.6, R51).
//!
//! Rule: valid through 23:59:59 Europe/Paris of the day with the same number three months later. That it has ended is
//! read from the clock, never stored.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    calendrier::fin_de_validite,
    candidature::{Candidature, Etat},
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    identifiant::Nru,
};

/// Length of a period, in months (R51).
pub const MOIS: u32 = 3;

/// The chapter that opens the right to an autorisation.
pub const CHAPITRE: &str = "PMT";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub motif: String,
    pub par: Acteur,
    pub le: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autorisation {
    pub id: Id<Autorisation>,
    /// `AUT-{year}-{sequence}`; a prolongation adds `-2`, `-3`…
    pub numero: String,
    /// Which period: 1 for the first.
    pub periode: u32,
    pub candidature: Id<Candidature>,
    pub nru: Nru,
    pub debut: Timestamp,
    /// Last day of validity.
    pub fin: Date,
    pub revocation: Option<Revocation>,
    /// SHA-256 of the PDF, once it is made.
    pub document: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtatAutorisation {
    Active { jours: i32 },
    Expiree,
    Revoquee,
}

impl EtatAutorisation {
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Active { .. } => "Active",
            Self::Expiree => "Expirée",
            Self::Revoquee => "Révoquée",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("Le chapitre « Prérequis Maturité Technique » n’est pas validé.")]
    PrerequisNonValides,
    #[error("L’autorisation est révoquée.")]
    Revoquee,
    #[error("Donnez un motif.")]
    MotifManquant,
    #[error("La candidature est close.")]
    CandidatureClose,
}

impl Autorisation {
    /// Issues the first autorisation of a candidature whose technical prerequisites are valid.
    pub fn emettre(
        id: Id<Self>,
        annee: i16,
        sequence: i64,
        candidature: &Candidature,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        exige_prerequis(candidature)?;
        let autorisation = Self {
            id,
            numero: format!("AUT-{annee}-{sequence:05}"),
            periode: 1,
            candidature: candidature.id,
            nru: candidature.nru.clone(),
            debut: le,
            fin: fin_de_validite(le, MOIS).date,
            revocation: None,
            document: None,
        };
        let evenement = autorisation.evenement("Autorisation d’accès accordée", &Acteur::systeme(), le);
        Ok((autorisation, evenement))
    }

    fn evenement(&self, acte: &str, par: &Acteur, le: Timestamp) -> Evenement {
        Evenement::new(
            Sujet::new("candidature", self.candidature),
            format!("{acte} ({})", self.numero),
            par,
            le,
        )
    }

    /// `aujourdhui` in Europe/Paris.
    pub fn etat(&self, aujourdhui: Date) -> EtatAutorisation {
        if self.revocation.is_some() {
            return EtatAutorisation::Revoquee;
        }
        if self.fin < aujourdhui {
            return EtatAutorisation::Expiree;
        }
        EtatAutorisation::Active { jours: (self.fin - aujourdhui).get_days() }
    }

    /// A new period from `le`, while the prerequisites stand and the dossier lives.
    pub fn prolonger(
        mut self,
        candidature: &Candidature,
        motif: &str,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.revocation.is_some() {
            return Err(Refus::Revoquee);
        }
        exige_motif(motif)?;
        exige_prerequis(candidature)?;
        let avant = self.fin;
        let racine = self.numero.split('-').take(3).collect::<Vec<_>>().join("-");
        self.periode += 1;
        self.numero = format!("{racine}-{}", self.periode);
        self.debut = le;
        self.fin = fin_de_validite(le, MOIS).date;
        self.document = None;
        let evenement = self
            .evenement("Autorisation d’accès prolongée", par, le)
            .difference("fin", avant.to_string(), self.fin.to_string())
            .motif(motif);
        Ok((self, evenement))
    }

    pub fn revoquer(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Result<(Self, Evenement), Refus> {
        if self.revocation.is_some() {
            return Err(Refus::Revoquee);
        }
        exige_motif(motif)?;
        self.revocation = Some(Revocation { motif: motif.to_owned(), par: par.clone(), le });
        let evenement = self.evenement("Autorisation d’accès révoquée", par, le).motif(motif);
        Ok((self, evenement))
    }
}

fn exige_motif(motif: &str) -> Result<(), Refus> {
    if motif.trim().is_empty() { Err(Refus::MotifManquant) } else { Ok(()) }
}

fn exige_prerequis(candidature: &Candidature) -> Result<(), Refus> {
    if matches!(candidature.etat, Etat::Refusee { .. } | Etat::Abandonnee { .. }) {
        return Err(Refus::CandidatureClose);
    }
    let valide = candidature.chapitre(CHAPITRE).is_some_and(crate::chapitre::Chapitre::valide);
    if valide { Ok(()) } else { Err(Refus::PrerequisNonValides) }
}
