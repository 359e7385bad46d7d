//! Sending alerts to the operator's webhook: JSON, signed, tried three times.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use secrecy::ExposeSecret as _;

use super::Alerte;
use crate::etat::Etat;

const ESSAIS: u32 = 3;
const DELAI: Duration = Duration::from_secs(10);

/// The header that proves the sender: `t=<seconds>,v1=<hex of HMAC-SHA-256 of "<seconds>.<body>">`.
const SIGNATURE: &str = "x-edc-signature";

/// Sends what is raised, one after the other, until asked to stop.
pub(crate) async fn envoyer(etat: Arc<Etat>) {
    let regles = &etat.alertes.regles;
    let (Some(webhook), Some(secret)) = (&regles.webhook, &regles.secret) else { return };
    let Some(mut sortie) = etat.alertes.sortie() else { return };
    let ca = regles.autorite.as_ref().and_then(|chemin| std::fs::read_to_string(chemin).ok());
    let client = match service::client_http::client(ca.as_deref(), DELAI) {
        Ok(client) => client,
        Err(erreur) => {
            tracing::error!(%erreur, "les alertes ne partiront pas");
            return;
        }
    };
    let cle = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    loop {
        let alerte = tokio::select! {
            () = etat.arret.demande() => return,
            alerte = sortie.recv() => alerte,
        };
        let Some(alerte) = alerte else { return };
        let Some(corps) = corps(&alerte) else { continue };
        let secondes = etat.horloge.maintenant().as_second();
        let signature = hmac::sign(&cle, [secondes.to_string().as_bytes(), b".", &corps].concat().as_slice());
        let signature = format!("t={secondes},v1={}", hex::encode(signature));
        for essai in 1..=ESSAIS {
            let requete = client
                .post(webhook.clone())
                .header("content-type", "application/json")
                .header(SIGNATURE, &signature)
                .body(corps.clone());
            match requete.send().await.and_then(reqwest::Response::error_for_status) {
                Ok(_) => break,
                Err(erreur) if essai == ESSAIS => {
                    tracing::error!(erreur = %erreur.without_url(), "alerte non remise");
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(u64::from(essai))).await,
            }
        }
    }
}

fn corps(alerte: &Alerte) -> Option<Vec<u8>> {
    serde_json::to_vec(alerte).ok()
}
