//! What `edc doctor` looks at: the credentials, and PSC through each of them.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use service::{Alea, Horloge};

use crate::alerte::Alertes;
use crate::config::{self, Config};
use crate::connect::psc::Psc;
use crate::etat;
use crate::session::depot::Partage;

pub(crate) async fn examiner(config: &Config) -> Vec<(&'static str, Result<String, String>)> {
    let lues = match etat::lire(config) {
        Ok(lues) => lues,
        Err(faute) => return vec![("configuration", Err(chaine(&faute)))],
    };
    // Nobody is told: whoever runs this reads the findings.
    let muettes = Alertes::nouvelles(config::Alertes::default(), 0, Horloge::systeme(), Alea::systeme());
    let alertes = Arc::new(muettes);
    let mut constats = Vec::new();
    let mut clients: Vec<_> = lues.clients.iter().collect();
    clients.sort_by_key(|(client_id, _)| *client_id);
    for (client_id, client) in clients {
        let identite = client.identite();
        let preuve = match &identite.certificat {
            Some(certificat) => {
                format!("{client_id} : certificat {}, jusqu’au {}", certificat.dn, certificat.fin)
            }
            None => format!("{client_id} : secret (Communauté seulement)"),
        };
        constats.push(("client", Ok(preuve)));
        // Discovered anew for each: a refused certificate shows here.
        let psc = Psc::nouveau(config.psc.clone(), Horloge::systeme(), Arc::clone(&alertes));
        let vu = psc.fournisseur(&identite).await;
        let vu = vu.map(|_| format!("{client_id} : {} répond", psc.emetteur()));
        constats.push(("Pro Santé Connect", vu.map_err(|panne| format!("{client_id} : {}", chaine(&panne)))));
    }
    if let Some(redis) = redis(config).await {
        constats.push(("sessions", redis));
    }
    constats
}

/// Whether the store that nodes share answers; `None` without one.
async fn redis(config: &Config) -> Option<Result<String, String>> {
    let base = config.depot.base.as_ref()?.expose_secret();
    base.starts_with("redis").then_some(())?;
    let (envoi, _nouvelles) = tokio::sync::mpsc::unbounded_channel();
    let nombre = async { Partage::ouvrir(&config.depot, "doctor".to_owned(), envoi).await?.nombre().await };
    let vu = nombre.await.map(|nombre| format!("Redis répond, {nombre} session(s)"));
    Some(vu.map_err(|erreur| chaine(&erreur)))
}

fn chaine(faute: &dyn Error) -> String {
    let mut texte = faute.to_string();
    let mut source = faute.source();
    while let Some(cause) = source {
        let _ = write!(texte, " : {cause}");
        source = cause.source();
    }
    texte
}
