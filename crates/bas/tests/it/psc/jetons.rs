//! What tokens are worth: userinfo, introspection, refresh, revocation, sign-out, lives, keys that change.

use axum::extract::State;
use axum::routing::post;
use axum::{Form, Router};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{AGENT, APRES, Banc, MEDECIN, inscription};

#[tokio::test]
async fn userinfo_says_who_the_professional_is() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let jetons = lps.connecter(MEDECIN).await;
    let profil = lps.userinfo(&jetons).await.unwrap();
    for (nom, attendu) in [
        ("SubjectNameID", json!(MEDECIN)),
        ("preferred_username", json!(MEDECIN)),
        ("family_name", json!("GÉNÉRALISTE")),
        ("SubjectRole", json!(["10^1.2.250.1.213.1.1.5.5"])),
        ("authMode", json!("MOBILE")),
        ("Acces_Regulation_Medicale", json!("FAUX")),
        ("otherIds", json!([{"identifiant": MEDECIN, "origine": "RPPS", "qualite": 1}])),
    ] {
        assert_eq!(profil[nom], attendu, "{nom}");
    }
    let activite = &profil["SubjectRefPro"]["exercices"][0]["activities"][0];
    assert_eq!(activite.as_object().unwrap().len(), 30);
    assert_eq!(activite["codeModeExercice"], "L");
    assert_eq!(profil["sub"], banc.verifier("lps", &jetons).await.sub);

    let point = banc.point("userinfo");
    for requete in [
        banc.http().get(&point),
        banc.http().get(&point).bearer_auth("faux"),
        banc.http().get(&point).bearer_auth(jetons.refresh_token.as_ref().unwrap().expose_secret()),
    ] {
        let reponse = requete.send().await.unwrap();
        assert_eq!(reponse.status(), StatusCode::UNAUTHORIZED);
        assert!(reponse.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
    }
}

#[tokio::test]
async fn introspection_tells_the_national_identifier_of_access_tokens_only() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let jetons = lps.connecter(AGENT).await;
    // Another registered service may ask: that is what authorization servers do.
    let acces = autre.introspecter(&jetons.access_token).await;
    assert!(acces.active);
    for nom in [
        "exp",
        "iat",
        "auth_time",
        "jti",
        "iss",
        "sub",
        "typ",
        "azp",
        "nonce",
        "session_state",
        "preferred_username",
        "acr",
        "scope",
        "client_id",
        "username",
    ] {
        assert!(acces.revendications.contains_key(nom), "{nom}");
    }
    assert_eq!(acces.texte("SubjectNameID"), Some(AGENT));
    assert_eq!((acces.texte("typ"), acces.texte("nonce")), (Some("Bearer"), Some("")));
    let rafraichissement = lps.introspecter(jetons.refresh_token.as_ref().unwrap()).await;
    assert!(rafraichissement.active);
    assert_eq!(rafraichissement.texte("SubjectNameID"), None);
    for mort in ["faux", jetons.id_token.as_ref().unwrap().expose_secret()] {
        let vue = lps.introspecter(&mort.to_owned().into()).await;
        assert_eq!(serde_json::to_value(&vue).unwrap(), json!({"active": false}));
    }
    let nu = banc.http().post(banc.point("token/introspect")).form(&[("token", "x")]).send().await.unwrap();
    assert_eq!(nu.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_live_as_long_as_published_and_sessions_end_when_idle() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let mut jetons = lps.connecter(MEDECIN).await;
    banc.avancer(119);
    assert!(lps.introspecter(&jetons.access_token).await.active);
    banc.avancer(1);
    assert!(!lps.introspecter(&jetons.access_token).await.active);
    assert_eq!(
        lps.userinfo(&jetons).await.err().map(|(statut, code, _)| (statut, code)),
        Some((401, "invalid_token".into()))
    );
    // Used every 25 minutes, the session lasts four hours and no more.
    let mut ages = 120;
    while ages + 1500 < 4 * 3600 {
        banc.avancer(1500);
        ages += 1500;
        jetons = lps.rafraichir(&jetons).await.unwrap();
        let reste = u64::try_from(4 * 3600 - ages).unwrap();
        assert_eq!(jetons.refresh_expires_in, Some(reste.min(1800)));
    }
    banc.avancer(4 * 3600 - ages);
    let (statut, code, _) = lps.rafraichir(&jetons).await.unwrap_err();
    assert_eq!((statut, code.as_str()), (400, "invalid_grant"));
    // Unused, thirty minutes.
    let jetons = lps.connecter(MEDECIN).await;
    banc.avancer(1800);
    assert_eq!(lps.rafraichir(&jetons).await.unwrap_err().1, "invalid_grant");
}

