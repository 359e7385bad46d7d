//! `edc evenements verifier`: proves that the history was not tampered with.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use registre::Registre;

use super::Faute;
use crate::sortie;

#[derive(Subcommand)]
pub(crate) enum Commande {
    /// Relit toute la chaîne des événements et dit où elle est rompue, si elle l’est.
    Verifier(Options),
}

#[derive(Args)]
pub(crate) struct Options {
    /// Dossier de données de « edc up ».
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    data: PathBuf,
    /// Base à lire au lieu de celle du dossier : sqlite:CHEMIN ou postgres://…
    #[arg(long, value_name = "URL")]
    base: Option<String>,
}

pub(crate) async fn executer(commande: &Commande) -> Result<ExitCode, Faute> {
    let Commande::Verifier(options) = commande;
    let url = if let Some(url) = &options.base {
        url.clone()
    } else {
        let chemin = options.data.join("guichet.db");
        if !chemin.exists() {
            return Err(Faute::Dite(format!("{} n’existe pas : donnez --data ou --base", chemin.display())));
        }
        format!("sqlite:{}", chemin.display())
    };
    let registre = Registre::ouvrir(&url).await?;
    let resultat = registre.lire().await?.verifier_chaine().await?;
    registre.fermer().await;
    match resultat {
        Ok(lignes) => {
            sortie::texte(&format!("Historique intact : {lignes} événement(s), chaîne continue.\n"));
            Ok(ExitCode::SUCCESS)
        }
        Err(rompue) => {
            sortie::texte(&format!("{rompue}\n"));
            Ok(ExitCode::FAILURE)
        }
    }
}
