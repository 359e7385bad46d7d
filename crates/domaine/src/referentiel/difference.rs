//! What changes from one version of the référentiel to the next.
//!
//! Rule: an identifier keeps its meaning from version to version; what has the same identifier is the same thing,
//! changed or not. An industriel with an open candidature reads here what is new for its profiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ChapitreRef, Exigence, Kind, PreuveAttendue, Profil, Referentiel, Scenario};

/// What an identifier of the catalogue names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Genre {
    Chapitre,
    Exigence,
    Scenario,
    Preuve,
    Seuil,
}

impl Genre {
    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Chapitre => "chapitre",
            Self::Exigence => "exigence",
            Self::Scenario => "scénario",
            Self::Preuve => "preuve attendue",
            Self::Seuil => "seuil du test d’intrusion",
        }
    }
}

/// Something that differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ecart {
    pub id: String,
    pub genre: Genre,
    /// The profiles that it concerns, before or after.
    pub profils: Vec<Profil>,
    pub changement: Changement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changement {
    Ajout,
    Retrait,
    /// Field by field: its French name, its value before and after.
    Modification(Vec<(String, String, String)>),
}

struct Noeud {
    genre: Genre,
    profils: Vec<Profil>,
    champs: Vec<(&'static str, String)>,
}

pub(super) fn difference(ancien: &Referentiel, nouveau: &Referentiel) -> Vec<Ecart> {
    let (avant, mut apres) = (noeuds(ancien), noeuds(nouveau));
    let mut ecarts: Vec<Ecart> = avant
        .into_iter()
        .filter_map(|(id, ancien)| {
            let Some(nouveau) = apres.remove(&id) else {
                return Some(Ecart {
                    id,
                    genre: ancien.genre,
                    profils: ancien.profils,
                    changement: Changement::Retrait,
                });
            };
            let profils = union(&ancien.profils, &nouveau.profils);
            let champs: Vec<_> = ancien
                .champs
                .into_iter()
                .zip(nouveau.champs)
                .filter(|((_, avant), (_, apres))| avant != apres)
                .map(|((champ, avant), (_, apres))| (champ.to_owned(), avant, apres))
                .collect();
            let changement = (!champs.is_empty()).then_some(Changement::Modification(champs))?;
            Some(Ecart { id, genre: nouveau.genre, profils, changement })
        })
        .collect();
    ecarts.extend(apres.into_iter().map(|(id, noeud)| Ecart {
        id,
        genre: noeud.genre,
        profils: noeud.profils,
        changement: Changement::Ajout,
    }));
    ecarts.sort_by(|a, b| a.id.cmp(&b.id));
    ecarts
}

fn noeuds(referentiel: &Referentiel) -> BTreeMap<String, Noeud> {
    let mut noeuds = BTreeMap::new();
    for chapitre in &referentiel.chapitres {
        noeuds.insert(chapitre.code.clone(), Noeud::chapitre(chapitre));
    }
    for exigence in &referentiel.exigences {
        noeuds.insert(exigence.id.clone(), Noeud::exigence(exigence));
        for scenario in &exigence.scenarios {
            noeuds.insert(scenario.id.clone(), Noeud::scenario(exigence, scenario));
            for preuve in &scenario.preuves {
                noeuds.insert(preuve.id.clone(), Noeud::preuve(preuve));
            }
        }
    }
    for profil in Profil::TOUS {
        if let Some(seuil) = referentiel.seuils_ti.pour(profil) {
            noeuds.insert(
                format!("seuils.ti.{profil}"),
                Noeud {
                    genre: Genre::Seuil,
                    profils: vec![profil],
                    champs: vec![
                        ("gravité haute, maximum", seuil.haute_max.to_string()),
                        ("gravité moyenne, maximum", facultatif(seuil.moyenne_max)),
                        ("gravité moyenne, arbitrage jusqu’à", facultatif(seuil.moyenne_arbitrage)),
                    ],
                },
            );
        }
    }
    noeuds
}

impl Noeud {
    fn chapitre(chapitre: &ChapitreRef) -> Self {
        let rangs = chapitre.rangs.iter().map(|(profil, rang)| format!("{profil} {rang}"));
        Self {
            genre: Genre::Chapitre,
            profils: chapitre.profils().collect(),
            champs: vec![
                ("titre", chapitre.titre.clone()),
                ("description", chapitre.description.clone()),
                ("rangs", rangs.collect::<Vec<_>>().join(", ")),
            ],
        }
    }

    fn exigence(exigence: &Exigence) -> Self {
        Self {
            genre: Genre::Exigence,
            profils: exigence.profils.clone(),
            champs: vec![
                ("référence officielle", exigence.ref_officielle.clone()),
                ("chapitre", exigence.chapitre.clone()),
                ("ordre", exigence.ordre.to_string()),
                ("nature", exigence.nature.libelle().to_owned()),
                ("criticité", exigence.criticite.libelle().to_owned()),
                ("profils", codes(&exigence.profils)),
                ("énoncé", exigence.enonce.clone()),
                ("aide", exigence.aide.clone()),
            ],
        }
    }

    fn scenario(exigence: &Exigence, scenario: &Scenario) -> Self {
        Self {
            genre: Genre::Scenario,
            profils: exigence.profils.clone(),
            champs: vec![("texte", scenario.texte.clone())],
        }
    }

    // The points de vérification stay inside the agency: their changes are not told here.
    fn preuve(preuve: &PreuveAttendue) -> Self {
        let kinds: Vec<&str> = preuve.kinds.iter().copied().map(Kind::libelle).collect();
        let controles: Vec<&str> = preuve.controles.iter().map(|controle| controle.libelle()).collect();
        Self {
            genre: Genre::Preuve,
            profils: preuve.profils.clone(),
            champs: vec![
                ("titre", preuve.titre.clone()),
                ("formes acceptées", kinds.join(", ")),
                ("nombre minimal", preuve.min.to_string()),
                ("nombre maximal", preuve.max.to_string()),
                ("durée de validité en mois", facultatif(preuve.validite_mois)),
                ("modèle", preuve.modele.clone()),
                ("contrôles automatiques", controles.join(", ")),
                ("profils", codes(&preuve.profils)),
            ],
        }
    }
}

fn facultatif(valeur: Option<u32>) -> String {
    valeur.map(|valeur| valeur.to_string()).unwrap_or_default()
}

fn codes(profils: &[Profil]) -> String {
    profils.iter().map(|profil| profil.code()).collect::<Vec<_>>().join(", ")
}

fn union(avant: &[Profil], apres: &[Profil]) -> Vec<Profil> {
    Profil::TOUS.into_iter().filter(|profil| avant.contains(profil) || apres.contains(profil)).collect()
}
