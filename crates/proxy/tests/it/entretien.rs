//! What happens to sessions beside the calls: PSC's tokens renewed in time for those in use, tokens given back whatever hangs,
//! and what is left to a session that PSC gives nothing more to.

use jiff::SignedDuration;
use proxy::config::Echange;
use serde_json::json;
use test_support::redis::Redis;

use crate::banc::{Acteur, Banc, LOGOUT, PRO, SECRET_1, TOKEN};
use crate::durable::deux_noeuds;

const JETON: &str = "/token";
const REVOKE: &str = "/revoke";

/// How many times PSC was asked to renew.
fn renouvellements(psc: &Acteur) -> usize {
    let demandes = psc.recus(TOKEN);
    demandes.iter().filter(|recu| recu.champ("grant_type").as_deref() == Some("refresh_token")).count()
}

fn jeton_d_une_heure() -> serde_json::Value {
    json!({"access_token": "a1", "expires_in": 3_600, "token_type": "Bearer"})
}

#[tokio::test]
async fn une_session_dont_on_se_sert_passe_la_fin_des_jetons_de_psc() {
    let banc = Banc::regle(|config| config.apis[1].echange = Echange::PremierAppel).await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton_d_une_heure());
    let lps = banc.connecte(SECRET_1).await;
    let mut vus = Vec::new();
    for _ in 0..16 {
        banc.horloge.avancer(SignedDuration::from_mins(4));
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        banc.poignee.balayer().await;
        vus.push(renouvellements(&banc.psc.acteur));
    }
    assert_eq!(vus[5..7], [0, 1], "at 24 and 28 min of a life of 30 min");
    assert_eq!(vus[12..14], [1, 2], "then at 52 and 56 min");
    assert_eq!(banc.serveurs[0].nombre(JETON), 2, "exchanged again after an hour");
    assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 200, "asked for the first time after an hour");
}

#[tokio::test]
async fn psc_n_est_pas_derange_pour_une_session_dont_personne_ne_se_sert() {
    let banc = Banc::regle(|config| config.session.inactivite_s = 14_400).await;
    let lps = banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_mins(27));
    banc.poignee.balayer().await;
    assert_eq!(renouvellements(&banc.psc.acteur), 0);
    // Used at the last moment: PSC is ill, then well.
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    banc.psc.acteur.prochaine_json(TOKEN, 503, json!(null));
    for (secondes, nombre) in [(0, 1), (1, 1), (6, 2), (60, 2)] {
        banc.horloge.avancer(SignedDuration::from_secs(secondes));
        banc.poignee.balayer().await;
        assert_eq!(renouvellements(&banc.psc.acteur), nombre, "{secondes} s later");
    }
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
}

#[tokio::test]
async fn un_refus_de_psc_ne_finit_une_session_que_s_il_la_dit_finie() {
    let cas = [
        (400, json!({"error": "invalid_grant", "error_description": "Session not active"}), 401),
        (401, json!({"error": "invalid_client"}), 200),
        (429, json!(null), 200),
        (503, json!(null), 200),
    ];
    for (statut, corps, attendu) in cas {
        let banc = Banc::ouvrir().await;
        let lps = banc.connecte(SECRET_1).await;
        banc.horloge.avancer(SignedDuration::from_mins(26));
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        banc.psc.acteur.prochaine_json(TOKEN, statut, corps.clone());
        banc.poignee.balayer().await;
        assert_eq!(renouvellements(&banc.psc.acteur), 1);
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, attendu, "{statut} {corps}");
        if attendu == 401 {
            banc.serveurs[0].attendre(REVOKE, 2).await;
            assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);
        }
    }
}

#[tokio::test]
async fn un_seul_noeud_renouvelle_les_jetons_de_psc() {
    let Some(redis) = Redis::demarrer() else { return };
    let (banc, voisin, lps, autre) = deux_noeuds(&redis).await;
    banc.horloge.avancer(SignedDuration::from_mins(26));
    for lps in [&lps, &autre] {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    }
    tokio::join!(banc.poignee.balayer(), voisin.poignee.balayer());
    assert_eq!(renouvellements(&banc.psc.acteur), 1);
    for lps in [&lps, &autre] {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    }
}

