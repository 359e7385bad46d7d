//! The habilitation: three years, one for each profile, signed by the agency (spec guichets §1.7, §2.8, R54).
//!
//! Rule: the number is given with the decision and never used twice; the signature makes it active. That it has ended
//! is read from the clock, never stored.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    calendrier::fin_de_validite,
    candidature::Candidature,
    evenement::{Acteur, Evenement, Sujet},
    formulaire::champs::Forme,
    id::Id,
    identifiant::Nru,
    referentiel::Profil,
    structure::Structure,
};

/// Length of validity, in months (R54).
pub const MOIS: u32 = 36;

/// What stands in the letter and in the JSON embedded in it: frozen on the day of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contenu {
    /// `HAB-{profil}-{year}-{sequence}`.
    pub numero: String,
    pub profil: Profil,
    pub nru: Nru,
    pub denomination: String,
    pub siret: String,
    /// Name of the administrative contact.
    pub contact: String,
    pub logiciel: String,
    pub version: String,
    pub client_id: String,
    pub referentiel: String,
    /// Days on which the last preuves were validated, first and last.
    pub conformite_du: Date,
    pub conformite_au: Date,
    pub decision_le: Date,
    /// Last day of validity.
    pub fin: Date,
    /// Numbers of the habilitations on which this one relies (spec §3.3).
    pub dependances: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatHabilitation {
    /// Decided, waiting for the signature.
    Projet,
    Active {
        signee_le: Timestamp,
        /// SHA-256 of the signed PDF.
        document: String,
    },
    Suspendue {
        signee_le: Timestamp,
        document: String,
        motif: String,
        le: Timestamp,
    },
    Retiree {
        document: String,
        motif: String,
        le: Timestamp,
    },
    /// A newer one stands for the same produit and profile.
    Remplacee {
        document: String,
        par: String,
        le: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habilitation {
    pub id: Id<Habilitation>,
    pub candidature: Id<Candidature>,
    pub structure: Id<Structure>,
    pub produit: Id<crate::produit::Produit>,
    pub contenu: Contenu,
    pub etat: EtatHabilitation,
    /// End of validity, as an instant.
    pub expire: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("Le collège n’a pas rendu de décision favorable sur cette candidature.")]
    PasDeDecision,
    #[error("Cette candidature n’est pas pour le profil {0}.")]
    AutreProfil(Profil),
    #[error("Cette habilitation est « {0} » : cet acte n’y est pas possible.")]
    Etat(&'static str),
    #[error("Donnez un motif.")]
    MotifManquant,
    #[error("Une personne qui a instruit ce dossier ne le signe pas.")]
    SeparationDesPouvoirs,
}

type Suite = Result<(Habilitation, Evenement), Refus>;

impl Habilitation {
    /// Prepares the habilitation of one profile after a favourable decision.
    pub fn preparer(
        id: Id<Self>,
        sequence: i64,
        profil: Profil,
        candidature: &Candidature,
        conformite: (Date, Date),
        decision_le: Timestamp,
    ) -> Suite {
        if !matches!(candidature.etat, crate::candidature::Etat::Habilitee { .. }) {
            return Err(Refus::PasDeDecision);
        }
        if !candidature.profils().contains(&profil) {
            return Err(Refus::AutreProfil(profil));
        }
        let formulaire = &candidature.formulaire;
        let fin = fin_de_validite(decision_le, MOIS);
        let jour = crate::calendrier::jour(decision_le);
        let contenu = Contenu {
            numero: format!("HAB-{}-{}-{sequence:05}", profil.code(), jour.year()),
            profil,
            nru: candidature.nru.clone(),
            denomination: formulaire.valeur("denomination").to_owned(),
            siret: formulaire
                .valeur("siret")
                .parse::<crate::identifiant::Siret>()
                .map_or_else(|_| formulaire.valeur("siret").to_owned(), |siret| siret.to_string()),
            contact: format!("{} {}", formulaire.valeur("contact_prenom"), formulaire.valeur("contact_nom")),
            logiciel: formulaire.valeur("logiciel").to_owned(),
            version: formulaire.valeur("version").to_owned(),
            client_id: formulaire.valeur("client_id").to_owned(),
            referentiel: candidature.referentiel.clone(),
            conformite_du: conformite.0,
            conformite_au: conformite.1,
            decision_le: jour,
            fin: fin.date,
            dependances: dependances(profil, candidature),
        };
        let habilitation = Self {
            id,
            candidature: candidature.id,
            structure: candidature.structure,
            produit: candidature.produit,
            contenu,
            etat: EtatHabilitation::Projet,
            expire: fin.instant,
        };
        let evenement = habilitation.evenement("Habilitation préparée", &Acteur::systeme(), decision_le);
        Ok((habilitation, evenement))
    }

    fn evenement(&self, acte: &str, par: &Acteur, le: Timestamp) -> Evenement {
        Evenement::new(
            Sujet::new("candidature", self.candidature),
            format!("{acte} ({})", self.contenu.numero),
            par,
            le,
        )
    }

    pub fn numero(&self) -> &str {
        &self.contenu.numero
    }

    pub fn document(&self) -> Option<&str> {
        match &self.etat {
            EtatHabilitation::Projet => None,
            EtatHabilitation::Active { document, .. }
            | EtatHabilitation::Suspendue { document, .. }
            | EtatHabilitation::Retiree { document, .. }
            | EtatHabilitation::Remplacee { document, .. } => Some(document),
        }
    }

    /// Whether its last day is over in Paris.
    pub fn expiree(&self, le: Timestamp) -> bool {
        crate::calendrier::jour(le) > self.contenu.fin
    }

    /// Whether a third party may rely on it now.
    pub fn en_vigueur(&self, le: Timestamp) -> Result<(), String> {
        let fin = crate::calendrier::date_fr(self.contenu.fin);
        match &self.etat {
            EtatHabilitation::Projet => Err("Cette habilitation n’est pas encore signée.".to_owned()),
            EtatHabilitation::Suspendue { motif, .. } => {
                Err(format!("Cette habilitation est suspendue : {motif}"))
            }
            EtatHabilitation::Retiree { .. } => Err("Cette habilitation a été retirée.".to_owned()),
            EtatHabilitation::Remplacee { par, .. } => {
                Err(format!("Cette habilitation est remplacée par {par}."))
            }
            EtatHabilitation::Active { .. } if self.expiree(le) => {
                Err(format!("Cette habilitation a pris fin le {fin}."))
            }
            EtatHabilitation::Active { .. } => Ok(()),
        }
    }

    pub fn libelle_etat(&self, le: Timestamp) -> &'static str {
        match &self.etat {
            EtatHabilitation::Projet => "À signer",
            EtatHabilitation::Suspendue { .. } => "Suspendue",
            EtatHabilitation::Retiree { .. } => "Retirée",
            EtatHabilitation::Remplacee { .. } => "Remplacée",
            EtatHabilitation::Active { .. } if self.expiree(le) => "Expirée",
            EtatHabilitation::Active { .. } => "Active",
        }
    }

    /// Whether this person may sign it: not somebody who instructed the dossier.
    pub fn exige_signataire(&self, candidature: &Candidature, par: &Acteur) -> Result<(), Refus> {
        if self.etat != EtatHabilitation::Projet {
            return Err(Refus::Etat(self.libelle_etat(Timestamp::MIN)));
        }
        if par.personne.is_some_and(|personne| candidature.instruite_par(personne)) {
            return Err(Refus::SeparationDesPouvoirs);
        }
        Ok(())
    }

    /// The signed PDF exists: the habilitation is in force.
    pub fn activer(
        mut self,
        candidature: &Candidature,
        document: String,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        self.exige_signataire(candidature, par)?;
        let evenement = self
            .evenement("Habilitation signée", par, le)
            .etats("À signer", "Active")
            .difference("document", "", document.clone());
        self.etat = EtatHabilitation::Active { signee_le: le, document };
        Ok((self, evenement))
    }

    pub fn suspendre(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        let EtatHabilitation::Active { signee_le, document } = self.etat.clone() else {
            return Err(Refus::Etat(self.libelle_etat(le)));
        };
        if self.expiree(le) {
            return Err(Refus::Etat(self.libelle_etat(le)));
        }
        exige_motif(motif)?;
        let evenement =
            self.evenement("Habilitation suspendue", par, le).etats("Active", "Suspendue").motif(motif);
        self.etat = EtatHabilitation::Suspendue { signee_le, document, motif: motif.to_owned(), le };
        Ok((self, evenement))
    }

    pub fn retablir(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        let EtatHabilitation::Suspendue { signee_le, document, .. } = self.etat.clone() else {
            return Err(Refus::Etat(self.libelle_etat(le)));
        };
        exige_motif(motif)?;
        let evenement =
            self.evenement("Habilitation rétablie", par, le).etats("Suspendue", "Active").motif(motif);
        self.etat = EtatHabilitation::Active { signee_le, document };
        Ok((self, evenement))
    }

    /// Final; by the collège, after the contradictory exchange.
    pub fn retirer(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        let (EtatHabilitation::Active { document, .. } | EtatHabilitation::Suspendue { document, .. }) =
            self.etat.clone()
        else {
            return Err(Refus::Etat(self.libelle_etat(le)));
        };
        exige_motif(motif)?;
        let evenement = self
            .evenement("Habilitation retirée", par, le)
            .etats(self.libelle_etat(le), "Retirée")
            .motif(motif);
        self.etat = EtatHabilitation::Retiree { document, motif: motif.to_owned(), le };
        Ok((self, evenement))
    }

    /// A newer habilitation of the same produit and profile has become active.
    pub fn remplacer(mut self, par_numero: &str, le: Timestamp) -> Suite {
        let (EtatHabilitation::Active { document, .. } | EtatHabilitation::Suspendue { document, .. }) =
            self.etat.clone()
        else {
            return Err(Refus::Etat(self.libelle_etat(le)));
        };
        let evenement = self
            .evenement("Habilitation remplacée", &Acteur::systeme(), le)
            .etats(self.libelle_etat(le), "Remplacée")
            .difference("remplacée par", "", par_numero);
        self.etat = EtatHabilitation::Remplacee { document, par: par_numero.to_owned(), le };
        Ok((self, evenement))
    }
}

/// The habilitations on which that of a profile relies: the éditeur's of the same component, and for an OpSU that of
/// the opérateur of the proxy (spec guichets §3.3). An answer that the form no longer shows does not count.
fn dependances(profil: Profil, candidature: &Candidature) -> Vec<String> {
    let formulaire = &candidature.formulaire;
    formulaire
        .champs(candidature.guichet)
        .filter(|champ| match champ.forme {
            Forme::Habilitation(liee) => match profil {
                Profil::OpSU => matches!(liee, Profil::ELU | Profil::OpSP),
                Profil::OpSP => liee == Profil::ELP,
                Profil::ELU | Profil::ELP => false,
            },
            _ => false,
        })
        .filter_map(|champ| formulaire.habilitations.get(champ.cle))
        .map(|liee| liee.numero.clone())
        .collect()
}

fn exige_motif(motif: &str) -> Result<(), Refus> {
    if motif.trim().is_empty() { Err(Refus::MotifManquant) } else { Ok(()) }
}
