//! What is kept no longer than it must, by whoever is left, and read by nobody else meanwhile.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use journal::{Config, Fait, Genre, Journal};
use test_support::base::{BaseEssai, bases, sqlite};

use crate::appui::{Banc, SESSION, ouvrir, seconde, tout, trace};

fn jour(n: i64) -> Timestamp {
    seconde(0) + SignedDuration::from_hours(24 * n)
}

/// A node of that database.
fn noeud(base: &BaseEssai, nom: &str) -> Banc {
    let mut banc = Banc::sur(base);
    nom.clone_into(&mut banc.config.noeud);
    banc
}

async fn tracer(journal: &Journal, instant: Timestamp) {
    journal.tracer(&trace("8", instant, Fait::ConnectReplay(SESSION))).expect("there is room");
    journal.vider().await.expect("the database obeys");
}

async fn purger(journal: &Journal, avant: i64, maintenant: i64) -> u64 {
    journal.purger_avant(jour(avant), jour(maintenant)).await.expect("the database obeys")
}

#[tokio::test]
async fn what_a_retired_node_left_is_purged_by_another_and_told_in_its_chain() {
    for base in bases() {
        let (retire, reste) = (noeud(&base, "a"), noeud(&base, "b"));
        let a = retire.ouvrir().await;
        for n in [0, 20] {
            tracer(&a, jour(n)).await;
        }
        let b = reste.ouvrir().await;
        assert_eq!(purger(&b, 10, 25).await, 0, "{}: silent for five days, it may only be quiet", base.nom);
        assert_eq!(purger(&b, 10, 28).await, 1, "{}", base.nom);
        let traces = tout(&b).await;
        let purge = traces.iter().find(|trace| trace.genre == Genre::Purge).unwrap();
        assert_eq!((&*purge.noeud, purge.rang), ("a", 3));
        let json: serde_json::Value = serde_json::from_str(&purge.json).unwrap();
        assert_eq!((&json["purge"]["par"], &json["purge"]["traces"]), (&"b".into(), &1.into()));

        // It was only asleep: it goes on where its chain is now, and so does its next life.
        tracer(&a, jour(29)).await;
        a.fermer().await.unwrap();
        let a = retire.ouvrir().await;
        tracer(&a, jour(30)).await;
        a.fermer().await.unwrap();
        let rapport = b.verifier().await.unwrap();
        assert!(rapport.intact() && rapport.traces() == 4, "{}: {rapport:?}", base.nom);

        // All of it, then nothing but the trace of that: it is not purged to be told again.
        assert_eq!(purger(&b, 300, 400).await, 4, "{}", base.nom);
        assert_eq!(purger(&b, 700, 800).await, 0, "{}", base.nom);
        assert_eq!(tout(&b).await.len(), 1);
        assert!(b.verifier().await.unwrap().intact(), "{}", base.nom);
    }
}

#[tokio::test]
async fn what_was_purged_is_not_left_in_the_file() {
    const MARQUE: &str = "marque-8997";
    let dossier = tempfile::tempdir().unwrap();
    let journal = Journal::ouvrir(Config::dans(dossier.path())).await.unwrap();
    for n in 0..2_000 {
        journal.tracer(&trace(MARQUE, seconde(n), Fait::ConnectReplay(SESSION))).unwrap();
    }
    journal.vider().await.unwrap();
    assert_eq!(journal.purger_avant(jour(1), jour(2)).await.unwrap(), 2_000);
    journal.fermer().await.unwrap();
    let octets = std::fs::read(dossier.path().join("traces.db")).unwrap();
    assert!(octets.len() > 100_000, "the room is still there");
    assert!(!octets.windows(MARQUE.len()).any(|fenetre| fenetre == MARQUE.as_bytes()));
}

fn modes(dossier: &Path, vus: &mut Vec<(String, u32)>) {
    let mode = |chemin: &Path| std::fs::metadata(chemin).expect("it is there").permissions().mode() & 0o777;
    vus.push((dossier.display().to_string(), mode(dossier)));
    for entree in std::fs::read_dir(dossier).expect("a folder") {
        let chemin = entree.expect("it is there").path();
        if chemin.is_dir() {
            modes(&chemin, vus);
        } else {
            vus.push((chemin.display().to_string(), mode(&chemin)));
        }
    }
}

#[tokio::test]
async fn nobody_else_reads_the_traces_on_the_disk() {
    let atelier = tempfile::tempdir().unwrap();
    for ouverte_a_tous in [false, true] {
        let dossier = atelier.path().join(ouverte_a_tous.to_string()).join("traces");
        if ouverte_a_tous {
            // What an earlier version made.
            std::fs::create_dir_all(&dossier).unwrap();
            std::fs::write(dossier.join("traces.db"), "").unwrap();
        }
        let journal = ouvrir(&Config::dans(&dossier)).await;
        tracer(&journal, seconde(0)).await;
        let mut vus = Vec::new();
        modes(&dossier, &mut vus);
        assert!(vus.len() >= 5, "{vus:?}");
        for (chemin, mode) in &vus {
            let garde = *mode == 0o600 || *mode == 0o700;
            assert!(garde || (ouverte_a_tous && Path::new(chemin) == dossier), "{chemin}: {mode:o}");
        }
        journal.fermer().await.unwrap();
    }
    // Given by its address too.
    let base = sqlite();
    Banc::sur(&base).ouvrir().await;
    let chemin = base.url.trim_start_matches("sqlite://").split('?').next().unwrap();
    assert_eq!(std::fs::metadata(chemin).unwrap().permissions().mode() & 0o777, 0o600);
}
