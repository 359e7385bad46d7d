//! CIBA, from the request to the tokens, and each refusal in the order in which it must come.

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{AGENT, Banc, Issue, MEDECIN, SECRET, issue};

fn refus<T>(issue: Issue<T>) -> (u16, String, String) {
    match issue {
        Ok(_) => panic!("accepted"),
        Err(refus) => refus,
    }
}

#[tokio::test]
async fn a_professional_approves_and_the_service_gets_verifiable_tokens() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    for (national_id, canal) in [(MEDECIN, "MOBILE"), (AGENT, "CARD")] {
        let accuse = lps.demander(national_id, canal).await.unwrap();
        assert_eq!((accuse.expires_in, accuse.interval), (120, Some(5)));
        let (statut, code, _) = refus(lps.sonder(&accuse).await);
        assert_eq!((statut, code.as_str()), (400, "authorization_pending"));
        banc.repondre("approuver").await;
        banc.avancer(5);
        let jetons = lps.sonder(&accuse).await.unwrap();
        assert_eq!((jetons.expires_in, jetons.refresh_expires_in), (Some(120), Some(1800)));
        assert_eq!(jetons.scope.as_deref(), Some("openid scope_all"));

        let id = banc.verifier("lps", &jetons).await;
        assert_eq!(id.sub, format!("f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{national_id}"));
        for (nom, attendu) in [
            ("SubjectNameID", national_id),
            ("preferred_username", national_id),
            ("acr", "eidas1"),
            ("authMode", canal),
        ] {
            assert_eq!(id.autres[nom], attendu, "{nom}");
        }
        assert_eq!(id.sid, jetons.session_state);
        // RFC 6749 §10.5 in spirit: an auth_req_id serves once.
        banc.avancer(5);
        assert_eq!(
            refus(lps.sonder(&accuse).await),
            (400, "invalid_grant".into(), "Invalid auth_req_id".into())
        );
    }
}

type Changement<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn requests_are_refused_in_the_order_of_keycloak() {
    let banc = Banc::ouvrir();
    let (lps, sans_ciba) = (banc.avec_certificat("lps"), banc.avec_certificat("sans-ciba"));
    let bons = [
        ("scope", "openid scope_all"),
        ("login_hint", MEDECIN),
        ("binding_message", "42"),
        ("channel", "CARD"),
    ];
    let long = "a".repeat(51);
    // What is changed (an empty value leaves the parameter out), status, code, description.
    let cas: [(Changement, u16, &str, &str); 15] = [
        (&[("login_hint", ""), ("scope", "")], 400, "invalid_request", "missing parameter : login_hint"),
        (&[("scope", ""), ("login_hint", "inconnu")], 400, "invalid_request", "invalid user"),
        (&[("login_hint", "inconnu"), ("scope", "x")], 400, "invalid_request", "invalid user"),
        (&[("scope", ""), ("binding_message", "é")], 400, "invalid_request", "missing parameter : scope"),
        (&[("login_hint", "899700000102")], 400, "invalid_request", "invalid user"),
        (
            &[("scope", "openid nimporte"), ("binding_message", "é")],
            400,
            "invalid_scope",
            "Invalid scopes: openid nimporte",
        ),
        (&[("scope", "scope_all")], 400, "invalid_scope", "Invalid scopes: scope_all"),
        (&[("binding_message", "4 2")], 400, "invalid_binding_message", ""),
        (&[("binding_message", &long), ("user_code", "1")], 400, "invalid_binding_message", ""),
        (
            &[("client_notification_token", "x"), ("user_code", "1")],
            400,
            "invalid_request",
            "Client Notification token supported only for the ping mode",
        ),
        (&[("user_code", "1"), ("channel", "card")], 400, "invalid_request", "User code not supported"),
        (&[("channel", "card")], 400, "invalid_request", "invalid parameter : channel"),
        (&[("client_id", "lps"), ("scope", "")], 400, "invalid_request", "duplicated parameter"),
        (&[("client_id", "lps")], 400, "invalid_request", "duplicated parameter"),
        (&[("scope", "openid"), ("scope", "openid")], 400, "invalid_request", "duplicated parameter"),
    ];
    for (changes, statut, code, detail) in cas {
        let mut champs: Vec<(&str, &str)> =
            bons.iter().filter(|(nom, _)| !changes.iter().any(|(autre, _)| autre == nom)).copied().collect();
        champs.extend(changes.iter().filter(|(_, valeur)| !valeur.is_empty()));
        let (vu, erreur, description) =
            refus(lps.poster::<serde_json::Value>("ext/ciba/auth", &champs).await);
        assert_eq!((vu, erreur.as_str()), (statut, code), "{changes:?}");
        assert!(detail.is_empty() || description == detail, "{changes:?}: {description}");
    }
    let (statut, code, detail) = refus(sans_ciba.demander("inconnu", "CARD").await);
    assert_eq!((statut, &*code, &*detail), (401, "invalid_grant", "Client not allowed OIDC CIBA Grant"));
    let sonde = [("grant_type", oidc::ciba::GRANT)];
    let (statut, code, detail) = refus(sans_ciba.poster::<serde_json::Value>("token", &sonde).await);
    assert_eq!((statut, &*code, &*detail), (400, "invalid_grant", "Client not allowed OIDC CIBA Grant"));
    let sans = lps.poster::<serde_json::Value>("ext/ciba/auth", &bons[..2]).await;
    assert!(sans.is_ok(), "binding_message and channel may be absent: {sans:?}");
}

