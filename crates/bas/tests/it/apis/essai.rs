//! The test API and the search of an identity: they do what one asks, within bounds.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Banc, acces};

#[tokio::test]
async fn the_echo_tells_what_came_and_masks_what_must_not_go_back() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    for methode in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let url = format!("{}/api/essai/un/deux%20trois?a=1&a=2", banc.url);
        let appel = banc.http("lps").request(Method::from_bytes(methode.as_bytes()).unwrap(), url);
        let appel = appel.bearer_auth(acces(&jeton)).header("x-essai", "un").header("x-essai", "deux");
        let appel = appel.header("cookie", "proxy_session_id=secret; b=c").body("abc");
        let dit: Value = appel.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            [
                &dit["methode"],
                &dit["chemin"],
                &dit["requete"],
                &dit["jeton"]["azp"],
                &dit["certificat"]["cn"]
            ],
            [
                &json!(methode),
                &json!("/api/essai/un/deux%20trois"),
                &json!("a=1&a=2"),
                &json!("lps"),
                &json!("lps")
            ]
        );
        // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(dit["corps"], json!({"octets": 3, "sha256": sha256}));
        let texte = dit.to_string();
        assert!(texte.contains(r#"["x-essai","un"],["x-essai","deux"]"#), "{texte}");
        assert!(
            texte.contains("proxy_session_id=masqué; b=masqué") && texte.contains("Bearer jeton "),
            "{texte}"
        );
        assert!(!texte.contains(acces(&jeton)) && !texte.contains("secret"));
    }
}

#[tokio::test]
async fn it_answers_what_is_asked_within_bounds() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let cas = [
        ("/statut/204", 204, 0),
        ("/statut/304", 304, 0),
        ("/statut/418", 418, -1),
        ("/statut/503", 503, -1),
        ("/statut/199", 400, -1),
        ("/statut/600", 400, -1),
        ("/statut/x", 400, -1),
        ("/delai/1", 200, -1),
        ("/delai/60001", 400, -1),
        ("/delai/-1", 400, -1),
        ("/octets/0", 200, 0),
        ("/octets/200000", 200, 200_000),
        ("/octets/104857601", 400, -1),
        ("/lent/5?pas=1", 200, 5),
        ("/lent/5?pas=x", 400, -1),
        ("/lent/100001", 400, -1),
        ("/redirection?vers=https://exemple.fr/", 302, 0),
        ("/redirection?vers=/x&statut=308", 308, 0),
        ("/redirection?vers=/x&statut=200", 400, -1),
        ("/redirection", 400, -1),
        ("/entetes?set-cookie=a%3Db&X-Y=z", 200, -1),
        ("/entetes?content-length=3", 400, -1),
        ("/entetes?a%20b=3", 400, -1),
        ("/coupure?apres=x", 400, -1),
    ];
    for (chemin, statut, taille) in cas {
        let reponse = banc.api("lps", &format!("/api/essai{chemin}"), Some(acces(&jeton))).await;
        assert_eq!(reponse.status().as_u16(), statut, "{chemin}");
        if chemin.starts_with("/entetes?set") {
            assert_eq!(
                (&reponse.headers()["set-cookie"], &reponse.headers()["x-y"]),
                (&"a=b".parse().unwrap(), &"z".parse().unwrap())
            );
        }
        let recus = reponse.bytes().await.unwrap().len();
        assert!(taille < 0 || i64::try_from(recus).unwrap() == taille, "{chemin} : {recus}");
    }
}

#[tokio::test]
async fn a_break_is_seen_as_one_after_what_was_promised() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let mut reponse = banc.api("lps", "/api/essai/coupure?apres=10", Some(acces(&jeton))).await;
    assert_eq!(reponse.status(), StatusCode::OK);
    let mut recus = 0;
    let fin = loop {
        match tokio::time::timeout(Duration::from_secs(20), reponse.chunk()).await.unwrap() {
            Ok(Some(morceau)) => recus += morceau.len(),
            fin => break fin,
        }
    };
    assert!(fin.is_err(), "cut, and not ended");
    assert_eq!(recus, 10);
    assert_eq!(banc.api("lps", "/api/essai", Some(acces(&jeton))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_search_by_traits_finds_one_none_or_several() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let chercher = async |traits: Value| {
        let url = format!("{}/api/insi/recherche", banc.url);
        let reponse =
            banc.http("lps").post(url).bearer_auth(acces(&jeton)).json(&traits).send().await.unwrap();
        (reponse.status(), reponse.json::<Value>().await.unwrap())
    };
    let lune =
        json!({"nomNaissance": "Essai Lune", "prenom": "solene", "sexe": "F", "dateNaissance": "1975-07-12"});
    let jumeau =
        json!({"nomNaissance": "ESSAI-JUMEAU", "prenom": "Alix", "sexe": "F", "dateNaissance": "1990-01-31"});
    let change = |base: &Value, nom: &str, valeur: Value| {
        let mut traits = base.clone();
        traits[nom] = valeur;
        traits
    };
    for (traits, code) in [
        (lune.clone(), "00"),
        (change(&lune, "prenom", json!("Ambre")), "00"),
        (change(&lune, "lieuNaissance", json!("69123")), "00"),
        (change(&lune, "lieuNaissance", json!("69124")), "01"),
        (change(&lune, "sexe", json!("M")), "01"),
        (change(&lune, "dateNaissance", json!("1975-07-13")), "01"),
        (change(&lune, "prenom", json!("Am")), "01"),
        (jumeau.clone(), "02"),
        (change(&jumeau, "lieuNaissance", json!("44109")), "00"),
    ] {
        let (statut, dit) = chercher(traits.clone()).await;
        assert_eq!((statut, &dit["codeRetour"]), (StatusCode::OK, &json!(code)), "{traits}");
        assert_eq!(dit.get("identite").is_some(), code == "00", "{traits}");
    }
    let (_, dit) = chercher(lune.clone()).await;
    assert_eq!(
        (&dit["identite"]["nomNaissance"], &dit["identite"]["oid"]),
        (&json!("ESSAI-LUNE"), &json!("1.2.250.1.213.1.4.10"))
    );
    for (nom, valeur) in [
        ("nomNaissance", json!("")),
        ("prenom", json!("–")),
        ("sexe", json!("X")),
        ("dateNaissance", json!("12/07/1975")),
        ("dateNaissance", json!("1975-02-30")),
        ("lieuNaissance", json!("691")),
        ("lieuNaissance", json!(69123)),
    ] {
        let (statut, dit) = chercher(change(&lune, nom, valeur.clone())).await;
        assert_eq!((statut, &dit["fautes"][0]["champ"]), (StatusCode::BAD_REQUEST, &json!(nom)), "{valeur}");
    }
    let url = "/api/insi/patients";
    let patients: Value = banc.api("lps", url, Some(acces(&jeton))).await.json().await.unwrap();
    assert_eq!(patients.as_array().unwrap().len(), 6);
}
