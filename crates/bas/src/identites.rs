//! The professionals of the sandbox, in the manner of EDIT: made, changed, imported and exported, kept in a file.
//!
//! An identity is what `userinfo` says of it, letter for letter, with beside it how its e-CPS and its card behave.

mod demonstration;
mod pages;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use oidc::ciba::Canal;
use oidc::psc::Profil;
use serde::{Deserialize, Serialize};

use crate::{Erreur, fichier};

pub(crate) use pages::routes;

const FICHIER: &str = "psc-identites.json";
/// Nobody needs more; a bound keeps an import from filling the disk.
const IDENTITES_MAX: usize = 2_000;

/// What a means of authentication can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moyen {
    #[default]
    Actif,
    /// No e-CPS on any telephone, or no card in the reader.
    Absent,
    /// Three wrong codes in a row.
    Bloque,
}

/// What happens when somebody asks this person to authenticate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Reponse {
    /// A person answers on the page, the command line or the API.
    #[default]
    Manuelle,
    Approuver,
    Refuser,
    /// Approves by itself after so many seconds.
    ApprouverApres {
        secondes: u32,
    },
    /// Approves when the binding message is this one, refuses any other.
    SiMessage {
        message: String,
    },
    /// Nobody ever answers.
    Jamais,
}

/// A test identity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identite {
    #[serde(flatten)]
    pub profil: Profil,
    /// `false` for a professional struck off: Pro Santé Connect doesn't know them.
    #[serde(default = "oui")]
    pub actif: bool,
    #[serde(default)]
    pub ecps: Moyen,
    #[serde(default)]
    pub carte: Moyen,
    #[serde(default)]
    pub reponse: Reponse,
}

fn oui() -> bool {
    true
}

impl Identite {
    pub fn national_id(&self) -> &str {
        &self.profil.national_id
    }

    pub fn moyen(&self, canal: Canal) -> Moyen {
        match canal {
            Canal::Carte => self.carte,
            Canal::Mobile => self.ecps,
        }
    }

    pub(crate) fn moyen_mut(&mut self, canal: Canal) -> &mut Moyen {
        match canal {
            Canal::Carte => &mut self.carte,
            Canal::Mobile => &mut self.ecps,
        }
    }

    /// Profession in words, as lists show it.
    pub fn profession(&self) -> String {
        let Some(exercice) = self.profil.ref_pro.exercices.first() else { return "sans exercice".to_owned() };
        let etudiant = exercice.code_categorie_professionnelle == "E";
        let nom = match exercice.code_profession.as_str() {
            "10" => "médecin",
            "21" => "pharmacien",
            "26" => "audioprothésiste",
            "28" => "opticien-lunetier",
            "40" => "chirurgien-dentiste",
            "50" => "sage-femme",
            "60" => "infirmier",
            "70" => "masseur-kinésithérapeute",
            "80" => "pédicure-podologue",
            "91" => "orthophoniste",
            "" => "personnel de structure",
            autre => autre,
        };
        if etudiant { format!("{nom} (étudiant)") } else { nom.to_owned() }
    }

    /// What must hold before it is kept.
    ///
    /// # Errors
    /// The first fault, as a sentence.
    pub fn verifier(&self) -> Result<(), RefusIdentite> {
        let id = self.national_id();
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"/._-".contains(&octet);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(permis) {
            return Err(RefusIdentite::NationalId);
        }
        for (nom, valeur) in
            [("family_name", &self.profil.family_name), ("given_name", &self.profil.given_name)]
        {
            if valeur.trim().is_empty()
                || valeur.chars().count() > 100
                || valeur.chars().any(char::is_control)
            {
                return Err(RefusIdentite::Nom(nom));
            }
        }
        Ok(())
    }
}

