//! The formulaire administratif of both guichets (spec guichets §1.3, §2.3, §2.4).
//!
//! Rule: saving a draft never asks for validity, submitting does. What people typed is kept as they typed it; the rules
//! of [`champs`] read it. After validation only a few fields stay open (R24), and the profiles are frozen (R13).

pub mod champs;
pub mod composant;
pub mod rapprochement;
mod regle;
mod section;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    evenement::Acteur,
    formulaire::{
        champs::{CHAMPS, Champ, Section},
        composant::Composant,
        rapprochement::Ecriture,
    },
    preuve::Fichier,
    produit::Faute,
    referentiel::{Guichet, Profil},
};

/// Version of the conditions of use that the box of the form accepts.
pub const VERSION_CGU: &str = "2025-04";

/// What the agency says of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictChamp {
    pub conforme: bool,
    /// Shown to the industriel; obligatory when not conforme.
    pub motif: String,
    pub par: Acteur,
    pub le: Timestamp,
}

impl VerdictChamp {
    pub fn libelle(conforme: bool) -> &'static str {
        if conforme { "conforme" } else { "à corriger" }
    }

    /// The verdict and its motif.
    pub fn phrase(&self) -> String {
        match (Self::libelle(self.conforme), self.motif.as_str()) {
            (libelle, "") => libelle.to_owned(),
            (libelle, motif) => format!("{libelle} : {motif}"),
        }
    }
}

/// Which conditions of use were accepted, by whom and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptationCgu {
    pub version: String,
    pub par: Acteur,
    pub le: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatFormulaire {
    ACompleter,
    EnSaisie,
    Soumis {
        le: Timestamp,
    },
    /// Only the named fields are unlocked, with those that depend on them.
    ACorriger {
        champs: Vec<String>,
        le: Timestamp,
    },
    Valide {
        le: Timestamp,
    },
    Irrecevable {
        motif: String,
        le: Timestamp,
    },
}

impl EtatFormulaire {
    /// Whether the agency has received the form at least once: until then it is the industriel's own.
    pub fn deja_soumis(&self) -> bool {
        !matches!(self, Self::ACompleter | Self::EnSaisie)
    }

    pub fn libelle(&self) -> &'static str {
        match self {
            Self::ACompleter => "À compléter",
            Self::EnSaisie => "En cours de saisie",
            Self::Soumis { .. } => "Soumis",
            Self::ACorriger { .. } => "À corriger",
            Self::Valide { .. } => "Validé",
            Self::Irrecevable { .. } => "Irrecevable",
        }
    }
}

/// A habilitation on which an opérateur relies: given by its NRU, or as a PDF whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HabilitationLiee {
    pub profil: Profil,
    pub numero: String,
    pub nru: String,
    pub logiciel: String,
    pub version: String,
    /// Last day of validity.
    pub fin: Date,
    /// Neither suspended, withdrawn nor replaced as far as can be known; reason otherwise.
    pub en_vigueur: Result<(), String>,
    /// The deposited PDF, when it was not given by its NRU.
    pub fichier: Option<Fichier>,
}

/// What the rules need to know beside the form itself.
#[derive(Clone, Debug)]
pub struct Contexte {
    pub guichet: Guichet,
    pub aujourdhui: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formulaire {
    pub etat: EtatFormulaire,
    /// Value of each field by its key, as typed; a missing key is an empty field.
    pub saisie: BTreeMap<String, String>,
    pub composants: Vec<Composant>,
    /// Habilitations given as a prerequisite (opérateur), by the key of their field.
    pub habilitations: BTreeMap<String, HabilitationLiee>,
    pub verdicts: BTreeMap<String, VerdictChamp>,
    /// Last writing of each field, by its key.
    #[serde(default)]
    pub ecritures: BTreeMap<String, Ecriture>,
    #[serde(default)]
    pub cgu: Option<AcceptationCgu>,
}

impl Default for Formulaire {
    fn default() -> Self {
        Self {
            etat: EtatFormulaire::ACompleter,
            saisie: BTreeMap::new(),
            composants: Vec::new(),
            habilitations: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            ecritures: BTreeMap::new(),
            cgu: None,
        }
    }
}

impl Formulaire {
    pub fn valeur(&self, cle: &str) -> &str {
        self.saisie.get(cle).map_or("", String::as_str)
    }

