//! The acts on chapters and preuves: deposit, withdraw, submit, instruct, send back, validate (spec guichets §1.4, §1.5).
//!
//! Rule: the agency reads a chapter when it is whole; what it sends back unlocks slot by slot; what was deposited
//! stays, replaced or withdrawn but never erased.

use jiff::{Timestamp, civil::Date};

use super::{Candidature, Etat, Refus, Suite, exige_motif};
use crate::{
    chapitre::{Chapitre, Emplacement, EtatChapitre},
    evenement::Acteur,
    id::Id,
    identifiant::LienHttps,
    preuve::{Appreciation, Contenu, Preuve, Sortie, Verdict},
    referentiel::{Kind, Profil, Referentiel},
};

/// The slots of a chapter for these profiles, in the order of the référentiel.
pub(super) fn emplacements(referentiel: &Referentiel, code: &str, profils: &[Profil]) -> Vec<Emplacement> {
    referentiel
        .attendues(code, profils)
        .into_iter()
        .map(|attendue| Emplacement {
            attendue: attendue.id.clone(),
            profils: attendue.profils.iter().copied().filter(|profil| profils.contains(profil)).collect(),
            obligatoire: referentiel.est_bloquante(attendue),
            min: attendue.min,
            max: attendue.max,
            preuves: Vec::new(),
        })
        .collect()
}

/// A preuve about to be deposited, before it has its place.
#[derive(Clone, Debug)]
pub struct Depot<'a> {
    pub chapitre: &'a str,
    pub attendue: &'a str,
    pub preuve: Preuve,
    /// The current item that this one replaces.
    pub remplace: Option<Id<Preuve>>,
    pub aujourdhui: Date,
}

impl Candidature {
    fn chapitre_mut(&mut self, code: &str) -> Result<&mut Chapitre, Refus> {
        self.chapitres.iter_mut().find(|chapitre| chapitre.code == code).ok_or(Refus::ChapitreInconnu)
    }

    fn exige_depot_ouvert(&self) -> Result<(), Refus> {
        if self.etat == Etat::DepotOuvert { Ok(()) } else { Err(Refus::Etat(self.etat.libelle())) }
    }

    fn slot_ouvert(&mut self, code: &str, attendue: &str) -> Result<&mut Emplacement, Refus> {
        self.exige_depot_ouvert()?;
        let chapitre = self.chapitre_mut(code)?;
        if chapitre.emplacement(attendue).is_none() {
            return Err(Refus::EmplacementInconnu);
        }
        if !chapitre.deverrouille(attendue) {
            return Err(match &chapitre.etat {
                EtatChapitre::ACorriger { .. } => Refus::EmplacementVerrouille,
                etat => Refus::ChapitreVerrouille(etat.libelle()),
            });
        }
        chapitre
            .emplacements
            .iter_mut()
            .find(|slot| slot.attendue == attendue)
            .ok_or(Refus::EmplacementInconnu)
    }

    /// Deposits an item in a slot, alone or in place of another. Who deposits it, when, and that nobody judged it yet
    /// are written here, whatever `depot` says.
    pub fn deposer(
        mut self,
        depot: Depot<'_>,
        referentiel: &Referentiel,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        let reveil = self.reveiller(le);
        let Depot { chapitre, attendue, mut preuve, remplace, aujourdhui } = depot;
        let admis = referentiel.attendue(attendue).ok_or(Refus::EmplacementInconnu)?;
        let non_applicable = matches!(preuve.contenu, Contenu::NonApplicable { .. });
        if !non_applicable && !admis.kinds.contains(&preuve.kind) {
            return Err(Refus::KindRefuse(preuve.kind.libelle()));
        }
        exige_contenu(preuve.kind, &preuve.contenu)?;
        if preuve.date_reelle > aujourdhui {
            return Err(Refus::DateFuture);
        }
        let max = admis.max;
        preuve.deposee_par = par.clone();
        preuve.deposee_le = le;
        preuve.numero_version = 1;
        preuve.sortie = None;
        preuve.verdict = None;
        let slot = self.slot_ouvert(chapitre, attendue)?;
        if remplace.is_none() && slot.courantes().count() >= max as usize {
            return Err(Refus::TropDePreuves(max));
        }
        if let Some(ancienne) = remplace {
            let ancienne = slot
                .preuves
                .iter_mut()
                .find(|autre| autre.id == ancienne && autre.courante())
                .ok_or(Refus::PreuveInconnue)?;
            ancienne.sortie = Some(Sortie::RemplaceePar(preuve.id));
            preuve.numero_version = ancienne.numero_version + 1;
        }
        let nom = resume(&preuve);
        slot.preuves.push(preuve);
        let acte = if remplace.is_some() { "Nouvelle version d’une preuve" } else { "Preuve déposée" };
        let evenement = self.evenement(format!("{acte} ({attendue})"), par, le).difference(attendue, "", nom);
        Ok((self, reveil.raconter(evenement)))
    }

