//! When the database, the disk or a file fails: nothing is lost in silence.

use std::{io::Write as _, process::Command};

use futures::TryStreamExt as _;
use journal::{Config, Erreur, Intervalle, Journal, RefusDeTracer};
use sqlx::{AssertSqlSafe, Connection as _};
use test_support::{
    base::{BaseEssai, bases, postgres, sqlite},
    coupure::Coupure,
    exige,
};

use crate::{
    appui::{Banc, numeros, ouvrir, tout, tracer},
    mort::environnement,
};

async fn renommer(base: &BaseEssai, de: &str, vers: &str) {
    let ordre = AssertSqlSafe(format!("ALTER TABLE {de} RENAME TO {vers}"));
    if base.nom == "sqlite" {
        let mut connexion = sqlx::SqliteConnection::connect(&base.url).await.expect("the system obeys");
        sqlx::raw_sql(ordre).execute(&mut connexion).await.expect("the system obeys");
    } else {
        let mut connexion = sqlx::PgConnection::connect(&base.url).await.expect("the system obeys");
        sqlx::raw_sql(ordre).execute(&mut connexion).await.expect("the system obeys");
    }
}

#[tokio::test]
async fn while_the_database_fails_traces_wait_and_beyond_the_bound_they_are_refused() {
    for base in bases() {
        let mut banc = Banc::sur(&base);
        banc.config.segments_max = 3;
        let journal = banc.ouvrir().await;
        tracer(&journal, 0).unwrap();
        journal.vider().await.unwrap();
        assert!(journal.etat().sain());

        renommer(&base, "trace_lot", "ailleurs").await;
        let mut acceptees = 1;
        let refus = loop {
            match tracer(&journal, acceptees) {
                Ok(()) => acceptees += 1,
                Err(refus) => break refus,
            }
        };
        assert!(matches!(refus, RefusDeTracer::Plein { .. }), "{refus:?}");
        assert!(acceptees > 800, "three segments of 128 KiB hold more than {acceptees}");
        journal.vider().await.unwrap_err();
        let etat = journal.etat();
        assert!(etat.panne.is_some() && !etat.sain(), "{etat:?}");
        assert!(etat.en_attente > 250_000 && etat.refusees == 1 && etat.rangees == 1, "{etat:?}");

        renommer(&base, "ailleurs", "trace_lot").await;
        journal.vider().await.unwrap();
        tracer(&journal, acceptees).unwrap();
        assert_eq!(numeros(&tout(&journal).await), (0..=acceptees).collect::<Vec<_>>(), "{}", base.nom);
        let etat = journal.etat();
        assert!(etat.sain() && etat.en_attente == 0, "{etat:?}");
        assert!(journal.verifier().await.unwrap().intact());
    }
}

#[tokio::test]
async fn without_its_server_a_journal_opens_and_loses_nothing_once_it_is_back() {
    let Some(base) = postgres() else { return };
    let (ligne, url) = Coupure::vers(&base.url);
    let mut banc = Banc::sur(&base);
    banc.config.base = Some(url.into());

    // Lives with and without the server, one killed: a folder keeps what the server has not.
    ligne.couper();
    let journal = banc.ouvrir().await;
    let etat = journal.etat();
    assert!(etat.panne.is_some() && !etat.sain(), "{etat:?}");
    tracer(&journal, 0).unwrap();
    assert!(journal.etat().en_attente > 0);
    assert!(
        journal.lire(Intervalle::TOUT).try_collect::<Vec<_>>().await.is_err(),
        "what can't be read is said"
    );
    assert!(journal.fermer().await.is_err());
    tracer(&journal, 1).unwrap();
    drop(journal);

    let journal = banc.ouvrir().await;
    tracer(&journal, 2).unwrap();
    ligne.reparer();
    journal.vider().await.unwrap();
    assert!(journal.etat().sain());
    assert_eq!(numeros(&tout(&journal).await), [0, 1, 2]);
    tracer(&journal, 3).unwrap();
    ligne.couper();
    tracer(&journal, 4).unwrap();
    journal.vider().await.unwrap_err();
    drop(journal);

    let journal = banc.ouvrir().await;
    tracer(&journal, 5).unwrap();
    drop(journal);
    ligne.reparer();
    let journal = banc.ouvrir().await;
    tracer(&journal, 6).unwrap();
    assert_eq!(numeros(&tout(&journal).await), [0, 1, 2, 3, 4, 5, 6]);
    assert!(journal.verifier().await.unwrap().intact());
    assert_eq!(journal.etat().en_attente, 0);
    journal.fermer().await.unwrap();
    let segments = std::fs::read_dir(banc.dossier.path().join("segments")).unwrap().count();
    assert!(segments <= 1, "a journal that ends well leaves at most the segment of its writer: {segments}");
}

