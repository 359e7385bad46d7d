//! `docs/dependances.md` has a row for each workspace dependency, with the version in force, and no other row.

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn chaque_dependance_a_sa_ligne() {
    let racine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lire = |chemin: &str| std::fs::read_to_string(racine.join(chemin)).unwrap();
    let manifeste: toml::Table = lire("Cargo.toml").parse().unwrap();
    let declarees: BTreeMap<String, String> = manifeste["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .iter()
        .filter(|(_, valeur)| valeur.get("path").is_none())
        .map(|(nom, valeur)| {
            let version = valeur.as_str().or_else(|| valeur.get("version")?.as_str()).unwrap();
            (nom.clone(), version.to_owned())
        })
        .collect();

    let page = lire("docs/dependances.md");
    let mut expliquees = BTreeMap::new();
    for ligne in page.lines().filter(|l| l.starts_with("| `")) {
        let cases: Vec<&str> = ligne.trim_matches('|').split('|').map(str::trim).collect();
        let [nom, version, usage, raison] = cases[..] else { panic!("quatre cases attendues : {ligne}") };
        assert!(!usage.is_empty() && !raison.is_empty(), "case vide : {ligne}");
        let nom = nom.trim_matches('`').to_owned();
        assert!(expliquees.insert(nom, version.to_owned()).is_none(), "ligne en double : {ligne}");
    }
    assert_eq!(expliquees, declarees, "docs/dependances.md (à gauche) et Cargo.toml (à droite) diffèrent");
}