    pub fn coche(&self, cle: &str) -> bool {
        self.valeur(cle) == "oui"
    }

    /// The profiles ticked, in the order of the guichet.
    pub fn profils(&self, guichet: Guichet) -> Vec<Profil> {
        let coches: Vec<&str> = self.valeur("profils").split(',').map(str::trim).collect();
        Profil::du_guichet(guichet).into_iter().filter(|profil| coches.contains(&profil.code())).collect()
    }

    pub fn a_profil(&self, profil: Profil) -> bool {
        self.valeur("profils").split(',').any(|coche| coche.trim() == profil.code())
    }

    /// The fields of this form: those of its guichet, without the ones that its answers hide.
    pub fn champs(&self, guichet: Guichet) -> impl Iterator<Item = &'static Champ> {
        CHAMPS.iter().filter(move |champ| champ.concerne(guichet) && champ.visible(self))
    }

    /// Whether the industriel may change this field now. In correction, the flagged fields, those whose rule reads a
    /// flagged one, and those that time alone makes wrong: otherwise the form could become impossible to submit.
    pub fn modifiable(&self, champ: &Champ) -> bool {
        match &self.etat {
            EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie => true,
            EtatFormulaire::ACorriger { champs, .. } => {
                let signale = |cle: &str| champs.iter().any(|autre| autre == cle);
                signale(champ.cle)
                    || champ.depend_de.iter().any(|cle| signale(cle))
                    || champ.passe_avec_le_temps()
            }
            EtatFormulaire::Valide { .. } => champ.reste_ouvert,
            EtatFormulaire::Soumis { .. } | EtatFormulaire::Irrecevable { .. } => false,
        }
    }

    /// Everything that keeps the form from being submitted, field by field, in the order of the page.
    pub fn fautes(&self, contexte: &Contexte) -> Vec<Faute> {
        let mut fautes: Vec<Faute> =
            self.champs(contexte.guichet).filter_map(|champ| champ.faute(self, contexte)).collect();
        fautes.extend(self.fautes_composants());
        fautes
    }

    fn fautes_composants(&self) -> Vec<Faute> {
        if self.valeur("composants") != "oui" {
            return Vec::new();
        }
        if self.composants.is_empty() {
            return vec![Faute::new(
                "composants",
                "Décrivez au moins un composant additionnel, ou répondez « Aucun ».",
            )];
        }
        self.composants
            .iter()
            .flat_map(|composant| {
                composant.fautes().into_iter().map(|faute| {
                    let nom = if composant.nom.is_empty() { "sans nom" } else { &composant.nom };
                    Faute::new("composants", format!("Composant « {nom} » : {}", faute.message))
                })
            })
            .collect()
    }

    /// Remarks that never block: what a careful colleague would point out.
    pub fn remarques(&self, contexte: &Contexte) -> Vec<Faute> {
        let mut remarques = Vec::new();
        if let Ok(date) = self.valeur("date_depot").parse::<Date>()
            && date > crate::calendrier::plus_mois(contexte.aujourdhui, 12)
        {
            remarques.push(Faute::new("date_depot", "Cette date est à plus de douze mois."));
        }
        for (cle, liee) in &self.habilitations {
            remarques.extend(self.remarques_habilitation(cle, liee, contexte));
        }
        remarques
    }

