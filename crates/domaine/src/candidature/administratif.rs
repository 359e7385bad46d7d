//! The acts on the formulaire administratif of a candidature: fill in, submit, instruct (spec guichets §1.3).
//!
//! Rule: the profiles freeze at validation, and the chapters are made from them at that moment (R13, R30).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Candidature, Etat, Refus, Suite, exige_motif};
use crate::{
    chapitre::{Chapitre, EtatChapitre},
    evenement::Acteur,
    formulaire::{
        AcceptationCgu, Contexte, EtatFormulaire, HabilitationLiee, VERSION_CGU, VerdictChamp,
        champs::{self, Champ, Forme},
        composant::{Composant, INTEGRATIONS, NATURES, TELESERVICES},
        rapprochement::{Conflit, Ecriture, Page, Sort},
    },
    preuve::Fichier,
    referentiel::Referentiel,
};

/// The act of an event that changed the form.
pub const MODIFIE: &str = "Formulaire modifié";
/// The act of an event that sent the form back.
pub const CORRECTION: &str = "Correction du formulaire demandée";

/// Key of the question whose answer says whether there are composants.
const COMPOSANTS: &str = "composants";

/// What a person typed in some fields of the form.
#[derive(Clone, Debug, Default)]
pub struct Saisie {
    pub valeurs: BTreeMap<String, String>,
    /// `None` leaves the composants as they are.
    pub composants: Option<Vec<Composant>>,
    /// Habilitations given as a prerequisite; `None` as a value withdraws one.
    pub habilitations: BTreeMap<String, Option<HabilitationLiee>>,
    /// The page from which it comes; without it the values are written whatever stands there.
    pub page: Option<Page>,
}

/// What a vérificateur holds of one field, and what the page showed of an earlier verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jugement {
    pub conforme: bool,
    pub motif: String,
    /// When the verdict that the page showed was given.
    pub vu: Option<Timestamp>,
}

