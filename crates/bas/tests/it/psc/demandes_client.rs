//! A Client ID and its certificate: asked, answered, and good for CIBA at once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Banc, MEDECIN};

#[tokio::test]
async fn a_service_gets_an_identifier_and_a_certificate_that_signs_in() {
    let banc = Banc::ouvrir();
    let demande =
        json!({"nom": "Logiciel Médical n°1", "organisation": "Logimed", "structure": "300001204700015"});
    let recue = banc.administrer(Method::POST, "/demandes-client", Some(demande)).await;
    let client_id = recue["client_id"].as_str().unwrap();
    assert!(client_id.starts_with("bas-logiciel-medical-n-1-"), "{client_id}");
    let p12 = BASE64_STANDARD.decode(recue["p12"].as_str().unwrap()).unwrap();
    let identite = igc::pkcs12::lire(&p12, &recue["mot_de_passe"].as_str().unwrap().into()).unwrap();
    let lu = igc::lire::lire_der(&identite.certs_der[0]).unwrap();
    assert_eq!((lu.cn.as_deref(), lu.ou.as_deref()), (Some(client_id), Some("300001204700015")));
    assert!(lu.client_auth && lu.valide_le(banc.horloge.maintenant()));
    banc.avec_certificat(client_id).demander(MEDECIN, "MOBILE").await.unwrap();
}

#[tokio::test]
async fn production_asks_for_datapass_and_nru() {
    let banc = Banc::ouvrir();
    let bonne = json!({"nom": "Proxy", "organisation": "Logimed", "structure": "300001204700015",
        "environnement": "production", "datapass": "D123456", "nru": "BCDFGHJKMN"});
    let recue = banc.administrer(Method::POST, "/demandes-client", Some(bonne.clone())).await;
    assert!(recue["client_id"].as_str().unwrap().starts_with("prod-proxy-"));
    for (nom, valeur) in [
        ("datapass", Value::Null),
        ("datapass", json!("H123")),
        ("datapass", json!("D1234567890")),
        ("nru", Value::Null),
        ("nru", json!("bcdfghjkmn")),
        ("nru", json!("BCDFGHJKM")),
        ("structure", json!("Logimed")),
        ("nom", json!(" ")),
        ("organisation", json!("")),
    ] {
        let mut demande = bonne.clone();
        demande[nom] = valeur.clone();
        let refus = banc.admin(Method::POST, "/demandes-client", Some(demande)).await;
        assert_eq!(refus.status(), StatusCode::UNPROCESSABLE_ENTITY, "{nom} {valeur}");
        assert!(refus.json::<Value>().await.unwrap()["message"].as_str().unwrap().starts_with(nom));
    }
}
