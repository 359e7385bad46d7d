//! The API of administration: who may, what is refused and how it is said; and the published metadata.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{AGENT, Banc, MEDECIN};

#[tokio::test]
async fn nothing_is_served_without_the_token() {
    let banc = Banc::ouvrir();
    for (methode, chemin) in [
        (Method::GET, "/approbations"),
        (Method::POST, "/approbations/x/approuver"),
        (Method::GET, "/identites"),
        (Method::POST, "/identites"),
        (Method::POST, "/identites/import"),
        (Method::DELETE, "/identites/899700000011"),
        (Method::GET, "/clients"),
        (Method::POST, "/clients"),
        (Method::GET, "/sessions"),
        (Method::PUT, "/reglages"),
        (Method::POST, "/cles/rotation"),
        (Method::POST, "/reinitialiser"),
        (Method::GET, "/scenarios"),
        (Method::PUT, "/scenarios"),
        (Method::GET, "/scenarios/catalogue"),
        (Method::POST, "/horloge"),
        (Method::POST, "/demandes-client"),
    ] {
        for jeton in [None, Some("Bearer faux"), Some("Bearer "), Some("Basic amV0b24=")] {
            let mut requete =
                banc.http().request(methode.clone(), format!("{}/_bac-a-sable{chemin}", banc.pages));
            if let Some(jeton) = jeton {
                requete = requete.header("authorization", jeton);
            }
            assert_eq!(
                requete.send().await.unwrap().status(),
                StatusCode::UNAUTHORIZED,
                "{methode} {chemin} {jeton:?}"
            );
        }
    }
}

#[tokio::test]
async fn identities_travel_as_json() {
    let banc = Banc::ouvrir();
    let export = banc.administrer(Method::GET, "/identites", None).await;
    let toutes = export.as_array().unwrap();
    assert!(toutes.len() >= 12);
    let mut copie = toutes.first().unwrap().clone();
    copie["SubjectNameID"] = json!("ANS20260302120000");
    let chemin = "/identites/ANS20260302120000";
    let statut = async |methode: Method, chemin: &str, corps: Option<Value>| {
        banc.admin(methode, chemin, corps).await.status()
    };
    assert_eq!(statut(Method::POST, "/identites", Some(copie.clone())).await, StatusCode::CREATED);
    assert_eq!(statut(Method::POST, "/identites", Some(copie.clone())).await, StatusCode::CONFLICT);
    assert_eq!(banc.administrer(Method::GET, chemin, None).await["given_name"], copie["given_name"]);
    copie["given_name"] = json!("Autre");
    assert_eq!(statut(Method::PUT, chemin, Some(copie.clone())).await, StatusCode::NO_CONTENT);
    assert_eq!(banc.administrer(Method::GET, chemin, None).await["given_name"], "Autre");
    assert_eq!(statut(Method::DELETE, chemin, None).await, StatusCode::NO_CONTENT);
    assert_eq!(statut(Method::GET, chemin, None).await, StatusCode::NOT_FOUND);
    let importees = banc.administrer(Method::POST, "/identites/import", Some(json!([copie]))).await;
    assert_eq!(importees["importees"], 1);
    copie["given_name"] = json!("");
    let refus = banc.admin(Method::POST, "/identites/import", Some(json!([copie]))).await;
    assert_eq!(refus.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refus.json::<Value>().await.unwrap()["message"].as_str().unwrap().contains("given_name"));
    banc.administrer(Method::POST, "/reinitialiser", None).await;
    assert_eq!(banc.administrer(Method::GET, "/identites", None).await, export);
    // A slash in the identifier travels encoded.
    let agent = format!("/identites/{}", AGENT.replace('/', "%2F"));
    assert_eq!(banc.administrer(Method::GET, &agent, None).await["SubjectNameID"], AGENT);
}

