//! Introspection and revocation: who may ask, what is said, what dies.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Banc, MEDECIN, acces, rafraichissement};

async fn introspecter(banc: &Banc, nom: &str, jeton: &str) -> Value {
    let champs = [("client_id", nom), ("token", jeton)];
    let reponse = banc.poster(nom, "token/introspect", &champs).await;
    assert_eq!(reponse.status(), StatusCode::OK);
    reponse.json().await.unwrap()
}

#[tokio::test]
async fn introspection_tells_clients_what_lives() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.echanger().await;
    let dit = introspecter(&banc, "autre", acces(&reponse)).await;
    assert_eq!(
        [&dit["active"], &dit["client_id"], &dit["username"], &dit["SubjectNameID"], &dit["typ"]],
        [&json!(true), &json!("lps"), &json!(MEDECIN), &json!(MEDECIN), &json!("Bearer")]
    );
    assert!(dit["cnf"]["x5t#S256"].is_string());
    let dit = introspecter(&banc, "lps", rafraichissement(&reponse)).await;
    assert_eq!(
        (&dit["active"], &dit["typ"], dit.get("SubjectNameID")),
        (&json!(true), &json!("Refresh"), None)
    );
    for faux in ["x", "a.b.c", super::JETON_PSC, &acces(&reponse)[..60]] {
        assert_eq!(introspecter(&banc, "lps", faux).await, json!({"active": false}), "{faux}");
    }
    banc.horloge.avancer(jiff::SignedDuration::from_hours(4));
    assert_eq!(introspecter(&banc, "lps", acces(&reponse)).await, json!({"active": false}));
    assert!(banc.derniere().raison.contains("a expiré"), "the journal says why");

    let sans_preuve = banc.poster("", "token/introspect", &[("client_id", "lps"), ("token", "x")]).await;
    assert_eq!(sans_preuve.status(), StatusCode::UNAUTHORIZED);
    let sans_jeton = banc.poster("lps", "token/introspect", &[("client_id", "lps")]).await;
    assert_eq!(sans_jeton.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn revocation_kills_what_is_ones_own_and_says_nothing_of_the_rest() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.echanger().await;
    let vit = async |jeton: &str| banc.api("lps", "/api/essai", Some(jeton)).await.status() == StatusCode::OK;
    for (nom, jeton, raison) in [
        ("autre", acces(&reponse), "d’un autre client"),
        ("autre", rafraichissement(&reponse), "d’un autre client"),
        ("lps", "n’importe quoi", "Rien n’est révoqué"),
    ] {
        let champs = [("client_id", nom), ("token", jeton)];
        assert_eq!(banc.poster(nom, "revoke", &champs).await.status(), StatusCode::OK, "{raison}");
        assert!(banc.derniere().raison.contains(raison), "{}", banc.derniere().raison);
        assert!(vit(acces(&reponse)).await);
    }
    let second: Value = banc.rafraichir("lps", rafraichissement(&reponse)).await.json().await.unwrap();
    let champs = [("client_id", "lps"), ("token", acces(&reponse)), ("token_type_hint", "access_token")];
    assert_eq!(banc.poster("lps", "revoke", &champs).await.status(), StatusCode::OK);
    assert!(!vit(acces(&reponse)).await, "the one that was revoked");
    assert!(vit(acces(&second)).await, "the others of the session live on");
    let champs = [("client_id", "lps"), ("token", rafraichissement(&second))];
    assert_eq!(banc.poster("lps", "revoke", &champs).await.status(), StatusCode::OK);
    assert!(!vit(acces(&second)).await, "the whole session");
    let refus = banc.rafraichir("lps", rafraichissement(&second)).await;
    assert_eq!(refus.status(), StatusCode::BAD_REQUEST);
}
