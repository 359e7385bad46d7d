//! Faults on demand: each is off until asked for, does what it says, and is told in the journal.

use oidc::{Attentes, Refus};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Banc, MEDECIN};

impl Banc {
    pub(super) async fn fixer(&self, actifs: Value) {
        self.administrer(Method::PUT, "/scenarios", Some(actifs)).await;
    }
}

#[tokio::test]
async fn a_wrong_id_token_is_wrong_in_the_way_it_says() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    banc.reponse_de(MEDECIN, json!({"mode": "approuver"})).await;
    let cas = [
        ("id-cle-inconnue", Some(Refus::CleInconnue)),
        ("id-cle-usurpee", Some(Refus::Signature)),
        ("id-signature-alteree", Some(Refus::Signature)),
        ("id-alg-none", Some(Refus::Algorithme)),
        ("id-hs256-client", Some(Refus::Algorithme)),
        ("id-hs256-cle-publique", Some(Refus::Algorithme)),
        ("id-jku", Some(Refus::CleInconnue)),
        ("id-crit", Some(Refus::Forme)),
        ("id-sans-kid", None),
        ("id-iss-faux", Some(Refus::Emetteur)),
        ("id-aud-faux", Some(Refus::Audience)),
        ("id-azp-faux", Some(Refus::PartieAutorisee)),
        ("id-aud-plusieurs", Some(Refus::PartieAutorisee)),
        ("id-aud-tableau", None),
        ("id-exp-passe", Some(Refus::Expire)),
        ("id-iat-vieux", Some(Refus::TropAncien)),
        ("id-iat-futur", Some(Refus::Futur)),
        ("id-sans-iss", Some(Refus::Forme)),
        ("id-sans-sub", Some(Refus::Forme)),
        ("id-sans-aud", Some(Refus::Forme)),
        ("id-sans-exp", Some(Refus::Forme)),
        ("id-sans-iat", Some(Refus::Forme)),
        ("id-at-hash-faux", Some(Refus::JetonAcces)),
        ("id-sans-acr", None),
        ("id-acr-eidas3", None),
        ("id-autre-personne", None),
    ];
    let cles = banc.cles().await;
    for (nom, attendu) in cas {
        banc.fixer(json!([{"nom": nom, "client": "lps", "fois": 1}])).await;
        let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
        let jetons = lps.sonder(&accuse).await.unwrap();
        let attentes = Attentes {
            issuer: &banc.issuer,
            client_id: "lps",
            nonce: None,
            jeton_acces: Some(jetons.access_token.expose_secret()),
            max_age: None,
            maintenant: banc.horloge.maintenant(),
        };
        let id_token = jetons.id_token.as_ref().unwrap().expose_secret();
        let vu = oidc::id_token::verifier(id_token, &cles, &attentes);
        assert_eq!(vu.as_ref().err().copied(), attendu, "{nom}");
        if nom == "id-autre-personne" {
            assert_eq!(vu.unwrap().autres["SubjectNameID"], "899700000999");
        }
    }
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([]), "each struck once");
}

#[tokio::test]
async fn endpoints_fail_as_asked_for_that_client_only() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    for (nom, statut, code) in [
        ("ciba-unknown-user-id", 400, "unknown_user_id"),
        ("ciba-unauthorized-client", 401, "unauthorized_client"),
        ("ciba-server-error", 503, "server_error"),
    ] {
        banc.fixer(json!([{"nom": nom, "client": "lps"}])).await;
        let (vu, erreur, _) = lps.demander(MEDECIN, "MOBILE").await.unwrap_err();
        assert_eq!((vu, erreur.as_str()), (statut, code));
        autre.demander(MEDECIN, "MOBILE").await.unwrap();
    }
    banc.fixer(json!([])).await;
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    for (nom, statut, code) in [
        ("jeton-slow-down", 400, "slow_down"),
        ("jeton-expired-token", 400, "expired_token"),
        ("jeton-invalid-client", 401, "invalid_client"),
    ] {
        banc.fixer(json!([{"nom": nom, "fois": 1}])).await;
        let (vu, erreur, _) = lps.sonder(&accuse).await.unwrap_err();
        assert_eq!((vu, erreur.as_str()), (statut, code));
    }
    assert_eq!(lps.sonder(&accuse).await.unwrap_err().1, "authorization_pending", "back to the truth");

    let point = |fin: &str| lps.http.get(banc.point(fin));
    for (nom, statut) in [
        ("http-500", 500),
        ("http-503", 503),
        ("http-429", 429),
        ("http-redirection", 302),
        ("http-html", 200),
        ("http-vide", 200),
    ] {
        banc.fixer(json!([{"nom": nom, "point": "cles", "fois": 1}])).await;
        assert_eq!(
            point("userinfo").send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "another endpoint"
        );
        let reponse = point("certs").send().await.unwrap();
        assert_eq!(reponse.status().as_u16(), statut, "{nom}");
        assert_eq!(reponse.headers().contains_key("retry-after"), matches!(statut, 503 | 429), "{nom}");
        assert!(reponse.json::<Value>().await.is_err(), "{nom}");
    }
    banc.fixer(json!([{"nom": "http-coupe", "fois": 1}])).await;
    // On h2 the cut may be seen before the head is.
    let coupee = match point("certs").send().await {
        Ok(reponse) => reponse.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(coupee);
    banc.fixer(json!([{"nom": "http-enorme", "fois": 1}])).await;
    assert_eq!(point("certs").send().await.unwrap().bytes().await.unwrap().len(), 8 * 1024 * 1024);
    banc.fixer(json!([{"nom": "http-lent", "secondes": 0, "fois": 1}])).await;
    assert!(point("certs").send().await.unwrap().json::<Value>().await.is_ok(), "late, but right");
    banc.cles().await;
}

