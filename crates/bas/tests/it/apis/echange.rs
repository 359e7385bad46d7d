//! The exchange: what a good one gives, and every way in which one is refused, with its reason in the journal.

use bas::journal::Issue;
use base64::Engine as _;
use http::StatusCode;
use oidc::Jwks;
use serde_json::{Value, json};

use super::{Banc, JETON_PSC, JETON_PSC_COMMUNAUTE, MEDECIN, NOM, SECRET, acces, actif, avec, bon_echange};

async fn lire(banc: &Banc, royaume: &str, jeton: &str) -> Value {
    let url = banc.realm(royaume, "/protocol/openid-connect/certs");
    let cles = banc.http("").get(url).send().await.unwrap().bytes().await.unwrap();
    oidc::jwt::verifier(jeton, &Jwks::parse(&cles).unwrap()).unwrap()
}

#[tokio::test]
async fn a_good_one_gives_the_token_that_the_agency_gives() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.poster("lps", "token", &bon_echange()).await;
    assert_eq!(reponse.headers()["cache-control"], "no-cache, no-store");
    let corps: Value = reponse.json().await.unwrap();
    assert_eq!((&corps["expires_in"], &corps["refresh_expires_in"]), (&json!(14_400), &json!(1_800)));
    assert_eq!(
        (&corps["token_type"], &corps["scope"]),
        (&json!("Bearer"), &json!("openid email profile lire ecrire"))
    );
    assert_eq!(corps["issued_token_type"], oidc::echange::TYPE_JETON_ACCES);

    let lu = lire(&banc, "essai", acces(&corps)).await;
    let iat = banc.horloge.maintenant().as_second();
    assert_eq!(
        [
            &lu["iss"],
            &lu["aud"],
            &lu["azp"],
            &lu["typ"],
            &lu["SubjectNameID"],
            &lu["acr"],
            &lu["iat"],
            &lu["exp"]
        ],
        [
            &json!(format!("{NOM}/realms/essai")),
            &json!(["account", "lps"]),
            &json!("lps"),
            &json!("Bearer"),
            &json!(MEDECIN),
            &json!("1"),
            &json!(iat),
            &json!(iat + 14_400),
        ]
    );
    assert_eq!(lu["sid"], corps["session_state"]);
    assert_eq!((&lu["psc_session_state"], &lu["family_name"]), (&json!("session-psc"), &json!("DOC")));
    // Standard base64, padded, of 64 hexadecimal digits: 88 characters.
    let empreinte = lu["cnf"]["x5t#S256"].as_str().unwrap();
    assert!(empreinte.len() == 88 && empreinte.ends_with('='), "{empreinte}");
    assert!(oidc::cnf::correspond(empreinte, &banc.certificats["lps"].cert_der));

    let ligne = banc.derniere();
    assert_eq!((ligne.numero > 0, ligne.serveur.as_str()), (true, "as-essai"));
    let ligne = banc.journal.depuis_numero(0, &bas::journal::Filtre::default(), 1).0.remove(0);
    assert_eq!((ligne.client.as_deref(), ligne.personne.as_deref()), (Some("lps"), Some(MEDECIN)));
    assert_eq!(ligne.chemin, "/realms/essai/protocol/openid-connect/token", "the whole path");
    assert!(ligne.issue == Issue::Accepte && ligne.raison.contains("lié au certificat"), "{}", ligne.raison);
    assert!(!serde_json::to_string(&ligne).unwrap().contains(JETON_PSC), "no token in the journal");
}

#[tokio::test]
async fn the_switch_gives_the_spelling_of_the_norm() {
    let banc = Banc::ouvrir().await;
    let champs = avec(&bon_echange(), "scope", Some("lire"));
    let url = banc.realm("norme", "/protocol/openid-connect/token");
    let corps: Value = banc.http("lps").post(&url).form(&champs).send().await.unwrap().json().await.unwrap();
    let lu = lire(&banc, "norme", acces(&corps)).await;
    let der = &banc.certificats["lps"].cert_der;
    assert_eq!(lu["cnf"]["x5t#S256"], oidc::cnf::empreinte(der, oidc::cnf::Forme::Rfc8705));
    assert_eq!(lu["scope"], "lire");

    // This realm wants a scope, and only takes who is registered.
    for (nom, champs, code) in [
        ("lps", bon_echange(), "invalid_scope"),
        ("autre", avec(&champs, "client_id", Some("autre")), "invalid_client"),
    ] {
        let refus: Value =
            banc.http(nom).post(&url).form(&champs).send().await.unwrap().json().await.unwrap();
        assert_eq!(refus["error"], code, "{nom}");
    }
}