#[tokio::test]
async fn a_server_that_says_no_keeps_a_journal_from_opening() {
    let Some(base) = postgres() else { return };
    let banc = Banc::sur(&base);
    let mut config = banc.config.clone();
    config.base = Some(format!("{}_absente", base.url).into());
    let refus = Journal::ouvrir(config).await.unwrap_err();
    assert!(matches!(refus, Erreur::Migration(_) | Erreur::Base(_)), "{refus:?}");
}

#[tokio::test]
async fn a_damaged_segment_gives_what_is_whole_and_is_kept_for_somebody_to_look_at() {
    let base = sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    for n in 0..10 {
        tracer(&journal, n).unwrap();
    }
    drop(journal);
    // The journal that ends must not be reading any more.
    let segments = banc.dossier.path().join("segments");
    let fichiers = || {
        let noms = std::fs::read_dir(&segments).unwrap().map(|entree| entree.unwrap().path());
        noms.collect::<Vec<_>>()
    };
    for chemin in fichiers() {
        let octets = std::fs::read(&chemin).unwrap();
        let texte = String::from_utf8_lossy(&octets);
        if let Some(place) = texte.find("\"IdRPPS\":\"6\"") {
            use std::os::unix::fs::FileExt as _;
            let fichier = std::fs::File::options().write(true).open(&chemin).unwrap();
            // Binary headers before it make the lossy text longer than the bytes: look for the place in the bytes.
            let place =
                octets.windows(12).position(|fenetre| fenetre == b"\"IdRPPS\":\"6\"").unwrap_or(place);
            fichier.write_at(b"X", place as u64 + 10).unwrap();
        }
    }
    let journal = ouvrir(&banc.config).await;
    assert_eq!(
        numeros(&tout(&journal).await),
        [0, 1, 2, 3, 4, 5],
        "what follows a damaged trace has no known place"
    );
    assert_eq!(journal.etat().rompus, 1);
    let gardes = fichiers().iter().filter(|chemin| chemin.extension().is_some_and(|e| e == "rompu")).count();
    assert_eq!(gardes, 1);
    assert!(journal.verifier().await.unwrap().intact());
    tracer(&journal, 11).unwrap();
    assert_eq!(numeros(&tout(&journal).await).len(), 7);
}

/// Plays both parts: alone, it starts itself again on a file system of one megabyte of its own.
#[tokio::test]
async fn a_full_disk_is_known_before_anything_is_accepted() {
    const ROLE: &str = "JOURNAL_ESSAI_DISQUE";
    if let Some(dossier) = environnement(ROLE) {
        return remplir(dossier).await;
    }
    let Some(unshare) = exige("unshare") else { return };
    let dossier = tempfile::tempdir().unwrap();
    let monter = "mount -t tmpfs -o size=1m traces \"$0/plein\" && exec \"$@\"";
    std::fs::create_dir(dossier.path().join("plein")).unwrap();
    let sortie = Command::new(unshare)
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", monter])
        .arg(dossier.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "panne::a_full_disk_is_known_before_anything_is_accepted", "--nocapture"])
        .env(ROLE, dossier.path())
        .output()
        .unwrap();
    assert!(sortie.status.success(), "{}", String::from_utf8_lossy(&sortie.stderr));
    assert!(
        String::from_utf8_lossy(&sortie.stdout).contains("disque plein vu"),
        "the other part was not played"
    );
}

async fn remplir(dossier: String) {
    let mut config = Config::dans(format!("{dossier}/plein"));
    config.base = Some(format!("sqlite:{dossier}/traces.db?mode=rwc").into());
    config.taille_segment = 128 * 1024;
    config.vidange_ms = 60_000;
    let journal = Journal::ouvrir(config).await.expect("the system obeys");
    let mut acceptees = 0;
    let refus = loop {
        match tracer(&journal, acceptees) {
            Ok(()) => acceptees += 1,
            Err(refus) => break refus,
        }
    };
    assert!(matches!(refus, RefusDeTracer::Disque(_)), "{refus:?}");
    assert!(acceptees > 1000, "{acceptees}");
    assert_eq!(numeros(&tout(&journal).await), (0..acceptees).collect::<Vec<_>>());
    // Read, the segments are gone, and there is room again.
    tracer(&journal, acceptees).expect("the system obeys");
    assert_eq!(numeros(&tout(&journal).await).last(), Some(&acceptees));
    assert_eq!(journal.etat().refusees, 1);
    std::io::stdout().lock().write_all(b"disque plein vu\n").expect("the other part listens");
}
