//! The agency's TraceTest, cases 36 to 55, and the two others, 56 and 57.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::banc::{Banc, MTLS, PRO, SECRET_1, SECRET_2};

/// RFC 4514 of the certificates that the bench issues.
fn dn(cn: &str) -> String {
    format!("CN={cn},OU=318751275100020,O=CABINET DE TEST,C=FR")
}

#[tokio::test]
async fn cas_36_37_et_45_un_connect_laisse_une_trace() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.psc.membre("session_state", json!("session-state-256-xxx"));
    let lps = banc.connecte(MTLS).await;
    let traces = banc.traces(debut).await;
    assert_eq!(traces.len(), 1);
    let trace = &traces[0];
    assert_eq!(trace["type"], "CONNECT_SUCCESS");
    assert_eq!(trace["dn"], dn(MTLS));
    assert_eq!(trace["session_state"], "session-state-256-xxx");
    assert_eq!(trace["proxy_id_session"], lps.cookie.unwrap());
    assert_eq!(trace["clientId"], MTLS);
    assert_eq!(trace["IdRPPS"], PRO);
    assert_eq!(trace["ipAddress"], "127.0.0.3");
    assert_eq!(trace["ports"], json!([]), "behind a front-end");
    assert_eq!(trace.get("apiRequest"), None, "only a SEND has one");
    assert!(trace["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap() > debut);
}

#[tokio::test]
async fn cas_38_et_39_un_retour_porte_l_etat_de_la_premiere_fois() {
    let banc = Banc::ouvrir().await;
    banc.psc.membre("session_state", json!("premier"));
    let mut lps = banc.connecte(SECRET_1).await;
    banc.psc.membre("session_state", json!("second"));
    let debut = banc.maintenant();
    assert_eq!(lps.connecter(SECRET_2, PRO).await.statut, 304);
    let traces = banc.traces(debut).await;
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0]["type"], "CONNECT_REPLAY");
    assert_eq!(traces[0]["session_state"], "premier");
    assert_eq!(traces[0]["dn"], Value::Null, "written as null");
}

#[tokio::test]
async fn cas_40_une_periode_sans_rien_est_une_liste_vide() {
    let banc = Banc::ouvrir().await;
    banc.connecte(SECRET_1).await;
    let reponse = banc.lps().get("/traces?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z").await;
    assert_eq!((reponse.statut, reponse.json()), (200, json!([])));
    let reponse =
        banc.lps().get("/traces?start=2020-01-01T02:00:00%2B02:00&end=2020-01-02T00:00:00.000Z").await;
    assert_eq!((reponse.statut, reponse.json()), (200, json!([])));
}

#[tokio::test]
async fn les_bornes_de_traces_sont_verifiees() {
    let banc = Banc::ouvrir().await;
    for requete in [
        "",
        "?end=2020-01-01T00:00:00Z",
        "?start=hier",
        "?start=2020-01-01",
        "?start=2020-01-01T00:00:00Z&end=x",
    ] {
        let reponse = banc.lps().get(&format!("/traces{requete}")).await;
        assert_eq!(reponse.statut, 400, "{requete}");
        assert_eq!(reponse.json()["code"], "400", "{requete}");
    }
}

#[tokio::test]
async fn cas_41_a_43_et_46_a_50_un_appel_laisse_une_trace_complete() {
    let banc = Banc::ouvrir().await;
    banc.psc.membre("session_state", json!("session-state-256-xxx"));
    let lps = banc.connecte(MTLS).await;
    let debut = banc.maintenant();
    assert_eq!(lps.get("/send/backend-1/carebear1").await.statut, 200);
    let traces = banc.traces(debut).await;
    assert_eq!(traces.len(), 1, "exactly one: {traces:?}");
    let trace = &traces[0];
    let cas = [
        ("41", "dn", json!(dn(MTLS))),
        ("42 and 47", "proxy_id_session", json!(lps.cookie.unwrap())),
        ("43", "session_state", json!("session-state-256-xxx")),
        ("46", "type", json!("SEND")),
        ("48", "IdRPPS", json!(PRO)),
        ("49", "clientId", json!(MTLS)),
        ("50", "ipAddress", json!("127.0.0.3")),
    ];
    for (numero, champ, attendu) in cas {
        assert_eq!(trace[champ], attendu, "case {numero}");
    }
}

#[tokio::test]
async fn cas_44_un_connect_pour_un_logiciel_inconnu_laisse_une_trace_d_echec() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    assert_eq!(banc.lps().connecter("inconnu", PRO).await.statut, 404);
    let traces = banc.traces(debut).await;
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0]["type"], "CONNECT_FAILURE");
    assert_eq!((&traces[0]["clientId"], &traces[0]["IdRPPS"]), (&json!("inconnu"), &json!(PRO)));
    assert_eq!(traces[0]["proxy_id_session"], Value::Null);
}

#[tokio::test]
async fn cas_51_a_55_chaque_methode_est_tracee_avec_le_chemin_envoye() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    for methode in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let debut = banc.maintenant();
        assert_eq!(lps.demander(methode, "/send/backend-1/carebear1?patient=secret").await.statut, 200);
        let fin = banc.maintenant();
        let traces = banc.traces(debut).await;
        assert_eq!(traces.len(), 1, "{methode}");
        let attendu = json!({"nomApiPsc": "backend-1", "methode": methode, "path": "/carebear1"});
        assert_eq!(traces[0]["apiRequest"], attendu, "the query is never kept");
        let instant: Timestamp = traces[0]["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(debut - SignedDuration::from_micros(1) < instant && instant < fin, "{methode}");
    }
}

#[tokio::test]
async fn un_appel_qui_echoue_est_trace_et_un_depart_aussi() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let debut = banc.maintenant();
    assert_eq!(lps.get("/send/backend-4/rsc").await.statut, 503);
    assert_eq!(lps.deconnecter().await.statut, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401, "nothing is traced without a session");
    let types: Vec<_> = banc.traces(debut).await.into_iter().map(|trace| trace["type"].clone()).collect();
    assert_eq!(types, ["SEND", "DISCONNECT"]);
}

#[tokio::test]
async fn cas_56_et_57_le_proxy_demarre_et_dit_qu_il_est_la() {
    let banc = Banc::ouvrir().await;
    let reponse = banc.lps().get("/check/alive").await;
    assert_eq!((reponse.statut, reponse.texte()), (200, "OK".to_owned()));
}