#[tokio::test]
async fn requests_for_approval_are_answered_once() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    lps.demander(MEDECIN, "CARD").await.unwrap();
    let toutes = banc.administrer(Method::GET, "/approbations", None).await;
    let une = &toutes[0];
    for (nom, attendu) in [
        ("national_id", MEDECIN),
        ("client_id", "lps"),
        ("client_nom", "Logiciel lps"),
        ("canal", "CARD"),
        ("binding_message", "42"),
        ("flux", "ciba"),
    ] {
        assert_eq!(une[nom], attendu, "{nom}");
    }
    let chemin = |acte: &str| format!("/approbations/{}/{acte}", une["id"].as_str().unwrap());
    let statut = async |chemin: &str| banc.admin(Method::POST, chemin, None).await.status();
    assert_eq!(statut(&chemin("applaudir")).await, StatusCode::NOT_FOUND);
    assert_eq!(statut("/approbations/inconnue/approuver").await, StatusCode::NOT_FOUND);
    assert_eq!(statut(&chemin("approuver")).await, StatusCode::NO_CONTENT);
    assert_eq!(statut(&chemin("refuser")).await, StatusCode::CONFLICT);

    // Three wrong codes block the card until somebody mends it; the e-CPS still works.
    let accuse = lps.demander(MEDECIN, "CARD").await.unwrap();
    for _ in 0..3 {
        banc.repondre("code-faux").await;
    }
    assert_eq!(lps.sonder(&accuse).await.unwrap_err().1, "access_denied");
    let identite = banc.administrer(Method::GET, &format!("/identites/{MEDECIN}"), None).await;
    assert_eq!((&identite["carte"], &identite["ecps"]), (&json!("bloque"), &json!("actif")));
    lps.demander(MEDECIN, "CARD").await.unwrap();
    let toutes = banc.administrer(Method::GET, "/approbations", None).await;
    let chemin = format!("/approbations/{}/approuver", toutes[0]["id"].as_str().unwrap());
    assert_eq!(statut(&chemin).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn clients_are_registered_and_never_show_their_secret() {
    let banc = Banc::ouvrir();
    let client = json!({"client_id": "neuf", "secret": "canari-du-secret", "redirect_uris": ["https://neuf.example/r"]});
    banc.administrer(Method::POST, "/clients", Some(client)).await;
    let liste = banc.admin(Method::GET, "/clients", None).await.text().await.unwrap();
    assert!(liste.contains("\"neuf\"") && !liste.contains("canari"));
    let fichier = std::fs::read_to_string(banc.donnees.path().join("psc-clients.json")).unwrap();
    assert!(fichier.contains("\"neuf\"") && !fichier.contains("canari"));
    for (corps, mot) in [
        (json!({"client_id": "a b"}), "client_id"),
        (json!({"client_id": "a", "secret": ""}), "secret"),
        (json!({"client_id": "a", "redirect_uris": ["http://ailleurs.example/"]}), "redirect_uris"),
        (json!({"client_id": "a", "backchannel_logout_uri": "ftp://x"}), "backchannel_logout_uri"),
        (json!({"client_id": "a", "inconnu": 1}), "inconnu"),
    ] {
        let refus = banc.admin(Method::POST, "/clients", Some(corps.clone())).await;
        assert_eq!(refus.status(), StatusCode::UNPROCESSABLE_ENTITY, "{corps}");
        let texte = refus.json::<Value>().await.unwrap()["message"].as_str().unwrap().to_owned();
        assert!(texte.contains(mot), "{texte}");
    }
    banc.administrer(Method::DELETE, "/clients/neuf", None).await;
    assert_eq!(banc.admin(Method::DELETE, "/clients/neuf", None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn metadata_are_served_at_both_paths_and_name_another_host_for_people() {
    let banc = Banc::ouvrir();
    let mut documents = Vec::new();
    for chemin in [oidc::psc::CHEMIN_METADONNEES, oidc::metadonnees::CHEMIN] {
        let reponse = banc.http().get(format!("{}{chemin}", banc.issuer)).send().await.unwrap();
        assert_eq!(reponse.headers()["content-type"], "application/json");
        documents.push(reponse.json::<Value>().await.unwrap());
    }
    assert_eq!(documents[0], documents[1]);
    let lu: oidc::Fournisseur = serde_json::from_value(documents[0].clone()).unwrap();
    lu.verifier(&banc.issuer).unwrap();
    assert_eq!(lu.authorization_endpoint.as_str(), format!("{}/auth", banc.pages));
    let points = lu.points(true);
    assert_eq!(points.backchannel_authentication.unwrap().as_str(), banc.point("ext/ciba/auth"));
    assert_eq!(documents[0]["acr_values_supported"], json!(["0", "0"]));
    assert!(lu.authorization_response_iss_parameter_supported);
}
