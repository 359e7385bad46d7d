//! A candidature: one produit before one guichet, from its first step to its habilitation (spec guichets §1.2).
//!
//! Rule: each step opens after the validation of the one before (R14). The acts consume the candidature and give back
//! the next one with its event, or the refusal that names the rule. The acts on the formulaire stand in
//! [`administratif`], those on chapters and preuves in [`depot`], those of the collège in [`decision`].

pub mod administratif;
pub mod conservation;
pub mod decision;
pub mod depot;
pub mod manque;
pub mod reprise;

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    chapitre::Chapitre,
    college::Session,
    evenement::{Acteur, Evenement, Sujet},
    formulaire::{Formulaire, rapprochement::Conflit},
    id::Id,
    identifiant::{Nru, RefusLien},
    produit::{Faute, Produit},
    referentiel::{Guichet, Profil},
    structure::{Personne, Structure},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Etat {
    Creee,
    FormulaireEnCours,
    FormulaireSoumis,
    FormulaireACorriger,
    /// The formulaire is valid, the chapters are open.
    DepotOuvert,
    /// Every obligatory chapter is valid: the dossier waits for the collège.
    DepotComplet,
    EnCollege {
        session: Id<Session>,
    },
    /// The collège decided in favour; the habilitations are signed one by one.
    Habilitee {
        le: Timestamp,
    },
    Refusee {
        motif: String,
        le: Timestamp,
    },
    Abandonnee {
        motif: String,
        le: Timestamp,
    },
    /// No activity for long: any act of the industriel wakes it up.
    Dormante {
        depuis: Timestamp,
        avant: Box<Etat>,
    },
}

impl Etat {
    pub fn libelle(&self) -> &'static str {
        match self {
            Self::Creee => "À compléter",
            Self::FormulaireEnCours => "Formulaire en cours",
            Self::FormulaireSoumis => "Formulaire soumis",
            Self::FormulaireACorriger => "Formulaire à corriger",
            Self::DepotOuvert => "Dépôt des preuves",
            Self::DepotComplet => "Dépôt complet",
            Self::EnCollege { .. } => "En collège",
            Self::Habilitee { .. } => "Habilitée",
            Self::Refusee { .. } => "Refusée",
            Self::Abandonnee { .. } => "Abandonnée",
            Self::Dormante { .. } => "En sommeil",
        }
    }

    /// Key of the state in lists and filters.
    pub fn cle(&self) -> &'static str {
        match self {
            Self::Creee => "creee",
            Self::FormulaireEnCours => "formulaire_en_cours",
            Self::FormulaireSoumis => "formulaire_soumis",
            Self::FormulaireACorriger => "formulaire_a_corriger",
            Self::DepotOuvert => "depot_ouvert",
            Self::DepotComplet => "depot_complet",
            Self::EnCollege { .. } => "en_college",
            Self::Habilitee { .. } => "habilitee",
            Self::Refusee { .. } => "refusee",
            Self::Abandonnee { .. } => "abandonnee",
            Self::Dormante { .. } => "dormante",
        }
    }

    pub fn terminee(&self) -> bool {
        matches!(self, Self::Habilitee { .. } | Self::Refusee { .. } | Self::Abandonnee { .. })
    }
}

impl fmt::Display for Etat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidature {
    pub id: Id<Candidature>,
    pub nru: Nru,
    pub guichet: Guichet,
    pub produit: Id<Produit>,
    /// « Nom - version - référence » of the produit, as it was when the candidature was made.
    pub titre: String,
    pub structure: Id<Structure>,
    /// Version of the référentiel that the candidature follows to its end.
    pub referentiel: String,
    pub etat: Etat,
    pub formulaire: Formulaire,
    /// Empty until the formulaire is valid; kept in every later state.
    pub chapitres: Vec<Chapitre>,
    /// The agency's person in charge.
    pub referent: Option<Acteur>,
    /// Everybody who instructed a part of the dossier, even if a colleague took over since.
    pub instructeurs: BTreeSet<Id<Personne>>,
    /// NRU of the candidature that this one replaces after an error of profile (R13), or renews.
    pub remplace: Option<Nru>,
    /// Number of the habilitation that this candidature is to renew.
    #[serde(default)]
    pub renouvelle: Option<String>,
    /// What the collège reads of the dossier, as it was put on the agenda for the last time.
    #[serde(default)]
    pub synthese: Option<Synthese>,
    /// What was erased at the end of its retention.
    #[serde(default)]
    pub efface: Option<conservation::Effacement>,
    pub creee_le: Timestamp,
    /// Last act of the industriel.
    pub active_le: Timestamp,
    /// Since when the agency is to answer; `None` while the industriel must act.
    pub attente_agence: Option<Timestamp>,
}

/// The synthesis of a dossier, frozen when it was put on the agenda of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synthese {
    /// SHA-256 of the PDF, in lower-case hexadecimal.
    pub sha256: String,
    pub session: Id<Session>,
    pub le: Timestamp,
}