#[tokio::test]
async fn clients_prove_themselves_by_certificate_or_by_secret() {
    let banc = Banc::ouvrir().await;
    banc.psc("psc.autre", 200, &actif("autre"));
    let bon = bon_echange();
    let secret =
        avec(&avec(&bon, "client_id", Some("communaute")), "subject_token", Some(JETON_PSC_COMMUNAUTE));
    let autre = avec(&avec(&bon, "client_id", Some("autre")), "subject_token", Some("psc.autre"));
    let cas = [
        ("lps", bon.clone(), 200, "lié au certificat"),
        // Not registered, known by the CN of its certificate.
        ("autre", autre.clone(), 200, "lié au certificat"),
        // Registered by DN, under another name than at Pro Santé Connect.
        ("designe", avec(&bon, "client_id", Some("designe-a-l-as")), 200, "lié au certificat"),
        ("", avec(&secret, "client_secret", Some(SECRET)), 200, "sans liaison"),
        ("", bon.clone(), 401, "Aucun certificat client"),
        ("lps", autre, 401, "n’est pas le client_id « autre »"),
        ("autre", avec(&bon, "client_id", Some("designe-a-l-as")), 401, "inscrit avec « CN=designe"),
        ("lps", avec(&bon, "client_id", None), 401, "Le client_id manque"),
        ("communaute", secret.clone(), 401, "inscrit avec un secret"),
        ("", avec(&secret, "client_secret", Some("faux")), 401, "Le secret n’est pas"),
        ("lps", avec(&bon, "client_secret", Some("x")), 401, "n’est pas inscrit avec un secret"),
        (
            "",
            avec(&avec(&bon, "client_id", Some("nul")), "client_secret", Some("x")),
            401,
            "n’est pas inscrit avec",
        ),
    ];
    for (nom, champs, statut, raison) in cas {
        let reponse = banc.poster(nom, "token", &champs).await;
        assert_eq!(reponse.status().as_u16(), statut, "{nom} {champs:?}");
        assert_eq!(reponse.headers().contains_key("www-authenticate"), statut == 401);
        let ligne = banc.derniere();
        assert!(ligne.raison.contains(raison), "{raison} : {}", ligne.raison);
        if statut == 401 {
            let corps: Value = reponse.json().await.unwrap();
            assert_eq!(
                (&corps["error"], ligne.code.as_deref()),
                (&json!("invalid_client"), Some("invalid_client"))
            );
            assert!(!corps.to_string().contains("CN="), "the caller isn't told what is registered");
        }
    }
    let url = banc.realm("essai", "/protocol/openid-connect/token");
    let basic = |id: &str, mot: &str| {
        let encoder =
            |texte: &str| url::form_urlencoded::byte_serialize(texte.as_bytes()).collect::<String>();
        banc.http("").post(&url).basic_auth(encoder(id), Some(encoder(mot)))
    };
    let sans_id = avec(&secret, "client_id", None);
    assert_eq!(basic("communaute", SECRET).form(&sans_id).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        basic("communaute", "faux").form(&sans_id).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        basic("communaute", SECRET).form(&bon).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let deux = avec(&secret, "client_secret", Some(SECRET));
    assert_eq!(
        basic("communaute", SECRET).form(&deux).send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn each_fault_of_the_form_has_its_code_and_its_reason() {
    let banc = Banc::ouvrir().await;
    let id_token = "urn:ietf:params:oauth:token-type:id_token";
    banc.psc("psc.limite", 200, &actif("limite"));
    let cas = [
        ("grant_type", None, "invalid_request", "« grant_type » manque"),
        ("grant_type", Some("password"), "unsupported_grant_type", "« password »"),
        ("subject_token", None, "invalid_request", "« subject_token » manque"),
        ("subject_token", Some(""), "invalid_request", "« subject_token » manque"),
        ("subject_token_type", None, "invalid_request", "« subject_token_type » manque"),
        ("subject_token_type", Some(id_token), "invalid_request", "subject_token_type"),
        ("subject_issuer", Some("google"), "invalid_request", "subject_issuer « google »"),
        ("requested_token_type", Some(id_token), "invalid_request", "requested_token_type"),
        ("scope", Some("lire tout"), "invalid_scope", "« tout » n’existe pas"),
        ("audience", Some("https://ailleurs.example"), "invalid_target", "audience"),
        ("actor_token", Some("e30.e30."), "invalid_request", "sans « actor_token_type »"),
        ("actor_token_type", Some(oidc::echange::TYPE_JWT), "invalid_request", "sans « actor_token »"),
        ("subject_token", Some("jamais-vu"), "invalid_token", "inactif"),
        ("subject_token", Some(JETON_PSC_COMMUNAUTE), "invalid_token", "donné à « communaute »"),
    ];
    for (nom, valeur, code, raison) in cas {
        let reponse = banc.poster("lps", "token", &avec(&bon_echange(), nom, valeur)).await;
        assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{nom} {valeur:?}");
        let corps: Value = reponse.json().await.unwrap();
        assert_eq!(corps["error"], code, "{nom} {valeur:?}");
        let ligne = banc.derniere();
        assert_eq!((ligne.issue, ligne.code.as_deref()), (Issue::Refuse, Some(code)));
        assert!(ligne.raison.contains(raison), "{raison} : {}", ligne.raison);
    }
    let mut double = bon_echange();
    double.push(("subject_token", JETON_PSC));
    assert_eq!(banc.poster("lps", "token", &double).await.status(), StatusCode::BAD_REQUEST);
    assert!(banc.derniere().raison.contains("répété"));

    let limite =
        avec(&avec(&bon_echange(), "client_id", Some("limite")), "subject_token", Some("psc.limite"));
    let trop = banc.poster("limite", "token", &avec(&limite, "scope", Some("ecrire"))).await;
    assert_eq!(trop.status(), StatusCode::BAD_REQUEST);
    assert!(banc.derniere().raison.contains("n’est pas ouvert à ce client"));
    let tout: Value = banc.poster("limite", "token", &limite).await.json().await.unwrap();
    assert_eq!(tout["scope"], "openid email profile lire");
}

#[tokio::test]
async fn what_the_provider_says_decides() {
    let banc = Banc::ouvrir().await;
    let mut rafraichissement = actif("lps");
    rafraichissement["typ"] = json!("Refresh");
    let mut sans_nom = actif("lps");
    sans_nom.as_object_mut().unwrap().remove("SubjectNameID");
    banc.psc("psc.refresh", 200, &rafraichissement);
    banc.psc("psc.sans-nom", 200, &sans_nom);
    banc.psc("psc.500", 500, &json!({}));
    banc.psc("psc.503", 503, &json!({}));
    banc.psc_brut("psc.html", 200, "<html>");
    banc.psc_brut("psc.long", 200, &"x".repeat(300_000));
    let cas = [
        ("psc.refresh", 400, "invalid_token", "n’est pas un jeton d’accès"),
        ("psc.sans-nom", 400, "invalid_token", "n’est pas un jeton d’accès"),
        ("psc.500", 502, "temporarily_unavailable", "statut 500"),
        ("psc.503", 502, "temporarily_unavailable", "statut 503"),
        ("psc.html", 502, "temporarily_unavailable", "illisible"),
        ("psc.long", 502, "temporarily_unavailable", "trop longue"),
    ];
    for (jeton, statut, code, raison) in cas {
        let reponse = banc.poster("lps", "token", &avec(&bon_echange(), "subject_token", Some(jeton))).await;
        assert_eq!(reponse.status().as_u16(), statut, "{jeton}");
        assert_eq!(reponse.json::<Value>().await.unwrap()["error"], code, "{jeton}");
        assert!(banc.derniere().raison.contains(raison), "{jeton} : {}", banc.derniere().raison);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_know_us_is_our_breakdown() {
    let banc = Banc::ouvrir_avec("un autre secret").await;
    let reponse = banc.poster("lps", "token", &bon_echange()).await;
    assert_eq!(reponse.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let ligne = banc.derniere();
    assert!(ligne.issue == Issue::Panne && ligne.raison.contains("« as-bas »"), "{}", ligne.raison);
}

#[tokio::test]
async fn an_actor_token_is_told_in_ours() {
    let banc = Banc::ouvrir().await;
    let dits =
        json!({"lps_nom": "Logimed", "lps_version": "3.1", "situation_exercice": "10C", "intrus": "x"});
    let charge = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(dits.to_string());
    let acteur = format!("e30.{charge}.");
    let champs = avec(&bon_echange(), "actor_token", Some(&acteur));
    let champs = avec(&champs, "actor_token_type", Some(oidc::echange::TYPE_JWT));
    let corps: Value = banc.poster("lps", "token", &champs).await.json().await.unwrap();
    let lu = lire(&banc, "essai", acces(&corps)).await;
    assert_eq!(lu["act"], json!({"lps_nom": "Logimed", "lps_version": "3.1", "situation_exercice": "10C"}));
}

#[tokio::test]
async fn the_realm_says_what_it_does() {
    let banc = Banc::ouvrir().await;
    let url = banc.realm("essai", "/.well-known/openid-configuration");
    let dit: Value = banc.http("").get(url).send().await.unwrap().json().await.unwrap();
    let jeton = format!("{NOM}/realms/essai/protocol/openid-connect/token");
    assert_eq!(
        (&dit["issuer"], &dit["token_endpoint"]),
        (&json!(format!("{NOM}/realms/essai")), &json!(jeton))
    );
    assert_eq!(dit["mtls_endpoint_aliases"]["token_endpoint"], jeton);
    assert_eq!(dit["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(dit["grant_types_supported"][0], oidc::echange::GRANT);
}
