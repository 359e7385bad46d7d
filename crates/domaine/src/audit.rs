//! The audit de conformité of a software that holds a habilitation (spec guichets §1.8, §2.7, R59).
//!
//! Rule: nothing is concluded before the holder could answer, and an audit never touches the habilitation by itself. It
//! ends well, or with a proposal that the administrateur (suspension) or the collège (withdrawal) takes up or not.
//! `actes` is what people do to it.

mod actes;

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::actes::{NouveauConstat, Planification, Reponse, Suite};
use crate::{
    calendrier::date_fr,
    candidature::Candidature,
    evenement::{Acteur, Sujet},
    habilitation::Habilitation,
    id::Id,
    identifiant::Texte,
    preuve::Fichier,
    produit::Produit,
    structure::{Personne, Structure},
};

/// Days that the holder has at least to answer the provisional report.
pub const OBSERVATIONS_JOURS: i32 = 15;
/// Most findings of an audit.
pub const CONSTATS_MAX: usize = 100;

/// The title of a finding.
pub type Intitule = Texte<1, 200>;
/// A scope, a description, a report, an answer.
pub type Recit = Texte<1, 8000>;

/// How grave a finding is; only a remark asks for no correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gravite {
    Remarque,
    Mineure,
    Majeure,
    Critique,
}

impl Gravite {
    pub const TOUTES: [Self; 4] = [Self::Critique, Self::Majeure, Self::Mineure, Self::Remarque];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Remarque => "remarque",
            Self::Mineure => "mineure",
            Self::Majeure => "majeure",
            Self::Critique => "critique",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Remarque => "Remarque",
            Self::Mineure => "Non-conformité mineure",
            Self::Majeure => "Non-conformité majeure",
            Self::Critique => "Non-conformité critique",
        }
    }

    /// Whether a finding of this gravity is an écart, to be corrected.
    pub fn ecart(self) -> bool {
        self > Self::Remarque
    }
}

/// What the auditeur says of a finding once the holder has answered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jugement {
    /// The finding no longer stands: unfounded after the exchange, or corrected at the recontrôle.
    pub leve: bool,
    pub motif: Recit,
    pub par: Acteur,
    pub le: Timestamp,
}

/// What the holder undertakes about a finding. A later one takes the place of the one before, which stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub texte: Recit,
    /// Day on which it is done.
    pub date: Date,
    pub preuves: Vec<Fichier>,
    pub par: Acteur,
    pub le: Timestamp,
}

/// Something that the audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constat {
    /// From 1, never used twice in an audit.
    pub rang: u32,
    pub intitule: Intitule,
    pub gravite: Gravite,
    /// The requirement or the article that it is about, as people name it; may be empty.
    pub exigence: Texte<0, 200>,
    pub description: Recit,
    pub preuves: Vec<Fichier>,
    /// Last day for the correction of an écart; a remark has none.
    pub echeance: Option<Date>,
    /// After the contradictory exchange.
    pub apres_echange: Option<Jugement>,
    pub au_recontrole: Option<Jugement>,
    pub actions: Vec<Action>,
}

impl Constat {
    pub fn leve(&self) -> bool {
        [&self.apres_echange, &self.au_recontrole].into_iter().flatten().any(|jugement| jugement.leve)
    }

    /// Whether it is an écart that still stands.
    pub fn ouvert(&self) -> bool {
        self.gravite.ecart() && !self.leve()
    }

    /// The action that counts.
    pub fn action(&self) -> Option<&Action> {
        self.actions.last()
    }

    fn fichiers(&self) -> impl Iterator<Item = &Fichier> {
        self.preuves.iter().chain(self.actions.iter().flat_map(|action| &action.preuves))
    }
}

/// A report of the auditeur, provisional or final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rapport {
    pub synthese: Recit,
    pub fichiers: Vec<Fichier>,
    pub par: Acteur,
    pub le: Timestamp,
}

/// What the holder answers to the provisional report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub texte: Recit,
    pub fichiers: Vec<Fichier>,
    pub par: Acteur,
    pub le: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatAudit {
    /// The holder knows nothing of it yet.
    Planifie,
    Notifie {
        le: Timestamp,
    },
    EnCours {
        depuis: Timestamp,
    },
    /// Written, and not yet sent to the holder.
    RapportProvisoire {
        le: Timestamp,
    },
    /// The holder reads the provisional report and may answer it, through that day.
    Contradictoire {
        depuis: Timestamp,
        jusqu_au: Date,
    },
    RapportFinal {
        le: Timestamp,
    },
    ClosConforme {
        le: Timestamp,
    },
    /// At least one écart stands.
    Ecarts {
        le: Timestamp,
    },
    /// The holder says for each écart what is done about it, through that day.
    PlanDActions {
        depuis: Timestamp,
        avant: Date,
    },
    Recontrole {
        depuis: Timestamp,
        prevu_le: Date,
    },
    /// The administrateur decides on it, with the habilitation.
    SuspensionProposee {
        motif: Recit,
        le: Timestamp,
    },
    /// The collège decides on it, with the habilitation.
    RetraitPropose {
        motif: Recit,
        le: Timestamp,
    },
}

