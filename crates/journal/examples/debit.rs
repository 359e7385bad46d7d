//! How many traces a second: accepted alone, and accepted while they go to the disk in groups.
//!
//! `cargo run --release -p journal --example debit [URL]` prints one line a case. Numbers are of this machine: compare them
//! with each other.

use std::{
    error::Error,
    io::Write as _,
    net::IpAddr,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use journal::{Appel, Config, Fait, Journal, Origine, Session, Trace};

const TRACES: u32 = 400_000;

fn trace(n: u32) -> Trace<'static> {
    let session = Session {
        id: "0192f3a4-5b6c-7d8e-9f00-112233445566",
        session_state: "7f3c2a10-3c1e-4a5b-8c7d-9e0f1a2b3c4d",
        dn: Some("CN=lps.exemple.test,OU=12345678901234,O=Editeur,ST=Paris (75),C=FR"),
    };
    Trace {
        instant: Timestamp::UNIX_EPOCH + Duration::from_micros(u64::from(n) * 20),
        client_id: Some("lps-exemple-client"),
        id_rpps: Some("899700000001"),
        origine: Some(Origine { adresse: IpAddr::from([192, 0, 2, 7]), port: Some(40_000) }),
        fait: Fait::Send(session, Appel::nouveau("backend-1", "GET", "/ressource/chemin/assez/long")),
    }
}

/// Nanoseconds that this thread spent on a processor: what a busy machine does not change.
fn processeur() -> u64 {
    let etat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    etat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// Accepts all the traces from `fils` threads, trying again when there is no room; how often there was none, and the
/// nanoseconds of processor that all threads took.
fn ecrire(journal: &Journal, fils: u32) -> (u64, u64) {
    std::thread::scope(|portee| {
        let taches: Vec<_> = (0..fils)
            .map(|_| {
                let mut ecrivain = journal.ecrivain();
                portee.spawn(move || {
                    let (mut refus, debut) = (0, processeur());
                    for n in 0..TRACES / fils {
                        while ecrivain.tracer(&trace(n)).is_err() {
                            refus += 1;
                            std::thread::yield_now();
                        }
                    }
                    (refus, processeur() - debut)
                })
            })
            .collect();
        let faits = taches.into_iter().filter_map(|tache| tache.join().ok());
        faits.fold((0, 0), |somme, fait| (somme.0 + fait.0, somme.1 + fait.1))
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1);
    let mut sortie = std::io::stdout().lock();
    for (nom, fils, vidange_ms) in [
        ("acceptées seulement, 1 fil ", 1, 60_000),
        ("acceptées seulement, 2 fils", 2, 60_000),
        ("mises sur disque, 1 fil    ", 1, 100),
        ("mises sur disque, 2 fils   ", 2, 100),
        ("mises sur disque, 5 ms     ", 1, 5),
    ] {
        let dossier = tempfile::tempdir()?;
        let mut config = Config::dans(dossier.path());
        config.base = url.clone().map(Into::into);
        config.noeud = format!("debit-{fils}-{vidange_ms}");
        config.vidange_ms = vidange_ms;
        let journal = Journal::ouvrir(config).await?;
        let debut = Instant::now();
        let (refus, processeur) = ecrire(&journal, fils);
        let acceptees = debut.elapsed();
        journal.vider().await?;
        let rangees = debut.elapsed();
        let par_seconde = |duree: Duration| f64::from(TRACES) / duree.as_secs_f64();
        writeln!(
            sortie,
            "{nom} : {:>8.0} acceptées/s, {} ns de processeur chacune ; {:>8.0} rangées/s ; {refus} attentes de place",
            par_seconde(acceptees),
            processeur / u64::from(TRACES),
            par_seconde(rangees),
        )?;
        journal.fermer().await?;
    }
    Ok(())
}
