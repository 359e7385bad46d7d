//! `edc traces`: proves that the traces of the proxy were not tampered with, gives them out, and purges the oldest.
//!
//! Rule: verifying and exporting only read, also beside a proxy that runs. Purging writes a trace, so it asks for the
//! folder that a running proxy holds.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use futures::StreamExt as _;
use jiff::{Timestamp, civil, tz::TimeZone};
use journal::{Config, Erreur, Format, Intervalle, Journal, Lecteur, Rapport};
use service::Horloge;

use super::Faute;
use crate::sortie;

#[derive(Subcommand)]
pub(crate) enum Commande {
    /// Relit toute la chaîne des traces, ou celle d’un export, et dit où elle est rompue, si elle l’est.
    ///
    /// La dernière empreinte affichée, notée ailleurs, permet de voir plus tard qu’une chaîne entière a été réécrite.
    /// Sortie 0 si tout est intact, 1 sinon.
    Verifier(Verifier),
    /// Donne les traces d’une période, en JSON, NDJSON ou CSV.
    ///
    /// Les exports JSON et NDJSON portent leurs empreintes : « edc traces verifier FICHIER » les relit. Ils contiennent
    /// des lots entiers, donc parfois quelques traces juste avant ou juste après la période.
    Exporter(Exporter),
    /// Efface les traces trop anciennes, et le dit par une trace de purge. Le proxy doit être arrêté.
    ///
    /// Un proxy en marche purge lui-même, chaque jour.
    Purger(Purger),
}

#[derive(Args)]
pub(crate) struct Lieu {
    /// Dossier des traces, tel que dans la configuration du proxy.
    #[arg(long, value_name = "DIR", default_value = ".edc/traces")]
    dossier: PathBuf,
    /// Base des traces si elle n’est pas dans le dossier : sqlite:CHEMIN ou postgres://…
    #[arg(long, value_name = "URL", env = "EDC_PROXY_TRACES_JOURNAL_BASE", hide_env_values = true)]
    base: Option<String>,
}

impl Lieu {
    fn config(&self) -> Config {
        let mut config = Config::dans(&self.dossier);
        config.base = self.base.clone().map(Into::into);
        config
    }

    async fn lecteur(&self) -> Result<Lecteur, Faute> {
        match Lecteur::ouvrir(&self.config()).await {
            Err(Erreur::Absente(chemin)) => {
                Err(Faute::Dite(format!("{} n’existe pas : donnez --dossier ou --base", chemin.display())))
            }
            lecteur => Ok(lecteur?),
        }
    }
}

#[derive(Args)]
pub(crate) struct Verifier {
    /// Export à vérifier (JSON ou NDJSON), au lieu de la base.
    #[arg(value_name = "FICHIER")]
    export: Option<PathBuf>,
    #[command(flatten)]
    lieu: Lieu,
}

#[derive(Args)]
pub(crate) struct Exporter {
    #[command(flatten)]
    lieu: Lieu,
    /// Format du fichier.
    #[arg(long, value_enum, default_value_t = Forme::Ndjson)]
    format: Forme,
    /// Début de la période : un jour (AAAA-MM-JJ, minuit UTC) ou un instant avec son décalage.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    debut: Option<Timestamp>,
    /// Fin de la période, exclue.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    fin: Option<Timestamp>,
    /// Fichier à écrire, qui ne doit pas exister ; la sortie standard par défaut.
    #[arg(long, value_name = "FICHIER")]
    sortie: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Forme {
    Json,
    Ndjson,
    Csv,
}

#[derive(Args)]
pub(crate) struct Purger {
    #[command(flatten)]
    lieu: Lieu,
    /// Nom du nœud dont ce dossier est celui.
    #[arg(long, value_name = "NOM", default_value = "proxy")]
    noeud: String,
    /// Efface ce qui précède ce jour (AAAA-MM-JJ, minuit UTC) ou cet instant ; six mois avant maintenant par défaut.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    avant: Option<Timestamp>,
}

/// A day, at midnight UTC, or an instant with its offset.
fn instant(texte: &str) -> Result<Timestamp, String> {
    let jour =
        || texte.parse::<civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|jour| jour.timestamp());
    texte
        .parse()
        .ok()
        .or_else(jour)
        .ok_or_else(|| "attendu : 2026-03-01 ou 2026-03-01T08:00:00+01:00".to_owned())
}

