//! `edc proxy`: the Proxy e-Santé alone.

use std::process::ExitCode;

use service::{Alea, Arret, Horloge};
use tokio::signal::unix::{SignalKind, signal};

use super::{Faute, config};
use crate::sortie;

pub(crate) async fn servir(fichier: &config::Fichier) -> Result<ExitCode, Faute> {
    let config: config::ConfigProxy = service::config::load(&fichier.config, config::PREFIXE)?;
    config.journal.ouvrir()?;
    let tls = config.tls()?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    let proxy =
        proxy::Proxy::ouvrir(config.proxy, tls, Horloge::systeme(), Alea::systeme(), arret.clone()).await?;
    sortie::texte(&format!("Proxy e-Santé prêt : https://{}\n", proxy.adresse()));
    arret.suivre(relire(proxy.poignee(), arret.clone())?);
    proxy.servir().await?;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}

/// At each SIGHUP, reads the certificates again without waiting for the proxy's own round.
fn relire(poignee: proxy::Poignee, arret: Arret) -> std::io::Result<impl Future<Output = ()>> {
    let mut demande = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                () = arret.demande() => return,
                recu = demande.recv() => if recu.is_none() { return },
            }
            poignee.relire_certificats();
        }
    })
}
