//! Faults of the authorization servers and of the API, behind the real realm: each acts where it says, and is named.

use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Banc, Lps, MEDECIN};

impl Lps<'_> {
    async fn jeton_psc(&self) -> String {
        let accuse = self.demander(MEDECIN, "MOBILE").await.unwrap();
        self.sonder(&accuse).await.unwrap().access_token.expose_secret().to_owned()
    }

    async fn echanger(&self, jeton: &str) -> Response {
        let champs = [
            ("grant_type", oidc::echange::GRANT),
            ("client_id", &self.client_id),
            ("subject_token", jeton),
            ("subject_token_type", oidc::echange::TYPE_JETON_ACCES),
            ("subject_issuer", "psc"),
        ];
        let url = format!("{}/realms/essai/protocol/openid-connect/token", self.banc.apis);
        self.http.post(url).form(&champs).send().await.unwrap()
    }
}

#[tokio::test]
async fn an_authorization_server_and_an_api_fail_as_asked() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    banc.reponse_de(MEDECIN, json!({"mode": "approuver"})).await;
    let psc = lps.jeton_psc().await;
    let catalogue = banc.administrer(Method::GET, "/scenarios/catalogue", None).await;
    let noms: Vec<&str> =
        catalogue.as_array().unwrap().iter().map(|fiche| fiche["nom"].as_str().unwrap()).collect();
    let complete: Value = lps.echanger(&psc).await.json().await.unwrap();
    for nom in noms.into_iter().filter_map(|nom| nom.strip_prefix("as-")) {
        let scenario = format!("as-{nom}");
        banc.fixer(json!([{"nom": scenario, "client": "lps", "fois": 1}])).await;
        let reponse = lps.echanger(&psc).await;
        let statut = reponse.status().as_u16();
        let corps: Value = reponse.json().await.unwrap();
        if let Some(membre) = nom.strip_prefix("sans-") {
            assert_eq!((statut, corps.get(membre.replace('-', "_"))), (200, None), "{nom}");
        } else if nom.starts_with("expires-in") {
            assert_ne!(corps["expires_in"], complete["expires_in"], "{nom}");
        } else {
            let attendu = if matches!(nom, "invalid-client" | "unauthorized-client") { 401 } else { 400 };
            assert_eq!((statut, &corps["error"]), (attendu, &json!(nom.replace('-', "_"))));
        }
        let [frappe] = banc.frappes(&scenario).await.try_into().unwrap();
        assert_eq!((&frappe["serveur"], &frappe["client"] == "lps"), (&json!("as-essai"), statut == 200));
        assert_eq!(lps.echanger(&psc).await.status(), 200, "once");
    }

    let jeton = complete["access_token"].as_str().unwrap();
    let appeler =
        async || lps.http.get(format!("{}/api/essai/x", banc.apis)).bearer_auth(jeton).send().await.unwrap();
    for (cible, point, statuts) in
        [("api", None, (503, 200)), ("as", Some("jeton"), (200, 503)), ("psc", None, (200, 200))]
    {
        let mut actif = json!({"nom": "http-503", "cible": cible});
        if let Some(point) = point {
            actif["point"] = json!(point);
        }
        banc.fixer(json!([actif])).await;
        let vus = (appeler().await.status().as_u16(), lps.echanger(&psc).await.status().as_u16());
        // The authorization server asks the realm: when that one fails, so does the exchange.
        let attendus = if cible == "psc" { (200, 502) } else { statuts };
        assert_eq!(vus, attendus, "{cible}");
    }
    banc.fixer(json!([{"nom": "http-401", "cible": "api", "client": "lps", "fois": 1}])).await;
    let refus = appeler().await;
    assert_eq!(refus.status(), 401);
    assert!(refus.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    assert_eq!(banc.frappes("http-401").await[0]["serveur"], "api-essai");
    assert_eq!(appeler().await.status(), 200);

    // A fault of the connection strikes the listener that was named, and no other.
    banc.fixer(json!([{"nom": "tls-expire", "cible": "api"}])).await;
    let neuf = banc.http();
    assert!(
        neuf.get(format!("{}/realms/essai/protocol/openid-connect/certs", banc.apis)).send().await.is_err()
    );
    assert!(neuf.get(banc.point("certs")).send().await.is_ok());
    banc.fixer(json!([{"nom": "tls-expire"}])).await;
    assert!(banc.http().get(format!("{}/api/essai/x", banc.apis)).send().await.is_ok());
    assert!(banc.http().get(banc.point("certs")).send().await.is_err());
}
