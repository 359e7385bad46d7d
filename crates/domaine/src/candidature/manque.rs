//! What is missing for the next state of a candidature, at any moment: the question that every industriel asks.
//!
//! Rule: the answer is read from the same rules as the refusals, so that it can never promise what an act then refuses.

use super::{Candidature, Etat};
use crate::{
    chapitre::{Chapitre, EtatChapitre},
    formulaire::Contexte,
};

/// One thing to do, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AFaire {
    pub texte: String,
    pub ou: Ou,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ou {
    Formulaire {
        champ: Option<String>,
    },
    Chapitre {
        code: String,
        attendue: Option<String>,
    },
    /// Nothing to do but wait.
    Attente,
}

/// What comes next and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suivant {
    pub etape: &'static str,
    pub a_faire: Vec<AFaire>,
}

impl Candidature {
    /// `None` when the candidature has come to its end.
    pub fn suivant(&self, contexte: &Contexte) -> Option<Suivant> {
        let attente = |texte: &str| vec![AFaire { texte: texte.to_owned(), ou: Ou::Attente }];
        let suivant = match &self.etat {
            Etat::Creee | Etat::FormulaireEnCours | Etat::FormulaireACorriger => Suivant {
                etape: "Soumettre le formulaire administratif",
                a_faire: self.a_faire_formulaire(contexte),
            },
            Etat::FormulaireSoumis => Suivant {
                etape: "Ouverture du dépôt des preuves",
                a_faire: attente("Le formulaire est en cours de vérification par l’agence."),
            },
            Etat::DepotOuvert => Suivant {
                etape: "Passage en collège",
                a_faire: self.chapitres.iter().flat_map(a_faire_chapitre).collect(),
            },
            Etat::DepotComplet => Suivant {
                etape: "Inscription à une session du collège",
                a_faire: attente("Tous les chapitres sont validés ; l’agence inscrit le dossier."),
            },
            Etat::EnCollege { .. } => Suivant {
                etape: "Décision du collège",
                a_faire: attente("Le dossier est inscrit à une session du collège."),
            },
            Etat::Dormante { avant, .. } => {
                let mut reveillee = self.clone();
                reveillee.etat = (**avant).clone();
                return reveillee.suivant(contexte);
            }
            Etat::Habilitee { .. } | Etat::Refusee { .. } | Etat::Abandonnee { .. } => return None,
        };
        Some(suivant)
    }

    fn a_faire_formulaire(&self, contexte: &Contexte) -> Vec<AFaire> {
        let fautes = self.formulaire.fautes(contexte);
        if fautes.is_empty() {
            return vec![AFaire {
                texte: "Le formulaire est complet : soumettez-le.".to_owned(),
                ou: Ou::Formulaire { champ: None },
            }];
        }
        fautes
            .into_iter()
            .map(|faute| {
                let libelle = crate::formulaire::champs::trouver(&faute.champ, self.guichet)
                    .map_or_else(|| faute.champ.clone(), crate::formulaire::champs::Champ::intitule);
                AFaire {
                    texte: format!("{libelle} : {}", faute.message),
                    ou: Ou::Formulaire { champ: Some(faute.champ.clone()) },
                }
            })
            .collect()
    }
}

fn a_faire_chapitre(chapitre: &Chapitre) -> Vec<AFaire> {
    let ici = |texte: String, attendue: Option<String>| AFaire {
        texte,
        ou: Ou::Chapitre { code: chapitre.code.clone(), attendue },
    };
    match &chapitre.etat {
        EtatChapitre::Valide { .. } => Vec::new(),
        EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. } => vec![AFaire {
            texte: format!("{} : en cours d’instruction par l’agence.", chapitre.titre),
            ou: Ou::Attente,
        }],
        etat @ (EtatChapitre::ACompleter | EtatChapitre::ACorriger { .. }) => {
            let acte = if matches!(etat, EtatChapitre::ACompleter) { "déposer" } else { "corriger" };
            let a_faire = chapitre.a_faire();
            if a_faire.is_empty() {
                return vec![ici(format!("{} : complet, à soumettre.", chapitre.titre), None)];
            }
            a_faire
                .into_iter()
                .map(|slot| {
                    ici(
                        format!("{} : preuve {} à {acte}.", chapitre.titre, slot.attendue),
                        Some(slot.attendue.clone()),
                    )
                })
                .collect()
        }
    }
}
