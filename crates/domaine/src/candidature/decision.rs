//! What the collège does with a complete dossier (spec guichets §1.2, R54).
//!
//! Rule: whoever instructed a part of the dossier neither decides on it nor signs (separation of duties, spec §5).

use jiff::Timestamp;

use super::{Candidature, Etat, Refus, Suite, Synthese, depot::rouvrir, exige_motif};
use crate::{
    calendrier::jour,
    college::{Avis, Decision, Session},
    evenement::{Acteur, Evenement},
    formulaire::Contexte,
    id::Id,
};

impl Candidature {
    /// Puts a complete dossier on the agenda of a session: it is frozen from here.
    pub fn inscrire_en_college(mut self, session: Id<Session>, par: &Acteur, le: Timestamp) -> Suite {
        if self.etat != Etat::DepotComplet {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let vers = Etat::EnCollege { session };
        let evenement =
            self.evenement("Dossier inscrit à une session du collège", par, le).etats(&self.etat, &vers);
        self.etat = vers;
        Ok((self, evenement))
    }

    /// Notes the synthesis made of the dossier as it was just put on the agenda; `evenement` tells that act.
    #[must_use]
    pub fn joindre_synthese(mut self, synthese: Synthese, evenement: Evenement) -> (Self, Evenement) {
        let avant = self.synthese.as_ref().map_or_else(String::new, |une| une.sha256.clone());
        let evenement = evenement.difference("synthèse (SHA-256)", avant, synthese.sha256.clone());
        self.synthese = Some(synthese);
        (self, evenement)
    }

    /// The synthesis that the collège reads or has read; none while the dossier is open again, since it then changes.
    pub fn synthese_figee(&self) -> Option<&Synthese> {
        match self.etat {
            Etat::DepotOuvert | Etat::DepotComplet | Etat::Dormante { .. } => None,
            _ => self.synthese.as_ref(),
        }
    }

    /// Whether the habilitations on which the dossier relies still stand on that day (R18): they were checked when the form
    /// was validated, and may have been suspended, withdrawn or have ended since.
    pub fn exige_prerequis(&self, le: Timestamp) -> Result<(), Refus> {
        let contexte = Contexte { guichet: self.guichet, aujourdhui: jour(le) };
        let fautes: Vec<String> = self
            .formulaire
            .fautes(&contexte)
            .into_iter()
            .filter(|faute| faute.champ.starts_with("habilitation_"))
            .map(|faute| {
                let numero = self.formulaire.habilitations.get(&faute.champ).map(|liee| &liee.numero);
                numero.map_or_else(|| faute.message.clone(), |numero| format!("{numero} : {}", faute.message))
            })
            .collect();
        if fautes.is_empty() { Ok(()) } else { Err(Refus::Prerequis(fautes.join(" "))) }
    }

    /// Applies the decision of the collège.
    pub fn decider(mut self, session: Id<Session>, decision: &Decision, le: Timestamp) -> Suite {
        let Etat::EnCollege { session: inscrite } = &self.etat else {
            return Err(Refus::Etat(self.etat.libelle()));
        };
        if *inscrite != session {
            return Err(Refus::AutreSession);
        }
        if decision.par.personne.is_some_and(|personne| self.instruite_par(personne)) {
            return Err(Refus::SeparationDesPouvoirs);
        }
        if decision.avis == Avis::Favorable {
            self.exige_prerequis(le)?;
        } else {
            exige_motif(&decision.motif)?;
        }
        let vers = match &decision.avis {
            Avis::Favorable => Etat::Habilitee { le },
            Avis::Refus => Etat::Refusee { motif: decision.motif.clone(), le },
            Avis::Complement { chapitres } => {
                if chapitres.is_empty() {
                    return Err(Refus::AucunChapitre);
                }
                for code in chapitres {
                    let chapitre = self
                        .chapitres
                        .iter_mut()
                        .find(|chapitre| chapitre.code == *code)
                        .ok_or(Refus::ChapitreInconnu)?;
                    rouvrir(chapitre, le);
                }
                Etat::DepotOuvert
            }
        };
        let evenement = self
            .evenement(format!("Décision du collège : {}", decision.avis.libelle()), &decision.par, le)
            .etats(&self.etat, &vers)
            .motif(decision.motif.clone());
        self.etat = vers;
        self.attente_agence = None;
        Ok((self, evenement))
    }
}
