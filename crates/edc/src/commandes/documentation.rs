//! `edc completions` and `edc man`: what the shell and `man` know of the commands, made from the commands themselves.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Command};
use clap_complete::Shell;

use super::Faute;
use crate::sortie;

#[derive(Args)]
pub(crate) struct Completions {
    /// Shell : bash, zsh, fish, elvish ou powershell.
    shell: Shell,
}

#[derive(Args)]
pub(crate) struct Man {
    /// Dossier où écrire edc.1, edc-up.1…
    #[arg(long, value_name = "DOSSIER", default_value = "man")]
    dossier: PathBuf,
}

pub(crate) fn completions(options: &Completions, mut commande: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut commande, "edc", &mut script);
    sortie::octets(&script);
    ExitCode::SUCCESS
}

pub(crate) fn man(options: &Man, commande: Command) -> Result<ExitCode, Faute> {
    std::fs::create_dir_all(&options.dossier).map_err(Faute::fichier(&options.dossier))?;
    clap_mangen::generate_to(commande, &options.dossier).map_err(Faute::fichier(&options.dossier))?;
    sortie::texte(&format!("Pages de manuel écrites dans {}.\n", options.dossier.display()));
    Ok(ExitCode::SUCCESS)
}
