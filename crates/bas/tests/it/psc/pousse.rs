//! Pushed requests (RFC 9126), and the preset that asks for them and for all that FAPI 2.0 asks.

use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use super::code::{Navigateur, VERIFICATEUR, demande, echanger};
use super::{Banc, Issue, MEDECIN, SECRET, issue};
use crate::banc::{change, lieu, parametre};

/// Pushes the request of that address, as that client.
async fn deposer(banc: &Banc, client_id: &str, demande: &Url) -> Response {
    let champs: Vec<(String, String)> = demande.query_pairs().into_owned().collect();
    banc.avec_certificat(client_id)
        .http
        .post(banc.point("ext/par/request"))
        .form(&champs)
        .send()
        .await
        .unwrap()
}

async fn deposee(banc: &Banc, demande: &Url) -> Url {
    let reponse = deposer(banc, "lps", demande).await;
    assert_eq!(reponse.status(), 201);
    assert_eq!(reponse.headers()["cache-control"], "no-store");
    let corps: Value = reponse.json().await.unwrap();
    assert_eq!(corps["expires_in"], 60);
    let nom = [("client_id", "lps"), ("request_uri", corps["request_uri"].as_str().unwrap())];
    Url::parse_with_params(&format!("{}/auth", banc.pages), nom).unwrap()
}

#[tokio::test]
async fn a_pushed_request_serves_its_client_until_a_code_is_given() {
    let banc = Banc::ouvrir();
    let nommee = deposee(&banc, &demande(&banc)).await;
    let navigateur = Navigateur::nouveau(&banc);
    // The person reloads the page, then takes their time.
    navigateur.page(nommee.as_str()).await;
    banc.avancer(50);
    navigateur.page(nommee.as_str()).await;
    banc.avancer(500);
    let retour = lieu(&navigateur.choisir(&nommee, &[("identite", MEDECIN)]).await);
    assert_eq!(parametre(&retour, "state").as_deref(), Some("état"));
    echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
    let http = Navigateur::nouveau(&banc).http;
    assert_eq!(http.get(nommee).send().await.unwrap().status(), 400, "it has served");

    let tardive = deposee(&banc, &demande(&banc)).await;
    let d_un_autre = change(&deposee(&banc, &demande(&banc)).await, "client_id", Some("autre"));
    banc.avancer(60);
    for adresse in [tardive, d_un_autre] {
        assert_eq!(http.get(adresse).send().await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn what_would_be_refused_at_the_page_is_refused_at_the_deposit() {
    let banc = Banc::ouvrir();
    let bonne = demande(&banc);
    for (nom, valeur, statut, code) in [
        ("redirect_uri", Some("https://pirate.example/"), 400, "invalid_request"),
        ("response_type", Some("token"), 400, "unsupported_response_type"),
        ("scope", Some("openid inconnu"), 400, "invalid_scope"),
        ("request_uri", Some("urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request"),
        ("client_id", Some("autre"), 401, "invalid_client"),
    ] {
        let reponse = deposer(&banc, "lps", &change(&bonne, nom, valeur)).await;
        let (vu, erreur, _) = issue::<Value>(reponse).await.unwrap_err();
        assert_eq!((vu, erreur.as_str()), (statut, code), "{nom}");
    }
}

#[tokio::test]
async fn the_strict_preset_wants_pushed_requests_pkce_certificates_and_bound_tokens() {
    let banc = Banc::ouvrir();
    let metadonnees = async || -> Value {
        let url = format!("{}/.well-known/openid-configuration", banc.issuer);
        banc.http().get(url).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(metadonnees().await["require_pushed_authorization_requests"], false);
    banc.administrer(Method::PUT, "/reglages", Some(json!({"prereglage": "strict-fapi2"}))).await;
    let publiees = metadonnees().await;
    assert_eq!(publiees["require_pushed_authorization_requests"], true);
    assert_eq!(publiees["token_endpoint_auth_methods_supported"], json!(["tls_client_auth"]));

    let bonne = demande(&banc);
    let http = Navigateur::nouveau(&banc).http;
    let refusee = lieu(&http.get(bonne.clone()).send().await.unwrap());
    assert_eq!(parametre(&refusee, "error").as_deref(), Some("invalid_request"));
    let sans_pkce = change(&change(&bonne, "code_challenge", None), "code_challenge_method", None);
    assert_eq!(deposer(&banc, "lps", &sans_pkce).await.status(), 400);
    let formulaire = [("client_id", "communaute"), ("client_secret", SECRET), ("token", "x")];
    let par_secret = banc.http().post(banc.point("token/introspect")).form(&formulaire).send().await.unwrap();
    let refus: Issue<Value> = issue(par_secret).await;
    assert_eq!(refus.unwrap_err().1, "invalid_client");

    let nommee = deposee(&banc, &bonne).await;
    let retour = lieu(&Navigateur::nouveau(&banc).choisir(&nommee, &[("identite", MEDECIN)]).await);
    let jetons = echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
    let lps = banc.avec_certificat("lps");
    let lue = lps.introspecter(&jetons.access_token).await;
    let empreinte = lue.revendications["cnf"]["x5t#S256"].as_str().unwrap();
    assert_eq!(empreinte.len(), 43, "RFC 8705: base64url of a SHA-256");
    // Each of these clients has a certificate of its own: only the one of the exchange has the right one.
    assert_eq!(lps.userinfo(&jetons).await.unwrap_err().0, 401);
    let nu = banc.http().get(banc.point("userinfo")).bearer_auth(jetons.access_token.expose_secret());
    assert_eq!(nu.send().await.unwrap().status(), 401);
    let neufs = lps.rafraichir(&jetons).await.unwrap();
    assert!(lps.userinfo(&neufs).await.is_ok(), "bound to the certificate that asked");
}

#[tokio::test]
async fn a_local_provider_that_the_service_asks_for_is_shown_and_named_in_the_tokens() {
    let banc = Banc::ouvrir();
    let demandee = change(&demande(&banc), "kc_idp_hint", Some("ch-brest"));
    let navigateur = Navigateur::nouveau(&banc);
    assert!(navigateur.page(demandee.as_str()).await.html.contains("ch-brest"));
    let retour = lieu(&navigateur.choisir(&demandee, &[("identite", MEDECIN)]).await);
    let jetons = echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
    let lps = banc.avec_certificat("lps");
    for dites in [
        Value::Object(lps.introspecter(&jetons.access_token).await.revendications),
        lps.userinfo(&jetons).await.unwrap(),
    ] {
        assert_eq!((&dites["idp"], &dites["amr"][0]), (&json!("ch-brest"), &json!("sc")));
    }
    // The session of the browser answers without a page, and is still of that provider.
    let muette = change(&demande(&banc), "prompt", Some("none"));
    let retour = lieu(&navigateur.http.get(muette).send().await.unwrap());
    let jetons = echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
    assert_eq!(lps.introspecter(&jetons.access_token).await.revendications["idp"], "ch-brest");

    banc.administrer(Method::PUT, "/reglages", Some(json!({"avec_idp": true, "auth_level": "2"}))).await;
    banc.reponse_de(MEDECIN, json!({"mode": "approuver"})).await;
    let accuse = lps.demander(MEDECIN, "CARD").await.unwrap();
    let profil = lps.userinfo(&lps.sonder(&accuse).await.unwrap()).await.unwrap();
    assert_eq!(
        (&profil["idp"], profil.get("amr"), &profil["auth_level"]),
        (&json!("PSC"), Some(&Value::Null), &json!("2"))
    );
}
