//! Each fault, its place and its sentence; and what the environment may and may not do.

use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Essai {
    donnees: String,
    bas: Bas,
    #[serde(default)]
    clients: Vec<Client>,
    #[serde(default)]
    url_publique: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bas {
    port: u16,
    #[serde(default)]
    mot_de_passe: SecretString,
    ecoute: Option<SocketAddr>,
    format: Option<crate::logs::Format>,
    #[serde(default)]
    actif: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    nom: String,
}

const BON: &str = "donnees = \"ici\"\n\n[bas]\nport = 8444\n";

fn lire(texte: &str, variables: &[(&str, &str)]) -> Result<Essai, String> {
    let variables = variables.iter().map(|(nom, valeur)| ((*nom).to_owned(), (*valeur).to_owned()));
    let choisies = environnement::choisir("EDC", variables);
    assembler(texte, "edc.toml", &choisies).map_err(|fautes| fautes.to_string())
}

#[test]
fn faults_tell_their_line_and_what_is_wrong() {
    let cas = [
        (
            "donnees = \"ici\"\n[bas]\nprot = 1\nport = 2\n",
            "edc.toml, ligne 3 : clé inconnue « prot » ; clés connues : « port », « mot_de_passe », « ecoute », « format », « actif »",
        ),
        (
            "donnees = \"ici\"\n[bas]\nport = \"8444\"\n",
            "edc.toml, ligne 3 : texte trouvé là où il faut un entier de 0 à 65535",
        ),
        (
            "donnees = \"ici\"\n[bas]\nport = 70000\n",
            "edc.toml, ligne 3 : valeur hors bornes : il faut un entier de 0 à 65535",
        ),
        ("donnees = \"ici\"\n[bas]\n", "edc.toml, ligne 2 : il manque la clé « port »"),
        ("[bas]\nport = 1\n", "edc.toml, ligne 1 : il manque la clé « donnees »"),
        ("donnees = 3\n[bas]\nport = 1\n", "edc.toml, ligne 1 : nombre entier trouvé là où il faut un texte"),
        ("donnees = \"a\"\nbas = 3\n", "edc.toml, ligne 2 : nombre entier trouvé là où il faut une table"),
        (
            "donnees = \"a\"\n[bas]\nport = 1\nformat = \"xml\"\n",
            "edc.toml, ligne 4 : valeur inconnue ; valeurs connues : « texte », « json »",
        ),
        (
            "donnees = \"a\"\n[bas]\nport = 1\nport = 2\n",
            "edc.toml, ligne 4 : cette clé est déjà donnée plus haut",
        ),
        (
            "donnees = \"a\"\n[bas\nport = 1\n",
            "edc.toml, ligne 2 : syntaxe TOML incorrecte (guillemet, crochet, virgule ou signe « = » manquant ?)",
        ),
        (
            "donnees = \"a\"\n[bas]\nport = 1\n[[clients]]\nnom = \"x\"\n[[clients]]\nnon = \"y\"\n",
            "edc.toml, ligne 7 : clé inconnue « non » ; clés connues : « nom »\nedc.toml, ligne 6 : il manque la clé « nom »",
        ),
    ];
    for (texte, attendu) in cas {
        assert_eq!(lire(texte, &[]).map(|_| ()).unwrap_err(), attendu, "{texte}");
    }
}

#[test]
fn several_faults_come_together_and_none_is_a_consequence_of_another() {
    let texte = "donnees = 1\ntrop = 2\n[bas]\nport = \"x\"\nactif = \"oui\"\nmot_de_passe = 4321\n";
    let fautes = lire(texte, &[]).map(|_| ()).unwrap_err();
    let mut lignes: Vec<&str> = fautes.lines().collect();
    lignes.sort_unstable();
    assert_eq!(
        lignes,
        [
            "edc.toml, ligne 1 : nombre entier trouvé là où il faut un texte",
            "edc.toml, ligne 2 : clé inconnue « trop » ; clés connues : « donnees », « bas », « clients », « url_publique »",
            "edc.toml, ligne 4 : texte trouvé là où il faut un entier de 0 à 65535",
            "edc.toml, ligne 5 : texte trouvé là où il faut true ou false",
            "edc.toml, ligne 6 : nombre entier trouvé là où il faut un texte",
        ]
    );
    assert!(!fautes.contains("4321"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let essai = lire(
        BON,
        &[
            ("EDC_BAS_PORT", "9000"),
            ("EDC_BAS_MOT_DE_PASSE", "0123"),
            ("EDC_BAS_ACTIF", "true"),
            ("EDC_BAS_ECOUTE", "127.0.0.1:1"),
            ("EDC_DONNEES", "là"),
            ("EDC_URL__PUBLIQUE", "ignorée par la règle suivante"),
            ("AUTRE_BAS_PORT", "1"),
        ],
    );
    let faute = essai.map(|_| ()).unwrap_err();
    assert!(faute.starts_with("variable EDC_URL__PUBLIQUE : clé inconnue « url »"), "{faute}");
    let variables = [("EDC_BAS_PORT", "9000"), ("EDC_BAS_MOT_DE_PASSE", "0123"), ("EDC_BAS_ACTIF", "true")];
    let essai = lire(BON, &variables).unwrap();
    assert_eq!((essai.bas.port, essai.bas.actif), (9000, true));
    assert_eq!(essai.bas.mot_de_passe.expose_secret(), "0123");
    let essai = lire(BON, &[("EDC_BAS_MOT_DE_PASSE", "1234"), ("EDC_DONNEES", "là")]).unwrap();
    assert_eq!(essai.bas.mot_de_passe.expose_secret(), "1234", "a number where a text is wanted is a text");
    assert_eq!(essai.donnees, "là");
    assert!(essai.clients.is_empty() && essai.bas.ecoute.is_none() && essai.bas.format.is_none());
    let sans_section = "donnees = \"ici\"\nurl_publique = \"a\"\n";
    let essai = lire(sans_section, &[("EDC_BAS_PORT", "1"), ("EDC_URL_PUBLIQUE", "b")]).unwrap();
    assert_eq!((essai.bas.port, essai.url_publique.as_deref()), (1, Some("b")));
    let clients =
        lire("donnees = \"ici\"\n[bas]\nport = 1\n[[clients]]\nnom = \"a\"\n", &[]).unwrap().clients;
    assert_eq!(clients[0].nom, "a");
}

#[test]
fn a_bad_variable_is_named() {
    let cas = [
        ("EDC_BAS_PORT", "huit", "variable EDC_BAS_PORT : texte trouvé là où il faut un entier de 0 à 65535"),
        ("EDC_DONNEES_PLUS", "x", "variable EDC_DONNEES_PLUS : ce nom ne désigne aucune clé"),
        ("EDC_", "x", "variable EDC_ : ce nom ne désigne aucune clé"),
    ];
    for (nom, valeur, attendu) in cas {
        assert_eq!(lire(BON, &[(nom, valeur)]).map(|_| ()).unwrap_err(), attendu);
    }
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let dossier = tempfile::tempdir().unwrap();
    let chemin = dossier.path().join("edc.toml");
    let fautes = load::<Essai>(&chemin, "EDC_ESSAI").unwrap_err();
    assert_eq!(fautes.0[0].texte, "fichier introuvable");
    std::fs::write(&chemin, BON).unwrap();
    assert_eq!(load::<Essai>(&chemin, "EDC_ESSAI").unwrap().bas.port, 8444);
    assert_eq!(parse::<Essai>(BON, "x").unwrap().bas.port, 8444);
}