    /// Withdraws an item: it stays as a tombstone, its bytes until the end of retention.
    pub fn retirer(
        mut self,
        chapitre: &str,
        attendue: &str,
        preuve: Id<Preuve>,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        let reveil = self.reveiller(le);
        let slot = self.slot_ouvert(chapitre, attendue)?;
        let item = slot
            .preuves
            .iter_mut()
            .find(|autre| autre.id == preuve && autre.courante())
            .ok_or(Refus::PreuveInconnue)?;
        item.sortie = Some(Sortie::Retiree { par: par.clone(), le });
        let nom = resume(item);
        let evenement =
            self.evenement(format!("Preuve retirée ({attendue})"), par, le).difference(attendue, nom, "");
        Ok((self, reveil.raconter(evenement)))
    }

    pub fn soumettre_chapitre(mut self, code: &str, par: &Acteur, le: Timestamp) -> Suite {
        let reveil = self.reveiller(le);
        self.exige_depot_ouvert()?;
        let chapitre = self.chapitre_mut(code)?;
        match chapitre.etat {
            EtatChapitre::ACompleter | EtatChapitre::ACorriger { .. } => {}
            _ => return Err(Refus::ChapitreVerrouille(chapitre.etat.libelle())),
        }
        let manquants = ids(chapitre.a_faire().into_iter());
        if !manquants.is_empty() {
            return Err(Refus::ChapitreIncomplet(manquants));
        }
        let avant = chapitre.etat.libelle();
        chapitre.etat = EtatChapitre::Soumis { le };
        chapitre.soumissions += 1;
        let acte = format!("Chapitre « {} » soumis", chapitre.titre);
        let evenement = self.evenement(acte, par, le).etats(avant, "Soumis");
        self.attente_agence.get_or_insert(le);
        Ok((self, reveil.raconter(evenement)))
    }

