//! The five facets and their codes, as `faq/facettes.toml` lists them.
//!
//! Rule: a code never changes, a libellé may. A dispositif hangs from its couloir: who is tagged with the first is
//! found under the second.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

pub const TEXTE: &str = include_str!("../../../../faq/facettes.toml");

/// A facet with its codes, in the order in which they are shown.
#[derive(Clone, Debug)]
pub struct Facette {
    pub cle: &'static str,
    pub titre: &'static str,
    pub codes: Vec<Code>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub code: String,
    pub libelle: String,
    /// The couloir of a dispositif; `None` in the other facets.
    #[serde(default)]
    pub couloir: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fichier {
    offre: Vec<Code>,
    couloir: Vec<Code>,
    dispositif: Vec<Code>,
    produit: Vec<Code>,
    theme: Vec<Code>,
}

static FACETTES: LazyLock<[Facette; 5]> = LazyLock::new(|| {
    let fichier: Fichier = toml::from_str(TEXTE).expect("the shipped vocabulary is read by the tests");
    [
        Facette { cle: "offre", titre: "Type d’offre", codes: fichier.offre },
        Facette { cle: "couloir", titre: "Couloir Ségur", codes: fichier.couloir },
        Facette { cle: "dispositif", titre: "Dispositif Ségur", codes: fichier.dispositif },
        Facette { cle: "produit", titre: "Produit ou service", codes: fichier.produit },
        Facette { cle: "theme", titre: "Thématique", codes: fichier.theme },
    ]
});

pub fn facettes() -> &'static [Facette] {
    &*FACETTES
}

pub fn facette(cle: &str) -> Option<&'static Facette> {
    facettes().iter().find(|facette| facette.cle == cle)
}

pub fn libelle(facette_: &str, code: &str) -> Option<&'static str> {
    facette(facette_)?.codes.iter().find(|connu| connu.code == code).map(|connu| connu.libelle.as_str())
}

/// The choices in one written order: known codes only, each once, couloirs of the dispositifs added, empty facets left
/// out. Two equal choices are then equal values.
pub fn ranger(choix: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let choisi = |facette: &str, code: &str| {
        choix.get(facette).is_some_and(|codes| codes.iter().any(|autre| autre == code))
    };
    let mut range = BTreeMap::new();
    for Facette { cle, codes, .. } in facettes() {
        let retenus: Vec<String> = codes
            .iter()
            .filter(|code| choisi(cle, &code.code) || (*cle == "couloir" && porte(choix, &code.code)))
            .map(|code| code.code.clone())
            .collect();
        if !retenus.is_empty() {
            range.insert((*cle).to_owned(), retenus);
        }
    }
    range
}

/// Whether a dispositif of this couloir was chosen.
fn porte(choix: &BTreeMap<String, Vec<String>>, couloir: &str) -> bool {
    let Some(dispositifs) = choix.get("dispositif") else { return false };
    facette("dispositif").is_some_and(|facette| {
        facette
            .codes
            .iter()
            .any(|code| code.couloir.as_deref() == Some(couloir) && dispositifs.contains(&code.code))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn chaque_dispositif_pend_a_un_couloir_connu() {
        for facette in facettes() {
            let codes: BTreeSet<&str> = facette.codes.iter().map(|code| code.code.as_str()).collect();
            assert_eq!(codes.len(), facette.codes.len(), "{} has a code twice", facette.cle);
            for code in &facette.codes {
                match &code.couloir {
                    Some(couloir) => assert!(libelle("couloir", couloir).is_some(), "{}", code.code),
                    None => assert_ne!(facette.cle, "dispositif", "{} has no couloir", code.code),
                }
            }
        }
    }

    #[test]
    fn ranger_ajoute_les_couloirs_et_oublie_l_inconnu() {
        let choix: BTreeMap<String, Vec<String>> = [
            ("dispositif", vec!["RIS", "DPI", "RIS", "inconnu"]),
            ("theme", vec!["inconnu"]),
            ("inconnue", vec!["DPI"]),
        ]
        .map(|(facette, codes)| (facette.to_owned(), codes.into_iter().map(str::to_owned).collect()))
        .into();
        let attendu: BTreeMap<String, Vec<String>> =
            [("couloir", vec!["hopital", "imagerie"]), ("dispositif", vec!["DPI", "RIS"])]
                .map(|(facette, codes)| (facette.to_owned(), codes.into_iter().map(str::to_owned).collect()))
                .into();
        assert_eq!(ranger(&choix), attendu);
        assert_eq!(ranger(&attendu), attendu);
    }
}