#[tokio::test]
async fn a_client_proves_itself_as_it_was_registered() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let nu = banc.http();
    let point = banc.point("ext/ciba/auth");
    let demande = [("scope", "openid"), ("login_hint", MEDECIN)];
    let corps = |client_id: &'static str, secret: Option<&'static str>| {
        let mut champs = vec![demande[0], demande[1], ("client_id", client_id)];
        champs.extend(secret.map(|secret| ("client_secret", secret)));
        champs
    };
    let invalide = Some((401, "invalid_client"));
    let cas = [
        ("its certificate", lps.http.post(&point).form(&corps("lps", None)), None),
        ("no certificate", nu.post(&point).form(&corps("lps", None)), invalide),
        ("another's certificate", autre.http.post(&point).form(&corps("lps", None)), invalide),
        ("a secret instead", nu.post(&point).form(&corps("lps", Some(SECRET))), invalide),
        ("unknown client", lps.http.post(&point).form(&corps("inconnu", None)), invalide),
        ("nobody", lps.http.post(&point).form(&demande), invalide),
        ("its secret", nu.post(&point).form(&corps("communaute", Some(SECRET))), None),
        (
            "its secret, Basic",
            nu.post(&point)
                .basic_auth("communaute", Some("secret+de+communaut%C3%A9%3A+%C3%A9%2B%26%3D%25"))
                .form(&demande),
            None,
        ),
        (
            "wrong secret",
            nu.post(&point).form(&corps("communaute", Some("faux"))),
            Some((401, "unauthorized_client")),
        ),
        ("no secret", nu.post(&point).form(&corps("communaute", None)), Some((401, "unauthorized_client"))),
        (
            "certificate for a secret",
            lps.http.post(&point).form(&corps("communaute", None)),
            Some((401, "unauthorized_client")),
        ),
    ];
    for (quoi, requete, attendu) in cas {
        let reponse = requete.send().await.unwrap();
        // openid-client takes another path when this header is there.
        assert!(reponse.headers().get("www-authenticate").is_none(), "{quoi}");
        let vu = issue::<serde_json::Value>(reponse).await.err().map(|(statut, code, _)| (statut, code));
        assert_eq!(vu, attendu.map(|(statut, code)| (statut, code.to_owned())), "{quoi}");
    }
}

