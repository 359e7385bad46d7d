//! Two people, or two tabs of one person, on the same form.
//!
//! Rule: a page writes only what was typed in it. Nothing that somebody else wrote since the page was shown is
//! overwritten unseen; what the page itself wrote before (autosave) is no conflict.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Formulaire;
use crate::evenement::Acteur;

/// Who wrote a field last, and from which open page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ecriture {
    /// One-time token of the page.
    pub page: String,
    pub par: Acteur,
    pub le: Timestamp,
}

/// The page from which something was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// One-time token, given when the page was shown.
    pub jeton: String,
    /// The values that it showed at first.
    pub montre: BTreeMap<String, String>,
}

/// A field that somebody else changed while the person was typing in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflit {
    pub cle: String,
    /// What stands now.
    pub enregistre: String,
    /// Name of who wrote it, empty when nobody knows.
    pub par: String,
}

/// What is to be done with a value sent by a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It is there already, or nothing was typed.
    Rien,
    Ecrire,
    Conflit(Conflit),
}

impl Page {
    pub fn sort(&self, formulaire: &Formulaire, cle: &str, saisi: &str) -> Sort {
        let enregistre = formulaire.valeur(cle);
        if enregistre == saisi {
            return Sort::Rien;
        }
        let montre = self.montre.get(cle).map_or("", String::as_str);
        let la_mienne = formulaire.ecritures.get(cle).is_some_and(|ecriture| ecriture.page == self.jeton);
        if la_mienne || enregistre == montre {
            Sort::Ecrire
        } else if saisi == montre {
            Sort::Rien
        } else {
            Sort::Conflit(formulaire.conflit(cle))
        }
    }
}

impl Formulaire {
    /// The value that stands now, as a conflict with what somebody typed.
    fn conflit(&self, cle: &str) -> Conflit {
        Conflit {
            cle: cle.to_owned(),
            enregistre: self.valeur(cle).to_owned(),
            par: self.ecritures.get(cle).map_or_else(String::new, |ecriture| ecriture.par.nom.clone()),
        }
    }

    /// The fields whose value is not the one that the person has before their eyes: before a submission, which
    /// engages, even what they did not touch must be what they see.
    pub fn ecarts(&self, vues: &BTreeMap<String, String>) -> Vec<Conflit> {
        vues.iter().filter(|(cle, vue)| self.valeur(cle) != *vue).map(|(cle, _)| self.conflit(cle)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn une_page_n_ecrit_que_ce_qui_y_fut_saisi() {
        let conflit = |enregistre: &str| {
            Sort::Conflit(Conflit {
                cle: "version".to_owned(),
                enregistre: enregistre.to_owned(),
                par: "Espace de Confiance".to_owned(),
            })
        };
        // shown by the page, stored now, written last by, typed
        let cas = [
            ("1", "1", "", "1", Sort::Rien),
            ("1", "1", "", "2", Sort::Ecrire),
            ("1", "2", "autre", "2", Sort::Rien),
            ("1", "2", "autre", "1", Sort::Rien),
            ("1", "2", "autre", "3", conflit("2")),
            ("1", "2", "moi", "3", Sort::Ecrire),
            ("1", "2", "moi", "1", Sort::Ecrire),
            ("1", "", "autre", "2", conflit("")),
            ("", "2", "autre", "3", conflit("2")),
        ];
        for (montre, enregistre, page, saisi, attendu) in cas {
            let mut formulaire = Formulaire::default();
            formulaire.saisie.insert("version".to_owned(), enregistre.to_owned());
            let ecriture =
                Ecriture { page: page.to_owned(), par: Acteur::systeme(), le: Timestamp::UNIX_EPOCH };
            formulaire.ecritures.insert("version".to_owned(), ecriture);
            let montre = BTreeMap::from([("version".to_owned(), montre.to_owned())]);
            let page = Page { jeton: "moi".to_owned(), montre: montre.clone() };
            let sort = page.sort(&formulaire, "version", saisi);
            assert_eq!(sort, attendu, "{montre:?} {enregistre} {page:?} {saisi}");
        }
    }

    #[test]
    fn un_engagement_porte_sur_ce_que_la_personne_voit() {
        let mut formulaire = Formulaire::default();
        formulaire.saisie.insert("version".to_owned(), "2".to_owned());
        let vues = |version: &str| BTreeMap::from([("version".to_owned(), version.to_owned())]);
        assert!(formulaire.ecarts(&vues("2")).is_empty());
        assert_eq!(formulaire.ecarts(&vues("1")).len(), 1);
    }
}
