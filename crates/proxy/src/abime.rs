//! Fuzz targets: what strangers write in a request, and what an operator writes in a file, damaged in every way, is read for
//! what it says or refused, never a panic.

use std::net::{IpAddr, SocketAddr};

use bolero::check;
use http::{HeaderMap, HeaderValue, Uri};
use test_support::abime::{Accident, abimer};
use url::Url;

use crate::config::{Config, Reseau};
use crate::forward::{construire, separer};
use crate::requete::{Origine, Pair};

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 5_000;

const CHEMINS: [&str; 7] = [
    "/send/dmp/Patient/12/$document?date=ge2026-01-01&_count=5",
    "/send/dmp/a%2Fb/%C3%A9t%C3%A9;v=1/...?q=%2e%2e%2f",
    "/send/dmp/a/%252e/b/..x/%2e%2e%20",
    "/send/dmp/%2e.%2f..%5c..%3b/..%3f/.%23",
    "/send/dmp/a/.%3fb/.%252523",
    "/send/dmp//a//b/",
    "/send/dmp/x;y=../z%00%0d%0a",
];

/// One reading of percent signs, as a careless server does.
fn decoder(texte: &[u8]) -> Vec<u8> {
    let mut decodes = Vec::new();
    let mut rang = 0;
    while rang < texte.len() {
        let hexa = texte.get(rang + 1..rang + 3).and_then(|deux| std::str::from_utf8(deux).ok());
        let valeur = hexa.filter(|deux| deux.bytes().all(|octet| octet.is_ascii_hexdigit()));
        match valeur.and_then(|deux| u8::from_str_radix(deux, 16).ok()) {
            Some(valeur) if texte[rang] == b'%' => {
                decodes.push(valeur);
                rang += 3;
            }
            _ => {
                decodes.push(texte[rang]);
                rang += 1;
            }
        }
    }
    decodes
}

#[test]
fn no_reading_of_a_relayed_path_leaves_its_prefix() {
    const PREFIXE: &str = "/base/v1";
    check!().with_type::<(u8, Vec<Accident>)>().with_iterations(ESSAIS).for_each(|(lequel, accidents)| {
        let exemple = CHEMINS[usize::from(*lequel) % CHEMINS.len()];
        let abime = abimer(exemple.as_bytes(), accidents);
        // What the server in front would not let through never comes here.
        let Ok(uri) = Uri::try_from(abime.as_slice()) else { return };
        let Some((api, suite)) = separer(uri.path()) else { return };
        assert_eq!(format!("/send/{api}{suite}"), uri.path());
        let Ok(cible) = construire(PREFIXE, suite, &uri) else { return };
        let (chemin, requete) = (cible.path(), cible.query());
        assert_eq!(chemin, format!("{PREFIXE}{suite}"), "letter for letter");
        assert_eq!(requete, uri.query());
        let une_fois = decoder(chemin.as_bytes());
        let deux_fois = decoder(&une_fois);
        for lecture in [chemin.as_bytes(), &une_fois, &deux_fois] {
            // A library that we did not write resolves dots, backslashes and their escapes as browsers do.
            let lu = Url::parse(&format!("https://api.example{}", String::from_utf8_lossy(lecture))).unwrap();
            assert_eq!(lu.host_str(), Some("api.example"), "{chemin}");
            assert!(lu.path().starts_with(&format!("{PREFIXE}/")), "{chemin} read as {lu}");
        }
    });
}

#[test]
fn only_a_declared_front_end_says_who_calls() {
    let relais: [Reseau; 2] = ["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    let exemples =
        ["203.0.113.9, 10.0.0.1", "2001:db8::1,::ffff:192.0.2.1", "::ffff:192.0.2.1", " 192.0.2.255 "];
    let lire = |texte: &str| {
        let adresse = texte.parse().or_else(|_| texte.parse().map(|lue: SocketAddr| lue.ip()));
        adresse.ok().map(|lue: IpAddr| lue.to_canonical())
    };
    check!().with_type::<(u8, Vec<Accident>)>().with_iterations(ESSAIS).for_each(|(lequel, accidents)| {
        let exemple = exemples[usize::from(*lequel) % exemples.len()];
        let abime = abimer(exemple.as_bytes(), accidents);
        let Ok(valeur) = HeaderValue::from_bytes(&abime) else { return };
        let mut entetes = HeaderMap::new();
        entetes.insert("x-forwarded-for", valeur);
        for (pair, cru) in
            [("127.0.0.1:40000", true), ("[::ffff:10.1.2.3]:40000", true), ("192.0.2.7:40000", false)]
        {
            let pair = Pair { adresse: pair.parse().unwrap(), certificats: [].into() };
            let origine = Origine::de(&pair, &entetes, &relais);
            let direct = Origine::de(&pair, &HeaderMap::new(), &relais);
            assert!(cru || origine == direct, "{abime:?}");
            if origine != direct {
                let dit = String::from_utf8(abime.clone()).unwrap();
                // Whoever is believed was named by a declared front-end, and so on up to the peer.
                let lues: Vec<Option<IpAddr>> = dit.rsplit(',').map(|texte| lire(texte.trim())).collect();
                let rang = lues.iter().position(|lue| *lue == Some(origine.adresse)).unwrap();
                let declaree = |lue: &Option<IpAddr>| {
                    lue.is_some_and(|lue| relais.iter().any(|reseau| reseau.contient(lue)))
                };
                assert!(lues[..rang].iter().all(declaree), "{dit}");
                assert_eq!(origine.port, None);
            }
        }
    });
}

#[test]
fn each_key_that_the_example_leaves_in_a_comment_can_be_given() {
    let exemple = include_str!("../../../dev/proxy.toml");
    let cle = |ligne: &str| {
        let (nom, valeur) = ligne.strip_prefix("# ")?.split_once(" = ")?;
        nom.bytes()
            .all(|octet| octet.is_ascii_lowercase() || octet == b'_')
            .then(|| format!("{nom} = {valeur}"))
    };
    let mut vues = 0;
    for (rang, ligne) in exemple.lines().enumerate() {
        let Some(donnee) = cle(ligne) else { continue };
        let lignes =
            exemple.lines().enumerate().map(|(autre, ligne)| if autre == rang { &*donnee } else { ligne });
        let texte: String = lignes.flat_map(|ligne| [ligne, "\n"]).collect();
        let lu = service::config::parse::<Config>(&proxy_seul(&texte), "proxy.toml");
        assert!(lu.is_ok(), "{donnee}: {lu:?}");
        vues += 1;
    }
    assert!(vues > 15, "{vues}");
}

/// The section of the proxy as its own file.
fn proxy_seul(exemple: &str) -> String {
    let (_, proxy) = exemple.split_once("[proxy]\n").unwrap();
    proxy.replace("[[proxy.", "[[").replace("[proxy.", "[")
}

#[test]
fn a_damaged_configuration_is_read_or_its_faults_are_told() {
    let exemple = proxy_seul(include_str!("../../../dev/proxy.toml"));
    assert_eq!(
        service::config::parse::<Config>(&exemple, "essai.toml").unwrap().fautes(),
        Vec::<String>::new()
    );
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let abime = String::from_utf8_lossy(&abimer(exemple.as_bytes(), accidents)).into_owned();
        match service::config::parse::<Config>(&abime, "essai.toml") {
            Ok(config) => assert!(config.fautes().iter().all(|faute| !faute.is_empty())),
            Err(fautes) => assert!(!fautes.to_string().is_empty()),
        }
    });
}