#[tokio::test]
async fn lives_can_be_changed_and_accelerated() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let reglages =
        json!({"prereglage": "psc-prod-2026", "durees": {"acceleration": 60, "intervalle": 1, "ciba": 600}});
    banc.administrer(Method::PUT, "/reglages", Some(reglages)).await;
    let accuse = lps.demander(MEDECIN, "CARD").await.unwrap();
    assert_eq!((accuse.expires_in, accuse.interval), (10, Some(1)));
    banc.repondre("approuver").await;
    let jetons = lps.sonder(&accuse).await.unwrap();
    assert_eq!((jetons.expires_in, jetons.refresh_expires_in), (Some(2), Some(30)));
    let id = banc.verifier("lps", &jetons).await;
    assert_eq!((&id.autres["acr"], &id.autres["authMode"]), (&json!("eidas2"), &json!("CARD")));
    banc.avancer(30);
    assert!(lps.rafraichir(&jetons).await.is_err());
    let refusee = banc.admin(Method::PUT, "/reglages", Some(json!({"durees": {"acces": "long"}}))).await;
    assert!(refusee.status().is_client_error());
}

#[tokio::test]
async fn a_refresh_belongs_to_its_client_and_to_a_living_identity() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let jetons = lps.connecter(MEDECIN).await;
    assert_eq!(autre.rafraichir(&jetons).await.unwrap_err().1, "invalid_grant");
    let neufs = lps.rafraichir(&jetons).await.unwrap();
    assert_eq!(neufs.session_state, jetons.session_state);
    assert_eq!(banc.verifier("lps", &neufs).await.sid, jetons.session_state);
    let mut identite = banc.administrer(Method::GET, &format!("/identites/{MEDECIN}"), None).await;
    identite["actif"] = json!(false);
    banc.administrer(Method::PUT, &format!("/identites/{MEDECIN}"), Some(identite)).await;
    assert_eq!(lps.rafraichir(&neufs).await.unwrap_err().2, "User disabled");
    assert!(!lps.introspecter(&neufs.access_token).await.active);
}

#[tokio::test]
async fn revocation_takes_back_one_access_token_or_all_that_the_client_holds() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let jetons = lps.connecter(MEDECIN).await;
    let revoquer = async |lps: &super::Lps<'_>, jeton: &str| {
        let champs = [("client_id", lps.client_id.as_str()), ("token", jeton)];
        lps.http.post(banc.point("revoke")).form(&champs).send().await.unwrap().status()
    };
    // RFC 7009 §2.2: an unknown token, or another's, is no error and changes nothing.
    assert_eq!(revoquer(&lps, "inconnu").await, StatusCode::OK);
    assert_eq!(revoquer(&autre, jetons.access_token.expose_secret()).await, StatusCode::OK);
    assert!(lps.introspecter(&jetons.access_token).await.active);
    assert_eq!(revoquer(&lps, jetons.access_token.expose_secret()).await, StatusCode::OK);
    assert!(!lps.introspecter(&jetons.access_token).await.active);
    let neufs = lps.rafraichir(&jetons).await.unwrap();
    assert_eq!(revoquer(&lps, neufs.refresh_token.as_ref().unwrap().expose_secret()).await, StatusCode::OK);
    assert!(!lps.introspecter(&neufs.access_token).await.active);
    assert!(lps.rafraichir(&neufs).await.is_err());
}

#[tokio::test]
async fn signing_out_ends_the_session_by_get_and_by_post() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let logout = banc.point("logout");
    let http = banc.http();
    let indice =
        |jetons: &oidc::jetons::ReponseJetons| jetons.id_token.as_ref().unwrap().expose_secret().to_owned();

    // A proxy posts, without a certificate, and may do it long after the id_token's end.
    let jetons = lps.connecter(MEDECIN).await;
    banc.avancer(1000);
    let reponse = http.post(&logout).form(&[("id_token_hint", indice(&jetons))]).send().await.unwrap();
    assert_eq!(reponse.status(), StatusCode::OK);
    assert!(lps.rafraichir(&jetons).await.is_err());
    let encore = http.post(&logout).form(&[("id_token_hint", indice(&jetons))]).send().await.unwrap();
    assert_eq!(encore.status(), StatusCode::OK, "ending what has ended is fine");

    let jetons = lps.connecter(MEDECIN).await;
    let (id, acces) = (indice(&jetons), jetons.access_token.expose_secret().to_owned());
    let refuses: [&[(&str, &str)]; 5] = [
        &[],
        &[("id_token_hint", "faux")],
        &[("id_token_hint", &acces)],
        &[("id_token_hint", &id), ("post_logout_redirect_uri", "https://pirate.example/")],
        &[("id_token_hint", &id), ("client_id", "autre")],
    ];
    for parametres in refuses {
        let reponse = http.get(&logout).query(parametres).send().await.unwrap();
        assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{}", parametres.len());
        assert!(lps.introspecter(&jetons.access_token).await.active);
    }
    let bons = [("id_token_hint", id.as_str()), ("post_logout_redirect_uri", APRES), ("state", "é&=")];
    let reponse = http.get(&logout).query(&bons).send().await.unwrap();
    let lieu = crate::banc::lieu(&reponse);
    assert!(lieu.as_str().starts_with(APRES));
    assert_eq!(crate::banc::parametre(&lieu, "state").as_deref(), Some("é&="));
    assert!(!lps.introspecter(&jetons.access_token).await.active);
}

