//! What `bench/mesurer` needs and no operator does: many sessions out of one, and a proxy that traces nothing.
//!
//! `mesure remplir --config F --nombre N` writes N copies of the session that the store of F holds.
//! `mesure proxy --config F [--sans-traces]` is `edc proxy`, whose traces can be forgotten.

use std::error::Error;
use std::path::Path;

use serde::Deserialize;
use service::{Alea, Arret, Horloge, Identite, TlsServeur, logs, tls::Clients};

// As in the binary: what is measured is what is served.
#[global_allocator]
static MEMOIRE: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Deserialize)]
struct Fichier {
    tls: Tls,
    proxy: proxy::Config,
}

#[derive(Deserialize)]
struct Tls {
    certificat: std::path::PathBuf,
    cle: std::path::PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    service::tls::installer_fournisseur();
    let mots: Vec<String> = std::env::args().skip(1).collect();
    let mots: Vec<&str> = mots.iter().map(String::as_str).collect();
    let moteur = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match mots[..] {
        ["remplir", "--config", config, "--nombre", nombre] => {
            moteur.block_on(remplir(config.as_ref(), nombre.parse()?))
        }
        ["proxy", "--config", config] => moteur.block_on(servir(config.as_ref(), false)),
        ["proxy", "--sans-traces", "--config", config] => moteur.block_on(servir(config.as_ref(), true)),
        _ => Err("mesure remplir --config F --nombre N | mesure proxy [--sans-traces] --config F".into()),
    }
}

async fn remplir(config: &Path, nombre: usize) -> Result<(), Box<dyn Error>> {
    let fichier: Fichier = service::config::load(config, "EDC")?;
    let fait = proxy::multiplier(&fichier.proxy, nombre, &Alea::systeme()).await?;
    let dit = serde_json::json!({ "suffixe": fait.suffixe, "jetons_octets": fait.jetons_octets });
    dire(&dit.to_string())
}

async fn servir(config: &Path, sans_traces: bool) -> Result<(), Box<dyn Error>> {
    logs::init(logs::Format::Texte, "warn")?;
    let mut fichier: Fichier = service::config::load(config, "EDC")?;
    fichier.proxy.traces.journal.muet = sans_traces;
    let identite = Identite::depuis_fichiers(&fichier.tls.certificat, &fichier.tls.cle)?;
    let tls = TlsServeur::nouveau(identite, Clients::Aucun)?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    let proxy =
        proxy::Proxy::ouvrir(fichier.proxy, tls, Horloge::systeme(), Alea::systeme(), arret.clone()).await?;
    dire("prêt")?;
    proxy.servir().await?;
    arret.termine(std::time::Duration::from_secs(30)).await;
    Ok(())
}

fn dire(texte: &str) -> Result<(), Box<dyn Error>> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{texte}")?;
    Ok(())
}
