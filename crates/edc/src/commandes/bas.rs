//! `edc bas`: the sandbox alone.

use std::process::ExitCode;

use service::{Alea, Arret, Horloge};

use super::{Faute, config, up::lier};

pub(crate) async fn servir(fichier: &config::Fichier) -> Result<ExitCode, Faute> {
    let config: config::ConfigBas = service::config::load(&fichier.config, config::PREFIXE)?;
    config.journal.ouvrir()?;
    let tls = config.tls.serveur()?;
    let serveur = lier(config.ecoute).await?;
    let bac = bas::Bac::nouveau(config.isc, Horloge::systeme(), Alea::systeme())?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    serveur.servir(bac.routes(), tls, arret.clone()).await;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}
