//! A composant additionnel declared beside the main one (spec guichets §2.4, R22, R23, R25–R29).
//!
//! Rule: a composant that is not autonomous (EAI) goes to the CNDA wherever it sits; the licence of a third party's
//! composant is asked; the Proxy e-Santé as such needs no homologation.

use serde::{Deserialize, Serialize};

use crate::{preuve::Fichier, produit::Faute};

pub const NATURES: &[(&str, &str)] = &[
    ("eai", "Composant non autonome (EAI)"),
    ("autonome", "Composant autonome"),
    ("bibliotheque", "Bibliothèque"),
];

pub const INTEGRATIONS: &[(&str, &str)] =
    &[("lps", "Logiciel utilisateur (LPS)"), ("proxy", "Proxy e-Santé")];

pub const TELESERVICES: &[(&str, &str)] = &[
    ("dmp", "DMP"),
    ("insi", "INSi"),
    ("ordonnance", "Ordonnance numérique"),
    ("autre", "Autre téléservice"),
];

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composant {
    pub nom: String,
    pub version: String,
    pub editeur: String,
    /// Whether another company than the candidate makes it.
    pub tiers: bool,
    pub nature: String,
    pub integre_a: String,
    pub teleservices: Vec<String>,
    pub licence: Option<Fichier>,
    /// Attestation de conformité given by the CNDA.
    pub homologation: Option<Fichier>,
}

impl Composant {
    pub fn est_eai(&self) -> bool {
        self.nature == "eai"
    }

    pub fn fautes(&self) -> Vec<Faute> {
        let mut fautes = Vec::new();
        for (champ, texte, libelle) in [
            ("nom", &self.nom, "le nom"),
            ("version", &self.version, "la version"),
            ("editeur", &self.editeur, "l’éditeur"),
        ] {
            if texte.is_empty() {
                fautes.push(Faute::new(champ, format!("donnez {libelle}.")));
            } else if texte.chars().count() > 120 {
                fautes.push(Faute::new(champ, format!("{libelle} : 120 caractères au plus.")));
            }
        }
        if !NATURES.iter().any(|(cle, _)| *cle == self.nature) {
            fautes.push(Faute::new("nature", "choisissez sa nature."));
        }
        if !INTEGRATIONS.iter().any(|(cle, _)| *cle == self.integre_a) {
            fautes.push(Faute::new("integre_a", "dites s’il est intégré au logiciel ou au proxy."));
        }
        if self.teleservices.is_empty() {
            fautes.push(Faute::new("teleservices", "cochez au moins un téléservice."));
        } else if self.teleservices.iter().any(|coche| !TELESERVICES.iter().any(|(cle, _)| cle == coche)) {
            fautes.push(Faute::new("teleservices", "ce téléservice n’existe pas."));
        }
        if self.tiers && self.licence.is_none() {
            fautes.push(Faute::new("licence", "joignez sa licence d’utilisation."));
        }
        if self.est_eai() && self.homologation.is_none() {
            fautes.push(Faute::new("homologation", "un EAI demande l’attestation de conformité du CNDA."));
        }
        fautes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn la_licence_et_l_homologation_dependent_du_composant() {
        let simple = Composant {
            nom: "Module".to_owned(),
            version: "1".to_owned(),
            editeur: "Autre SARL".to_owned(),
            tiers: false,
            nature: "bibliotheque".to_owned(),
            integre_a: "proxy".to_owned(),
            teleservices: vec!["dmp".to_owned()],
            ..Composant::default()
        };
        let champs = |composant: &Composant| {
            composant.fautes().into_iter().map(|faute| faute.champ).collect::<Vec<_>>()
        };
        assert!(champs(&simple).is_empty());
        assert_eq!(champs(&Composant { tiers: true, ..simple.clone() }), ["licence"]);
        assert_eq!(champs(&Composant { nature: "eai".to_owned(), ..simple.clone() }), ["homologation"]);
        assert_eq!(champs(&Composant { teleservices: vec![], ..simple.clone() }), ["teleservices"]);
        assert_eq!(
            champs(&Composant::default()),
            ["nom", "version", "editeur", "nature", "integre_a", "teleservices"]
        );
    }
}
