//! The agency's SessionTests, cases 1 to 22: connecting, what is refused, coming back, leaving.

use serde_json::{Value, json};

use crate::banc::{Banc, MTLS, PRO, SECRET_1, SECRET_2};
use crate::banc::{CIBA, LOGOUT, TOKEN, corps};

const JETON: &str = "/token";

#[tokio::test]
async fn cas_01_un_connect_valable_demande_un_jeton_a_chaque_serveur() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!(reponse.statut, 200, "{}", reponse.texte());
    let appels = banc.serveurs.each_ref().map(|serveur| serveur.nombre(JETON));
    assert_eq!(appels, [1, 1, 2], "backend-3 and backend-4 share AS3");
}

#[tokio::test]
async fn cas_02_a_06_chaque_champ_absent_ou_faux_est_nomme() {
    let banc = Banc::ouvrir().await;
    let cas = [
        ("02", "channel", json!("INVALID"), "channel value INVALID is invalid"),
        ("03", "channel", Value::Null, "channel is missing"),
        ("04", "nationalId", Value::Null, "nationalId is missing"),
        ("04", "nationalId", json!(" "), "nationalId is missing"),
        ("05", "bindingMessage", Value::Null, "bindingMessage is missing"),
        ("06", "clientId", Value::Null, "clientId is missing"),
    ];
    for (numero, champ, valeur, message) in cas {
        let mut demande = corps(SECRET_1, PRO);
        demande[champ] = valeur;
        let reponse = banc.lps().connecter_avec(&demande).await;
        assert_eq!(reponse.statut, 400, "case {numero}");
        let lu = reponse.json();
        assert_eq!(lu["code"], "400", "case {numero}");
        assert!(lu["message"].as_str().unwrap().contains(message), "case {numero}: {lu}");
    }
    assert_eq!(banc.psc.acteur.nombre(""), 0, "PSC hears nothing of it");
}

#[tokio::test]
async fn cas_07_la_session_est_annoncee_dans_le_corps_et_le_cookie() {
    let banc = Banc::ouvrir().await;
    banc.psc.membre("session_state", json!("session-state-256-xxx"));
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!(reponse.statut, 200);
    let lu = reponse.json();
    let id = lu["proxy_session_id"].as_str().unwrap();
    assert!(!id.trim().is_empty());
    assert_eq!(lu["session_state"], "session-state-256-xxx");
    assert_eq!(lu.as_object().unwrap().len(), 2, "no other member: {lu}");
    let cookie = reponse.cookie().unwrap();
    assert_eq!(cookie, format!("{id}; Path=/; HttpOnly; Secure; SameSite=Lax"));
}

#[tokio::test]
async fn cas_08_psc_indisponible_donne_son_propre_statut_sans_corps() {
    let banc = Banc::ouvrir().await;
    for statut in [503, 502, 504] {
        banc.psc.acteur.prochaine_json(CIBA, statut, json!({"error": "server_error"}));
        let reponse = banc.lps().connecter(SECRET_1, PRO).await;
        assert_eq!((reponse.statut, reponse.corps.len()), (statut, 0));
        assert_eq!(reponse.cookie(), None);
    }
}

#[tokio::test]
async fn cas_09_a_11_on_ne_quitte_pas_une_session_inconnue() {
    let banc = Banc::ouvrir().await;
    for (numero, cookie) in [("09", None), ("10 and 11", Some("inconnu"))] {
        let mut lps = banc.lps();
        lps.cookie = cookie.map(str::to_owned);
        let reponse = lps.deconnecter().await;
        assert_eq!(reponse.statut, 401, "case {numero}");
        let attendu = json!({"code": "401", "message": "Session ID not found.", "metadata": {}});
        assert_eq!(reponse.json(), attendu, "case {numero}");
    }
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);
}

#[tokio::test]
async fn cas_12_et_13_quitter_previent_psc_une_fois_et_une_seule() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let reponse = lps.deconnecter().await;
    assert_eq!((reponse.statut, reponse.corps.len()), (200, 0));
    assert_eq!(reponse.cookie().unwrap(), "; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0");
    let recus = banc.psc.acteur.recus(LOGOUT);
    assert_eq!(recus.len(), 1);
    assert_eq!(recus[0].methode, "POST");
    assert!(recus[0].champ("id_token_hint").is_some_and(|jeton| jeton.split('.').count() == 3));

    let seconde = lps.deconnecter().await;
    assert_eq!(seconde.statut, 401);
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 1);
}

#[tokio::test]
async fn cas_14_la_demande_ciba_porte_ce_que_le_logiciel_a_dit() {
    let banc = Banc::ouvrir().await;
    let pro = "500000001815646/CPAT00045";
    assert_eq!(banc.lps().connecter(SECRET_1, pro).await.statut, 200);
    let recus = banc.psc.acteur.recus(CIBA);
    assert_eq!(recus.len(), 1);
    let champ = |nom| recus[0].champ(nom);
    assert_eq!(champ("binding_message").unwrap(), "00");
    assert_eq!(champ("login_hint").unwrap(), pro);
    assert_eq!(champ("scope").unwrap(), "openid scope_all");
    assert_eq!(champ("acr_values").unwrap(), "eidas1");
    assert_eq!(champ("channel").unwrap(), "MOBILE");
    assert_eq!(recus[0].requete, None, "nothing in the address");
    assert_eq!(champ("client_notification_token"), None, "poll, never push");
}

