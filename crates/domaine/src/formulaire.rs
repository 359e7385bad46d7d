//! The formulaire administratif of both guichets (spec guichets §1.3, §2.3, §2.4).
//!
//! Rule: saving a draft never asks for validity, submitting does. What people typed is kept as they typed it; the rules
//! of [`champs`] read it. After validation only a few fields stay open (R24), and the profiles are frozen (R13).

pub mod champs;
pub mod composant;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    evenement::Acteur,
    formulaire::{
        champs::{CHAMPS, Champ, Forme},
        composant::Composant,
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatFormulaire {
    ACompleter,
    EnSaisie,
    Soumis {
        le: Timestamp,
    },
    /// Only the named fields are unlocked.
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
}

impl Default for Formulaire {
    fn default() -> Self {
        Self {
            etat: EtatFormulaire::ACompleter,
            saisie: BTreeMap::new(),
            composants: Vec::new(),
            habilitations: BTreeMap::new(),
            verdicts: BTreeMap::new(),
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
                signale(champ.cle) || suit(champ.cle).is_some_and(signale) || passe_avec_le_temps(champ)
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
            if liee.version != self.valeur("version") {
                remarques.push(Faute::new(
                    cle,
                    format!(
                        "L’habilitation porte sur la version {} et votre formulaire sur la version {}.",
                        liee.version,
                        self.valeur("version")
                    ),
                ));
            }
        }
        remarques
    }

    /// Share of the obligatory fields that are filled in without fault, in percent.
    pub fn pourcentage(&self, contexte: &Contexte) -> u8 {
        let obligatoires: Vec<&Champ> =
            self.champs(contexte.guichet).filter(|champ| champ.obligatoire(self)).collect();
        let justes = obligatoires.iter().filter(|champ| champ.faute(self, contexte).is_none()).count();
        u8::try_from(justes * 100 / obligatoires.len().max(1)).unwrap_or(100)
    }

    pub fn soumis(&self) -> bool {
        matches!(self.etat, EtatFormulaire::Soumis { .. })
    }

    pub fn valide(&self) -> bool {
        matches!(self.etat, EtatFormulaire::Valide { .. })
    }
}

/// The field whose answer makes this one appear, or decides on its rule.
fn suit(cle: &str) -> Option<&'static str> {
    match cle {
        "siege_code_postal" => Some("siege_pays"),
        "nie" | "nil" | "proxy" | "proxy_tiers" => Some("profils"),
        "nru_segur" => Some("dispositif_segur"),
        _ => None,
    }
}

/// A date to come passes, a habilitation ends.
fn passe_avec_le_temps(champ: &Champ) -> bool {
    matches!(champ.forme, Forme::Date | Forme::Habilitation(_))
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