#[tokio::test]
async fn answers_lose_a_member_and_tokens_their_worth() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    banc.reponse_de(MEDECIN, json!({"mode": "approuver"})).await;
    let demande = [("scope", "openid"), ("login_hint", MEDECIN)];
    for (nom, membre, attendu) in [
        ("ciba-sans-auth-req-id", "auth_req_id", Value::Null),
        ("ciba-sans-interval", "interval", Value::Null),
        ("ciba-interval-7", "interval", json!(7)),
    ] {
        banc.fixer(json!([{"nom": nom}])).await;
        let accuse: Value = lps.poster("ext/ciba/auth", &demande).await.unwrap();
        assert_eq!(accuse[membre], attendu, "{nom}");
    }
    for (nom, membre, attendu) in [
        ("jeton-sans-refresh-token", "refresh_token", Value::Null),
        ("jeton-expires-in-texte", "expires_in", json!("bientôt")),
        ("jeton-autre-type", "token_type", json!("mac")),
    ] {
        banc.fixer(json!([])).await;
        let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
        banc.fixer(json!([{"nom": nom}])).await;
        let champs = [("grant_type", oidc::ciba::GRANT), ("auth_req_id", accuse.auth_req_id.expose_secret())];
        let jetons: Value = lps.poster("token", &champs).await.unwrap();
        assert_eq!(jetons[membre], attendu, "{nom}");
    }
    for (nom, rafraichit) in [("session-tuee", false), ("jeton-revoque", true)] {
        banc.fixer(json!([{"nom": nom, "fois": 1}])).await;
        let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
        let jetons = lps.sonder(&accuse).await.unwrap();
        assert!(!lps.introspecter(&jetons.access_token).await.active);
        assert_eq!(lps.rafraichir(&jetons).await.is_ok(), rafraichit, "{nom}");
    }
    banc.fixer(json!([{"nom": "userinfo-autre-sub", "fois": 1}])).await;
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    let jetons = lps.sonder(&accuse).await.unwrap();
    let sub = banc.verifier("lps", &jetons).await.sub;
    assert_ne!(lps.userinfo(&jetons).await.unwrap()["sub"], sub);
    assert_eq!(lps.userinfo(&jetons).await.unwrap()["sub"], sub);
}

#[tokio::test]
async fn the_journal_tells_the_refusal_and_the_scenario() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    banc.fixer(json!([{"nom": "jeton-access-denied", "fois": 1}])).await;
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    lps.sonder(&accuse).await.unwrap_err();
    banc.avec_certificat("autre")
        .poster::<Value>("token", &[("grant_type", "refresh_token"), ("client_id", "lps")])
        .await
        .unwrap_err();
    lps.demander("inconnu", "MOBILE").await.unwrap_err();
    let journal = banc.administrer(Method::GET, "/journal?serveur=psc", None).await;
    let lignes = journal["lignes"].as_array().unwrap();
    let [demande, sondage, double, inconnu] = lignes.as_slice() else { panic!("{journal}") };
    assert_eq!(
        (&demande["issue"], &demande["client"], &demande["personne"]),
        (&json!("accepte"), &json!("lps"), &json!(MEDECIN))
    );
    assert_eq!((&sondage["code"], &sondage["statut"]), (&json!("access_denied"), &json!(400)));
    assert!(sondage["parametres"].as_array().unwrap().contains(&json!(["scenario", "jeton-access-denied"])));
    assert_eq!(double["raison"], "client_id répété");
    assert!(inconnu["raison"].as_str().unwrap().contains("inconnu"));
    assert!(!journal.to_string().contains(accuse.auth_req_id.expose_secret()));
}

#[tokio::test]
async fn the_catalogue_is_published_and_bad_orders_are_refused() {
    let banc = Banc::ouvrir();
    let catalogue = banc.administrer(Method::GET, "/scenarios/catalogue", None).await;
    let fiches = catalogue.as_array().unwrap();
    assert!(fiches.len() > 60);
    // Every one of them can be set.
    let (tls, autres): (Vec<&Value>, Vec<&Value>) =
        fiches.iter().partition(|fiche| fiche["nom"].as_str().unwrap().starts_with("tls-"));
    let autres: Vec<Value> =
        autres.iter().map(|fiche| json!({"nom": fiche["nom"], "client": "personne"})).collect();
    banc.fixer(json!(autres)).await;
    banc.cles().await;
    let tls: Vec<Value> = tls.iter().map(|fiche| json!({"nom": fiche["nom"], "cible": "as"})).collect();
    assert_eq!(tls.len(), 8);
    banc.fixer(json!(tls)).await;
    banc.cles().await;
    for corps in [json!([{"nom": "inconnu"}]), json!([{"nom": "http-500", "fois": 0}]), json!([{"nom": 1}])] {
        let refus = banc.admin(Method::PUT, "/scenarios", Some(corps)).await;
        assert_eq!(refus.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    banc.administrer(Method::POST, "/reinitialiser", None).await;
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([]));
    let avant = banc.horloge.maintenant();
    banc.administrer(Method::POST, "/horloge", Some(json!({"avancer": -30}))).await;
    assert_eq!(banc.horloge.maintenant().as_second(), avant.as_second() - 30);
}