#[tokio::test]
async fn the_clients_of_a_session_are_told_when_it_ends() {
    let banc = Banc::ouvrir();
    let (envoyer, mut recus) = mpsc::unbounded_channel::<String>();
    let recevoir = async |State(envoyer): State<mpsc::UnboundedSender<String>>, Form(corps): Form<Value>| {
        envoyer.send(corps["logout_token"].as_str().unwrap().to_owned()).unwrap();
    };
    let routes = Router::new().route("/fin", post(recevoir)).with_state(envoyer);
    let adresse = format!("{}/fin", banc.ecouter(routes).await);
    let client = json!({"client_id": "averti", "backchannel_logout_uri": adresse});
    banc.administrer(Method::POST, "/clients", Some(client)).await;

    let lps = banc.avec_certificat("averti");
    for par_admin in [true, false] {
        let jetons = lps.connecter(MEDECIN).await;
        let sid = jetons.session_state.clone().unwrap();
        if par_admin {
            let dit = banc.administrer(Method::DELETE, &format!("/sessions/{sid}"), None).await;
            assert_eq!(dit["clients_avertis"], 1);
        } else {
            let indice = jetons.id_token.as_ref().unwrap().expose_secret();
            banc.http().post(banc.point("logout")).form(&[("id_token_hint", indice)]).send().await.unwrap();
        }
        let jeton = recus.recv().await.unwrap();
        let maintenant = banc.horloge.maintenant();
        let lu = oidc::deconnexion::verifier(&jeton, &banc.cles().await, &banc.issuer, "averti", maintenant)
            .unwrap();
        assert_eq!(lu.sid, Some(sid));
        assert!(lps.rafraichir(&jetons).await.is_err());
    }
}

#[tokio::test]
async fn a_key_can_be_changed_under_living_tokens() {
    let mut banc = Banc::ouvrir();
    let avant = banc.avec_certificat("lps").connecter(MEDECIN).await;
    let kid = banc.administrer(Method::POST, "/cles/rotation", None).await["kid"].clone();
    let document: Value = banc.http().get(banc.point("certs")).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["keys"].as_array().unwrap().len(), 2);
    assert_eq!(document["keys"][0]["kid"], kid);
    banc.verifier("lps", &avant).await;
    let apres = banc.avec_certificat("lps").rafraichir(&avant).await.unwrap();
    banc.verifier("lps", &apres).await;
    assert!(banc.avec_certificat("lps").introspecter(&avant.access_token).await.active);

    // Keys, identities and clients outlive a restart; sessions do not.
    banc.administrer(Method::POST, "/clients", Some(json!({"client_id": "neuf"}))).await;
    banc.reponse_de(AGENT, json!({"mode": "approuver"})).await;
    let reglages = json!({"prereglage": "psc-prod-2026", "durees": {"acces": 60}});
    let reglages = banc.administrer(Method::PUT, "/reglages", Some(reglages)).await;
    let scenarios =
        json!([{"nom": "id-iss-faux", "client": "lps", "fois": 2}, {"nom": "http-lent", "secondes": 0}]);
    banc.fixer(scenarios.clone()).await;
    banc.redemarrer().await;
    assert_eq!(banc.administrer(Method::GET, "/reglages", None).await, reglages);
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, scenarios);
    banc.avancer(3600);
    banc.administrer(Method::POST, "/reinitialiser", None).await;
    let heure = banc.administrer(Method::POST, "/horloge", Some(json!({"avancer": 0}))).await;
    assert_eq!(heure["maintenant"], "2026-03-02T12:00:00Z", "the right time again");
    banc.reponse_de(AGENT, json!({"mode": "approuver"})).await;
    banc.redemarrer().await;
    assert_eq!(banc.administrer(Method::GET, "/reglages", None).await["prereglage"], "psc-bas");
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([]));
    banc.verifier("lps", &apres).await;
    let neuf = banc.avec_certificat("neuf");
    assert!(!neuf.introspecter(&apres.access_token).await.active);
    let accuse = neuf.demander(AGENT, "CARD").await.unwrap();
    neuf.sonder(&accuse).await.unwrap();
    assert!(inscription("neuf").ciba);
}
