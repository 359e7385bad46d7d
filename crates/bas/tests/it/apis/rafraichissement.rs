//! Refresh tokens: one use each, for one client, for a time; a copy that comes back ends the session.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;

use super::{Banc, acces, rafraichissement};

async fn corps(reponse: reqwest::Response) -> Value {
    assert_eq!(reponse.status(), StatusCode::OK);
    reponse.json().await.unwrap()
}

async fn refuse(banc: &Banc, reponse: reqwest::Response, raison: &str) {
    assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{raison}");
    assert_eq!(reponse.json::<Value>().await.unwrap()["error"], "invalid_grant");
    assert!(banc.derniere().raison.contains(raison), "{raison} : {}", banc.derniere().raison);
}

#[tokio::test]
async fn one_serves_once_and_its_copy_ends_the_session() {
    let banc = Banc::ouvrir().await;
    let premier = banc.echanger().await;
    let second = corps(banc.rafraichir("lps", rafraichissement(&premier)).await).await;
    assert_ne!(acces(&premier), acces(&second));
    assert_eq!(second["session_state"], premier["session_state"]);
    for jeton in [acces(&premier), acces(&second)] {
        assert_eq!(banc.api("lps", "/api/essai", Some(jeton)).await.status(), StatusCode::OK);
    }
    refuse(&banc, banc.rafraichir("lps", rafraichissement(&premier)).await, "déjà servi").await;
    refuse(&banc, banc.rafraichir("lps", rafraichissement(&second)).await, "n’est pas connu").await;
    for jeton in [acces(&premier), acces(&second)] {
        assert_eq!(banc.api("lps", "/api/essai", Some(jeton)).await.status(), StatusCode::UNAUTHORIZED);
        assert!(banc.derniere().raison.contains("révoqué"));
    }
    let ailleurs = banc.echanger().await;
    assert_eq!(banc.api("lps", "/api/essai", Some(acces(&ailleurs))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn it_lives_thirty_minutes_and_the_session_four_hours() {
    let banc = Banc::ouvrir().await;
    let mut reponse = banc.echanger().await;
    let mort = banc.echanger().await;
    for _ in 0..8 {
        banc.horloge.avancer(SignedDuration::from_mins(29));
        reponse = corps(banc.rafraichir("lps", rafraichissement(&reponse)).await).await;
    }
    // 3 h 52: what is left is less than half an hour.
    assert_eq!(reponse["refresh_expires_in"], 8 * 60);
    banc.horloge.avancer(SignedDuration::from_mins(8));
    refuse(&banc, banc.rafraichir("lps", rafraichissement(&reponse)).await, "a expiré").await;
    refuse(&banc, banc.rafraichir("lps", rafraichissement(&mort)).await, "a expiré").await;
}

#[tokio::test]
async fn another_client_gets_nothing_and_costs_nothing() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.echanger().await;
    refuse(&banc, banc.rafraichir("autre", rafraichissement(&reponse)).await, "autre client").await;
    for jeton in ["", "x", "x.y", &format!("{}x", rafraichissement(&reponse))[1..]] {
        let refus = banc.rafraichir("lps", jeton).await;
        assert_eq!(refus.status(), StatusCode::BAD_REQUEST, "{jeton}");
    }
    let champs = [
        ("grant_type", "refresh_token"),
        ("client_id", "lps"),
        ("refresh_token", rafraichissement(&reponse)),
    ];
    let trop = banc.poster("lps", "token", &[&champs[..], &[("scope", "lire tout")]].concat()).await;
    assert_eq!(trop.json::<Value>().await.unwrap()["error"], "invalid_scope");
    let moins = corps(banc.poster("lps", "token", &[&champs[..], &[("scope", "lire")]].concat()).await).await;
    assert_eq!(moins["scope"], "lire", "the refused request didn't spend the token");
}

#[tokio::test]
async fn a_restart_forgets_sessions_and_keeps_access_tokens_and_revocations() {
    let mut banc = Banc::ouvrir().await;
    let (vif, mort) = (banc.echanger().await, banc.echanger().await);
    let champs = [("client_id", "lps"), ("token", rafraichissement(&mort))];
    assert_eq!(banc.poster("lps", "revoke", &champs).await.status(), StatusCode::OK);
    banc.redemarrer().await;
    assert_eq!(banc.api("lps", "/api/essai", Some(acces(&vif))).await.status(), StatusCode::OK);
    assert_eq!(banc.api("lps", "/api/essai", Some(acces(&mort))).await.status(), StatusCode::UNAUTHORIZED);
    refuse(&banc, banc.rafraichir("lps", rafraichissement(&vif)).await, "redémarré").await;
}
