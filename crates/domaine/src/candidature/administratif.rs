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
        Contexte, EtatFormulaire, HabilitationLiee, VerdictChamp,
        champs::{self, Champ, Forme},
        composant::Composant,
    },
    referentiel::Referentiel,
};

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
        if self.etat.terminee() || matches!(self.etat, Etat::EnCollege { .. }) {
            return Err(Refus::Etat(self.etat.libelle()));
        }
        let mut evenement = self.evenement("Formulaire modifié", par, le);
        let mut ecrits = BTreeSet::new();
        for (cle, valeur) in saisie.valeurs {
            let champ = champs::trouver(&cle, self.guichet).ok_or(Refus::ChampInconnu)?;
            let avant = self.formulaire.valeur(&cle).to_owned();
            if avant == valeur {
                continue;
            }
            self.exige_ouvert(champ)?;
            self.formulaire.saisie.insert(cle.clone(), valeur.clone());
            evenement = evenement.difference(champ.libelle, avant, valeur);
            ecrits.insert(cle);
        }
        if let Some(composants) = saisie.composants
            && composants != self.formulaire.composants
        {
            self.exige_ouvert(champs::trouver(COMPOSANTS, self.guichet).ok_or(Refus::ChampInconnu)?)?;
            evenement = evenement.difference(
                "Composants additionnels",
                noms(&self.formulaire.composants),
                noms(&composants),
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
            evenement = evenement.difference(champ.libelle, numero(&avant), numero(&liee));
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

    /// Whether the industriel may write in this field now. R22: the composants stay open after the validation, until
    /// the first item is saved in any chapter.
    fn exige_ouvert(&self, champ: &Champ) -> Result<(), Refus> {
        if self.formulaire.modifiable(champ) {
            return Ok(());
        }
        if champ.cle != COMPOSANTS || !self.formulaire.valide() {
            return Err(Refus::ChampVerrouille(champ.libelle.to_owned()));
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
        let mot = |conforme: bool| if conforme { "conforme" } else { "à corriger" };
        let avant = self.formulaire.verdicts.get(cle).map_or("", |avant| mot(avant.conforme));
        let evenement = self
            .evenement("Champ du formulaire vérifié", par, le)
            .difference(champ.libelle, avant, mot(conforme))
            .motif(motif)
            .interne();
        self.formulaire.verdicts.insert(cle.to_owned(), verdict);
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
                let libelle = champs::trouver(cle, self.guichet).map_or(cle.as_str(), |champ| champ.libelle);
                format!("{libelle} : {}", self.formulaire.verdicts[cle].motif)
            })
            .collect();
        let evenement = self
            .evenement("Correction du formulaire demandée", par, le)
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
            .map(|champ| champ.libelle.to_owned())
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

fn noms(composants: &[Composant]) -> String {
    composants.iter().map(|composant| composant.nom.as_str()).collect::<Vec<_>>().join(", ")
}