/// Why an act on a candidature is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("La candidature est « {0} » : cet acte n’y est plus possible.")]
    Etat(&'static str),
    #[error("Ce produit n’est pas dans le catalogue : validez-le avant de candidater.")]
    ProduitInactif,
    #[error("Une candidature n’en remplace une autre que pour le même produit et au même guichet.")]
    RemplacementImpossible,
    #[error("L’agence doit une réponse sur ce dossier : il ne s’endort pas.")]
    AttenteAgence,
    #[error("Le formulaire administratif comporte des champs à corriger.")]
    Formulaire(Vec<Faute>),
    #[error("Le champ « {0} » n’est pas modifiable dans cet état.")]
    ChampVerrouille(String),
    /// Somebody else changed these while the person was typing.
    #[error("Une autre personne, ou un autre onglet, a changé entre-temps ce que vous modifiez.")]
    Conflit(Vec<Conflit>),
    #[error("Les composants additionnels ne changent plus une fois le dépôt de preuves commencé.")]
    ComposantsFiges,
    #[error("Donnez un motif : il est montré au candidat.")]
    MotifManquant,
    #[error("Choisissez au moins un champ à corriger.")]
    RienACorriger,
    #[error("Ce champ n’existe pas dans ce formulaire.")]
    ChampInconnu,
    #[error("Ce chapitre n’est pas de cette candidature.")]
    ChapitreInconnu,
    #[error("Cette preuve attendue n’est pas de ce chapitre.")]
    EmplacementInconnu,
    #[error("Cette preuve n’existe pas ou n’est plus en cours.")]
    PreuveInconnue,
    #[error("Le chapitre est « {0} » : ses preuves ne changent pas.")]
    ChapitreVerrouille(&'static str),
    #[error("Seules les preuves signalées par l’instruction sont à corriger.")]
    EmplacementVerrouille,
    #[error("Cette forme de preuve n’est pas attendue ici : {0}.")]
    KindRefuse(&'static str),
    #[error("Ce qui est déposé ne correspond pas à la forme annoncée : {0}.")]
    ContenuInattendu(&'static str),
    #[error("Cette preuve est vide : écrivez ou joignez ce qu’elle montre.")]
    ContenuVide,
    #[error("{0}")]
    Lien(RefusLien),
    #[error("Dites pourquoi cette preuve ne s’applique pas à votre logiciel.")]
    JustificationManquante,
    #[error("Ce dépôt compte déjà {0} éléments, le maximum.")]
    TropDePreuves(u32),
    #[error("La date réelle de la preuve ne peut pas être à venir.")]
    DateFuture,
    #[error("Il manque des preuves : {0}.")]
    ChapitreIncomplet(String),
    #[error("Prenez d’abord le chapitre en instruction.")]
    PasEnInstruction,
    #[error("Ce chapitre est instruit par {0}.")]
    AutreInstructeur(String),
    #[error("Ces preuves n’ont pas encore de verdict : {0}.")]
    VerdictManquant(String),
    #[error("Ces preuves ne sont pas conformes : {0}.")]
    PasConforme(String),
    #[error("Toutes les preuves sont conformes : validez le chapitre.")]
    ToutConforme,
    #[error("Une personne qui a instruit ce dossier ne décide pas en collège et ne signe pas.")]
    SeparationDesPouvoirs,
    #[error("Choisissez au moins un chapitre à rouvrir.")]
    AucunChapitre,
    #[error("La session du collège n’est pas celle de ce dossier.")]
    AutreSession,
    #[error("Aucune preuve de l’ancienne candidature n’est à reprendre.")]
    RienAReprendre,
    #[error(
        "Une preuve vient d’être déposée en {0} : rien n’a été repris. Rechargez la page, puis recommencez."
    )]
    EmplacementOccupe(String),
    #[error("Une habilitation sur laquelle ce dossier s’appuie ne vaut plus. {0}")]
    Prerequis(String),
}

/// What an act gives back when it is allowed.
pub type Suite = Result<(Candidature, Evenement), Refus>;

/// What is needed to make a candidature.
#[derive(Clone, Debug)]
pub struct Creation<'a> {
    pub id: Id<Candidature>,
    pub nru: Nru,
    pub guichet: Guichet,
    pub produit: &'a Produit,
    /// Version of the référentiel in force.
    pub referentiel: &'a str,
    pub remplace: Option<&'a Candidature>,
}

