//! A candidature that takes over from another of the same produit: after an error of profile (R13), or to renew a
//! habilitation that ends (spec guichets §1.7).
//!
//! Rule: the preuves are taken over in one act or not at all; each keeps the date of what it shows and is deposited anew,
//! unjudged. A slot that the other profiles don't have, or that already holds something, is left as it is.

use jiff::{Timestamp, civil::Date};

use super::{Candidature, Creation, Etat, Refus, Suite, depot::Depot};
use crate::{
    calendrier::plus_mois,
    evenement::{Acteur, Evenement},
    identifiant::Nru,
    preuve::{Contenu, Preuve},
    referentiel::Referentiel,
};

/// An item to take over, and the slot in which it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Reprise {
    pub chapitre: String,
    pub attendue: String,
    pub preuve: Preuve,
}

impl Candidature {
    /// A candidature to renew a habilitation: the form of the one before, with the version that the produit has today;
    /// what must be said anew (planned date, CGU) is left empty.
    pub fn renouveler(
        creation: Creation<'_>,
        numero: &str,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        let profils = creation.remplace.map(|ancienne| ancienne.formulaire.valeur("profils").to_owned());
        let version = creation.produit.fiche.version.clone();
        let (mut candidature, mut evenement) = Self::creer(creation, par, le)?;
        let saisie = &mut candidature.formulaire.saisie;
        saisie.insert("profils".to_owned(), profils.unwrap_or_default());
        saisie.insert("version".to_owned(), version);
        saisie.remove("date_depot");
        candidature.renouvelle = Some(numero.to_owned());
        evenement.acte = format!("Candidature créée pour renouveler {numero}");
        Ok((candidature, evenement))
    }

    /// What can be taken over today from the candidature that this one replaces or renews: the current items of the slots
    /// that both have, that are empty and open here, and whose content is still accepted and in date.
    pub fn preuves_a_reprendre(
        &self,
        ancienne: &Self,
        referentiel: &Referentiel,
        aujourdhui: Date,
    ) -> Vec<Reprise> {
        if self.remplace.as_ref() != Some(&ancienne.nru) || self.etat != Etat::DepotOuvert {
            return Vec::new();
        }
        let mut reprises = Vec::new();
        for chapitre in &self.chapitres {
            let Some(source) = ancienne.chapitre(&chapitre.code) else { continue };
            for slot in &chapitre.emplacements {
                let (Some(admis), Some(avant)) =
                    (referentiel.attendue(&slot.attendue), source.emplacement(&slot.attendue))
                else {
                    continue;
                };
                if slot.courantes().next().is_some() || !chapitre.deverrouille(&slot.attendue) {
                    continue;
                }
                let reprenable = |preuve: &&Preuve| {
                    let forme = matches!(preuve.contenu, Contenu::NonApplicable { .. })
                        || admis.kinds.contains(&preuve.kind);
                    let en_date = admis
                        .validite_mois
                        .is_none_or(|mois| aujourdhui < plus_mois(preuve.date_reelle, mois));
                    forme && en_date
                };
                let preuves = avant.courantes().filter(reprenable).take(admis.max as usize);
                reprises.extend(preuves.map(|preuve| Reprise {
                    chapitre: chapitre.code.clone(),
                    attendue: slot.attendue.clone(),
                    preuve: preuve.clone(),
                }));
            }
        }
        reprises
    }

    /// Deposits in one act what was found to be taken over: each `preuve` with an identity of its own and the advice on it
    /// for this candidature. Somebody deposited in one of these slots since: nothing of it is done.
    pub fn reprendre(
        self,
        ancienne: &Nru,
        reprises: &[Reprise],
        referentiel: &Referentiel,
        aujourdhui: Date,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        let occupe = |reprise: &Reprise| {
            let slot = self.chapitre(&reprise.chapitre).and_then(|un| un.emplacement(&reprise.attendue));
            slot.is_none_or(|slot| slot.courantes().next().is_some())
        };
        if reprises.is_empty() {
            return Err(Refus::RienAReprendre);
        }
        if let Some(reprise) = reprises.iter().find(|une| occupe(une)) {
            return Err(Refus::EmplacementOccupe(reprise.attendue.clone()));
        }
        let mut recit = self.evenement(format!("Preuves reprises de la candidature {ancienne}"), par, le);
        let mut suivante = self;
        for Reprise { chapitre, attendue, preuve } in reprises {
            let depot = Depot { chapitre, attendue, preuve: preuve.clone(), remplace: None, aujourdhui };
            let (apres, evenement) = suivante.deposer(depot, referentiel, par, le)?;
            recit.differences.extend(evenement.differences);
            suivante = apres;
        }
        Ok((suivante, recit))
    }
}