    /// A vérificateur takes the chapter; taking over from a colleague is allowed and is written down.
    pub fn prendre_chapitre(mut self, code: &str, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_depot_ouvert()?;
        let chapitre = self.chapitre_mut(code)?;
        if !matches!(chapitre.etat, EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. }) {
            return Err(Refus::ChapitreVerrouille(chapitre.etat.libelle()));
        }
        let avant = chapitre.etat.libelle();
        let ancien = chapitre.instructeur.replace(par.clone());
        chapitre.etat = EtatChapitre::EnInstruction { par: par.clone(), depuis: le };
        let acte = format!("Chapitre « {} » pris en instruction", chapitre.titre);
        self.noter_instructeur(par);
        let evenement = self
            .evenement(acte, par, le)
            .etats(avant, "En instruction")
            .difference("instructeur", ancien.map_or_else(String::new, |un| un.nom), par.nom.clone())
            .interne();
        Ok((self, evenement))
    }

    fn chapitre_instruit_par(&mut self, code: &str, par: &Acteur) -> Result<&mut Chapitre, Refus> {
        self.exige_depot_ouvert()?;
        let chapitre = self.chapitre_mut(code)?;
        match &chapitre.etat {
            EtatChapitre::EnInstruction { par: instructeur, .. } if instructeur.personne == par.personne => {
                Ok(chapitre)
            }
            EtatChapitre::EnInstruction { par: instructeur, .. } => {
                Err(Refus::AutreInstructeur(instructeur.nom.clone()))
            }
            _ => Err(Refus::PasEnInstruction),
        }
    }

    /// Verdict on one item; internal until the chapter is sent back or validated.
    pub fn juger_preuve(
        mut self,
        code: &str,
        preuve: Id<Preuve>,
        appreciation: Appreciation,
        motif: &str,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        if appreciation != Appreciation::Conforme {
            exige_motif(motif)?;
        }
        let chapitre = self.chapitre_instruit_par(code, par)?;
        let (attendue, item) = chapitre
            .emplacements
            .iter_mut()
            .find_map(|slot| {
                let attendue = slot.attendue.clone();
                slot.preuves
                    .iter_mut()
                    .find(|item| item.id == preuve && item.courante())
                    .map(|item| (attendue, item))
            })
            .ok_or(Refus::PreuveInconnue)?;
        let avant = item.verdict.as_ref().map_or("", |verdict| verdict.appreciation.libelle());
        item.verdict = Some(Verdict { appreciation, motif: motif.to_owned(), par: par.clone(), le });
        let evenement = self
            .evenement(format!("Preuve vérifiée ({attendue})"), par, le)
            .difference(attendue, avant, appreciation.libelle())
            .motif(motif)
            .interne();
        Ok((self, evenement))
    }

    /// Sends the chapter back: the slots that are not conforme unlock, and they alone. A préconisation unlocks with the
    /// others but is no reason by itself.
    pub fn renvoyer_chapitre(mut self, code: &str, par: &Acteur, le: Timestamp) -> Suite {
        let chapitre = self.chapitre_instruit_par(code, par)?;
        exige_verdicts(chapitre)?;
        if !chapitre.emplacements.iter().any(Emplacement::bloque) {
            return Err(Refus::ToutConforme);
        }
        let fautifs: Vec<&Emplacement> =
            chapitre.emplacements.iter().filter(|slot| slot.etat().refuse()).collect();
        let motifs: Vec<String> = fautifs
            .iter()
            .flat_map(|slot| slot.courantes().map(move |preuve| (slot, preuve)))
            .filter_map(|(slot, preuve)| {
                let verdict = preuve.verdict.as_ref()?;
                (verdict.appreciation != Appreciation::Conforme)
                    .then(|| format!("{} : {}", slot.attendue, verdict.motif))
            })
            .collect();
        let emplacements = fautifs.into_iter().map(|slot| slot.attendue.clone()).collect();
        chapitre.etat = EtatChapitre::ACorriger { emplacements, le };
        let acte = format!("Correction du chapitre « {} » demandée", chapitre.titre);
        let evenement =
            self.evenement(acte, par, le).etats("En instruction", "À corriger").motif(motifs.join("\n"));
        self.clore_attente();
        Ok((self, evenement))
    }

    /// Validates the chapter; with the last obligatory one the dossier is complete (R33).
    pub fn valider_chapitre(mut self, code: &str, par: &Acteur, le: Timestamp) -> Suite {
        let chapitre = self.chapitre_instruit_par(code, par)?;
        exige_verdicts(chapitre)?;
        let refuses = ids(chapitre.emplacements.iter().filter(|slot| slot.bloque()));
        if !refuses.is_empty() {
            return Err(Refus::PasConforme(refuses));
        }
        chapitre.etat = EtatChapitre::Valide { par: par.clone(), le };
        let acte = format!("Chapitre « {} » validé", chapitre.titre);
        let mut evenement = self.evenement(acte, par, le).etats("En instruction", "Validé");
        self.clore_attente();
        if self.chapitres.iter().all(Chapitre::valide) {
            evenement =
                evenement.difference("candidature", self.etat.libelle(), Etat::DepotComplet.libelle());
            self.etat = Etat::DepotComplet;
            self.attente_agence = Some(le);
        }
        Ok((self, evenement))
    }

    /// Reopens a valid chapter before the decision.
    pub fn rouvrir_chapitre(mut self, code: &str, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, Etat::DepotOuvert | Etat::DepotComplet) {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        exige_motif(motif)?;
        let avant = self.etat.clone();
        let chapitre = self.chapitre_mut(code)?;
        if !chapitre.valide() {
            return Err(Refus::ChapitreVerrouille(chapitre.etat.libelle()));
        }
        rouvrir(chapitre, le);
        let acte = format!("Chapitre « {} » rouvert", chapitre.titre);
        let evenement = self.evenement(acte, par, le).etats(avant, &Etat::DepotOuvert).motif(motif);
        self.etat = Etat::DepotOuvert;
        self.noter_instructeur(par);
        self.clore_attente();
        Ok((self, evenement))
    }

    /// The clock of the agency runs while a chapter waits for it.
    fn clore_attente(&mut self) {
        let attente = self.chapitres.iter().any(|chapitre| {
            matches!(chapitre.etat, EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. })
        });
        if !attente {
            self.attente_agence = None;
        }
    }
}