impl Candidature {
    /// Attaches a produit to a guichet: the NRU exists from here on (spec guichets §1.1).
    pub fn creer(creation: Creation<'_>, par: &Acteur, le: Timestamp) -> Result<(Self, Evenement), Refus> {
        let Creation { id, nru, guichet, produit, referentiel, remplace } = creation;
        if produit.etat != crate::produit::EtatProduit::Actif {
            return Err(Refus::ProduitInactif);
        }
        if remplace.is_some_and(|ancienne| ancienne.produit != produit.id || ancienne.guichet != guichet) {
            return Err(Refus::RemplacementImpossible);
        }
        let mut formulaire = Formulaire::default();
        formulaire.saisie.insert("logiciel".to_owned(), produit.fiche.nom.clone());
        formulaire.saisie.insert("version".to_owned(), produit.fiche.version.clone());
        if guichet == Guichet::Editeur && !produit.fiche.nil.is_empty() {
            formulaire.saisie.insert("nil".to_owned(), produit.fiche.nil.clone());
        }
        if let Some(ancienne) = remplace {
            formulaire.saisie = ancienne.formulaire.saisie.clone();
            formulaire.saisie.remove("profils");
            formulaire.saisie.remove("cgu");
            formulaire.composants.clone_from(&ancienne.formulaire.composants);
            formulaire.habilitations.clone_from(&ancienne.formulaire.habilitations);
        }
        let candidature = Self {
            id,
            nru,
            guichet,
            produit: produit.id,
            titre: produit.titre(),
            structure: produit.structure,
            referentiel: referentiel.to_owned(),
            etat: Etat::Creee,
            formulaire,
            chapitres: Vec::new(),
            referent: None,
            instructeurs: BTreeSet::new(),
            remplace: remplace.map(|ancienne| ancienne.nru.clone()),
            renouvelle: None,
            synthese: None,
            efface: None,
            creee_le: le,
            active_le: le,
            attente_agence: None,
        };
        let mut evenement = candidature.evenement("Candidature créée", par, le);
        if let Some(ancienne) = &candidature.remplace {
            evenement = evenement.difference("données reprises de", "", ancienne.to_string());
        }
        Ok((candidature, evenement))
    }

    pub fn sujet(&self) -> Sujet {
        Sujet::new("candidature", self.id)
    }

    pub fn profils(&self) -> Vec<Profil> {
        self.formulaire.profils(self.guichet)
    }

    pub fn chapitre(&self, code: &str) -> Option<&Chapitre> {
        self.chapitres.iter().find(|chapitre| chapitre.code == code)
    }

    /// Whether somebody instructed a part of this dossier: such a person neither decides nor signs (spec §5).
    pub fn instruite_par(&self, personne: Id<Personne>) -> bool {
        self.instructeurs.contains(&personne)
    }

    /// Gives up, by the industriel or by the agency: what was deposited is kept for the time of retention.
    pub fn abandonner(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        if self.etat.terminee() {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        exige_motif(motif)?;
        let evenement =
            self.evenement("Candidature abandonnée", par, le).etats(&self.etat, "Abandonnée").motif(motif);
        self.etat = Etat::Abandonnee { motif: motif.to_owned(), le };
        self.attente_agence = None;
        Ok((self, evenement))
    }

    /// Puts to sleep a dossier on which the industriel no longer acts; never one that waits for the agency, since it
    /// would be held against whoever waits.
    pub fn endormir(mut self, le: Timestamp) -> Suite {
        match self.etat {
            Etat::Creee | Etat::FormulaireEnCours | Etat::FormulaireACorriger | Etat::DepotOuvert => {}
            _ => return Err(Refus::Etat(self.etat.libelle())),
        }
        if self.attente_agence.is_some() {
            return Err(Refus::AttenteAgence);
        }
        let evenement = self
            .evenement("Candidature mise en sommeil faute d’activité", &Acteur::systeme(), le)
            .etats(&self.etat, "En sommeil");
        self.etat = Etat::Dormante { depuis: le, avant: Box::new(self.etat) };
        Ok((self, evenement))
    }

    /// Names the agency's person in charge; the industriel sees the name of the référent, not the assignments.
    pub fn affecter(mut self, referent: Option<Acteur>, par: &Acteur, le: Timestamp) -> Suite {
        if self.etat.terminee() {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let nom = |acteur: &Option<Acteur>| acteur.as_ref().map_or("personne", |un| &un.nom).to_owned();
        let evenement = self
            .evenement("Référent désigné", par, le)
            .difference("référent", nom(&self.referent), nom(&referent))
            .interne();
        self.referent = referent;
        Ok((self, evenement))
    }

    fn evenement(&self, acte: impl Into<String>, par: &Acteur, le: Timestamp) -> Evenement {
        Evenement::new(self.sujet(), acte, par, le)
    }

    /// Marks an act of the industriel: a sleeping dossier wakes up. Says whether it slept.
    fn reveiller(&mut self, le: Timestamp) -> Reveil {
        self.active_le = le;
        let Etat::Dormante { avant, .. } = &self.etat else { return Reveil(None) };
        self.etat = (**avant).clone();
        Reveil(Some(self.etat.libelle()))
    }

    fn noter_instructeur(&mut self, par: &Acteur) {
        self.instructeurs.extend(par.personne);
    }
}

/// The state to which a sleeping dossier came back, to be told by the event of the act that woke it up.
struct Reveil(Option<&'static str>);

impl Reveil {
    fn raconter(self, evenement: Evenement) -> Evenement {
        match self.0 {
            Some(etat) => evenement.difference("candidature", "En sommeil", etat),
            None => evenement,
        }
    }
}

/// A motif made of spaces tells the industriel nothing.
fn exige_motif(motif: &str) -> Result<(), Refus> {
    if motif.trim().is_empty() { Err(Refus::MotifManquant) } else { Ok(()) }
}