    fn remarques_habilitation(&self, cle: &str, liee: &HabilitationLiee, contexte: &Contexte) -> Vec<Faute> {
        let (logiciel, version) = (self.valeur("logiciel"), self.valeur("version"));
        let mut remarques = Vec::new();
        if regle::meme_logiciel(&liee.logiciel, logiciel) {
            if liee.version != version {
                let texte = format!(
                    "L’habilitation porte sur la version {} et votre formulaire sur la version {version}.",
                    liee.version
                );
                remarques.push(Faute::new(cle, texte));
            }
        } else if liee.profil == Profil::ELP && !regle::porte_sur_le_logiciel(liee.profil, self) {
            let texte = format!(
                "L’habilitation porte sur « {} » : vérifiez que c’est bien le proxy que vous opérez.",
                liee.logiciel
            );
            remarques.push(Faute::new(cle, texte));
        }
        if liee.fin >= contexte.aujourdhui && liee.fin < crate::calendrier::plus_mois(contexte.aujourdhui, 6)
        {
            let texte = format!("Cette habilitation prend fin le {}.", crate::calendrier::date_fr(liee.fin));
            remarques.push(Faute::new(cle, texte));
        }
        remarques
    }

    /// Takes over what the register says today of the habilitations on which the form relies, by their numbers.
    pub fn actualiser_habilitations(&mut self, etats: &BTreeMap<String, Result<(), String>>) {
        for liee in self.habilitations.values_mut() {
            if let Some(etat) = etats.get(&liee.numero) {
                liee.en_vigueur.clone_from(etat);
            }
        }
    }

    /// How many obligatory fields of a section are filled in without fault, and how many there are.
    pub fn avancement(&self, section: Section, contexte: &Contexte) -> (usize, usize) {
        let obligatoires: Vec<&Champ> = self
            .champs(contexte.guichet)
            .filter(|champ| champ.section == section && champ.obligatoire(self))
            .collect();
        let manquent_des_composants = !self.fautes_composants().is_empty();
        let justes = obligatoires.iter().filter(|champ| {
            champ.faute(self, contexte).is_none() && !(champ.cle == "composants" && manquent_des_composants)
        });
        (justes.count(), obligatoires.len())
    }

    /// Share of the obligatory fields that are filled in without fault, in percent, rounded down.
    pub fn pourcentage(&self, contexte: &Contexte) -> u8 {
        let (justes, total) = Section::TOUTES.into_iter().fold((0, 0), |(justes, total), section| {
            let (ici, la) = self.avancement(section, contexte);
            (justes + ici, total + la)
        });
        u8::try_from(justes * 100 / total.max(1)).unwrap_or(100)
    }

    pub fn soumis(&self) -> bool {
        matches!(self.etat, EtatFormulaire::Soumis { .. })
    }