#[tokio::test]
async fn cas_15_un_client_a_secret_s_authentifie_en_basic() {
    let banc = Banc::ouvrir().await;
    banc.connecte(SECRET_1).await;
    // RFC 6749 §2.3.1: each half is form-encoded before they are joined.
    let attendu = {
        use base64::Engine as _;
        let paire = "lps-secret-1:secret+un%3A+%C3%A9%26%2B%3D%25";
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(paire))
    };
    let (ciba, sondages) = (banc.psc.acteur.recus(CIBA), banc.psc.acteur.recus(TOKEN));
    assert_eq!((ciba.len(), sondages.len()), (1, 2));
    for recu in ciba.iter().chain(&sondages) {
        assert_eq!(recu.entete("authorization"), Some(&*attendu));
    }
}

#[tokio::test]
async fn cas_16_un_client_mtls_ouvre_une_session() {
    let banc = Banc::ouvrir().await;
    banc.psc.membre("session_state", json!("session-state-256-xxx"));
    let reponse = banc.lps().connecter(MTLS, PRO).await;
    assert_eq!(reponse.statut, 200, "{}", reponse.texte());
    let lu = reponse.json();
    assert!(!lu["proxy_session_id"].as_str().unwrap().trim().is_empty());
    assert_eq!(lu["session_state"], "session-state-256-xxx");
    for recu in banc.psc.acteur.recus(CIBA).iter().chain(&banc.psc.acteur.recus(TOKEN)) {
        assert_eq!(recu.cn().as_deref(), Some(MTLS));
        assert_eq!(recu.champ("client_id").as_deref(), Some(MTLS));
        assert_eq!(recu.entete("authorization"), None, "a certificate, never a Basic header");
        assert_eq!(recu.champ("client_secret"), None);
    }
}

#[tokio::test]
async fn cas_17_et_18_un_logiciel_inconnu_est_dit_inconnu() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.lps().connecter("inconnu", PRO).await;
    assert_eq!(reponse.statut, 404);
    let attendu = json!({
        "code": "404",
        "message": "User National ID or Software Client ID Not Found.",
        "metadata": {"nationalId": PRO, "clientId": "inconnu"},
    });
    assert_eq!(reponse.json(), attendu);
    assert_eq!(banc.psc.acteur.nombre(""), 0);
}

#[tokio::test]
async fn cas_19_revenir_avec_son_cookie_ne_demande_rien_a_personne() {
    let banc = Banc::ouvrir().await;
    let mut lps = banc.connecte(SECRET_1).await;
    let compter = || {
        let serveurs = banc.serveurs.each_ref().map(|serveur| serveur.nombre(""));
        (banc.psc.acteur.nombre(""), serveurs)
    };
    let avant = compter();
    for client in [SECRET_1, SECRET_2] {
        let reponse = lps.connecter(client, PRO).await;
        assert_eq!((reponse.statut, reponse.corps.len()), (304, 0), "{client}");
    }
    assert_eq!(compter(), avant);
}

#[tokio::test]
async fn cas_20_et_21_un_refus_de_psc_est_un_401_sans_cookie() {
    let banc = Banc::ouvrir().await;
    let cas = [
        (401, Value::Null, "401 - null : null"),
        (
            400,
            json!({"error": "invalid_request", "error_description": "invalid user"}),
            "400 - invalid_request : invalid user",
        ),
        (403, json!({"error": "unauthorized_client"}), "403 - unauthorized_client : null"),
    ];
    for (statut, corps, message) in cas {
        banc.psc.acteur.prochaine_json(CIBA, statut, corps);
        let reponse = banc.lps().connecter(SECRET_1, PRO).await;
        assert_eq!(reponse.statut, 401);
        assert_eq!(reponse.cookie(), None);
        let attendu =
            json!({"code": "401", "message": message, "metadata": {"nationalId": PRO, "clientId": SECRET_1}});
        assert_eq!(reponse.json(), attendu);
    }
    assert_eq!(banc.psc.acteur.nombre(TOKEN), 0, "nothing to poll");
}

#[tokio::test]
async fn cas_22_un_refus_d_un_serveur_d_autorisation_fait_echouer_le_connect() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 401, Value::Null);
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!(reponse.statut, 401);
    assert_eq!(reponse.cookie(), None);
    let attendu = json!({
        "code": "401", "message": "401 - null : null", "metadata": {"nationalId": PRO, "clientId": SECRET_1},
    });
    assert_eq!(reponse.json(), attendu);
}
