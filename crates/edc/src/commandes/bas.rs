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
    let serveur_apis = match config.ecoute_apis()? {
        Some(adresse) => Some(lier(adresse).await?),
        None => None,
    };
    let config = bas::Config { isc: config.isc, psc: config.psc, apis: config.apis };
    let bac = bas::Bac::nouveau(config, Horloge::systeme(), Alea::systeme())?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    if let Some(serveur) = serveur_apis {
        let serveur = serveur.avec_temoin(bac.journal().temoin("apis"));
        arret.suivre(serveur.servir(bac.routes_apis(), tls_psc.clone(), arret.clone()));
    }
    let serveur_psc = serveur_psc.avec_temoin(bac.journal().temoin("psc"));
    arret.suivre(serveur_psc.servir(bac.routes_psc(), tls_psc, arret.clone()));
    serveur.servir(bac.routes(), tls, arret.clone()).await;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}
