//! The whole flow with our own client, and what survives a restart.

use jiff::SignedDuration;
use oidc::isc::{Profil, RoleAgence, RoleEntreprise};
use oidc::{Demande, Erreur, Refus};

use crate::banc::{Banc, lieu};

#[tokio::test]
async fn a_person_comes_back_with_who_they_are() {
    let banc = Banc::ouvrir();
    let autorisation = banc.demande(Demande::default()).await;
    let lieu = banc.navigateur().connecter(&autorisation, "claire.martin").await;
    let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
    let client = banc.client();
    let maintenant = banc.horloge.maintenant();
    let lues = client.verifier_id_token(&jetons, &autorisation.nonce, Some(0), maintenant).await.unwrap();
    assert_eq!(lues.auth_time, Some(maintenant.as_second()));
    assert!(lues.sid.is_some() && lues.at_hash.is_some());
    let profil = Profil::depuis(&lues).unwrap();
    assert_eq!(profil.role_entreprise, Some(RoleEntreprise::Mandataire));
    let structure = profil.structure.as_ref().unwrap();
    assert_eq!((structure.denomination.as_str(), structure.adresse.pays.as_str()), ("Logimed", "FR"));
    let userinfo = client.userinfo(&jetons.access_token, &lues.sub).await.unwrap();
    assert_eq!(userinfo["email"], "claire.martin@logimed.example");

    let autre = client.verifier_id_token(&jetons, "un autre nonce", None, maintenant).await;
    assert!(matches!(autre, Err(Erreur::IdToken(Refus::Nonce))));
}

#[tokio::test]
async fn every_person_can_sign_in_and_keeps_their_identifier() {
    let banc = Banc::ouvrir();
    for personne in bas::isc::personnes() {
        let autorisation = banc.demande(Demande::default()).await;
        let lieu = banc.navigateur().connecter(&autorisation, personne.login).await;
        let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
        let maintenant = banc.horloge.maintenant();
        let lues =
            banc.client().verifier_id_token(&jetons, &autorisation.nonce, None, maintenant).await.unwrap();
        let profil = Profil::depuis(&lues).unwrap();
        assert_eq!(
            (profil.preferred_username.as_str(), lues.sub),
            (personne.login, personne.sub().to_string())
        );
        assert_ne!(profil.structure.is_some(), !profil.roles_agence.is_empty(), "a company or the agency");
        if personne.login == "signataire.faure" {
            assert_eq!(profil.roles_agence, [RoleAgence::Signataire]);
        }
    }
}

#[tokio::test]
async fn a_session_answers_at_once_until_it_is_asked_to_sign_in_again() {
    let banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let premiere = banc.demande(Demande::default()).await;
    navigateur.connecter(&premiere, "hugo.bernard").await;
    banc.horloge.avancer(SignedDuration::from_mins(10));

    let demande = |prompt: Option<&str>, max_age| Demande {
        prompt: prompt.map(str::to_owned),
        max_age,
        ..Demande::default()
    };
    for (prompt, max_age, page) in [
        (None, None, false),
        (Some("none"), None, false),
        (None, Some(600), false),
        (None, Some(599), true),
        (None, Some(0), true),
        (Some("login"), None, true),
        (Some("select_account"), None, true),
    ] {
        let autorisation = banc.demande(demande(prompt, max_age)).await;
        let reponse = navigateur.ouvrir(&autorisation.url).await;
        assert_eq!(reponse.status().is_success(), page, "{prompt:?} {max_age:?}");
        if !page {
            assert!(banc.echanger(&lieu(&reponse), &autorisation).await.is_ok());
        }
    }

    // Asked to sign in again: the page, then a fresh time of authentication.
    let autorisation = banc.demande(demande(Some("login"), Some(60))).await;
    let lieu = navigateur.connecter(&autorisation, "hugo.bernard").await;
    let jetons = banc.echanger(&lieu, &autorisation).await.unwrap();
    let maintenant = banc.horloge.maintenant();
    let lues =
        banc.client().verifier_id_token(&jetons, &autorisation.nonce, Some(60), maintenant).await.unwrap();
    assert_eq!(lues.auth_time, Some(maintenant.as_second()));
}

#[tokio::test]
async fn sessions_and_tokens_outlive_a_restart() {
    let mut banc = Banc::ouvrir();
    let navigateur = banc.navigateur();
    let premiere = banc.demande(Demande::default()).await;
    let lieu_premier = navigateur.connecter(&premiere, "lea.petit").await;
    let jetons = banc.echanger(&lieu_premier, &premiere).await.unwrap();
    let ouverte = banc.demande(Demande { prompt: Some("login".into()), ..Demande::default() }).await;
    let page = navigateur.page(&ouverte.url).await;

    banc.redemarrer().await;

    let (client, maintenant) = (banc.client(), banc.horloge.maintenant());
    let lues = client.verifier_id_token(&jetons, &premiere.nonce, None, maintenant).await.unwrap();
    assert!(client.userinfo(&jetons.access_token, &lues.sub).await.is_ok());
    let seconde = banc.demande(Demande { prompt: Some("none".into()), ..Demande::default() }).await;
    let reponse = navigateur.ouvrir(&seconde.url).await;
    assert!(banc.echanger(&lieu(&reponse), &seconde).await.is_ok());
    // The page that was open still works.
    let reponse = navigateur.poster(&page, &[("personne", "lea.petit")]).await;
    assert!(banc.echanger(&lieu(&reponse), &ouverte).await.is_ok());
}
