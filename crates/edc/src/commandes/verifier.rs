//! `edc verifier`: says offline whether a signed document of the guichets is good, and why.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::Faute;

#[derive(Args)]
pub(crate) struct Options {
    /// Document à vérifier (PDF).
    #[arg(value_name = "FICHIER")]
    fichier: PathBuf,
    /// Certificats des autorités reconnues (PEM) ; celui de l’autorité de test de DIR par défaut.
    #[arg(long, value_name = "FICHIER")]
    autorite: Vec<PathBuf>,
    /// Dossier de données de « edc up », pour son autorité de test.
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    data: PathBuf,
}

pub(crate) fn verifier(options: &Options) -> Result<ExitCode, Faute> {
    let _ = std::fs::read(&options.fichier).map_err(Faute::fichier(&options.fichier))?;
    let _ = (&options.autorite, &options.data);
    Err(Faute::Dite("vérification indisponible".to_owned()))
}