    pub fn valide(&self) -> bool {
        matches!(self.etat, EtatFormulaire::Valide { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn editeur_elp() -> Formulaire {
        let saisie = [
            ("denomination", "Logimed"),
            ("siret", "732 829 320 00074"),
            ("forme_juridique", "SAS"),
            ("siege_voie", "1 rue de la Paix"),
            ("siege_code_postal", "75002"),
            ("siege_commune", "Paris"),
            ("siege_pays", "FRA"),
            ("representant_civilite", "Mme"),
            ("representant_nom", "Martin"),
            ("representant_prenom", "Claire"),
            ("representant_fonction", "Présidente"),
            ("representant_courriel", "claire@exemple.fr"),
            ("representant_telephone", "01 23 45 67 89"),
            ("contact_nom", "Bernard"),
            ("contact_prenom", "Hugo"),
            ("contact_fonction", "Responsable produit"),
            ("contact_courriel", "hugo@exemple.fr"),
            ("contact_telephone", "+33123456789"),
            ("logiciel", "Proxy Logimed"),
            ("version", "2.1"),
            ("datapass", "123456"),
            ("client_id", "logimed-proxy-bas"),
            ("date_depot", "2026-12-31"),
            ("profils", "ELP"),
            ("composants", "aucun"),
            ("cgu", "oui"),
        ];
        Formulaire {
            saisie: saisie.into_iter().map(|(cle, valeur)| (cle.to_owned(), valeur.to_owned())).collect(),
            ..Formulaire::default()
        }
    }

    fn contexte(guichet: Guichet) -> Contexte {
        Contexte { guichet, aujourdhui: jiff::civil::date(2026, 11, 21) }
    }

    #[test]
    fn un_formulaire_complet_n_a_pas_de_faute() {
        let contexte = contexte(Guichet::Editeur);
        assert_eq!(editeur_elp().fautes(&contexte), []);
        assert_eq!(editeur_elp().pourcentage(&contexte), 100);
        assert!(Formulaire::default().pourcentage(&contexte) == 0);
    }

    #[test]
    fn chaque_regle_nomme_son_champ() {
        let cas = [
            (Guichet::Editeur, "siret", "73282932000075", "siret"),
            (Guichet::Editeur, "forme_juridique", "EI", "forme_juridique"),
            (Guichet::Editeur, "siege_code_postal", "7500", "siege_code_postal"),
            (Guichet::Editeur, "siege_pays", "USA", "siege_pays"),
            (Guichet::Editeur, "representant_courriel", "claire", "representant_courriel"),
            (Guichet::Editeur, "contact_telephone", "12", "contact_telephone"),
            (Guichet::Editeur, "datapass", "H123", "datapass"),
            (Guichet::Editeur, "client_id", "x", "client_id"),
            (Guichet::Editeur, "date_depot", "2026-11-20", "date_depot"),
            (Guichet::Editeur, "profils", "", "profils"),
            (Guichet::Editeur, "profils", "OpSP", "profils"),
            (Guichet::Editeur, "profils", "ELU", "nie"),
            (Guichet::Editeur, "cgu", "", "cgu"),
            (Guichet::Editeur, "composants", "", "composants"),
            (Guichet::Editeur, "composants", "oui", "composants"),
            (Guichet::Editeur, "nru_elu", "ABC", "nru_elu"),
            (Guichet::Operateur, "profils", "OpSP", "habilitation_elp"),
            (Guichet::Operateur, "profils", "OpSU", "habilitation_elu"),
        ];
        for (guichet, cle, valeur, attendu) in cas {
            let mut formulaire = editeur_elp();
            formulaire.saisie.insert(cle.to_owned(), valeur.to_owned());
            let fautes = formulaire.fautes(&contexte(guichet));
            assert!(fautes.iter().any(|faute| faute.champ == attendu), "{cle} = « {valeur} » : {fautes:?}");
        }
    }

    #[test]
    fn les_habilitations_attendues_suivent_la_matrice() {
        let cas = [
            ("OpSP", "", vec!["habilitation_elp"]),
            ("OpSU", "", vec!["habilitation_elu", "habilitation_opsp"]),
            ("OpSU,OpSP", "", vec!["habilitation_elu", "habilitation_elp"]),
            ("OpSU,OpSP", "oui", vec!["habilitation_elu", "habilitation_elp", "habilitation_opsp"]),
        ];
        for (profils, tiers, attendues) in cas {
            let mut formulaire = editeur_elp();
            formulaire.saisie.insert("profils".to_owned(), profils.to_owned());
            formulaire.saisie.insert("proxy_tiers".to_owned(), tiers.to_owned());
            let obtenues: Vec<&str> = formulaire
                .champs(Guichet::Operateur)
                .filter(|champ| champ.cle.starts_with("habilitation_") && champ.obligatoire(&formulaire))
                .map(|champ| champ.cle)
                .collect();
            assert_eq!(obtenues, attendues, "{profils} {tiers}");
        }
    }

    fn liee(profil: Profil, logiciel: &str, version: &str) -> HabilitationLiee {
        HabilitationLiee {
            profil,
            numero: format!("HAB-{}-2026-00001", profil.code()),
            nru: "KXNFPNCHFV".to_owned(),
            logiciel: logiciel.to_owned(),
            version: version.to_owned(),
            fin: jiff::civil::date(2028, 1, 1),
            en_vigueur: Ok(()),
            fichier: None,
        }
    }

    #[test]
    fn le_logiciel_habilite_est_celui_du_formulaire() {
        // profiles asked, key, profile given, software, version: a fault? a remark?
        let cas = [
            ("OpSP", "habilitation_elp", Profil::ELP, "Proxy Logimed", "2.1", false, false),
            ("OpSP", "habilitation_elp", Profil::ELP, "PROXY  logimed", "2.1", false, false),
            ("OpSP", "habilitation_elp", Profil::ELP, "Proxy Logimed", "2.0", false, true),
            ("OpSP", "habilitation_elp", Profil::ELP, "Autre", "2.1", true, false),
            ("OpSP", "habilitation_elp", Profil::ELU, "Proxy Logimed", "2.1", true, false),
            ("OpSU", "habilitation_elu", Profil::ELU, "Autre", "2.1", true, false),
            ("OpSU", "habilitation_opsp", Profil::OpSP, "Autre", "1", false, false),
            ("OpSU,OpSP", "habilitation_elu", Profil::ELU, "Autre", "2.1", true, false),
            ("OpSU,OpSP", "habilitation_elp", Profil::ELP, "Autre", "1", false, true),
        ];
        let contexte = contexte(Guichet::Operateur);
        for (profils, cle, profil, logiciel, version, faute, remarque) in cas {
            let mut formulaire = editeur_elp();
            formulaire.saisie.insert("profils".to_owned(), profils.to_owned());
            formulaire.habilitations.insert(cle.to_owned(), liee(profil, logiciel, version));
            let nomme = |fautes: Vec<Faute>| fautes.iter().any(|faute| faute.champ == cle);
            assert_eq!(nomme(formulaire.fautes(&contexte)), faute, "{profils} {cle} {logiciel}");
            assert_eq!(nomme(formulaire.remarques(&contexte)), remarque, "{profils} {cle} {logiciel}");
        }
    }

    #[test]
    fn ce_que_dit_le_registre_aujourd_hui_compte() {
        let mut formulaire = editeur_elp();
        formulaire.saisie.insert("profils".to_owned(), "OpSP".to_owned());
        let elp = liee(Profil::ELP, "Proxy Logimed", "2.1");
        formulaire.habilitations.insert("habilitation_elp".to_owned(), elp.clone());
        let contexte = contexte(Guichet::Operateur);
        assert_eq!(formulaire.fautes(&contexte), []);
        let suspendue = Err("Cette habilitation est suspendue : audit".to_owned());
        formulaire.actualiser_habilitations(&BTreeMap::from([(elp.numero, suspendue)]));
        assert_eq!(formulaire.fautes(&contexte).len(), 1);
    }

    #[test]
    fn un_composant_annonce_et_absent_compte_dans_l_avancement() {
        let mut formulaire = editeur_elp();
        let contexte = contexte(Guichet::Editeur);
        assert_eq!(formulaire.avancement(Section::Composants, &contexte), (1, 1));
        formulaire.saisie.insert("composants".to_owned(), "oui".to_owned());
        assert_eq!(formulaire.avancement(Section::Composants, &contexte), (0, 1));
        assert!(formulaire.pourcentage(&contexte) < 100);
    }

    #[test]
    fn ce_qui_reste_ouvert_depend_de_l_etat() {
        let mut formulaire = editeur_elp();
        let ouverts = |formulaire: &Formulaire| {
            formulaire
                .champs(Guichet::Editeur)
                .filter(|champ| formulaire.modifiable(champ))
                .map(|champ| champ.cle)
                .collect::<Vec<_>>()
        };
        let le = Timestamp::UNIX_EPOCH;
        assert!(ouverts(&formulaire).len() > 20);
        formulaire.etat = EtatFormulaire::Soumis { le };
        assert!(ouverts(&formulaire).is_empty());
        formulaire.etat = EtatFormulaire::ACorriger { champs: vec!["siret".to_owned()], le };
        assert_eq!(ouverts(&formulaire), ["siret", "date_depot"]);
        formulaire.etat = EtatFormulaire::ACorriger { champs: vec!["siege_pays".to_owned()], le };
        assert_eq!(ouverts(&formulaire), ["siege_code_postal", "siege_pays", "date_depot"]);
        formulaire.etat = EtatFormulaire::Valide { le };
        let restent = ouverts(&formulaire);
        assert!(restent.contains(&"version") && restent.contains(&"date_depot"));
        assert!(!restent.contains(&"profils") && !restent.contains(&"datapass"));
    }
}