#[tokio::test]
async fn une_session_a_qui_psc_ne_donne_plus_rien_garde_ce_qu_elle_a() {
    let banc = Banc::regle(|config| {
        config.apis[0].echange = Echange::PremierAppel;
        config.session.inactivite_s = 14_400;
    })
    .await;
    let mut lps = banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_mins(28));
    assert_eq!(lps.clone().connecter(SECRET_1, PRO).await.statut, 304, "PSC would still give");
    banc.horloge.avancer(SignedDuration::from_mins(3));
    let reponse = lps.get("/send/backend-1/rsc").await;
    assert_eq!((reponse.statut, &reponse.json()["message"]), (401, &json!("Session expired.")));
    assert_eq!(banc.serveurs[0].nombre(JETON), 0);
    assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 200, "its token lives");

    // Somebody else can't take it over; its own person connects anew, and then only is it ended.
    assert_eq!(lps.clone().connecter(SECRET_1, "899700000002").await.statut, 409);
    banc.psc.acteur.prochaine_json(TOKEN, 400, json!({"error": "access_denied"}));
    assert_eq!(lps.clone().connecter(SECRET_1, PRO).await.statut, 401);
    let ancienne = lps.clone();
    assert_eq!(ancienne.get("/send/backend-2/rsc").await.statut, 200);
    assert_eq!(lps.connecter(SECRET_1, PRO).await.statut, 200, "not 304: it would never have that API");
    assert_ne!(lps.cookie, ancienne.cookie);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(ancienne.get("/send/backend-2/rsc").await.statut, 401);
    banc.serveurs[1].attendre(REVOKE, 2).await;

    // When nothing lives any more, it ends.
    let banc = Banc::regle(|config| {
        for api in &mut config.apis {
            api.echange = Echange::PremierAppel;
        }
        config.session.inactivite_s = 14_400;
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_mins(31));
    for message in ["Session expired.", "No session found."] {
        let reponse = lps.get("/send/backend-1/rsc").await;
        assert_eq!((reponse.statut, &reponse.json()["message"]), (401, &json!(message)));
    }
}

#[tokio::test]
async fn un_serveur_muet_ne_retient_ni_les_fins_ni_les_autres_revocations() {
    let mut banc = Banc::ouvrir().await;
    for _ in 0..3 {
        banc.connecte(SECRET_1).await;
    }
    banc.serveurs[0].retenir().await;
    // Fails once, and is asked again.
    banc.serveurs[1].prochaine_json(REVOKE, 503, json!(null));
    banc.horloge.avancer(SignedDuration::from_mins(31));
    banc.poignee.balayer().await;
    let mesures = banc.operateur().get("/metrics").await.texte();
    assert!(mesures.lines().any(|ligne| ligne == "edc_proxy_sessions 0"), "{mesures}");
    banc.serveurs[1].attendre(REVOKE, 7).await;
    banc.serveurs[2].attendre(REVOKE, 12).await;
    let rendus = banc.serveurs[1].recus(REVOKE);
    let distincts: std::collections::HashSet<_> = rendus.iter().map(|recu| recu.champ("token")).collect();
    assert_eq!(distincts.len(), 6, "two tokens of three sessions, one of them twice");
    banc.serveurs[0].relacher();
    banc.serveurs[0].attendre(REVOKE, 6).await;

    // A refusal isn't asked again.
    let lps = banc.connecte(SECRET_1).await;
    banc.serveurs[1].prochaine_json(REVOKE, 400, json!({"error": "unsupported_token_type"}));
    assert_eq!(lps.deconnecter().await.statut, 200);
    banc.arreter().await;
    assert_eq!(banc.serveurs[1].nombre(REVOKE), 9);
}
