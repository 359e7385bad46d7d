//! What the collège does with a complete dossier (spec guichets §1.2, R54).
//!
//! Rule: whoever instructed a part of the dossier neither decides on it nor signs (separation of duties, spec §5).

use jiff::Timestamp;

use super::{Candidature, Etat, Refus, Suite, depot::rouvrir, exige_motif};
use crate::{
    college::{Avis, Decision, Session},
    evenement::Acteur,
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
        if decision.avis != Avis::Favorable {
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
