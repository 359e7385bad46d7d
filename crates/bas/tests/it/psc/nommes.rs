//! Every scenario of the catalogue, when it acts, is named in the journal; and none acts unnamed.

use axum::Router;
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};

use super::code::{Navigateur, VERIFICATEUR, demande};
use super::{Banc, Lps, MEDECIN, RETOUR, inscription};
use crate::banc::parametre;

/// What a service does with the realm, where faults of that name have their chance. One may stop it anywhere: the rest is
/// done as well as it can be.
async fn tournee(banc: &Banc, lps: &Lps<'_>, nom: &str) {
    if nom.starts_with("http-") {
        let _ = lps.http.get(banc.point("certs")).send().await;
    } else if nom.starts_with("retour-") || nom.starts_with("avis-") {
        par_code(banc, lps).await;
    } else {
        par_ciba(banc, lps).await;
    }
}

async fn par_ciba(banc: &Banc, lps: &Lps<'_>) {
    let demande_ciba = [("scope", "openid"), ("login_hint", MEDECIN)];
    let accuse = essayer(lps, "ext/ciba/auth", &demande_ciba).await;
    let sonde = [("grant_type", oidc::ciba::GRANT), ("auth_req_id", texte(&accuse, "auth_req_id"))];
    let jetons = essayer(lps, "token", &sonde).await;
    let acces = texte(&jetons, "access_token");
    let _ = lps.http.get(banc.point("userinfo")).bearer_auth(acces).send().await;
    let neufs = [("grant_type", "refresh_token"), ("refresh_token", texte(&jetons, "refresh_token"))];
    essayer(lps, "token", &neufs).await;
    essayer(lps, "revoke", &[("token", acces)]).await;
}

async fn par_code(banc: &Banc, lps: &Lps<'_>) {
    let navigateur = Navigateur::nouveau(banc);
    let retour = navigateur.choisir(&demande(banc), &[("identite", MEDECIN)]).await;
    let lieu = retour.headers().get("location").and_then(|lieu| lieu.to_str().ok()?.parse().ok());
    let Some(code) = lieu.and_then(|lieu| parametre(&lieu, "code")) else { return };
    let champs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", RETOUR),
        ("code_verifier", VERIFICATEUR),
    ];
    let jetons = essayer(lps, "token", &champs).await;
    essayer(lps, "logout", &[("id_token_hint", texte(&jetons, "id_token"))]).await;
}

/// What comes back, if it is JSON.
async fn essayer(lps: &Lps<'_>, point: &str, champs: &[(&str, &str)]) -> Value {
    let mut formulaire = vec![("client_id", lps.client_id.as_str())];
    formulaire.extend_from_slice(champs);
    match lps.http.post(lps.banc.point(point)).form(&formulaire).send().await {
        Ok(reponse) => reponse.json().await.unwrap_or_default(),
        Err(_) => Value::Null,
    }
}

fn texte<'v>(objet: &'v Value, nom: &str) -> &'v str {
    objet[nom].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_scenario_of_the_realm_is_named_when_it_acts() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    banc.reponse_de(MEDECIN, json!({"mode": "approuver"})).await;
    let adresse = banc.ecouter(Router::new().route("/avis", post(async || ""))).await;
    let mut client = json!({"client_id": "lps", "redirect_uris": inscription("lps").redirect_uris});
    client["backchannel_logout_uri"] = json!(format!("{adresse}/avis"));
    banc.administrer(Method::POST, "/clients", Some(client)).await;
    let catalogue = banc.administrer(Method::GET, "/scenarios/catalogue", None).await;
    let noms = catalogue.as_array().unwrap().iter().map(|fiche| fiche["nom"].as_str().unwrap());
    let mut vues = 0;
    // Those of connections and of authorization servers have their own tests, beside what they strike.
    for nom in noms.filter(|nom| !nom.starts_with("tls-") && !nom.starts_with("as-")) {
        let mut actif = json!({"nom": nom, "client": "lps", "fois": 1});
        if matches!(nom, "http-lent" | "http-goutte") {
            actif["secondes"] = json!(0);
        }
        banc.fixer(json!([actif])).await;
        tournee(&banc, &lps, nom).await;
        let reste = banc.administrer(Method::GET, "/scenarios", None).await;
        assert_eq!(reste, json!([]), "{nom} never had its chance: its round is too short");
        let (lignes, dernier) = banc.lignes_depuis(vues).await;
        vues = dernier;
        let nomme = json!(["scenario", nom]);
        let frappes = lignes.iter().filter(|ligne| ligne.to_string().contains(&nomme.to_string()));
        assert_eq!(frappes.count(), 1, "{nom} struck once");
    }
    banc.fixer(json!([])).await;
    par_code(&banc, &lps).await;
    let (lignes, _) = banc.lignes_depuis(vues).await;
    let avis = lignes.iter().rfind(|ligne| ligne["serveur"] == "psc-avis").unwrap();
    assert_eq!(
        (&avis["issue"], &avis["statut"], &avis["client"]),
        (&json!("accepte"), &json!(200), &json!("lps"))
    );
    assert!(avis["parametres"][0][1].as_str().unwrap().starts_with("jeton "), "told by its fingerprint");
}
