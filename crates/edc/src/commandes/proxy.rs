//! `edc proxy`: the Proxy e-Santé alone.

use std::process::ExitCode;

use service::{Alea, Arret, Horloge, TlsServeur};
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
        proxy::Proxy::ouvrir(config.proxy, tls.clone(), Horloge::systeme(), Alea::systeme(), arret.clone())
            .await?;
    sortie::texte(&format!("Proxy e-Santé prêt : https://{}\n", proxy.adresse()));
    arret.suivre(relire(config.tls, tls, proxy.poignee(), arret.clone())?);
    proxy.servir().await?;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}

/// At each SIGHUP, reads the certificates again: the server's, then those of the clients. Nothing is cut, and a file that can't
/// be used leaves the former certificate in place.
fn relire(
    fichiers: config::Tls,
    tls: TlsServeur,
    poignee: proxy::Poignee,
    arret: Arret,
) -> std::io::Result<impl Future<Output = ()>> {
    let mut demande = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                () = arret.demande() => return,
                recu = demande.recv() => if recu.is_none() { return },
            }
            let relu = service::Identite::depuis_fichiers(&fichiers.certificat, &fichiers.cle);
            if let Err(faute) = relu.and_then(|identite| tls.reload(identite)) {
                sortie::erreur(&Faute::Tls(faute));
            }
            poignee.relire_certificats();
        }
    })
}
