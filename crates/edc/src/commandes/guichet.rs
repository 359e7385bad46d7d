//! `edc guichet`: the portal alone.

use std::process::ExitCode;

use service::{Alea, Arret, Horloge, Serveur};

use super::{Faute, config, up::lier};

pub(crate) async fn servir(fichier: &config::Fichier) -> Result<ExitCode, Faute> {
    let config: config::ConfigGuichet = service::config::load(&fichier.config, config::PREFIXE)?;
    config.journal.ouvrir()?;
    let tls = config.tls.serveur()?;
    let serveur: Serveur = lier(config.guichet.ecoute).await?;
    let app = guichet::ouvrir(config.guichet, Horloge::systeme(), Alea::systeme()).await?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    arret.suivre(guichet::taches::travailler(app.clone(), arret.clone()));
    serveur.servir(guichet::routes::routes(&app), tls, arret.clone()).await;
    arret.termine(super::up::VIDANGE).await;
    app.registre.fermer().await;
    Ok(ExitCode::SUCCESS)
}