/// Why an identity is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RefusIdentite {
    #[error(
        "SubjectNameID : un identifiant national a de 1 à 64 lettres sans accent, chiffres, « / », « . », « _ » ou « - »."
    )]
    NationalId,
    #[error("{0} : un nom et un prénom sont nécessaires, cent caractères au plus chacun.")]
    Nom(&'static str),
    #[error("SubjectNameID : l’identité « {0} » existe déjà.")]
    EnDouble(String),
    #[error("Aucune identité « {0} » dans le bac à sable.")]
    Inconnue(String),
    #[error("Le bac à sable garde deux mille identités au plus.")]
    Trop,
    #[error("Les identités n’ont pas pu être enregistrées.")]
    Enregistrement(#[source] std::io::Error),
}

/// The store.
#[derive(Debug)]
pub(crate) struct Identites {
    chemin: PathBuf,
    liste: Mutex<Vec<Identite>>,
}

impl Identites {
    /// Reads the file; the first time, fills it with the identities of the demonstration.
    pub(crate) fn charger(donnees: &std::path::Path) -> Result<Self, Erreur> {
        let chemin = donnees.join(FICHIER);
        let liste = if let Some(liste) = fichier::lire(&chemin)? {
            liste
        } else {
            let liste = demonstration::identites();
            let source = |source| Erreur::Fichier { chemin: chemin.clone(), source };
            fichier::ecrire(&chemin, &liste).map_err(source)?;
            liste
        };
        Ok(Self { chemin, liste: Mutex::new(liste) })
    }

    pub(crate) fn toutes(&self) -> Vec<Identite> {
        self.ouvrir().clone()
    }

    pub(crate) fn trouver(&self, national_id: &str) -> Option<Identite> {
        self.ouvrir().iter().find(|identite| identite.national_id() == national_id).cloned()
    }

    /// Adds an identity that isn't there yet.
    pub(crate) fn creer(&self, identite: Identite) -> Result<(), RefusIdentite> {
        identite.verifier()?;
        self.changer(|liste| {
            if liste.iter().any(|autre| autre.national_id() == identite.national_id()) {
                return Err(RefusIdentite::EnDouble(identite.national_id().to_owned()));
            }
            liste.push(identite);
            Ok(())
        })
    }

    /// Changes an identity, its national identifier included if that is free.
    pub(crate) fn modifier(
        &self,
        national_id: &str,
        changement: impl FnOnce(&mut Identite),
    ) -> Result<(), RefusIdentite> {
        self.changer(|liste| {
            let rang = liste.iter().position(|autre| autre.national_id() == national_id);
            let rang = rang.ok_or_else(|| RefusIdentite::Inconnue(national_id.to_owned()))?;
            let mut nouvelle = liste.get(rang).cloned().ok_or(RefusIdentite::Trop)?;
            changement(&mut nouvelle);
            nouvelle.verifier()?;
            let pris = |autre: &Identite| autre.national_id() == nouvelle.national_id();
            if liste.iter().enumerate().any(|(autre, identite)| autre != rang && pris(identite)) {
                return Err(RefusIdentite::EnDouble(nouvelle.national_id().to_owned()));
            }
            if let Some(place) = liste.get_mut(rang) {
                *place = nouvelle;
            }
            Ok(())
        })
    }

    pub(crate) fn supprimer(&self, national_id: &str) -> Result<(), RefusIdentite> {
        self.changer(|liste| {
            let avant = liste.len();
            liste.retain(|identite| identite.national_id() != national_id);
            if liste.len() == avant { Err(RefusIdentite::Inconnue(national_id.to_owned())) } else { Ok(()) }
        })
    }

    /// Takes a list in: known identities are replaced, others added; all or none.
    pub(crate) fn importer(&self, recues: Vec<Identite>) -> Result<usize, RefusIdentite> {
        for identite in &recues {
            identite.verifier()?;
        }
        self.changer(|liste| {
            let nombre = recues.len();
            for identite in recues {
                match liste.iter_mut().find(|autre| autre.national_id() == identite.national_id()) {
                    Some(place) => *place = identite,
                    None => liste.push(identite),
                }
            }
            Ok(nombre)
        })
    }

    /// Back to the identities of the demonstration.
    pub(crate) fn reinitialiser(&self) -> Result<(), RefusIdentite> {
        self.changer(|liste| {
            *liste = demonstration::identites();
            Ok(())
        })
    }

    /// Nothing changes in memory before it is on disk.
    fn changer<T>(
        &self,
        changement: impl FnOnce(&mut Vec<Identite>) -> Result<T, RefusIdentite>,
    ) -> Result<T, RefusIdentite> {
        let mut liste = self.ouvrir();
        let mut nouvelle = liste.clone();
        let rendu = changement(&mut nouvelle)?;
        if nouvelle.len() > IDENTITES_MAX {
            return Err(RefusIdentite::Trop);
        }
        fichier::ecrire(&self.chemin, &nouvelle).map_err(RefusIdentite::Enregistrement)?;
        *liste = nouvelle;
        Ok(rendu)
    }

    fn ouvrir(&self) -> MutexGuard<'_, Vec<Identite>> {
        self.liste.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identite(national_id: &str) -> Identite {
        let mut identite = demonstration::identites().swap_remove(0);
        identite.profil.national_id = national_id.to_owned();
        identite
    }

    #[test]
    fn what_is_changed_is_found_again_after_a_restart() {
        let dossier = tempfile::tempdir().unwrap();
        let identites = Identites::charger(dossier.path()).unwrap();
        let depart = identites.toutes().len();
        assert!(depart >= 12, "{depart}");
        identites.creer(identite("ANS1")).unwrap();
        assert!(matches!(identites.creer(identite("ANS1")), Err(RefusIdentite::EnDouble(_))));
        identites.modifier("ANS1", |identite| identite.reponse = Reponse::Refuser).unwrap();
        identites.modifier("ANS1", |identite| "ANS2".clone_into(&mut identite.profil.national_id)).unwrap();
        let premiere = identites.toutes().swap_remove(0);
        let pris = identites.modifier("ANS2", |identite| {
            identite.profil.national_id.clone_from(&premiere.profil.national_id);
        });
        assert!(matches!(pris, Err(RefusIdentite::EnDouble(_))));
        assert_eq!(identites.importer(vec![identite("ANS3"), premiere]).unwrap(), 2);
        assert!(identites.importer(vec![identite("ANS4"), identite("é")]).is_err(), "all or none");

        let relues = Identites::charger(dossier.path()).unwrap();
        assert_eq!(relues.toutes(), identites.toutes());
        assert_eq!(relues.toutes().len(), depart + 2);
        assert_eq!(relues.trouver("ANS2").unwrap().reponse, Reponse::Refuser);
        relues.supprimer("ANS2").unwrap();
        assert!(matches!(relues.supprimer("ANS2"), Err(RefusIdentite::Inconnue(_))));
        relues.reinitialiser().unwrap();
        assert_eq!(Identites::charger(dossier.path()).unwrap().toutes(), demonstration::identites());
    }

    type Changement = fn(&mut Identite);

    #[test]
    fn an_identity_must_have_an_identifier_and_names() {
        let cas: [(&str, Changement, bool); 6] = [
            ("staff card", |i| "500000009900015/CPAT00001".clone_into(&mut i.profil.national_id), true),
            ("no identifier", |i| i.profil.national_id.clear(), false),
            ("space", |i| "8997 0".clone_into(&mut i.profil.national_id), false),
            ("too long", |i| i.profil.national_id = "8".repeat(65), false),
            ("no name", |i| " ".clone_into(&mut i.profil.family_name), false),
            ("line break", |i| "A\nB".clone_into(&mut i.profil.given_name), false),
        ];
        for (quoi, changement, bonne) in cas {
            let mut essai = identite("899700000011");
            changement(&mut essai);
            assert_eq!(essai.verifier().is_ok(), bonne, "{quoi}");
        }
    }

    #[test]
    fn the_export_reads_like_userinfo() {
        for identite in demonstration::identites() {
            identite.verifier().unwrap();
            let json = serde_json::to_value(&identite).unwrap();
            assert_eq!(json["SubjectNameID"], identite.national_id());
            assert!(json["SubjectRefPro"]["exercices"].is_array());
            assert_eq!(serde_json::from_value::<Identite>(json).unwrap(), identite);
        }
        let courte: Identite = serde_json::from_str(
            r#"{"SubjectNameID":"1","family_name":"A","given_name":"B","reponse":{"mode":"approuver-apres","secondes":3}}"#,
        )
        .unwrap();
        assert!(courte.actif);
        assert_eq!(courte.reponse, Reponse::ApprouverApres { secondes: 3 });
    }
}
