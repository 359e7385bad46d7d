//! Signed session data, verified as a stranger would: with the published key and the documented bytes.

use http::StatusCode;
use oidc::Jwks;
use serde_json::{Value, json};

use super::{Banc, MEDECIN, acces};

const CHEMIN: &str = "/mockservice/apipsc";

async fn cles(banc: &Banc) -> Jwks {
    let url = format!("{}{CHEMIN}/jwks.json", banc.url);
    Jwks::parse(&banc.http("").get(url).send().await.unwrap().bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_four_fields_come_back_with_a_signature_that_holds() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let url = format!("{}{CHEMIN}/signsessiondata", banc.url);
    let donnees = json!({
        "nationalId": MEDECIN, "clientID": "lps", "proxy_session_id": "é\"\\\u{1}/",
        "session_state": "session-psc", "autre": 1,
    });
    let appel = banc.http("lps").post(&url).bearer_auth(acces(&jeton)).json(&donnees);
    let reponse: Value = appel.send().await.unwrap().json().await.unwrap();
    let mut recues = donnees.clone();
    recues.as_object_mut().unwrap().remove("autre");
    let signature = reponse["signature"].as_str().unwrap();
    let mut sans = reponse.clone();
    sans.as_object_mut().unwrap().remove("signature");
    assert_eq!(sans, recues, "the same four and nothing else");
    assert!(banc.derniere().raison.contains("la même chose que le jeton"), "{}", banc.derniere().raison);

    // RFC 8785 by hand: members sorted, only what must be escaped is.
    let canonique = format!(
        r#"{{"clientID":"lps","nationalId":"{MEDECIN}","proxy_session_id":"é\"\\\u0001/","session_state":"session-psc"}}"#
    );
    let cles = cles(&banc).await;
    let entete = oidc::jwt::verifier_detache(signature, canonique.as_bytes(), &cles).unwrap();
    assert_eq!(
        [
            &entete["alg"],
            &entete["azp"],
            &entete["SubjectNameID"],
            &entete["psc_session_state"],
            &entete["iat"]
        ],
        [
            &json!("ES256"),
            &json!("lps"),
            &json!(MEDECIN),
            &json!("session-psc"),
            &json!(banc.horloge.maintenant().as_second()),
        ]
    );
    let empreinte = entete["cnf"]["x5t#S256"].as_str().unwrap();
    assert!(oidc::cnf::correspond(empreinte, &banc.certificats["lps"].cert_der));
    let autre = canonique.replace("lps", "lpt");
    assert!(oidc::jwt::verifier_detache(signature, autre.as_bytes(), &cles).is_err());
}

#[tokio::test]
async fn what_the_software_invents_is_signed_and_told() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let donnees =
        json!({"nationalId": "8", "clientID": "lps", "proxy_session_id": "p", "session_state": "s"});
    let url = format!("{}{CHEMIN}/signsessiondata", banc.url);
    let appel = banc.http("lps").post(url).bearer_auth(acces(&jeton)).json(&donnees);
    assert_eq!(appel.send().await.unwrap().status(), StatusCode::OK);
    assert!(
        banc.derniere().raison.contains("autre chose pour nationalId, session_state"),
        "{}",
        banc.derniere().raison
    );
}

#[tokio::test]
async fn a_body_that_is_not_session_data_is_refused_field_by_field() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let long = "x".repeat(5_000);
    let cas = [
        (json!([]), "pas un objet JSON"),
        (
            json!({}),
            "« nationalId » manque, « clientID » manque, « proxy_session_id » manque, « session_state » manque",
        ),
        (
            json!({"nationalId": 8, "clientID": null, "proxy_session_id": long, "session_state": ""}),
            "« nationalId » n’est pas un texte, « clientID » n’est pas un texte, « proxy_session_id » est trop long.",
        ),
        // The proxy's own spelling isn't the API's.
        (
            json!({"nationalId": "8", "clientId": "l", "proxy_session_id": "p", "session_state": "s"}),
            "« clientID » manque",
        ),
    ];
    for (corps, raison) in cas {
        let url = format!("{}{CHEMIN}/signsessiondata", banc.url);
        let reponse =
            banc.http("lps").post(url).bearer_auth(acces(&jeton)).json(&corps).send().await.unwrap();
        assert_eq!(reponse.status(), StatusCode::BAD_REQUEST, "{corps}");
        let dit: Value = reponse.json().await.unwrap();
        assert!(dit["error_description"].as_str().unwrap().contains(raison), "{raison} : {dit}");
        assert!(banc.derniere().raison.contains(raison));
    }
}
