//! The référentiel of the repository is sound, and asks what each profile is told that it asks.

use std::{fs, path::Path};

use domaine::referentiel::{Changement, Exigence, Genre, Kind, Nature, Profil, Referentiel};

fn propose() -> (String, Referentiel) {
    let chemin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../referentiel/edc-psc.toml");
    let toml = fs::read_to_string(chemin).expect("the référentiel of the repository");
    let referentiel = Referentiel::lire(&toml).unwrap_or_else(|fautes| {
        panic!("{}", fautes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    });
    (toml, referentiel)
}

#[test]
fn each_profile_has_its_chapters_in_order() {
    use Profil::{ELP, ELU, OpSP, OpSU};
    type Cas = (&'static [Profil], &'static [(&'static str, usize)]);
    let (_, referentiel) = propose();
    let cas: [Cas; 6] = [
        (&[ELU], &[("PMT", 9), ("DEV", 2), ("ARC", 3), ("PAS", 1), ("TI", 2)]),
        (&[ELP], &[("PMT", 9), ("ODC", 2), ("ARC", 3), ("ADR", 2), ("PAS", 1), ("TI", 2)]),
        (&[OpSU], &[("CGU", 1), ("DEV", 2), ("ARC", 7), ("CHI", 2), ("PAS", 1)]),
        (
            &[OpSP],
            &[("CGU", 1), ("DEV", 2), ("ARC", 7), ("ADR", 2), ("PAS", 1), ("ALE", 3), ("CHI", 2), ("TRA", 5)],
        ),
        (&[ELP, ELU], &[("PMT", 9), ("ODC", 2), ("DEV", 2), ("ARC", 3), ("ADR", 2), ("PAS", 1), ("TI", 2)]),
        (
            &[OpSU, OpSP],
            &[("CGU", 1), ("DEV", 2), ("ARC", 7), ("ADR", 2), ("PAS", 1), ("ALE", 3), ("CHI", 2), ("TRA", 5)],
        ),
    ];
    for (profils, attendus) in cas {
        let chapitres: Vec<(&str, usize)> = referentiel
            .chapitres_pour(profils)
            .into_iter()
            .map(|chapitre| (chapitre.code.as_str(), referentiel.attendues(&chapitre.code, profils).len()))
            .collect();
        assert_eq!(chapitres, attendus, "{profils:?}");
    }
    assert!(referentiel.chapitres_pour(&[]).is_empty());
}

#[test]
fn a_slot_knows_its_exigence() {
    let (_, referentiel) = propose();
    let attendue = referentiel.attendue("TI.01.01.01").unwrap();
    assert!(attendue.kinds.contains(&Kind::FormulaireTi), "{attendue:?}");
    let exigence = referentiel.exigence_de("TI.01.01.01").unwrap();
    assert_eq!((exigence.id.as_str(), exigence.nature), ("TI.01", Nature::Exigence));
    assert!(referentiel.est_bloquante(attendue));
    assert_eq!(referentiel.attendue("TI.99.01.01"), None);
    for preuve in referentiel.exigences.iter().flat_map(Exigence::preuves) {
        let nature = referentiel.exigence_de(&preuve.id).unwrap().nature;
        assert_eq!(
            referentiel.est_bloquante(preuve),
            nature == Nature::Exigence && preuve.min > 0,
            "{}",
            preuve.id
        );
    }
}

#[test]
fn the_window_of_the_version_is_kept() {
    let (_, mut referentiel) = propose();
    let debut = referentiel.applicable_du;
    assert!(referentiel.ouvert_le(debut));
    assert!(!referentiel.ouvert_le(debut.yesterday().unwrap()));
    referentiel.depot_jusquau = Some(debut.tomorrow().unwrap());
    assert!(referentiel.ouvert_le(debut.tomorrow().unwrap()));
    assert!(!referentiel.ouvert_le(debut.tomorrow().unwrap().tomorrow().unwrap()));
}

#[test]
fn it_comes_back_whole_from_json() {
    let (_, referentiel) = propose();
    let relu: Referentiel = serde_json::from_str(&serde_json::to_string(&referentiel).unwrap()).unwrap();
    assert_eq!(relu, referentiel);
}

#[test]
fn a_new_version_tells_what_changed() {
    let (_, ancien) = propose();
    assert_eq!(Referentiel::difference(&ancien, &ancien), []);
    let mut nouveau = ancien.clone();
    let retiree = nouveau.exigences.pop().unwrap();
    nouveau.exigences[0].scenarios[0].preuves[0].max += 1;
    nouveau.exigences[0].scenarios[0].preuves[0].points_de_verification.clear();
    let ecarts = Referentiel::difference(&ancien, &nouveau);
    let modifiees: Vec<_> =
        ecarts.iter().filter(|ecart| matches!(ecart.changement, Changement::Modification(_))).collect();
    let [modifiee] = modifiees.as_slice() else { panic!("{ecarts:?}") };
    assert_eq!(modifiee.genre, Genre::Preuve);
    assert!(matches!(&modifiee.changement, Changement::Modification(champs)
        if champs.len() == 1 && champs[0].0 == "nombre maximal"));
    let retraits = ecarts.iter().filter(|ecart| ecart.changement == Changement::Retrait);
    assert_eq!(retraits.count(), 1 + retiree.scenarios.len() + retiree.preuves().count());
    let ajouts = Referentiel::difference(&nouveau, &ancien);
    assert!(ajouts.iter().any(|ecart| ecart.id == retiree.id && ecart.changement == Changement::Ajout));
}

/// Each mistake of an engineer, as an edit of the file, and the fault that it brings.
#[test]
fn each_mistake_is_told_with_its_place() {
    let (toml, _) = propose();
    for (avant, apres, ou, texte) in [
        ("version = \"2025.1-proposition\"\n", "", "[referentiel]", "« version » manque"),
        (
            "applicable_du = 2025-05-01",
            "applicable_du = \"mai\"",
            "[referentiel]",
            "« applicable_du » doit être une date",
        ),
        ("depot_jusquau = \"\"", "depot_jusquau = 2025-04-30", "[referentiel]", "précède"),
        ("code = \"ODC\"", "code = \"odc\"", "odc", "2 ou 3 capitales"),
        ("code = \"ODC\"", "code = \"ODC\"\ncouleur = 1", "ODC", "« couleur » n’existe pas"),
        ("rangs = { ELP = 2 }", "rangs = { ELP = 9 }", "ODC", "le rang 9 pour ELP laisse vide"),
        ("rangs = { ELP = 2 }", "rangs = { ELP = 1 }", "PMT", "le rang 1 pour ELP sert deux fois"),
        ("rangs = { ELP = 2 }", "rangs = { ABC = 2 }", "ODC rangs", "« ABC » n’existe pas"),
        ("rangs = { ELP = 2 }", "rangs = {}", "ODC", "aucun profil"),
        ("chapitre = \"TI\"", "chapitre = \"ZZ\"", "TI.01", "le chapitre « ZZ » n’existe pas"),
        ("id = \"TI.01\"", "id = \"TI.02\"", "TI.02", "sert deux fois"),
        ("id = \"TI.01.01\"", "id = \"TI.02.01\"", "TI.02.01", "de la forme TI.01.01"),
        ("id = \"TI.01.01.01\"", "id = \"TI.01.01.1\"", "TI.01.01.1", "de la forme TI.01.01.01"),
        ("kinds = [\"capture\", \"document\"]", "kinds = []", "PMT.01.01.01", "« kinds » est vide"),
        ("kinds = [\"capture\", \"document\"]", "kinds = [\"dessin\"]", "PMT.01.01.01", "« dessin »"),
        ("kinds = [\"capture\", \"document\"]", "kinds = \"capture\"", "PMT.01.01.01", "une liste"),
        ("    min = 1\n    max = 3", "    min = 4\n    max = 3", "PMT.01.01.01", "min (4) et max (3)"),
        ("    min = 1\n    max = 3", "    min = -1\n    max = 3", "PMT.01.01.01", "entier positif"),
        ("nature = \"EXIGENCE\"", "nature = \"DOIT\"", "PMT.01", "EXIGENCE, PRECONISATION"),
        (
            "profils = [\"ELU\", \"ELP\"]",
            "profils = [\"ELU\", \"OpSU\"]",
            "PMT.01",
            "ne s’applique pas au profil OpSU",
        ),
        ("profils = [\"ELU\", \"ELP\"]", "profils = [\"XXX\"]", "PMT.01", "« XXX »"),
        ("duree_validite = \"P1Y\"", "duree_validite = \"P1D\"", "TI.01.01.01", "une durée"),
        ("ELP = { haute_max = 0 }\n", "", "seuils ti", "les seuils du profil ELP manquent"),
        ("moyenne_arbitrage = 10", "moyenne_arbitrage = 9", "seuils ti", "doit dépasser"),
        ("[referentiel]", "[referentiel", "fichier", "le TOML n’est pas lisible"),
    ] {
        assert!(toml.contains(avant), "{avant}");
        let fautes = Referentiel::lire(&toml.replacen(avant, apres, 1)).unwrap_err();
        let trouvee = fautes.iter().find(|faute| faute.ou == ou && faute.texte.contains(texte));
        let Some(trouvee) = trouvee else { panic!("{apres} : {fautes:#?}") };
        assert!(trouvee.ligne.is_some(), "{trouvee}");
    }
}

#[test]
fn faults_come_all_at_once_in_the_order_of_the_file() {
    let (toml, _) = propose();
    let toml = toml.replace("nature = \"EXIGENCE\"", "nature = \"?\"").replace("applicable_du", "applicable");
    let fautes = Referentiel::lire(&toml).unwrap_err();
    assert!(fautes.len() > 10, "{fautes:#?}");
    assert!(fautes.is_sorted_by_key(|faute| faute.ligne));
    let premiere = toml.lines().position(|ligne| ligne.starts_with("[referentiel]")).unwrap() + 1;
    assert!(fautes[0].ligne.unwrap() >= premiere, "{}", fautes[0]);
}

#[test]
fn a_hostile_file_is_refused_without_harm() {
    for toml in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        "a.".repeat(100_000),
        "#".repeat(2 << 20),
    ] {
        assert!(Referentiel::lire(&toml).is_err());
    }
}
