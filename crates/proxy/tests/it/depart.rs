//! Leaving: what ends, where, and what is tried again when somebody doesn't hear it.

use serde_json::{Value, json};
use sqlx::Connection as _;
use test_support::redis::Redis;

use crate::banc::{Banc, LOGOUT, Lps, PRO, Pki, SECRET_1, SECRET_2, reponse_json};
use crate::durable::{deux_noeuds, partager};
use crate::exploitation::{alertes, puits};
use crate::surveillance::dites;

#[tokio::test]
async fn une_deconnexion_que_psc_n_entend_pas_est_reprise() {
    for (silence, statut) in [(false, 200), (true, 500)] {
        let banc = Banc::regle(|config| config.psc.delai_s = 1).await;
        let lps = banc.connecte(SECRET_1).await;
        let acteur = &banc.psc.acteur;
        if silence {
            acteur.retenir().await;
        } else {
            acteur.prochaine_json(LOGOUT, 503, json!(null));
        }
        let reponse = lps.deconnecter().await;
        assert_eq!(reponse.statut, statut);
        assert!(
            reponse.cookie().unwrap().starts_with("; ") && reponse.cookie().unwrap().contains("Max-Age=0")
        );
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401, "the session is over all the same");
        if silence {
            acteur.relacher();
        }
        acteur.attendre(LOGOUT, 2).await;
        let recus = acteur.recus(LOGOUT);
        assert_eq!(recus[0].corps, recus[1].corps, "the same logout");
    }
}

#[tokio::test]
async fn une_deconnexion_que_psc_n_entend_jamais_leve_une_alerte() {
    let (pki, arret) = (Pki::nouvelle(), service::Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let banc = Banc::avec(pki, regler).await;
    let lps = banc.connecte(SECRET_1).await;
    for _ in 0..4 {
        banc.psc.acteur.prochaine_json(LOGOUT, 500, json!(null));
    }
    assert_eq!(lps.deconnecter().await.statut, 200);
    let vues = alertes(&puits, 1).await;
    assert_eq!(dites(&vues), [("deconnexion_impossible", SECRET_1, true)]);
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 4);
    arret.demander();
}

#[tokio::test]
async fn un_refus_de_psc_ne_se_reprend_pas() {
    let banc = Banc::ouvrir().await;
    let (lps, autre) = (banc.connecte(SECRET_1).await, banc.connecte(SECRET_2).await);
    banc.psc.acteur.prochaine(LOGOUT, |_| reponse_json(400, &json!({"error": "invalid_request"})));
    assert_eq!(lps.deconnecter().await.statut, 200);
    // Were it tried again at the stop, it would be a third one.
    assert_eq!(autre.deconnecter().await.statut, 200);
    let mut banc = banc;
    banc.arreter().await;
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 2);
}

/// What PSC posts when it ends something.
async fn annoncer(banc: &Banc, a: &Lps, changements: &Value) -> u16 {
    let t = banc.maintenant().as_second();
    let mut corps = json!({
        "iss": banc.psc.emetteur(), "iat": t, "exp": t + 120, "jti": "j",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    for (nom, valeur) in changements.as_object().unwrap() {
        corps[nom] = valeur.clone();
    }
    let jeton = banc.psc.cle().signer(&corps).unwrap();
    a.envoyer(a.requete("POST", "/psc/deconnexion").form(&[("logout_token", jeton)])).await.statut
}

#[tokio::test]
async fn psc_annonce_la_fin_de_tout_ce_qu_une_personne_a_ouvert_avec_un_logiciel() {
    let Some(redis) = Redis::demarrer() else { return };
    for url in [None, Some(redis.url())] {
        let partage = url.is_some();
        let banc = Banc::regle(move |config| {
            if let Some(url) = url {
                partager(config, &url);
            }
        })
        .await;
        let (une, deux) = (banc.connecte(SECRET_1).await, banc.connecte(SECRET_1).await);
        let autre_logiciel = banc.connecte(SECRET_2).await;
        let mut autre_personne = banc.lps();
        assert_eq!(autre_personne.connecter(SECRET_1, "899700000002").await.statut, 200);
        let sujet = format!("f:550dc1c8:{PRO}");
        for (sujet, statut) in [("f:550dc1c8:899700000003", 200), (&sujet, 401)] {
            assert_eq!(annoncer(&banc, &une, &json!({"aud": SECRET_1, "sub": sujet})).await, 200);
            for lps in [&une, &deux] {
                assert_eq!(lps.get("/send/backend-1/rsc").await.statut, statut, "partage {partage}");
            }
        }
        for lps in [&autre_logiciel, &autre_personne] {
            assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "partage {partage}");
        }
        assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);
    }
}

/// Has the sessions' file refuse to let the last session go.
async fn retenir_la_derniere(banc: &Banc) {
    let chemin = banc.config.traces.journal.dossier.join("sessions.db");
    let url = format!("sqlite:{}", chemin.display());
    let mut base = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let ordre = "CREATE TRIGGER retenir BEFORE DELETE ON scellee WHEN (SELECT count(*) FROM scellee) = 1
                 BEGIN SELECT RAISE(ABORT, 'disque plein'); END";
    sqlx::query(ordre).execute(&mut base).await.unwrap();
    base.close().await.unwrap();
}

#[tokio::test]
async fn une_session_fermee_que_le_fichier_garde_est_otee_plus_tard() {
    let mut banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    banc.arreter().await;
    retenir_la_derniere(&banc).await;
    let mut voisin = banc.voisin(|_| {}).await;
    let lps = banc.lps_de(&voisin, &lps);
    assert_eq!(lps.deconnecter().await.statut, 200);
    for _ in 0..2 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
        // Still refused to it.
        voisin.poignee.balayer().await;
    }
    let mut autre = lps.clone();
    autre.cookie = None;
    assert_eq!(autre.connecter(SECRET_2, PRO).await.statut, 200);
    voisin.poignee.balayer().await;
    voisin.arret.demander();
    (&mut voisin.fin).await.unwrap();
    assert!(voisin.arret.termine(std::time::Duration::from_mins(1)).await);

    let troisieme = banc.voisin(|_| {}).await;
    assert_eq!(banc.lps_de(&troisieme, &lps).get("/send/backend-1/rsc").await.statut, 401, "it is gone");
    assert_eq!(banc.lps_de(&troisieme, &autre).get("/send/backend-1/rsc").await.statut, 200);
}

#[tokio::test]
async fn une_session_fermee_que_redis_garde_est_refusee_ici_puis_otee() {
    let Some(redis) = Redis::demarrer() else { return };
    let (banc, _voisin, lps, autre) = deux_noeuds(&redis).await;
    let client = redis::Client::open(redis.url()).unwrap();
    let mut lien = client.get_multiplexed_async_connection().await.unwrap();
    let mut effacer = async |permis: &str| {
        redis::cmd("ACL").arg("SETUSER").arg("default").arg(permis).exec_async(&mut lien).await.unwrap();
    };
    effacer("-del").await;
    assert_eq!(lps.deconnecter().await.statut, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401, "though the store still has it");
    effacer("+del").await;
    banc.poignee.balayer().await;
    while autre.get("/send/backend-1/rsc").await.statut != 401 {
        tokio::task::yield_now().await;
    }
}