impl EtatAudit {
    /// Key and name of each state, in the order of the procedure.
    pub const TOUS: [(&'static str, &'static str); 12] = [
        ("planifie", "Planifié"),
        ("notifie", "Notifié"),
        ("en_cours", "En cours"),
        ("rapport_provisoire", "Rapport provisoire"),
        ("contradictoire", "Échange contradictoire"),
        ("rapport_final", "Rapport final"),
        ("clos_conforme", "Clos, conforme"),
        ("ecarts", "Écarts constatés"),
        ("plan_d_actions", "Plan d’actions"),
        ("recontrole", "Recontrôle"),
        ("suspension_proposee", "Suspension proposée"),
        ("retrait_propose", "Retrait proposé"),
    ];

    fn rang(&self) -> usize {
        match self {
            Self::Planifie => 0,
            Self::Notifie { .. } => 1,
            Self::EnCours { .. } => 2,
            Self::RapportProvisoire { .. } => 3,
            Self::Contradictoire { .. } => 4,
            Self::RapportFinal { .. } => 5,
            Self::ClosConforme { .. } => 6,
            Self::Ecarts { .. } => 7,
            Self::PlanDActions { .. } => 8,
            Self::Recontrole { .. } => 9,
            Self::SuspensionProposee { .. } => 10,
            Self::RetraitPropose { .. } => 11,
        }
    }

    pub fn cle(&self) -> &'static str {
        Self::TOUS[self.rang()].0
    }

    pub fn libelle(&self) -> &'static str {
        Self::TOUS[self.rang()].1
    }

    /// Whether nothing more happens in the audit itself.
    pub fn termine(&self) -> bool {
        matches!(
            self,
            Self::ClosConforme { .. } | Self::SuspensionProposee { .. } | Self::RetraitPropose { .. }
        )
    }
}

/// Who has to do the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partie {
    Agence,
    Titulaire,
}

/// The next step: whose it is, what it is, and through which day when it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attente {
    pub de: Partie,
    pub quoi: &'static str,
    pub avant: Option<Date>,
}

impl Attente {
    pub fn en_retard(&self, aujourdhui: Date) -> bool {
        self.avant.is_some_and(|avant| avant < aujourdhui)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub id: Id<Audit>,
    /// `AUD-{year}-{sequence}`.
    pub numero: String,
    pub habilitation: Id<Habilitation>,
    /// That of the habilitation.
    pub habilitation_numero: String,
    pub candidature: Id<Candidature>,
    pub structure: Id<Structure>,
    pub produit: Id<Produit>,
    pub denomination: String,
    /// Name and version of the software, as the habilitation says them.
    pub logiciel: String,
    pub perimetre: Recit,
    /// First and last day of the checks.
    pub du: Date,
    pub au: Date,
    /// Who planned it.
    pub auditeur: Acteur,
    /// Those who instructed the dossier: they take no part.
    pub ecartes: BTreeSet<Id<Personne>>,
    pub constats: Vec<Constat>,
    /// Number of the last finding, even of one that was taken back.
    pub dernier_rang: u32,
    pub rapport_provisoire: Option<Rapport>,
    pub observations: Vec<Observation>,
    pub rapport_final: Option<Rapport>,
    pub etat: EtatAudit,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("Cette habilitation est « {0} » : un audit porte sur un logiciel habilité.")]
    PasHabilite(&'static str),
    #[error("Cet audit est « {0} » : cet acte n’y est pas possible.")]
    Etat(&'static str),
    #[error("Une personne qui a instruit ce dossier n’en mène pas l’audit.")]
    SeparationDesPouvoirs,
    #[error("L’audit ne peut pas commencer un jour passé.")]
    DebutPasse,
    #[error("L’audit finit au plus tôt le jour où il commence.")]
    DatesInversees,
    #[error("Le {} est trop tôt : la date est au plus tôt le {}.", date_fr(*.recue), date_fr(*.minimum))]
    TropTot { recue: Date, minimum: Date },
    #[error("Donnez la date limite de correction : une non-conformité en a une.")]
    EcheanceManquante,
    #[error("Ce constat n’existe pas ou plus.")]
    ConstatInconnu,
    #[error("Ce constat est une remarque : il ne demande aucune action.")]
    Remarque,
    #[error("Ce constat est levé : il ne demande plus rien.")]
    ConstatLeve,
    #[error("Un audit compte {CONSTATS_MAX} constats au plus.")]
    TropDeConstats,
    #[error(
        "Le titulaire peut présenter ses observations jusqu’au {} inclus. Il n’en a pas encore présenté.",
        date_fr(*.0)
    )]
    ObservationsAttendues(Date),
    #[error(
        "Le titulaire peut compléter son plan d’actions jusqu’au {} inclus. Il y manque encore une action.",
        date_fr(*.0)
    )]
    PlanAttendu(Date),
    #[error("Jugez d’abord chaque écart au recontrôle : levé ou maintenu.")]
    ConstatsAJuger,
    #[error("Un écart au moins est maintenu : l’audit ne se clôt pas conforme.")]
    EcartMaintenu,
    #[error("Aucun écart n’est maintenu : l’audit se clôt conforme.")]
    AucunEcart,
}

