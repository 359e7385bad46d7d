//! What the realm refuses, and to whom it says so.

use jiff::SignedDuration;
use oidc::{Demande, Erreur};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::banc::{Banc, RETOUR, SECRET, change, lieu, parametre};

#[tokio::test]
async fn an_unproven_address_gets_a_page_and_no_redirect() {
    let banc = Banc::ouvrir();
    let bonne = banc.demande(Demande::default()).await.url;
    let avec_requete = format!("{RETOUR}?x=1");
    let cas = [
        (change(&bonne, "redirect_uri", Some("https://pirate.example/")), "adresse de retour"),
        (change(&bonne, "redirect_uri", Some(&avec_requete)), "adresse de retour"),
        (change(&bonne, "redirect_uri", Some(&format!("{RETOUR}/"))), "adresse de retour"),
        (change(&bonne, "redirect_uri", None), "où revenir"),
        (change(&bonne, "client_id", Some("inconnu")), "pas connu"),
        (change(&bonne, "client_id", None), "quel service"),
        (format!("{bonne}&client_id=guichet").parse().unwrap(), "quel service"),
        (format!("{bonne}&redirect_uri=https://pirate.example/").parse().unwrap(), "où revenir"),
    ];
    for (url, texte) in cas {
        let reponse = banc.navigateur().ouvrir(&url).await;
        assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{url}");
        assert!(!reponse.headers().contains_key("location"));
        assert!(reponse.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let html = reponse.text().await.unwrap();
        assert!(html.contains(texte) && html.contains("Demande de connexion refusée"), "{url}");
    }
}

#[tokio::test]
async fn other_faults_go_back_to_the_client_with_state_and_issuer() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let cas = [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("scope", Some("profile"), "invalid_scope"),
        ("scope", None, "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("trop-court"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("prompt", Some("none"), "login_required"),
        ("prompt", Some("none login"), "invalid_request"),
        ("prompt", Some("toto"), "invalid_request"),
        ("max_age", Some("-1"), "invalid_request"),
        ("request", Some("e30.e30."), "request_not_supported"),
        ("request_uri", Some("https://pirate.example/"), "request_uri_not_supported"),
    ];
    for (nom, valeur, code) in cas {
        let url = change(&autorisation.url, nom, valeur);
        let lieu = lieu(&banc.navigateur().ouvrir(&url).await);
        assert!(lieu.as_str().starts_with(RETOUR));
        assert_eq!(parametre(&lieu, "error").as_deref(), Some(code), "{nom} {valeur:?}");
        assert_eq!(parametre(&lieu, "state").as_deref(), Some(autorisation.etat.as_str()));
        assert_eq!(parametre(&lieu, "iss").as_deref(), Some(banc.issuer.as_str()));
        assert_eq!(parametre(&lieu, "code"), None);
        let erreur = banc.echanger(&lieu, &autorisation).await.unwrap_err();
        assert_eq!(erreur.to_string(), format!("connexion : le fournisseur d’identité a refusé ({code})"));
    }
}

fn code_refuse<T: std::fmt::Debug>(resultat: Result<T, Erreur>) -> String {
    match resultat.unwrap_err() {
        Erreur::Refuse { code, .. } => code,
        autre => panic!("{autre:?}"),
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_its_replay_takes_the_access_token_back() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
    let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
    let sub = bas::isc::personnes().iter().find(|p| p.login == "tom.leroy").unwrap().sub().to_string();
    let client = banc.client();
    assert!(client.userinfo(&jetons.access_token, &sub).await.is_ok());
    assert_eq!(code_refuse(banc.echanger(&lieu, &autorisation).await), "invalid_grant");
    assert_eq!(code_refuse(client.userinfo(&jetons.access_token, &sub).await), "invalid_token");
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    for (secondes, bon) in [(59, true), (60, false)] {
        let banc = Banc::ouvrir();
        let autorisation = banc.demande(Demande::default()).await;
        let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
        banc.horloge.avancer(SignedDuration::from_secs(secondes));
        assert_eq!(banc.echanger(&lieu, &autorisation).await.is_ok(), bon, "{secondes} s");
    }
}

#[tokio::test]
async fn a_wrong_verifier_spends_the_code() {
    let banc = Banc::ouvrir();
    let mut autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
    let bon = std::mem::replace(&mut autorisation.verificateur, SecretString::from("f".repeat(43)));
    assert_eq!(code_refuse(banc.echanger(&lieu, &autorisation).await), "invalid_grant");
    autorisation.verificateur = bon;
    assert_eq!(code_refuse(banc.echanger(&lieu, &autorisation).await), "invalid_grant");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_leaves_the_code_alone() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
    let code: SecretString = parametre(&lieu, "code").unwrap().into();
    for faux in ["", "faux", &SECRET[1..]] {
        let refus = banc.client_avec(faux).echanger(&code, &autorisation.verificateur).await;
        assert_eq!(code_refuse(refus), "invalid_client");
    }
    assert!(banc.echanger(&lieu, &autorisation).await.is_ok());
}

/// Changes to a good request (`None` takes a parameter out), the status and the error that answer it.
type Cas<'a> = (&'a [(&'a str, Option<&'a str>)], u16, &'a str);

#[tokio::test]
async fn the_token_endpoint_answers_each_fault_with_its_code() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
    let code = parametre(&lieu, "code").unwrap();
    let verificateur = autorisation.verificateur.expose_secret();
    let bon = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", RETOUR),
        ("code_verifier", verificateur),
        ("client_id", "guichet"),
        ("client_secret", SECRET),
    ];
    let cas: [Cas; 8] = [
        (&[("grant_type", Some("password"))], 400, "unsupported_grant_type"),
        (&[("grant_type", None)], 400, "invalid_request"),
        (&[("code_verifier", None)], 400, "invalid_request"),
        (&[("redirect_uri", None)], 400, "invalid_request"),
        (&[("client_secret", None)], 401, "invalid_client"),
        (&[("client_id", Some("autre"))], 401, "invalid_client"),
        (&[("client_id", Some("autre")), ("client_secret", Some("secret d’un autre"))], 400, "invalid_grant"),
        (&[("redirect_uri", Some("https://pirate.example/"))], 400, "invalid_grant"),
    ];
    for (changements, statut, attendu) in cas {
        let mut formulaire = Vec::new();
        for (nom, valeur) in bon {
            match changements.iter().find(|(autre, _)| *autre == nom) {
                Some((_, None)) => {}
                Some((_, Some(autre))) => formulaire.push((nom, *autre)),
                None => formulaire.push((nom, valeur)),
            }
        }
        let requete = banc.http().post(banc.url("/protocol/openid-connect/token")).form(&formulaire);
        let reponse = requete.send().await.unwrap();
        assert_eq!(reponse.status().as_u16(), statut, "{changements:?}");
        assert_eq!(reponse.headers().contains_key("www-authenticate"), statut == 401);
        assert_eq!(reponse.headers()["cache-control"], "no-store");
        let corps: Value = reponse.json().await.unwrap();
        assert_eq!(corps["error"], attendu, "{changements:?}");
    }
    // The last one spent it: the address of return was wrong.
    assert_eq!(code_refuse(banc.echanger(&lieu, &autorisation).await), "invalid_grant");
}

#[tokio::test]
async fn userinfo_wants_an_access_token_that_lives() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "tom.leroy").await;
    let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
    let demander = async |jeton: Option<&str>| {
        let requete = banc.http().get(banc.url("/protocol/openid-connect/userinfo"));
        let requete = if let Some(jeton) = jeton { requete.bearer_auth(jeton) } else { requete };
        requete.send().await.unwrap().status().as_u16()
    };
    let acces = jetons.access_token.expose_secret();
    assert_eq!(demander(Some(acces)).await, 200);
    assert_eq!(demander(None).await, 401);
    assert_eq!(demander(Some("x.y.z")).await, 401);
    assert_eq!(demander(Some(jetons.id_token.expose_secret())).await, 401, "an id_token is no access token");
    banc.horloge.avancer(SignedDuration::from_secs(300));
    assert_eq!(demander(Some(acces)).await, 401, "expired");
}
