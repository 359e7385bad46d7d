//! The whole way with the simulated Pro Santé Connect: a professional approves, the token is exchanged, the API answers.

use bas::api::Apis;
use bas::journal::Journal;
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service::Alea;
use tempfile::TempDir;

use super::{MEDECIN, NOM, acces, avec, bon_echange, config, emettre, servir};
use crate::psc;
use igc::Usage;

#[tokio::test]
async fn an_approval_leads_to_a_signed_answer() {
    let psc = psc::Banc::ouvrir();
    let dossier = TempDir::new().unwrap();
    let ca = dossier.path().join("ca.pem");
    std::fs::write(&ca, psc.autorite.cert_pem()).unwrap();
    let mut config = config(NOM, &psc.point("token/introspect"), psc::SECRET, &ca, dossier.path());
    config.psc.client_id = "communaute".to_owned();
    let journal = Journal::memoire(psc.horloge.clone());
    let apis = Apis::nouvelles(config, journal.clone(), &psc.horloge, &Alea::systeme()).unwrap();
    let certificat = emettre(&psc.autorite, "localhost", Usage::Serveur);
    let (url, _arret) = servir(apis.routes(), &certificat, &psc.autorite).await;
    let annonces = apis.annonces();
    let annonce = annonces.iter().find(|api| api.id == "signature").unwrap();
    let (api, jeton) = (annonce.url.replace(NOM, &url), annonce.token_endpoint.replace(NOM, &url));

    let lps = psc.avec_certificat("lps");
    let jetons = lps.connecter(MEDECIN).await;
    let champs = avec(&bon_echange(), "subject_token", Some(jetons.access_token.expose_secret()));
    let echange = lps.http.post(&jeton).form(&champs).send().await.unwrap();
    let corps: Value = echange.json().await.unwrap();
    let donnees = json!({
        "nationalId": MEDECIN, "clientID": "lps", "proxy_session_id": "p",
        "session_state": jetons.session_state.as_deref().unwrap(),
    });
    let appel = lps.http.post(format!("{api}/signsessiondata")).bearer_auth(acces(&corps)).json(&donnees);
    let reponse = appel.send().await.unwrap();
    assert_eq!(reponse.status(), StatusCode::OK);
    let derniere = || journal.avant_numero(u64::MAX, &bas::journal::Filtre::default(), 1).remove(0);
    assert!(derniere().raison.contains("la même chose que le jeton"), "{}", derniere().raison);

    // The token of Pro Santé Connect isn't one of the API, nor good for somebody else.
    let direct = lps.http.post(format!("{api}/signsessiondata"));
    let direct = direct.bearer_auth(jetons.access_token.expose_secret()).json(&donnees).send().await.unwrap();
    assert_eq!(direct.status(), StatusCode::UNAUTHORIZED);
    assert!(derniere().raison.contains("esante-wallet"), "{}", derniere().raison);
    let autre = avec(&champs, "client_id", Some("autre"));
    let vole = psc.avec_certificat("autre").http.post(&jeton).form(&autre).send().await.unwrap();
    assert_eq!(vole.json::<Value>().await.unwrap()["error"], "invalid_token");
    assert!(derniere().raison.contains("donné à « lps »"));

    // Two minutes later it is dead, and the token of the API lives on.
    psc.avancer(121);
    let tard = lps.http.post(&jeton).form(&champs).send().await.unwrap();
    assert_eq!(tard.json::<Value>().await.unwrap()["error"], "invalid_token");
    assert!(derniere().raison.contains("inactif"));
    let appel = lps.http.post(format!("{api}/signsessiondata")).bearer_auth(acces(&corps)).json(&donnees);
    assert_eq!(appel.send().await.unwrap().status(), StatusCode::OK);
}
