//! `edc referentiel verifier`: reads a référentiel and tells its faults or what it holds.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::Subcommand;
use domaine::referentiel::{Profil, Referentiel};

use super::Faute;
use crate::sortie;

#[derive(Subcommand)]
pub(crate) enum Commande {
    /// Vérifie un fichier de référentiel (TOML) ; celui qui est embarqué si aucun n’est donné.
    Verifier {
        /// Fichier à vérifier.
        #[arg(value_name = "FICHIER")]
        fichier: Option<PathBuf>,
    },
}

pub(crate) fn executer(commande: &Commande) -> Result<ExitCode, Faute> {
    let Commande::Verifier { fichier } = commande;
    let (nom, texte) = match fichier {
        Some(chemin) => {
            (chemin.display().to_string(), std::fs::read_to_string(chemin).map_err(Faute::fichier(chemin))?)
        }
        None => ("référentiel embarqué".to_owned(), guichet::REFERENTIEL.to_owned()),
    };
    let fautes = match Referentiel::lire(&texte) {
        Ok(referentiel) => {
            sortie::texte(&resume(&nom, &referentiel));
            return Ok(ExitCode::SUCCESS);
        }
        Err(fautes) => fautes,
    };
    let mut rapport = String::new();
    for faute in &fautes {
        let _ = writeln!(rapport, "{nom}, {faute}");
    }
    let _ = writeln!(rapport, "{} faute(s).", fautes.len());
    sortie::texte(&rapport);
    Ok(ExitCode::FAILURE)
}

fn resume(nom: &str, referentiel: &Referentiel) -> String {
    let mut texte = format!(
        "{nom} : {} version {}, {} chapitres, {} exigences, {} preuves attendues. Aucune faute.\n",
        referentiel.id,
        referentiel.version,
        referentiel.chapitres.len(),
        referentiel.exigences.len(),
        referentiel
            .exigences
            .iter()
            .flat_map(|exigence| &exigence.scenarios)
            .map(|scenario| scenario.preuves.len())
            .sum::<usize>(),
    );
    for profil in Profil::TOUS {
        let chapitres: Vec<String> = referentiel
            .chapitres_pour(&[profil])
            .into_iter()
            .map(|chapitre| {
                format!("{} {}", chapitre.code, referentiel.attendues(&chapitre.code, &[profil]).len())
            })
            .collect();
        let _ = writeln!(texte, "  {:<5} {}", profil.code(), chapitres.join(", "));
    }
    texte
}
