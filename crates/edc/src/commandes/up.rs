//! `edc up`: one process, everything embedded, ready in about a second.
//!
//! Rule: what it makes at the first start it finds again at the next; the only thing that says « ready » is
//! `DIR/edc.json`, written last and taken away first.

mod annonce;
mod preparer;
mod proxy;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use service::{Alea, Arret, Horloge, Serveur, logs};

use super::Faute;
use crate::sortie;

/// How long the end waits for what is under way.
pub(crate) const VIDANGE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(crate) struct Options {
    /// Dossier des données ; créé au besoin.
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    pub data: PathBuf,
    /// Premier port : le guichet écoute sur N, les pages du bac à sable sur N+1, Pro Santé Connect simulé sur N+2, le
    /// proxy sur N+3, les API simulées et leurs serveurs d’autorisation sur N+4, l’exploitation du proxy sur N+5,
    /// le logiciel de « edc demo --navigateur » sur N+6.
    #[arg(long, value_name = "N", default_value_t = 8443)]
    pub port_base: u16,
    /// Base des guichets au lieu du fichier SQLite de DIR : postgres://…
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// Socket de clamd, pour analyser les fichiers déposés.
    #[arg(long, value_name = "CHEMIN")]
    pub clamd: Option<PathBuf>,
    /// Filtre du journal, par exemple « info » ou « guichet=debug,warn ».
    #[arg(long, value_name = "FILTRE", default_value = "warn")]
    pub journal: String,
}

pub(crate) async fn up(options: &Options) -> Result<ExitCode, Faute> {
    logs::init(logs::Format::Texte, &options.journal).map_err(|faute| Faute::Dite(faute.to_string()))?;
    let (horloge, alea) = (Horloge::systeme(), Alea::systeme());
    let espace = preparer::preparer(options, &horloge, &alea)?;
    let port = |rang| {
        let port = options.port_base.checked_add(rang);
        port.ok_or_else(|| Faute::Dite("--port-base : choisissez un nombre plus petit".to_owned()))
    };
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let guichet_ecoute = lier(local(options.port_base)).await?;
    let bas_ecoute = lier(local(port(1)?)).await?;
    let psc_ecoute = lier(local(port(2)?)).await?;
    let apis_ecoute = lier(local(port(4)?)).await?;
    annonce::retirer(&espace);

    // A clock of its own: moving the sandbox's must not move the guichet's.
    let bac = bas::Bac::nouveau(espace.bas(), Horloge::systeme(), alea.clone())?;
    let app = guichet::ouvrir(espace.guichet(options), horloge, alea.clone()).await?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    arret.suivre(guichet::taches::travailler(app.clone(), arret.clone()));
    let (routes_bas, tls, fin) = (bac.routes(), espace.tls.clone(), arret.clone());
    arret.suivre(async move { bas_ecoute.servir(routes_bas, tls, fin).await });
    let psc_ecoute = psc_ecoute.avec_temoin(bac.journal().temoin("psc")).avec_portier(bac.portier_psc());
    let (routes_psc, tls, fin) = (bac.routes_psc(), espace.tls_psc.clone(), arret.clone());
    arret.suivre(async move { psc_ecoute.servir(routes_psc, tls, fin).await });
    let apis_ecoute = apis_ecoute.avec_temoin(bac.journal().temoin("apis")).avec_portier(bac.portier_apis());
    let (routes_apis, tls, fin) = (bac.routes_apis(), espace.tls_psc.clone(), arret.clone());
    arret.suivre(async move { apis_ecoute.servir(routes_apis, tls, fin).await });
    let relais = espace.proxy(&bac.apis())?;
    let relais =
        ::proxy::Proxy::ouvrir(relais, espace.tls.clone(), Horloge::systeme(), alea, arret.clone()).await?;
    let (routes, tls, fin) = (guichet::routes::routes(&app), espace.tls.clone(), arret.clone());
    arret.suivre(async move { guichet_ecoute.servir(routes, tls, fin).await });

    arret.suivre(async move {
        if let Err(erreur) = relais.servir().await {
            sortie::erreur(&Faute::Systeme(erreur));
        }
    });

    annonce::publier(&espace, &bac)?;
    sortie::texte(&annonce::table(&espace, &bac));
    arret.demande().await;
    annonce::retirer(&espace);
    sortie::texte("\nArrêt demandé : les requêtes en cours se terminent…\n");
    if !arret.termine(VIDANGE).await {
        sortie::texte("Des requêtes restaient en cours après trente secondes.\n");
    }
    app.registre.fermer().await;
    Ok(ExitCode::SUCCESS)
}

/// Binds, or says in one line which address is taken and what to do.
pub(crate) async fn lier(adresse: SocketAddr) -> Result<Serveur, Faute> {
    Serveur::lier(adresse).await.map_err(|erreur| match erreur.kind() {
        std::io::ErrorKind::AddrInUse => Faute::Dite(format!(
            "le port {} est déjà pris : arrêtez ce qui l’utilise, ou choisissez-en un autre (edc up --port-base N)",
            adresse.port()
        )),
        std::io::ErrorKind::PermissionDenied => Faute::Dite(format!(
            "le port {} n’est pas permis à cet utilisateur : choisissez-en un au-dessus de 1024",
            adresse.port()
        )),
        _ => Faute::Dite(format!("impossible d’écouter sur {adresse} : {erreur}")),
    })
}
