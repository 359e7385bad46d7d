//! Where alerts are sent: a sink that keeps them all.

use proxy::config::Config;
use serde_json::{Value, json};
use service::Arret;
use service::tls::Clients;

use super::{Acteur, Pki, reponse_json};

pub(crate) struct Puits {
    pub(crate) acteur: Acteur,
    ca: std::path::PathBuf,
    arret: Arret,
}

impl Drop for Puits {
    fn drop(&mut self) {
        self.arret.demander();
    }
}

impl Puits {
    pub(crate) async fn demarrer(pki: &Pki) -> Self {
        let arret = Arret::new();
        let tls = pki.serveur(Clients::Aucun);
        let acteur = Acteur::demarrer(tls, &arret, Box::new(|_| reponse_json(204, &json!(null)))).await;
        Self { acteur, ca: pki.ca(), arret }
    }

    /// Has alerts sent here.
    pub(crate) fn brancher(&self) -> impl FnOnce(&mut Config) + use<> {
        let (url, ca) = (format!("{}/alertes", self.acteur.url), self.ca.clone());
        move |config| {
            config.alertes.webhook = Some(url.parse().unwrap());
            config.alertes.secret = Some("secret du puits".into());
            config.alertes.autorite = Some(ca);
        }
    }

    /// Those of one kind, as they came: what they are about, and whether they begin something.
    pub(crate) fn vues(&self, sorte: &str) -> Vec<(String, bool)> {
        let lues = self.acteur.recus("/alertes").into_iter();
        let lues = lues.map(|recu| serde_json::from_slice::<Value>(&recu.corps).unwrap());
        lues.filter(|lue| lue["type"] == sorte)
            .map(|lue| (lue["cible"].as_str().unwrap().to_owned(), lue["active"].as_bool().unwrap()))
            .collect()
    }

    /// The same, once there are so many.
    pub(crate) async fn attendre(&self, sorte: &str, nombre: usize) -> Vec<(String, bool)> {
        while self.vues(sorte).len() < nombre {
            tokio::task::yield_now().await;
        }
        self.vues(sorte)
    }
}