impl Candidature {
    /// Opens the form: « Démarrer ».
    pub fn demarrer(mut self, par: &Acteur, le: Timestamp) -> Suite {
        let reveil = self.reveiller(le);
        if self.etat != Etat::Creee {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let evenement =
            self.evenement("Formulaire démarré", par, le).etats(&self.etat, &Etat::FormulaireEnCours);
        self.etat = Etat::FormulaireEnCours;
        self.formulaire.etat = EtatFormulaire::EnSaisie;
        Ok((self, reveil.raconter(evenement)))
    }

    /// Writes down what was typed, valid or not. After validation only the open fields change, and must be right.
    pub fn saisir(mut self, saisie: Saisie, contexte: &Contexte, par: &Acteur, le: Timestamp) -> Suite {
        let reveil = self.reveiller(le);
        if !self.saisie_ouverte() {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let mut evenement = self.evenement(MODIFIE, par, le);
        let mut ecrits = BTreeSet::new();
        let mut conflits = Vec::new();
        let page = saisie.page.as_ref();
        for (cle, valeur) in saisie.valeurs {
            let champ = champs::trouver(&cle, self.guichet).ok_or(Refus::ChampInconnu)?;
            match page.map_or(Sort::Ecrire, |page| page.sort(&self.formulaire, &cle, &valeur)) {
                Sort::Ecrire if self.formulaire.valeur(&cle) != valeur => {}
                Sort::Ecrire | Sort::Rien => continue,
                Sort::Conflit(conflit) => {
                    conflits.push(conflit);
                    continue;
                }
            }
            self.exige_ouvert(champ)?;
            if cle == "cgu" {
                let acceptation = AcceptationCgu { version: VERSION_CGU.to_owned(), par: par.clone(), le };
                self.formulaire.cgu = (valeur == "oui").then_some(acceptation);
            }
            let avant = self.formulaire.saisie.insert(cle.clone(), valeur.clone()).unwrap_or_default();
            evenement = evenement.difference(champ.intitule(), champ.lisible(&avant), champ.lisible(&valeur));
            let jeton = page.map_or_else(String::new, |page| page.jeton.clone());
            self.formulaire.ecritures.insert(cle.clone(), Ecriture { page: jeton, par: par.clone(), le });
            ecrits.insert(cle);
        }
        if !conflits.is_empty() {
            return Err(Refus::Conflit(conflits));
        }
        if let Some(composants) = saisie.composants
            && composants != self.formulaire.composants
        {
            self.composants_ouverts()?;
            evenement = evenement.difference(
                "Composants additionnels",
                decrits(&self.formulaire.composants),
                decrits(&composants),
            );
            self.formulaire.composants = composants;
            ecrits.insert(COMPOSANTS.to_owned());
        }
        for (cle, liee) in saisie.habilitations {
            let champ = champs::trouver(&cle, self.guichet)
                .filter(|champ| matches!(champ.forme, Forme::Habilitation(_)))
                .ok_or(Refus::ChampInconnu)?;
            self.exige_ouvert(champ)?;
            let avant = self.formulaire.habilitations.remove(&cle);
            let numero =
                |une: &Option<HabilitationLiee>| une.as_ref().map_or(String::new(), |une| une.numero.clone());
            evenement = evenement.difference(champ.intitule(), numero(&avant), numero(&liee));
            if let Some(liee) = liee {
                self.formulaire.habilitations.insert(cle.clone(), liee);
            }
            ecrits.insert(cle);
        }
        if self.formulaire.valide() {
            // The planned date may have passed since; only what is written now must be right.
            let mut fautes = self.formulaire.fautes(contexte);
            fautes.retain(|faute| ecrits.contains(&faute.champ));
            if !fautes.is_empty() {
                return Err(Refus::Formulaire(fautes));
            }
        }
        if self.etat == Etat::Creee {
            self.etat = Etat::FormulaireEnCours;
            self.formulaire.etat = EtatFormulaire::EnSaisie;
        }
        Ok((self, reveil.raconter(evenement)))
    }

    /// Whether any field of the form may change in this state of the candidature.
    pub fn saisie_ouverte(&self) -> bool {
        let etat = if let Etat::Dormante { avant, .. } = &self.etat { avant } else { &self.etat };
        !etat.terminee() && !matches!(etat, Etat::EnCollege { .. })
    }

    /// Whether the composants may change now, else why not.
    pub fn composants_ouverts(&self) -> Result<(), Refus> {
        self.exige_ouvert(champs::trouver(COMPOSANTS, self.guichet).ok_or(Refus::ChampInconnu)?)
    }

    /// Whether the industriel may write in this field now. R22: the composants stay open after the validation, until
    /// the first item is saved in any chapter.
    fn exige_ouvert(&self, champ: &Champ) -> Result<(), Refus> {
        if self.formulaire.modifiable(champ) {
            return Ok(());
        }
        if champ.cle != COMPOSANTS || !self.formulaire.valide() {
            return Err(Refus::ChampVerrouille(champ.intitule()));
        }
        let commence = self
            .chapitres
            .iter()
            .flat_map(|chapitre| &chapitre.emplacements)
            .any(|slot| !slot.preuves.is_empty());
        if commence { Err(Refus::ComposantsFiges) } else { Ok(()) }
    }

    pub fn soumettre_formulaire(mut self, contexte: &Contexte, par: &Acteur, le: Timestamp) -> Suite {
        let reveil = self.reveiller(le);
        match self.etat {
            Etat::Creee | Etat::FormulaireEnCours | Etat::FormulaireACorriger => {}
            _ => return Err(Refus::Etat(self.etat.libelle())),
        }
        let fautes = self.formulaire.fautes(contexte);
        if !fautes.is_empty() {
            return Err(Refus::Formulaire(fautes));
        }
        let evenement =
            self.evenement("Formulaire soumis", par, le).etats(&self.etat, &Etat::FormulaireSoumis);
        self.etat = Etat::FormulaireSoumis;
        self.formulaire.etat = EtatFormulaire::Soumis { le };
        self.attente_agence = Some(le);
        Ok((self, reveil.raconter(evenement)))
    }

    // The state of the candidature, not that of its form: an abandoned dossier keeps the form as it was.
    fn exige_formulaire_soumis(&self) -> Result<(), Refus> {
        if self.etat == Etat::FormulaireSoumis { Ok(()) } else { Err(Refus::Etat(self.etat.libelle())) }
    }

    /// Verdict of a vérificateur on one field; internal until the form is sent back or validated.
    pub fn juger_champ(
        mut self,
        cle: &str,
        conforme: bool,
        motif: &str,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        self.exige_formulaire_soumis()?;
        let champ = champs::trouver(cle, self.guichet).ok_or(Refus::ChampInconnu)?;
        if !conforme {
            exige_motif(motif)?;
        }
        let verdict = VerdictChamp { conforme, motif: motif.to_owned(), par: par.clone(), le };
        let mot = VerdictChamp::libelle;
        let avant = self.formulaire.verdicts.get(cle).map_or("", |avant| mot(avant.conforme));
        let evenement = self
            .evenement("Champ du formulaire vérifié", par, le)
            .difference(champ.intitule(), avant, mot(conforme))
            .motif(motif)
            .interne();
        self.formulaire.verdicts.insert(cle.to_owned(), verdict);
        self.noter_instructeur(par);
        Ok((self, evenement))
    }

    /// The verdicts of a whole page at once, by field: one act in the history. A verdict that somebody else gave since
    /// the page was shown is not overwritten unseen.
    pub fn juger_formulaire(
        mut self,
        jugements: BTreeMap<String, Jugement>,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        self.exige_formulaire_soumis()?;
        let mut evenement = self.evenement("Champs du formulaire vérifiés", par, le).interne();
        let mut conflits = Vec::new();
        for (cle, Jugement { conforme, motif, vu }) in jugements {
            let champ = champs::trouver(&cle, self.guichet).ok_or(Refus::ChampInconnu)?;
            if !conforme {
                exige_motif(&motif)?;
            }
            let verdict = VerdictChamp { conforme, motif, par: par.clone(), le };
            let avant = self.formulaire.verdicts.get(&cle);
            let dit = avant.map_or_else(String::new, VerdictChamp::phrase);
            if let Some(avant) = avant
                && vu != Some(avant.le)
                && dit != verdict.phrase()
            {
                conflits.push(Conflit { cle, enregistre: dit, par: avant.par.nom.clone() });
                continue;
            }
            evenement = evenement.difference(champ.intitule(), dit, verdict.phrase());
            self.formulaire.verdicts.insert(cle, verdict);
        }
        if !conflits.is_empty() {
            return Err(Refus::Conflit(conflits));
        }
        self.noter_instructeur(par);
        Ok((self, evenement))
    }

    /// Sends the form back: the fields judged wrong unlock, and they alone.
    pub fn renvoyer_formulaire(mut self, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_formulaire_soumis()?;
        let a_corriger: Vec<String> = self
            .formulaire
            .verdicts
            .iter()
            .filter(|(_, verdict)| !verdict.conforme)
            .map(|(cle, _)| cle.clone())
            .collect();
        if a_corriger.is_empty() {
            return Err(Refus::RienACorriger);
        }
        let motifs: Vec<String> = a_corriger
            .iter()
            .map(|cle| {
                let intitule =
                    champs::trouver(cle, self.guichet).map_or_else(|| cle.clone(), Champ::intitule);
                format!("{intitule} : {}", self.formulaire.verdicts[cle].motif)
            })
            .collect();
        let evenement = self
            .evenement(CORRECTION, par, le)
            .etats(&self.etat, &Etat::FormulaireACorriger)
            .motif(motifs.join("\n"));
        self.etat = Etat::FormulaireACorriger;
        self.formulaire.etat = EtatFormulaire::ACorriger { champs: a_corriger, le };
        self.noter_instructeur(par);
        self.attente_agence = None;
        Ok((self, evenement))
    }

    /// Accepts the form: the profiles freeze and the chapters open.
    pub fn valider_formulaire(
        mut self,
        referentiel: &Referentiel,
        contexte: &Contexte,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        self.exige_formulaire_soumis()?;
        let refuses: Vec<String> = self
            .formulaire
            .verdicts
            .iter()
            .filter(|(_, verdict)| !verdict.conforme)
            .filter_map(|(cle, _)| champs::trouver(cle, self.guichet))
            .map(Champ::intitule)
            .collect();
        if !refuses.is_empty() {
            return Err(Refus::PasConforme(refuses.join(", ")));
        }
        // R18: what the opérateur relies on must be valid on this day, not on the day of the submission.
        let fautes: Vec<_> = self
            .formulaire
            .fautes(contexte)
            .into_iter()
            .filter(|faute| faute.champ.starts_with("habilitation_"))
            .collect();
        if !fautes.is_empty() {
            return Err(Refus::Formulaire(fautes));
        }
        let profils = self.profils();
        self.chapitres = referentiel
            .chapitres_pour(&profils)
            .into_iter()
            .map(|chapitre| Chapitre {
                code: chapitre.code.clone(),
                titre: chapitre.titre.clone(),
                etat: EtatChapitre::ACompleter,
                emplacements: super::depot::emplacements(referentiel, &chapitre.code, &profils),
                soumissions: 0,
                instructeur: None,
            })
            .collect();
        let codes: Vec<&str> = profils.iter().map(|profil| profil.code()).collect();
        let evenement = self
            .evenement("Formulaire validé, dépôt des preuves ouvert", par, le)
            .etats(&self.etat, &Etat::DepotOuvert)
            .difference("profils figés", "", codes.join(", "));
        self.etat = Etat::DepotOuvert;
        self.formulaire.etat = EtatFormulaire::Valide { le };
        self.noter_instructeur(par);
        self.attente_agence = None;
        Ok((self, evenement))
    }

    /// Ends the candidature at its first step: the candidate cannot be admitted (R1).
    pub fn declarer_irrecevable(mut self, motif: &str, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_formulaire_soumis()?;
        exige_motif(motif)?;
        let evenement =
            self.evenement("Candidature irrecevable", par, le).etats(&self.etat, "Refusée").motif(motif);
        self.formulaire.etat = EtatFormulaire::Irrecevable { motif: motif.to_owned(), le };
        self.etat = Etat::Refusee { motif: motif.to_owned(), le };
        self.attente_agence = None;
        Ok((self, evenement))
    }
}

/// What the history keeps of the composants: a file is told by its bytes, so that a licence changed under the same name
/// shows.
fn decrits(composants: &[Composant]) -> String {
    let libelle = |choix: &[(&str, &'static str)], cle: &str| {
        choix.iter().find(|(autre, _)| *autre == cle).map_or("", |(_, libelle)| *libelle).to_owned()
    };
    let fichier = |role: &str, fichier: Option<&Fichier>| {
        fichier.map_or_else(String::new, |un| format!("{role} {} (SHA-256 {})", un.nom, un.sha256))
    };
    let decrit = |composant: &Composant| {
        let teleservices: Vec<String> =
            composant.teleservices.iter().map(|cle| libelle(TELESERVICES, cle)).collect();
        let parties = [
            format!("{} {}", composant.nom, composant.version).trim().to_owned(),
            composant.editeur.clone(),
            libelle(NATURES, &composant.nature),
            libelle(INTEGRATIONS, &composant.integre_a),
            teleservices.join(", "),
            fichier("licence", composant.licence.as_ref()),
            fichier("attestation", composant.homologation.as_ref()),
        ];
        parties.into_iter().filter(|partie| !partie.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    composants.iter().map(decrit).collect::<Vec<_>>().join("\n")
}