/// Every slot unlocks, what stands in them stays.
pub(super) fn rouvrir(chapitre: &mut Chapitre, le: Timestamp) {
    let emplacements = chapitre.emplacements.iter().map(|slot| slot.attendue.clone()).collect();
    chapitre.etat = EtatChapitre::ACorriger { emplacements, le };
}

/// A form of preuve says what stands in it: a video is a file, a link is an address.
fn exige_contenu(kind: Kind, contenu: &Contenu) -> Result<(), Refus> {
    let attendu = match contenu {
        Contenu::Fichier(_) => kind.est_fichier(),
        Contenu::Texte(_) => kind == Kind::Texte,
        Contenu::Lien(_) => kind == Kind::Lien,
        Contenu::TestIntrusion(_) => kind == Kind::FormulaireTi,
        Contenu::NonApplicable { .. } => true,
    };
    if !attendu {
        return Err(Refus::ContenuInattendu(kind.libelle()));
    }
    match contenu {
        Contenu::Texte(texte) if texte.trim().is_empty() => Err(Refus::ContenuVide),
        Contenu::Fichier(fichier) if fichier.taille == 0 => Err(Refus::ContenuVide),
        Contenu::Lien(lien) => lien.parse::<LienHttps>().map(drop).map_err(Refus::Lien),
        Contenu::NonApplicable { justification } if justification.trim().is_empty() => {
            Err(Refus::JustificationManquante)
        }
        _ => Ok(()),
    }
}

fn exige_verdicts(chapitre: &Chapitre) -> Result<(), Refus> {
    let sans = ids(chapitre
        .emplacements
        .iter()
        .filter(|slot| slot.courantes().any(|preuve| preuve.verdict.is_none())));
    if sans.is_empty() { Ok(()) } else { Err(Refus::VerdictManquant(sans)) }
}

fn ids<'a>(slots: impl Iterator<Item = &'a Emplacement>) -> String {
    slots.map(|slot| slot.attendue.as_str()).collect::<Vec<_>>().join(", ")
}

/// How the history names an item.
fn resume(preuve: &Preuve) -> String {
    match &preuve.contenu {
        Contenu::Fichier(fichier) => format!("{} (SHA-256 {})", fichier.nom, fichier.sha256),
        Contenu::Texte(texte) => {
            let debut: String = texte.chars().take(80).collect();
            format!("texte « {debut} »")
        }
        Contenu::Lien(lien) => lien.clone(),
        Contenu::TestIntrusion(_) => "fiche du test d’intrusion".to_owned(),
        Contenu::NonApplicable { .. } => "déclarée non applicable".to_owned(),
    }
}
