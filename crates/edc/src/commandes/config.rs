//! Configuration files of the products when they run alone, `check-config` and `doctor`.
//!
//! Rule: every fault that can be known is told at once, with its file and line; nothing is started to find it.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use serde::Deserialize;
use service::{
    TlsServeur, logs,
    tls::{Autorites, Clients},
};

use super::Faute;
use crate::sortie;

/// Prefix of the environment variables that stand over the file: `EDC_GUICHET_URL` sets `[guichet] url`.
pub(crate) const PREFIXE: &str = "EDC";

#[derive(Args)]
pub(crate) struct Fichier {
    /// Fichier de configuration (TOML).
    #[arg(long = "config", short = 'c', value_name = "FICHIER")]
    pub config: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Certificate and its chain, PEM.
    pub certificat: PathBuf,
    /// Private key, PEM.
    pub cle: PathBuf,
}

impl Tls {
    pub(crate) fn serveur(&self) -> Result<TlsServeur, Faute> {
        self.serveur_avec(Clients::Aucun)
    }

    pub(crate) fn serveur_avec(&self, clients: Clients) -> Result<TlsServeur, Faute> {
        Ok(TlsServeur::depuis_fichiers(&self.certificat, &self.cle, clients)?)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journal {
    #[serde(default)]
    pub format: logs::Format,
    #[serde(default = "filtre")]
    pub filtre: String,
}

fn filtre() -> String {
    "info".to_owned()
}

impl Default for Journal {
    fn default() -> Self {
        Self { format: logs::Format::Texte, filtre: filtre() }
    }
}

impl Journal {
    pub(crate) fn ouvrir(&self) -> Result<(), Faute> {
        logs::init(self.format, &self.filtre).map_err(|faute| Faute::Dite(faute.to_string()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigGuichet {
    pub tls: Tls,
    #[serde(default)]
    pub journal: Journal,
    pub guichet: guichet::config::Config,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigBas {
    pub ecoute: SocketAddr,
    pub tls: Tls,
    #[serde(default)]
    pub journal: Journal,
    pub isc: bas::isc::Config,
    /// Where Pro Santé Connect listens: there, clients may show a certificate.
    pub ecoute_psc: SocketAddr,
    /// PEM of the authorities whose client certificates are taken.
    pub autorites_clients: PathBuf,
    pub psc: bas::psc::Config,
    /// Where the API listen, if there are any.
    #[serde(default)]
    ecoute_apis: Option<SocketAddr>,
    #[serde(default)]
    pub apis: Option<bas::api::Config>,
}

impl ConfigBas {
    /// Where the API listen.
    pub(crate) fn ecoute_apis(&self) -> Result<Option<SocketAddr>, Faute> {
        match (&self.apis, self.ecoute_apis) {
            (Some(_), None) | (None, Some(_)) => {
                Err(Faute::Dite("« ecoute_apis » et la section [apis] vont ensemble".to_owned()))
            }
            (_, adresse) => Ok(adresse),
        }
    }

    /// TLS of the listener of Pro Santé Connect.
    pub(crate) fn tls_psc(&self) -> Result<TlsServeur, Faute> {
        self.tls.serveur()?;
        let pem = std::fs::read_to_string(&self.autorites_clients)
            .map_err(Faute::fichier(&self.autorites_clients))?;
        self.tls.serveur_avec(Clients::Facultatif(Autorites::depuis_pem(&pem)?))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigProxy {
    pub tls: Tls,
    #[serde(default)]
    pub journal: Journal,
    pub proxy: proxy::Config,
}

impl ConfigProxy {
    /// TLS of the relay: certificates of LPS are asked for only where an authority for them is given.
    pub(crate) fn tls(&self) -> Result<TlsServeur, Faute> {
        let Some(chemin) = &self.proxy.autorites_clients else { return self.tls.serveur() };
        let pem = std::fs::read_to_string(chemin).map_err(Faute::fichier(chemin))?;
        self.tls.serveur_avec(Clients::Facultatif(Autorites::depuis_pem(&pem)?))
    }
}

/// Which product a file configures.
enum Genre {
    Guichet,
    Bas,
    Proxy,
}

fn genre(chemin: &Path) -> Result<Genre, Faute> {
    let texte = std::fs::read_to_string(chemin).map_err(Faute::fichier(chemin))?;
    let section = |nom: &str| texte.lines().any(|ligne| ligne.trim().starts_with(&format!("[{nom}")));
    if section("guichet") {
        Ok(Genre::Guichet)
    } else if section("isc") {
        Ok(Genre::Bas)
    } else if section("proxy") {
        Ok(Genre::Proxy)
    } else {
        Err(Faute::Dite(format!(
            "{} : ni section [guichet], ni section [isc], ni section [proxy] ; partez de dev/guichet.toml, de \
             dev/bas.toml ou de dev/proxy.toml",
            chemin.display()
        )))
    }
}

pub(crate) fn verifier(fichier: &Fichier) -> Result<ExitCode, Faute> {
    let chemin = &fichier.config;
    let (nom, tls) = match genre(chemin)? {
        Genre::Guichet => ("guichet", service::config::load::<ConfigGuichet>(chemin, PREFIXE)?.tls),
        Genre::Bas => {
            let config: ConfigBas = service::config::load(chemin, PREFIXE)?;
            config.tls_psc()?;
            config.ecoute_apis()?;
            ("bac à sable", config.tls)
        }
        Genre::Proxy => {
            let config: ConfigProxy = service::config::load(chemin, PREFIXE)?;
            config.tls()?;
            proxy::verifier(&config.proxy)?;
            for remarque in config.proxy.remarques() {
                sortie::texte(&format!("Attention, {remarque}.\n"));
            }
            ("proxy", config.tls)
        }
    };
    tls.serveur()?;
    sortie::texte(&format!("{} : configuration du {nom} lisible et complète.\n", chemin.display()));
    Ok(ExitCode::SUCCESS)
}

/// A line of the examination.
struct Constat {
    quoi: &'static str,
    resultat: Result<String, String>,
}

pub(crate) async fn examiner(fichier: &Fichier) -> Result<ExitCode, Faute> {
    let chemin = &fichier.config;
    let constats = match genre(chemin)? {
        Genre::Guichet => examiner_guichet(service::config::load(chemin, PREFIXE)?).await,
        Genre::Bas => {
            let config: ConfigBas = service::config::load(chemin, PREFIXE)?;
            let mut constats = vec![
                tls(&config.tls),
                dossier("données (iSC)", &config.isc.donnees),
                dossier("données (PSC)", &config.psc.donnees),
            ];
            constats.extend(config.apis.as_ref().map(|apis| dossier("données (API)", &apis.donnees)));
            constats
        }
        Genre::Proxy => {
            let config: ConfigProxy = service::config::load(chemin, PREFIXE)?;
            let mut constats =
                vec![tls(&config.tls), dossier("traces", &config.proxy.traces.journal.dossier)];
            let vus = proxy::examiner(&config.proxy).await;
            constats.extend(vus.into_iter().map(|(quoi, resultat)| Constat { quoi, resultat }));
            constats
        }
    };
    let mut texte = String::new();
    let mut sain = true;
    for Constat { quoi, resultat } in constats {
        let (signe, detail) = match &resultat {
            Ok(detail) => ("✓", detail),
            Err(detail) => {
                sain = false;
                ("✗", detail)
            }
        };
        let _ = writeln!(texte, "{signe} {quoi:<22} {detail}");
    }
    sortie::texte(&texte);
    Ok(if sain { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tls(tls: &Tls) -> Constat {
    let resultat = tls.serveur().map_err(|faute| chaine(&faute)).and_then(|_| {
        let octets = std::fs::read(&tls.certificat).map_err(|erreur| erreur.to_string())?;
        let lu = igc::lire::lire(&octets).map_err(|erreur| erreur.to_string())?;
        let fin = domaine::calendrier::date_fr(domaine::calendrier::jour(lu.fin));
        Ok(format!("certificat {}, valable jusqu’au {fin}", lu.cn.unwrap_or_default()))
    });
    Constat { quoi: "TLS", resultat }
}

fn dossier(quoi: &'static str, chemin: &Path) -> Constat {
    let essai = chemin.join(".edc-doctor");
    let resultat = std::fs::create_dir_all(chemin)
        .and_then(|()| std::fs::write(&essai, b""))
        .and_then(|()| std::fs::remove_file(&essai))
        .map(|()| format!("{} accessible en écriture", chemin.display()))
        .map_err(|erreur| format!("{} : {erreur}", chemin.display()));
    Constat { quoi, resultat }
}

async fn examiner_guichet(config: ConfigGuichet) -> Vec<Constat> {
    let mut constats = vec![tls(&config.tls), dossier("fichiers", &config.guichet.fichiers)];
    if let guichet::config::Courriel::Dossier { chemin, .. } = &config.guichet.courriel {
        constats.push(dossier("courriels", chemin));
    }
    let ecoute = tokio::net::TcpListener::bind(config.guichet.ecoute).await;
    constats.push(Constat {
        quoi: "écoute",
        resultat: ecoute.map(|_| format!("{} est libre", config.guichet.ecoute)).map_err(|erreur| {
            format!("{} : {erreur} (le guichet tourne-t-il déjà ?)", config.guichet.ecoute)
        }),
    });
    let ouverture = guichet::ouvrir(config.guichet, service::Horloge::systeme(), service::Alea::systeme());
    match tokio::time::timeout(Duration::from_secs(20), ouverture).await {
        Err(_) => constats
            .push(Constat { quoi: "ouverture", resultat: Err("pas de réponse en 20 secondes".to_owned()) }),
        Ok(Err(faute)) => constats.push(Constat { quoi: "ouverture", resultat: Err(chaine(&faute)) }),
        Ok(Ok(app)) => {
            constats.push(Constat {
                quoi: "ouverture",
                resultat: Ok(format!("base, référentiel {} et clé de signature en ordre", app.referentiel)),
            });
            let emetteur = app.config.oidc.emetteur.clone();
            constats.push(Constat {
                quoi: "fournisseur d’identité",
                resultat: app
                    .oidc
                    .fournisseur()
                    .await
                    .map(|_| format!("{emetteur} répond"))
                    .map_err(|faute| format!("{emetteur} : {}", chaine(&faute))),
            });
        }
    }
    constats
}

fn chaine(faute: &dyn std::error::Error) -> String {
    let mut texte = faute.to_string();
    let mut source = faute.source();
    while let Some(cause) = source {
        let _ = write!(texte, " : {cause}");
        source = cause.source();
    }
    texte
}
