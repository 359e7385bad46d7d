//! Signing out: with an id_token at once, without one after a question, and never towards an unknown address.

use oidc::{Autorisation, Demande, Jetons};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};

use crate::banc::{APRES, Banc, Navigateur, lieu, parametre};

async fn connecte(banc: &Banc, navigateur: &Navigateur, login: &str) -> (Autorisation, Jetons) {
    let autorisation = banc.demande(Demande { prompt: Some("login".into()), ..Demande::default() }).await;
    let lieu = navigateur.connecter(&autorisation, login).await;
    let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
    (autorisation, jetons)
}

async fn session_ouverte(banc: &Banc, navigateur: &Navigateur) -> bool {
    let autorisation = banc.demande(Demande { prompt: Some("none".into()), ..Demande::default() }).await;
    let lieu = lieu(&navigateur.ouvrir(&autorisation.url).await);
    parametre(&lieu, "code").is_some()
}

#[tokio::test]
async fn the_id_token_ends_the_session_and_brings_back_to_the_client() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let (_, jetons) = connecte(&banc, &navigateur, "claire.martin").await;
    assert!(session_ouverte(&banc, &navigateur).await);
    banc.horloge.avancer(jiff::SignedDuration::from_hours(1));
    let url = banc
        .client()
        .deconnexion_url(Some(&jetons.id_token), Some(APRES), Some("e1"))
        .await
        .unwrap()
        .unwrap();
    let lieu = lieu(&navigateur.ouvrir(&url).await);
    assert_eq!(lieu.as_str(), format!("{APRES}?state=e1"));
    assert!(!session_ouverte(&banc, &navigateur).await);
    let acces = banc.client().userinfo(&jetons.access_token, "x").await;
    assert!(acces.is_err(), "the access token ends with the session");
}

#[tokio::test]
async fn a_posted_request_ends_the_session_even_without_its_cookie() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let (_, jetons) = connecte(&banc, &navigateur, "claire.martin").await;
    let champs = [("id_token_hint", jetons.id_token.expose_secret()), ("post_logout_redirect_uri", APRES)];
    let reponse =
        banc.http().post(banc.url("/protocol/openid-connect/logout")).form(&champs).send().await.unwrap();
    assert_eq!(lieu(&reponse).as_str(), APRES);
    assert!(!session_ouverte(&banc, &navigateur).await);
}

#[tokio::test]
async fn without_an_id_token_the_person_is_asked() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    connecte(&banc, &navigateur, "claire.martin").await;
    let url = banc.client().deconnexion_url(None, Some(APRES), None).await.unwrap().unwrap();
    let page = navigateur.page(&url).await;
    assert!(page.html.contains("Voulez-vous vous déconnecter"));
    assert!(session_ouverte(&banc, &navigateur).await, "a link alone signs nobody out");
    let sans_jeton = navigateur.http.post(&page.action).form(&[("csrf", "faux")]).send().await.unwrap();
    assert_eq!(sans_jeton.status(), StatusCode::FORBIDDEN);
    let lieu = lieu(&navigateur.poster(&page, &[]).await);
    assert_eq!(lieu.as_str(), APRES);
    assert!(!session_ouverte(&banc, &navigateur).await);
    let deja = navigateur.ouvrir(banc.url("/protocol/openid-connect/logout")).await;
    assert_eq!(deja.status(), StatusCode::OK);
    assert!(deja.text().await.unwrap().contains("Vous êtes déconnecté"));
}

#[tokio::test]
async fn an_address_or_a_token_that_is_not_ours_is_a_page() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let (_, jetons) = connecte(&banc, &navigateur, "claire.martin").await;
    let id_token = jetons.id_token.expose_secret();
    let acces = jetons.access_token.expose_secret();
    let mut abime = id_token.to_owned();
    abime.truncate(id_token.len() - 4);
    let cas: [&[(&str, &str)]; 6] = [
        &[("id_token_hint", id_token), ("post_logout_redirect_uri", "https://pirate.example/")],
        &[("post_logout_redirect_uri", APRES)],
        &[("client_id", "inconnu"), ("post_logout_redirect_uri", APRES)],
        &[("id_token_hint", id_token), ("client_id", "autre")],
        &[("id_token_hint", &abime)],
        &[("id_token_hint", acces)],
    ];
    for parametres in cas {
        let requete = navigateur.http.get(banc.url("/protocol/openid-connect/logout")).query(parametres);
        let reponse = requete.send().await.unwrap();
        assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{parametres:?}");
        assert!(!reponse.headers().contains_key("location"));
        assert!(reponse.text().await.unwrap().contains("Demande de déconnexion refusée"));
    }
    assert!(session_ouverte(&banc, &navigateur).await);
}

#[tokio::test]
async fn an_old_id_token_does_not_sign_out_who_came_after() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let (_, premiers) = connecte(&banc, &navigateur, "claire.martin").await;
    connecte(&banc, &navigateur, "hugo.bernard").await;
    let indice: &SecretString = &premiers.id_token;
    let url = banc.client().deconnexion_url(Some(indice), Some(APRES), None).await.unwrap().unwrap();
    lieu(&navigateur.ouvrir(&url).await);
    assert!(session_ouverte(&banc, &navigateur).await);
}