impl Audit {
    pub fn sujet(&self) -> Sujet {
        Sujet::new("audit", self.id)
    }

    /// Whether the holder knows that there is an audit.
    pub fn notifie(&self) -> bool {
        self.etat != EtatAudit::Planifie
    }

    /// Whether the holder may read the findings and the provisional report.
    pub fn communique(&self) -> bool {
        !matches!(
            self.etat,
            EtatAudit::Planifie
                | EtatAudit::Notifie { .. }
                | EtatAudit::EnCours { .. }
                | EtatAudit::RapportProvisoire { .. }
        )
    }

    pub fn constat(&self, rang: u32) -> Option<&Constat> {
        self.constats.iter().find(|constat| constat.rang == rang)
    }

    /// The écarts that still stand.
    pub fn ouverts(&self) -> impl Iterator<Item = &Constat> {
        self.constats.iter().filter(|constat| constat.ouvert())
    }

    /// Whether each écart that stands has its action.
    pub fn plan_complet(&self) -> bool {
        self.ouverts().all(|constat| constat.action().is_some())
    }

    /// The files that the holder (or, with `agence`, the agency) may read.
    pub fn fichiers(&self, agence: bool) -> Vec<&Fichier> {
        if !agence && !self.communique() {
            return Vec::new();
        }
        let rapports = [&self.rapport_provisoire, &self.rapport_final].into_iter().flatten();
        self.constats
            .iter()
            .flat_map(Constat::fichiers)
            .chain(rapports.flat_map(|rapport| &rapport.fichiers))
            .chain(self.observations.iter().flat_map(|observation| &observation.fichiers))
            .collect()
    }

    /// The next step; none once the audit has ended.
    pub fn attente(&self) -> Option<Attente> {
        let agence = |quoi, avant| Some(Attente { de: Partie::Agence, quoi, avant });
        let titulaire = |quoi, avant| Some(Attente { de: Partie::Titulaire, quoi, avant });
        match &self.etat {
            EtatAudit::Planifie => agence("Notifier l’audit au titulaire", Some(self.du)),
            EtatAudit::Notifie { .. } => agence("Commencer les contrôles", Some(self.du)),
            EtatAudit::EnCours { .. } => agence("Rendre le rapport provisoire", Some(self.au)),
            EtatAudit::RapportProvisoire { .. } => agence("Communiquer le rapport provisoire", None),
            EtatAudit::Contradictoire { jusqu_au, .. } if self.observations.is_empty() => {
                titulaire("Présenter des observations", Some(*jusqu_au))
            }
            EtatAudit::Contradictoire { .. } => agence("Rendre le rapport final", None),
            EtatAudit::RapportFinal { .. } => agence("Conclure l’audit", None),
            EtatAudit::Ecarts { .. } => agence("Demander un plan d’actions", None),
            EtatAudit::PlanDActions { avant, .. } if !self.plan_complet() => {
                titulaire("Proposer un plan d’actions", Some(*avant))
            }
            EtatAudit::PlanDActions { .. } => {
                let derniere = self.ouverts().filter_map(Constat::action).map(|action| action.date).max();
                titulaire("Mener les actions du plan", derniere)
            }
            EtatAudit::Recontrole { prevu_le, .. } => agence("Conclure le recontrôle", Some(*prevu_le)),
            EtatAudit::ClosConforme { .. }
            | EtatAudit::SuspensionProposee { .. }
            | EtatAudit::RetraitPropose { .. } => None,
        }
    }
}
