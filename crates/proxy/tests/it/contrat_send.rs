//! The agency's SendEndpointTest, cases 23 to 35: relaying.

use serde_json::json;

use crate::banc::{Banc, MTLS, SECRET_1};

const METHODES: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

#[tokio::test]
async fn cas_23_et_24_un_appel_va_a_son_api_avec_le_jeton_de_son_serveur() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.connecte(SECRET_1).await.get("/send/backend-1/rsc1").await;
    assert_eq!(reponse.statut, 200);
    assert_eq!(reponse.json(), json!({"api": "api1", "methode": "GET", "chemin": "/rsc1"}));
    assert_eq!(banc.apis[1].nombre(""), 0);
    let recus = banc.apis[0].recus("/rsc1");
    assert_eq!(recus.len(), 1);
    assert!(recus[0].entete("authorization").unwrap().starts_with("Bearer as1-"));
}

#[tokio::test]
async fn cas_25_chaque_api_recoit_son_jeton() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    assert_eq!(lps.get("/send/backend-2/rsc1").await.statut, 200);
    assert!(banc.apis[1].recus("/rsc1")[0].entete("authorization").unwrap().starts_with("Bearer as2-"));
}

#[tokio::test]
async fn cas_26_a_32_sans_session_rien_n_est_envoye() {
    let banc = Banc::ouvrir().await;
    let attendu = json!({"code": "401", "message": "No session found.", "metadata": {}});
    for methode in METHODES {
        for cookie in [None, Some("inconnu")] {
            let mut lps = banc.lps();
            lps.cookie = cookie.map(str::to_owned);
            let reponse = lps.demander(methode, "/send/backend-1/rsc1").await;
            assert_eq!(reponse.statut, 401, "{methode} {cookie:?}");
            assert_eq!(reponse.json(), attendu, "{methode} {cookie:?}");
        }
    }
    assert_eq!(banc.apis[0].nombre(""), 0);
}

#[tokio::test]
async fn cas_33_la_seconde_api_est_la_seconde() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.connecte(SECRET_1).await.get("/send/backend-2/rsc2").await;
    assert_eq!(reponse.statut, 200);
    assert_eq!(reponse.json()["api"], "api2");
    assert_eq!(banc.apis[0].nombre(""), 0);
}

#[tokio::test]
async fn cas_34_une_api_mtls_ne_voit_que_le_client_qui_a_un_certificat() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.connecte(MTLS).await.get("/send/backend-3/rsc").await;
    assert_eq!(reponse.statut, 200, "{}", reponse.texte());
    assert_eq!(banc.apis[2].recus("")[0].cn().as_deref(), Some(MTLS));
    let reponse = banc.connecte(SECRET_1).await.get("/send/backend-3/rsc").await;
    assert_eq!((reponse.statut, reponse.corps.len()), (502, 0));
    assert_eq!(banc.apis[2].nombre(""), 1);
}

#[tokio::test]
async fn cas_35_une_api_absente_est_un_503_sans_corps() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.connecte(SECRET_1).await.get("/send/backend-4/rsc").await;
    assert_eq!((reponse.statut, reponse.corps.len()), (503, 0));
}
