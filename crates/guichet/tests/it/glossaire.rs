//! The glossary tells the truth: each type that it names is in the code, each URL is a row of the table of routes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use guichet::routes::table;

/// Term, meaning, type, URL.
type Terme = [String; 4];

fn depot() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn termes() -> Vec<Terme> {
    let texte = fs::read_to_string(depot().join("docs/glossaire.md")).expect("the glossary");
    let lignes = texte.lines().filter(|ligne| ligne.starts_with("| ") && !ligne.starts_with("| Terme"));
    lignes
        .map(|ligne| {
            let cellules: Vec<String> =
                ligne.trim_matches('|').split('|').map(|cellule| cellule.trim().to_owned()).collect();
            cellules.try_into().unwrap_or_else(|_| panic!("four cells: {ligne}"))
        })
        .collect()
}

/// What stands between backquotes; `None` for a dash.
fn nomme(cellule: &str) -> Option<&str> {
    let nom = cellule.strip_prefix('`').and_then(|reste| reste.strip_suffix('`'));
    assert!(nom.is_some() || cellule == "–", "« {cellule} » is neither a name nor a dash");
    nom
}

fn sources(chemin: &Path, textes: &mut Vec<String>) {
    if chemin.is_dir() {
        for entree in fs::read_dir(chemin).expect("a folder of the sources") {
            sources(&entree.expect("an entry").path(), textes);
        }
    } else if chemin.extension().is_some_and(|extension| extension == "rs") {
        textes.push(fs::read_to_string(chemin).expect("a source"));
    }
}

/// Whether the module, or one below that it may re-export from, declares the type.
fn declare(chemin: &str) -> bool {
    let mut morceaux: Vec<&str> = chemin.split("::").collect();
    let Some(nom) = morceaux.pop() else { return false };
    let mut dossier = depot().join("crates").join(morceaux.remove(0)).join("src");
    dossier.extend(morceaux);
    let mut textes = Vec::new();
    for chemin in [dossier.with_extension("rs"), dossier] {
        if chemin.exists() {
            sources(&chemin, &mut textes);
        }
    }
    let ouverture = |suite: &str| suite.starts_with(|c: char| !c.is_alphanumeric() && c != '_');
    ["pub struct ", "pub enum "].iter().any(|genre| {
        let declaration = format!("{genre}{nom}");
        textes.iter().any(|texte| {
            texte.match_indices(&declaration).any(|(ou, _)| ouverture(&texte[ou + declaration.len()..]))
        })
    })
}

#[test]
fn chaque_type_nomme_existe() {
    for [terme, _, genre, _] in termes() {
        if let Some(chemin) = nomme(&genre) {
            assert!(declare(chemin), "{terme} : {chemin}");
        }
    }
    assert!(!declare("domaine::candidature::Dossier") && !declare("domaine::candidature::Cand"));
}

#[test]
fn chaque_url_est_une_route() {
    let routes: BTreeSet<&str> = table().iter().map(|route| route.chemin).collect();
    for [terme, _, _, url] in termes() {
        if let Some(url) = nomme(&url) {
            assert!(routes.contains(url), "{terme} : {url}");
        }
    }
}

#[test]
fn un_mot_n_a_qu_une_ligne_et_qu_un_sens() {
    let termes = termes();
    assert!(termes.len() > 60, "{}", termes.len());
    let mut vus = BTreeSet::new();
    for [terme, sens, ..] in &termes {
        assert!(vus.insert(terme.to_lowercase()), "« {terme} » has two lines");
        assert!(sens.ends_with('.'), "« {terme} » : a sentence");
    }
}