#[tokio::test]
async fn polls_are_answered_in_order_expired_too_fast_refused_waiting() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    let code = |issue| refus::<oidc::jetons::ReponseJetons>(issue).1;
    let attente = "The authorization request is still pending as the end-user hasn't yet been authenticated.";
    assert_eq!(
        refus(lps.sonder(&accuse).await),
        (400, "authorization_pending".into(), attente.into()),
        "in the words of Keycloak"
    );
    assert_eq!(refus(lps.sonder(&accuse).await), (400, "slow_down".into(), "too early to access".into()));
    banc.repondre("refuser").await;
    assert_eq!(code(lps.sonder(&accuse).await), "slow_down", "too fast comes before refused");
    banc.avancer(5);
    assert_eq!(refus(autre.sonder(&accuse).await).2, "unauthorized client");
    assert_eq!(refus(lps.sonder(&accuse).await), (400, "access_denied".into(), "not authorized".into()));
    banc.avancer(115);
    assert_eq!(
        refus(lps.sonder(&accuse).await),
        (400, "expired_token".into(), "authentication timed out".into()),
        "expired comes first"
    );
    banc.avancer(15);
    let suivante = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    assert_eq!(refus(lps.sonder(&accuse).await).2, "Invalid auth_req_id", "forgotten");

    let sonde =
        |jeton: &str| [("grant_type", oidc::ciba::GRANT.to_owned()), ("auth_req_id", jeton.to_owned())];
    let altere = suivante.auth_req_id.expose_secret().replace('.', ".e");
    for (jeton, detail) in [("n’importe quoi", "Invalid Auth Req ID"), (&altere, "Invalid Auth Req ID")] {
        let champs = sonde(jeton);
        let champs: Vec<(&str, &str)> = champs.iter().map(|(nom, valeur)| (*nom, valeur.as_str())).collect();
        assert_eq!(refus(lps.poster::<serde_json::Value>("token", &champs).await).2, detail);
    }
    let seul = [("grant_type", oidc::ciba::GRANT)];
    assert_eq!(
        refus(lps.poster::<serde_json::Value>("token", &seul).await).2,
        "Missing parameter: auth_req_id"
    );
    let inconnu = [("grant_type", "password")];
    assert_eq!(refus(lps.poster::<serde_json::Value>("token", &inconnu).await).1, "unsupported_grant_type");
    assert_eq!(
        refus(lps.poster::<serde_json::Value>("token", &[]).await).2,
        "Missing form parameter: grant_type"
    );
}

#[tokio::test]
async fn identities_answer_by_themselves_when_told_to() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    // The answer, seconds to wait, what the poll says.
    let cas = [
        (json!({"mode": "approuver"}), 0, None),
        (json!({"mode": "refuser"}), 0, Some("access_denied")),
        (json!({"mode": "approuver-apres", "secondes": 10}), 9, Some("authorization_pending")),
        (json!({"mode": "approuver-apres", "secondes": 10}), 10, None),
        (json!({"mode": "si-message", "message": "42"}), 0, None),
        (json!({"mode": "si-message", "message": "43"}), 0, Some("access_denied")),
        (json!({"mode": "jamais"}), 119, Some("authorization_pending")),
    ];
    for (reponse, secondes, attendu) in cas {
        banc.reponse_de(AGENT, reponse.clone()).await;
        let accuse = lps.demander(AGENT, "CARD").await.unwrap();
        banc.avancer(secondes);
        let vu = lps.sonder(&accuse).await.err().map(|(_, code, _)| code);
        assert_eq!(vu.as_deref(), attendu, "{reponse}");
    }
}

#[tokio::test]
async fn two_people_at_once_never_get_each_others_session() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let premiere = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    let seconde = lps.demander(AGENT, "MOBILE").await.unwrap();
    let toutes = banc.administrer(reqwest::Method::GET, "/approbations", None).await;
    for une in toutes.as_array().unwrap().iter().rev() {
        let chemin = format!("/approbations/{}/approuver", une["id"].as_str().unwrap());
        banc.administrer(reqwest::Method::POST, &chemin, None).await;
    }
    let mut sids = Vec::new();
    for (accuse, national_id) in [(&premiere, MEDECIN), (&seconde, AGENT)] {
        let jetons = lps.sonder(accuse).await.unwrap();
        assert_eq!(lps.userinfo(&jetons).await.unwrap()["SubjectNameID"], national_id);
        sids.push(jetons.session_state.unwrap());
    }
    assert_ne!(sids[0], sids[1]);
}
