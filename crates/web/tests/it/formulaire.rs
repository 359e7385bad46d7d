//! A form is read only with the token of its own session, from its own site.

use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use web::formulaire::CsrfEntete;
use web::{Formulaire, JetonSession, SessionWeb};

use crate::{envoyer, requete};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn routeur() -> Router {
    Router::new()
        .route("/", post(|Formulaire(saisie): Formulaire| async move { saisie.texte("nom").to_owned() }))
        .route("/nu", post(|_: CsrfEntete| async { "fait" }))
}

fn routeur_de(jeton: &JetonSession) -> Router {
    routeur().layer(Extension(SessionWeb { csrf: jeton.csrf() }))
}

#[tokio::test]
async fn refusals() {
    let (mien, autre) = (JetonSession::nouveau([1; 32]), JetonSession::nouveau([2; 32]));
    let (mien, autre_csrf, juste) = (&mien, autre.csrf(), mien.csrf());
    let avec = |csrf: &str| format!("nom=Zo%C3%A9&csrf={csrf}");
    let entete = ("x-csrf-token", juste.as_str());
    let (oui, refus) = (StatusCode::OK, StatusCode::FORBIDDEN);
    for (cas, entetes, corps, attendu) in [
        ("right token", vec![FORM], avec(&juste), oui),
        ("right token in the header", vec![FORM, entete], "nom=Zo%C3%A9".into(), oui),
        (
            "content type with a charset",
            vec![("content-type", "application/x-www-form-urlencoded; charset=UTF-8")],
            avec(&juste),
            oui,
        ),
        ("same origin", vec![FORM, ("sec-fetch-site", "same-origin")], avec(&juste), oui),
        ("typed by the person", vec![FORM, ("sec-fetch-site", "none")], avec(&juste), oui),
        (
            "origin of the host",
            vec![FORM, ("host", "edc.test"), ("origin", "https://edc.test")],
            avec(&juste),
            oui,
        ),
        ("missing", vec![FORM], "nom=Zo%C3%A9".into(), refus),
        ("empty", vec![FORM], avec(""), refus),
        ("wrong", vec![FORM], avec("faux"), refus),
        ("a prefix of it", vec![FORM], avec(&juste[..20]), refus),
        ("other session's", vec![FORM], avec(&autre_csrf), refus),
        ("wrong header beside a right field", vec![FORM, ("x-csrf-token", "faux")], avec(&juste), refus),
        ("cross site", vec![FORM, ("sec-fetch-site", "cross-site")], avec(&juste), refus),
        ("same site, other host", vec![FORM, ("sec-fetch-site", "same-site")], avec(&juste), refus),
        (
            "foreign origin",
            vec![FORM, ("host", "edc.test"), ("origin", "https://mechant.test")],
            avec(&juste),
            refus,
        ),
        ("null origin", vec![FORM, ("host", "edc.test"), ("origin", "null")], avec(&juste), refus),
        (
            "not a form",
            vec![("content-type", "text/plain")],
            avec(&juste),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("no type", vec![], avec(&juste), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            "too large",
            vec![FORM],
            format!("csrf={juste}&nom={}", "a".repeat(2 << 20)),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ] {
        let (statut, _, texte) = envoyer(routeur_de(mien), requete("POST", "/", &entetes, corps)).await;
        assert_eq!(statut, attendu, "{cas}: {texte}");
        assert_eq!(texte == "Zoé", attendu == oui, "{cas}: {texte}");
    }
}

#[tokio::test]
async fn without_a_session_nothing_is_read() {
    let juste = JetonSession::nouveau([1; 32]).csrf();
    let (statut, _, _) = envoyer(routeur(), requete("POST", "/", &[FORM], format!("csrf={juste}"))).await;
    assert_eq!(statut, StatusCode::FORBIDDEN);
    let vide = routeur().layer(Extension(SessionWeb { csrf: String::new() }));
    let (statut, _, _) = envoyer(vide, requete("POST", "/", &[FORM], "csrf=")).await;
    assert_eq!(statut, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_request_without_a_form_shows_the_header() {
    let mien = JetonSession::nouveau([1; 32]);
    let (juste, autre) = (mien.csrf(), JetonSession::nouveau([2; 32]).csrf());
    for (entetes, attendu) in [
        (vec![("x-csrf-token", juste.as_str())], StatusCode::OK),
        (vec![], StatusCode::FORBIDDEN),
        (vec![("x-csrf-token", autre.as_str())], StatusCode::FORBIDDEN),
        (vec![("x-csrf-token", juste.as_str()), ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
    ] {
        let (statut, _, _) = envoyer(routeur_de(&mien), requete("POST", "/nu", &entetes, "")).await;
        assert_eq!(statut, attendu, "{entetes:?}");
    }
}
