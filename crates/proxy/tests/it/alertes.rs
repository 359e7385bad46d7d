//! Outages: told when they last, about whoever is out, and ended by the first answer.

use jiff::SignedDuration;
use serde_json::{Value, json};
use service::Arret;

use crate::banc::{Acteur, Banc, LOGOUT, MTLS, PRO, Pki, SECRET_1};
use crate::exploitation::{alertes, puits};
use crate::surveillance::dites;

/// A proxy whose alerts are kept.
async fn ecoute(reglage: impl FnOnce(&mut proxy::Config) + 'static) -> (Banc, Acteur, Arret) {
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let banc = Banc::avec(pki, move |config| {
        regler(config);
        reglage(config);
    })
    .await;
    (banc, puits, arret)
}

/// Longer than one failure is forgiven.
fn patienter(banc: &Banc) {
    banc.horloge.avancer(SignedDuration::from_secs(6));
}

fn seule(vue: &Value) -> (&str, &str, bool) {
    dites(std::slice::from_ref(vue))[0]
}

#[tokio::test]
async fn une_api_qui_se_tait_longtemps_est_annoncee_puis_son_retour() {
    let (banc, puits, arret) = ecoute(|config| config.apis[0].delai_reponse_s = 1).await;
    let lps = banc.connecte(SECRET_1).await;
    let api = &banc.apis[0];
    // One silence, an answer, one silence: nothing to tell.
    for _ in 0..2 {
        api.retenir().await;
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 504);
        api.relacher();
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        patienter(&banc);
    }
    api.retenir().await;
    for _ in 0..3 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 504);
        patienter(&banc);
    }
    api.relacher();
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    let vues = alertes(&puits, 2).await;
    let suite = [true, false].map(|debut| ("api_indisponible", "backend-1", debut));
    assert_eq!(dites(&vues), suite);
    arret.demander();
}

#[tokio::test]
async fn notre_propre_file_n_est_pas_une_panne_de_l_api() {
    let (banc, puits, arret) = ecoute(|config| {
        config.coeurs = 1;
        config.apis[0].connexions_max = 1;
        config.apis[0].delai_connexion_s = 1;
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    banc.apis[0].retenir().await;
    let autre = lps.clone();
    let premier = tokio::spawn(async move { autre.get("/send/backend-1/lente").await });
    banc.apis[0].attendre("/lente", 1).await;
    for _ in 0..2 {
        let reponse = lps.get("/send/backend-1/rsc").await;
        assert_eq!((reponse.statut, reponse.entete("retry-after")), (503, Some("1")));
        patienter(&banc);
    }
    banc.apis[0].relacher();
    assert_eq!(premier.await.unwrap().statut, 200);
    // Forged cookies are told wherever they are shown: that is the first thing to hear.
    let mut faussaire = banc.lps();
    faussaire.cookie = Some("cookie-canary".to_owned());
    for _ in 0..20 {
        assert_eq!(faussaire.deconnecter().await.statut, 401);
    }
    assert_eq!(seule(&alertes(&puits, 1).await[0]), ("cookies_forges", "127.0.0.3", true));
    arret.demander();
}

#[tokio::test]
async fn un_logiciel_dont_le_certificat_est_refuse_n_est_pas_une_panne_de_l_api() {
    let (banc, puits, arret) = ecoute(|_| {}).await;
    let (sans, avec) = (banc.connecte(SECRET_1).await, banc.connecte(MTLS).await);
    while puits.nombre("/alertes") == 0 {
        assert_eq!(sans.get("/send/backend-3/rsc").await.statut, 502);
        assert_eq!(avec.get("/send/backend-3/rsc").await.statut, 200);
    }
    let vues = alertes(&puits, 1).await;
    assert_eq!(seule(&vues[0]), ("certificat_client_refuse", SECRET_1, true));
    assert!(vues[0]["message"].as_str().unwrap().contains("backend-3"));
    arret.demander();
}

#[tokio::test]
async fn psc_muet_est_annonce_meme_a_un_depart() {
    let (banc, puits, arret) = ecoute(|_| {}).await;
    let (un, deux) = (banc.connecte(SECRET_1).await, banc.connecte(SECRET_1).await);
    for _ in 0..8 {
        banc.psc.acteur.prochaine_json(LOGOUT, 503, json!(null));
    }
    assert_eq!(un.deconnecter().await.statut, 200);
    patienter(&banc);
    assert_eq!(deux.deconnecter().await.statut, 200);
    assert_eq!(seule(&alertes(&puits, 1).await[0]), ("psc_indisponible", "psc", true));
    arret.demander();
}

#[tokio::test]
async fn un_serveur_d_autorisation_muet_est_annonce_puis_son_retour() {
    let (banc, puits, arret) = ecoute(|config| config.apis[0].obligatoire = false).await;
    for _ in 0..2 {
        banc.serveurs[0].prochaine_json("/token", 503, json!(null));
        assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
        patienter(&banc);
    }
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    let vues = alertes(&puits, 2).await;
    let cible = "serveur d’autorisation de backend-1";
    let suite = [true, false].map(|debut| ("serveur_autorisation_indisponible", cible, debut));
    assert_eq!(dites(&vues), suite);
    arret.demander();
}