pub(crate) async fn executer(commande: &Commande) -> Result<ExitCode, Faute> {
    match commande {
        Commande::Verifier(options) => verifier(options).await,
        Commande::Exporter(options) => exporter(options).await,
        Commande::Purger(options) => purger(options).await,
    }
}

async fn verifier(options: &Verifier) -> Result<ExitCode, Faute> {
    let rapport = match &options.export {
        Some(chemin) => {
            let fichier = File::open(chemin).map_err(Faute::fichier(chemin))?;
            journal::verifier_export(BufReader::new(fichier)).map_err(Faute::fichier(chemin))?
        }
        None => options.lieu.lecteur().await?.verifier().await?,
    };
    sortie::texte(&dire(&rapport));
    Ok(if rapport.intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn dire(rapport: &Rapport) -> String {
    let mut texte = String::new();
    for chaine in &rapport.chaines {
        let noeud = &chaine.noeud;
        // Writing to memory never fails.
        let _ = match &chaine.rupture {
            Some(rupture) => writeln!(texte, "✗ Nœud « {noeud} » : chaîne rompue {rupture}."),
            None if chaine.traces == 0 => writeln!(texte, "✓ Nœud « {noeud} » : aucune trace."),
            None => writeln!(
                texte,
                "✓ Nœud « {noeud} » : {} trace(s), du rang {} au rang {}, chaîne continue.\n  Dernière empreinte : {}",
                chaine.traces, chaine.premier, chaine.dernier, chaine.empreinte
            ),
        };
    }
    texte + if rapport.intact() { "Traces intactes.\n" } else { "Les traces ont été altérées.\n" }
}

async fn exporter(options: &Exporter) -> Result<ExitCode, Faute> {
    let lecteur = options.lieu.lecteur().await?;
    let intervalle = Intervalle {
        debut: options.debut.unwrap_or(Intervalle::TOUT.debut),
        fin: options.fin.unwrap_or(Intervalle::TOUT.fin),
    };
    let format = match options.format {
        Forme::Json => Format::Json,
        Forme::Ndjson => Format::Ndjson,
        Forme::Csv => Format::Csv,
    };
    let mut fichier = match &options.sortie {
        Some(chemin) => Some((chemin, File::create_new(chemin).map_err(Faute::fichier(chemin))?)),
        None => None,
    };
    let mut morceaux = std::pin::pin!(lecteur.exporter(format, intervalle));
    while let Some(morceau) = morceaux.next().await {
        let octets = morceau?;
        match &mut fichier {
            Some((chemin, fichier)) => fichier.write_all(&octets).map_err(Faute::fichier(*chemin))?,
            // A closed pipe (`edc … | head`) is no fault.
            None if io::stdout().lock().write_all(&octets).is_err() => break,
            None => {}
        }
    }
    if let Some((chemin, fichier)) = fichier {
        fichier.sync_all().map_err(Faute::fichier(chemin))?;
        sortie::texte(&format!("{} écrit.\n", chemin.display()));
    }
    Ok(ExitCode::SUCCESS)
}

async fn purger(options: &Purger) -> Result<ExitCode, Faute> {
    let mut config = options.lieu.config();
    config.noeud.clone_from(&options.noeud);
    if !config.dossier.is_dir() {
        return Err(Faute::Dite(format!("{} n’existe pas : donnez --dossier", config.dossier.display())));
    }
    let maintenant = Horloge::systeme().maintenant();
    let avant = options.avant.unwrap_or_else(|| config.limite(maintenant));
    let journal = match Journal::ouvrir(config).await {
        Err(Erreur::Occupe(dossier)) => {
            return Err(Faute::Dite(format!(
                "{} : un proxy y écrit ; il purge lui-même, ou arrêtez-le d’abord",
                dossier.display()
            )));
        }
        journal => journal?,
    };
    let purgees = journal.purger_avant(avant, maintenant).await?;
    journal.fermer().await?;
    sortie::texte(&format!("{purgees} trace(s) d’avant le {avant} effacée(s).\n"));
    Ok(ExitCode::SUCCESS)
}
