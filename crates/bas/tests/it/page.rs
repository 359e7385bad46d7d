//! The sign-in page: both ways in, the brake on guessed passwords, CSRF, headers.

use jiff::SignedDuration;
use oidc::Demande;
use reqwest::StatusCode;

use crate::banc::{Banc, lieu, parametre};

#[tokio::test]
async fn the_page_lists_everybody_and_hides_nothing_from_a_screen_reader() {
    let banc = Banc::ouvrir();
    let autorisation =
        banc.demande(Demande { login_hint: Some("\"><b>x".into()), ..Demande::default() }).await;
    let reponse = banc.navigateur().ouvrir(&autorisation.url).await;
    let politique = reponse.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        politique.contains("default-src 'none'")
            && politique.contains("form-action 'self' https://guichet.example")
    );
    assert_eq!(reponse.headers()["cache-control"], "no-store");
    let cookie = reponse.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-bas=") && cookie.contains("; Secure; HttpOnly; SameSite=Lax"));
    let html = reponse.text().await.unwrap();
    for texte in [
        "<html lang=\"fr\">",
        "Se connecter comme Claire Martin — mandataire, Logimed<",
        "Se connecter comme Alice Durand — vérificateur, Agence<",
        "<label for=\"c-identifiant\">",
        "type=\"password\"",
        "autocomplete=\"current-password\"",
    ] {
        assert!(html.contains(texte), "{texte}");
    }
    assert!(!html.contains("<b>x"), "the hint is escaped");
    assert_eq!(html.matches("name=\"personne\"").count(), bas::isc::personnes().len());
}

#[tokio::test]
async fn a_password_signs_in_and_a_wrong_one_says_nothing_of_the_account() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let navigateur = banc.navigateur();
    let page = navigateur.page(&autorisation.url).await;
    let mut vues = Vec::new();
    for (identifiant, mot_de_passe) in
        [("claire.martin", "faux"), ("personne", "demo"), ("claire.martin", "")]
    {
        let champs = [("identifiant", identifiant), ("mot_de_passe", mot_de_passe)];
        let reponse = navigateur.poster(&page, &champs).await;
        assert_eq!(reponse.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let html = reponse.text().await.unwrap();
        assert!(html.contains("Identifiant ou mot de passe incorrect.") && !html.contains("value=\"faux\""));
        vues.push(html.replace(identifiant, "…").len());
    }
    assert_eq!(
        navigateur.poster(&page, &[("personne", "inconnue")]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let champs = [("identifiant", "claire.martin"), ("mot_de_passe", "demo")];
    let lieu = lieu(&navigateur.poster(&page, &champs).await);
    assert!(banc.echanger(&lieu, &autorisation).await.is_ok());
}

#[tokio::test]
async fn five_wrong_passwords_slow_that_login_down_and_no_other() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let navigateur = banc.navigateur();
    let page = navigateur.page(&autorisation.url).await;
    let essayer = async |identifiant: &str, mot_de_passe: &str| {
        navigateur.poster(&page, &[("identifiant", identifiant), ("mot_de_passe", mot_de_passe)]).await
    };
    for _ in 0..5 {
        assert_eq!(essayer("paul.girard", "faux").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let reponse = essayer("paul.girard", "demo").await;
    assert_eq!(reponse.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reponse.headers()["retry-after"], "30");
    assert!(
        reponse.text().await.unwrap().contains("Trop d’essais pour cet identifiant. Réessayez dans 30 s.")
    );
    assert_eq!(essayer("jeanne.moreau", "demo").await.status(), StatusCode::SEE_OTHER);

    banc.horloge.avancer(SignedDuration::from_secs(30));
    let page = navigateur.page(autorisation.url.to_string() + "&prompt=login").await;
    let champs = [("identifiant", "paul.girard"), ("mot_de_passe", "demo")];
    assert_eq!(navigateur.poster(&page, &champs).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_form_is_read_only_with_its_own_token() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let (navigateur, autre) = (banc.navigateur(), banc.navigateur());
    let page = navigateur.page(&autorisation.url).await;
    let page_autre = autre.page(&autorisation.url).await;
    assert_ne!(page.csrf, page_autre.csrf);
    for jeton in [None, Some(""), Some("faux"), Some(page_autre.csrf.as_str())] {
        let mut champs = vec![("personne", "claire.martin")];
        champs.extend(jeton.map(|jeton| ("csrf", jeton)));
        let reponse = navigateur.http.post(&page.action).form(&champs).send().await.unwrap();
        assert_eq!(reponse.status(), StatusCode::FORBIDDEN, "{jeton:?}");
    }
    let etrangere = navigateur
        .http
        .post(&page.action)
        .header("origin", "https://pirate.example")
        .form(&[("personne", "claire.martin"), ("csrf", &page.csrf)]);
    assert_eq!(etrangere.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let muet = autorisation.url.to_string() + "&prompt=none";
    let lieu = lieu(&navigateur.ouvrir(muet).await);
    assert_eq!(parametre(&lieu, "error").as_deref(), Some("login_required"), "nobody was signed in");
}

#[tokio::test]
async fn the_token_of_before_the_sign_in_is_worth_nothing_after() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let navigateur = banc.navigateur();
    let reponse = navigateur.ouvrir(&autorisation.url).await;
    let avant = reponse.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = navigateur.lire(reponse).await;
    lieu(&navigateur.poster(&page, &[("personne", "claire.martin")]).await);
    let muet = autorisation.url.to_string() + "&prompt=none";
    let demande = banc.http().get(muet).header("cookie", avant).send().await.unwrap();
    assert_eq!(parametre(&lieu(&demande), "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_first_page_and_the_lost_ones_are_pages() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let racine = banc.issuer.replace("/realms/industriels", "");
    let accueil = navigateur.ouvrir(&racine).await;
    assert_eq!(accueil.status(), StatusCode::OK);
    let html = accueil.text().await.unwrap();
    assert!(html.contains("Bac à sable") && html.contains("claire.martin"));
    let feuille = html.split_once("rel=\"stylesheet\" href=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(navigateur.ouvrir(format!("{racine}{feuille}")).await.status(), StatusCode::OK);
    let perdue = navigateur.ouvrir(format!("{racine}/nulle-part")).await;
    assert_eq!(perdue.status(), StatusCode::NOT_FOUND);
    assert!(perdue.text().await.unwrap().contains("Page introuvable"));
}
