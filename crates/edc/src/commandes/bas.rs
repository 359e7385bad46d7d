//! `edc bas`: the sandbox alone.

use std::process::ExitCode;

use service::{Alea, Arret, Horloge};

use super::{Faute, config, up::lier};

pub(crate) async fn servir(fichier: &config::Fichier) -> Result<ExitCode, Faute> {
    let config: config::ConfigBas = service::config::load(&fichier.config, config::PREFIXE)?;
    config.journal.ouvrir()?;
    let (tls, tls_psc) = (config.tls.serveur()?, config.tls_psc()?);
    let serveur = lier(config.ecoute).await?;
    let serveur_psc = lier(config.ecoute_psc).await?;
    let config = bas::Config { isc: config.isc, psc: config.psc };
    let bac = bas::Bac::nouveau(config, Horloge::systeme(), Alea::systeme())?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    arret.suivre(serveur_psc.servir(bac.routes_psc(), tls_psc, arret.clone()));
    serveur.servir(bac.routes(), tls, arret.clone()).await;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}
