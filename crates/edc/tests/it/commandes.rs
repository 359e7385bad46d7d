//! Commands that answer and end.

use std::process::{Command, Output};

pub(crate) fn edc(arguments: &[&str]) -> Output {
    // An environment variable EDC_… is a setting: those of the tests themselves are none.
    Command::new(env!("CARGO_BIN_EXE_edc")).args(arguments).env_clear().output().expect("the program runs")
}

fn dit(sortie: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&sortie.stdout), String::from_utf8_lossy(&sortie.stderr))
}

#[test]
fn l_aide_enseigne_en_francais() {
    for (arguments, attendus) in [
        (vec!["--help"], vec!["Usage :", "Démarre tout", "Pour commencer"]),
        (vec!["up", "--help"], vec!["--data <DIR>", "--port-base <N>", "edc.json"]),
        (vec!["up", "-h"], vec!["Options\u{a0}:", "(par défaut\u{a0}: .edc)"]),
        (vec!["verifier", "--help"], vec!["hors ligne", "--autorite", "Arguments\u{a0}:"]),
        (vec!["evenements", "verifier", "--help"], vec!["Usage :"]),
        (vec!["completions", "--help"], vec!["bash"]),
    ] {
        let sortie = edc(&arguments);
        assert!(sortie.status.success());
        let texte = dit(&sortie);
        for attendu in attendus {
            assert!(texte.contains(attendu), "{arguments:?} : « {attendu} » absent de\n{texte}");
        }
        for anglais in
            ["Print help", "Usage:", "Commands:", "Options:", "Arguments:", "[default", "[possible"]
        {
            assert!(!texte.contains(anglais), "{arguments:?} : « {anglais} »");
        }
    }
}

#[test]
fn une_ligne_mal_ecrite_se_dit_en_francais() {
    for (arguments, attendu) in [
        (vec!["foo"], "la commande « foo » n’existe pas"),
        (vec!["verifer"], "vouliez-vous dire verifier"),
        (vec!["up", "--port-base", "x"], "la valeur « x » ne convient pas à --port-base <N>"),
        (vec!["up", "--port-base"], "il manque une valeur à --port-base <N>"),
        (vec!["up", "--dat", "x"], "l’argument « --dat » n’existe pas"),
        (vec!["verifier"], "il manque <FICHIER>"),
        (vec!["completions", "x"], "la valeur « x » ne convient pas à <SHELL>"),
        (vec![], "Usage :"),
        (vec!["evenements"], "Usage :"),
    ] {
        let sortie = edc(&arguments);
        assert_eq!(sortie.status.code(), Some(2), "{arguments:?}");
        let texte = dit(&sortie);
        assert!(texte.contains(attendu), "{arguments:?} : {texte}");
        assert!(!texte.contains("error:") && !texte.contains("Usage:"), "{texte}");
    }
}

#[test]
fn le_referentiel_embarque_est_sans_faute_et_un_autre_dit_les_siennes() {
    let sortie = edc(&["referentiel", "verifier"]);
    assert!(sortie.status.success());
    assert!(dit(&sortie).contains("PMT 9, DEV 2, ARC 3, PAS 1, TI 2"), "{}", dit(&sortie));

    let dossier = tempfile::tempdir().expect("a folder");
    let fichier = dossier.path().join("fautif.toml");
    std::fs::write(&fichier, "[referentiel]\nid = 3\n").expect("written");
    let sortie = edc(&["referentiel", "verifier", &fichier.display().to_string()]);
    assert_eq!(sortie.status.code(), Some(1));
    assert!(dit(&sortie).contains("ligne 2"), "{}", dit(&sortie));
}

#[test]
fn une_configuration_fautive_est_dite_en_entier() {
    let dossier = tempfile::tempdir().expect("a folder");
    let fichier = dossier.path().join("guichet.toml");
    std::fs::write(&fichier, "[tls]\ncertificat = \"a\"\ncle = \"b\"\n[guichet]\nurl = 3\ninconnue = 1\n")
        .expect("written");
    let sortie = edc(&["check-config", "--config", &fichier.display().to_string()]);
    assert_eq!(sortie.status.code(), Some(1));
    let texte = dit(&sortie);
    assert!(texte.contains("inconnue") && texte.contains("url"), "{texte}");
}

#[test]
fn les_fichiers_d_exemple_sont_lisibles() {
    let racine = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev");
    for nom in ["guichet.toml", "bas.toml", "proxy.toml"] {
        let sortie = edc(&["check-config", "--config", &format!("{racine}/{nom}")]);
        // Everything in them reads; only the certificates that `edc up` would have made are missing.
        assert!(dit(&sortie).contains("localhost.pem"), "{nom} : {}", dit(&sortie));
    }
}

#[test]
fn completions_et_manuel() {
    assert!(dit(&edc(&["completions", "bash"])).contains("edc"));
    let dossier = tempfile::tempdir().expect("a folder");
    let sortie = edc(&["man", "--dossier", &dossier.path().display().to_string()]);
    assert!(sortie.status.success(), "{}", dit(&sortie));
    assert!(dossier.path().join("edc-up.1").exists());
}
