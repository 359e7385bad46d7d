//! The commands, as people type them. Each has its file; the texts here are what `--help` teaches.

mod bas;
mod config;
mod demo;
mod documentation;
mod evenements;
pub(crate) mod francais;
mod guichet;
mod proxy;
mod referentiel;
mod traces;
pub(crate) mod up;
mod verifier;

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgAction, Parser, Subcommand};
use thiserror::Error;

/// The help of each command; its headings end with a colon that clap adds.
const MODELE: &str = "\
{before-help}{about-with-newline}
Usage : {usage}

{all-args}{after-help}";

#[derive(Parser)]
#[command(
    name = "edc",
    version,
    about = "L’Espace de Confiance de Pro Santé Connect, à héberger soi-même : guichets et bac à sable.",
    subcommand_value_name = "COMMANDE",
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "Pour commencer : « edc up », puis ouvrez l’adresse du guichet et connectez-vous avec une personne de démonstration."
)]
pub(crate) struct Edc {
    /// Affiche l’aide ; « --help » donne la forme longue.
    #[arg(short = 'h', long = "help", global = true, action = ArgAction::Help)]
    aide: Option<bool>,
    /// Affiche la version.
    #[arg(short = 'V', long = "version", action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    commande: Commande,
}

#[derive(Subcommand)]
enum Commande {
    /// Démarre tout dans un seul processus, avec des données embarquées.
    ///
    /// Au premier démarrage, crée une autorité de test, les certificats TLS et la clé de signature dans le dossier de
    /// données, puis sert les guichets, le bac à sable (Pro Santé Connect, e-CPS, API) et le Proxy e-Santé devant lui. Le
    /// fichier DIR/edc.json décrit, pour les scripts, ce qui tourne. Ctrl-C termine les requêtes en cours puis s’arrête.
    /// Un second démarrage sur le même dossier retrouve tout.
    Up(up::Options),
    /// Joue un parcours complet sur un « edc up » en cours, et l’explique pas à pas.
    Demo(demo::Options),
    /// Sert le guichet seul, d’après un fichier de configuration (voir dev/guichet.toml).
    Guichet(config::Fichier),
    /// Sert le bac à sable seul (voir dev/bas.toml), ou agit sur celui de « edc up » : approuver, refuser, identités, fautes.
    #[command(subcommand_help_heading = "Actes", subcommand_value_name = "ACTE")]
    Bas(bas::Options),
    /// Sert le Proxy e-Santé seul, d’après un fichier de configuration (voir dev/proxy.toml).
    ///
    /// SIGHUP relit les certificats sans couper de connexion. Ctrl-C et SIGTERM laissent finir les appels en cours.
    Proxy(config::Fichier),
    /// Lit un fichier de configuration et dit toutes ses fautes, sans rien démarrer.
    ///
    /// Le genre du fichier (guichet, bac à sable ou proxy) se reconnaît à sa section « guichet », « isc » ou « proxy ».
    #[command(name = "check-config")]
    CheckConfig(config::Fichier),
    /// Examine une installation : dossier, base, fichiers, clé de signature, fournisseur d’identité, antivirus.
    Doctor(config::Fichier),
    /// Vérifie hors ligne une habilitation ou une autorisation d’accès en PDF, et dit pourquoi.
    ///
    /// La signature, la chaîne de certificats, l’étendue signée, les données embarquées et les dates sont vérifiées.
    /// Une suspension ou un retrait ne se lit que dans le registre public. Sortie 0 si le document est valable, 1 sinon.
    Verifier(verifier::Options),
    /// Travaille sur un référentiel d’exigences.
    #[command(subcommand)]
    Referentiel(referentiel::Commande),
    /// Travaille sur l’historique des guichets.
    #[command(subcommand)]
    Evenements(evenements::Commande),
    /// Vérifie, exporte ou purge les traces du proxy.
    #[command(subcommand)]
    Traces(traces::Commande),
    /// Écrit le script de complétion d’un shell : bash, zsh, fish…
    Completions(documentation::Completions),
    /// Écrit les pages de manuel (man) dans un dossier.
    Man(documentation::Man),
}

/// Why a command did not do its work, as one sentence.
#[derive(Debug, Error)]
pub(crate) enum Faute {
    #[error("{0}")]
    Dite(String),
    #[error(transparent)]
    Config(#[from] service::config::Fautes),
    #[error("le guichet ne s’ouvre pas")]
    Guichet(#[from] ::guichet::ErreurOuverture),
    #[error("le bac à sable ne s’ouvre pas")]
    Bas(#[from] ::bas::Erreur),
    #[error("le proxy ne s’ouvre pas")]
    Proxy(#[from] ::proxy::Erreur),
    #[error("certificats")]
    Igc(#[from] igc::Erreur),
    #[error("TLS")]
    Tls(#[from] service::tls::ErreurTls),
    #[error("base de données")]
    Registre(#[from] registre::Erreur),
    #[error("traces")]
    Traces(#[from] journal::Erreur),
    #[error("{chemin} : {source}")]
    Fichier { chemin: PathBuf, source: std::io::Error },
    #[error("exécution")]
    Systeme(#[from] std::io::Error),
}

impl Faute {
    pub(crate) fn fichier(chemin: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let chemin = chemin.into();
        move |source| Self::Fichier { chemin, source }
    }
}

pub(crate) fn executer(edc: Edc) -> Result<ExitCode, Faute> {
    match edc.commande {
        Commande::Up(options) => moteur()?.block_on(up::up(&options)),
        Commande::Demo(options) => moteur()?.block_on(demo::jouer(&options)),
        Commande::Guichet(fichier) => moteur()?.block_on(guichet::servir(&fichier)),
        Commande::Bas(options) => moteur()?.block_on(bas::executer(&options)),
        Commande::Proxy(fichier) => moteur()?.block_on(proxy::servir(&fichier)),
        Commande::CheckConfig(fichier) => config::verifier(&fichier),
        Commande::Doctor(fichier) => moteur()?.block_on(config::examiner(&fichier)),
        Commande::Verifier(options) => verifier::verifier(&options),
        Commande::Referentiel(commande) => referentiel::executer(&commande),
        Commande::Evenements(commande) => moteur()?.block_on(evenements::executer(&commande)),
        Commande::Traces(commande) => moteur()?.block_on(traces::executer(&commande)),
        Commande::Completions(options) => Ok(documentation::completions(&options, francais::commandes())),
        Commande::Man(options) => documentation::man(&options, francais::commandes()),
    }
}

fn moteur() -> Result<tokio::runtime::Runtime, Faute> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
