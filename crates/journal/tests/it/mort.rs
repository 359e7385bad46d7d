//! `kill -9`: what was accepted is there afterwards, once, in order, in a chain that holds.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use journal::{Config, Journal};
use test_support::base::bases;

use crate::appui::{Banc, numeros, ouvrir, tout, tracer};

const DOSSIER: &str = "JOURNAL_ESSAI_DOSSIER";
const BASE: &str = "JOURNAL_ESSAI_BASE";
const VIDANGE: &str = "JOURNAL_ESSAI_VIDANGE";
const PREMIER: &str = "JOURNAL_ESSAI_PREMIER";

#[expect(
    clippy::disallowed_methods,
    reason = "a test that starts itself again tells itself its part that way"
)]
pub(crate) fn environnement(nom: &str) -> Option<String> {
    std::env::var(nom).ok()
}

/// Plays both parts: alone, it starts itself again to write, and kills what it started.
#[tokio::test]
async fn nothing_that_was_accepted_dies_with_the_process() {
    if let Some(dossier) = environnement(DOSSIER) {
        return ecrire_sans_fin(dossier).await;
    }
    // Killed before anything was moved, while much is moved, and in between.
    let periodes = [("60000", 900), ("1", 4000), ("20", 2500)];
    for base in bases() {
        let mut banc = Banc::sur(&base);
        banc.config.vidange_ms = 60_000;
        let (mut suivant, mut faites) = (0, Vec::new());
        for (vidange, combien) in periodes {
            let acceptees = ecrire_puis_tuer(&banc, &base.url, vidange, suivant, combien);
            assert_eq!(
                acceptees,
                (suivant..suivant + i64::try_from(acceptees.len()).unwrap()).collect::<Vec<_>>()
            );
            faites.extend(&acceptees);
            let journal = ouvrir(&banc.config).await;
            let lues = numeros(&tout(&journal).await);
            // The very last may have been accepted without the time to say so.
            suivant = i64::try_from(lues.len()).unwrap();
            let surplus = suivant - i64::try_from(faites.len()).unwrap();
            assert!((0..=1).contains(&surplus), "{} : {surplus} en trop après {vidange} ms", base.nom);
            assert_eq!(lues, (0..suivant).collect::<Vec<_>>(), "{} après {vidange} ms", base.nom);
            faites = lues;
            let rapport = journal.verifier().await.unwrap();
            assert!(
                rapport.intact() && rapport.traces() == faites.len() as u64,
                "{} : {rapport:?}",
                base.nom
            );
            assert_eq!(journal.etat().rompus, 0, "a kill breaks no segment");
            journal.fermer().await.unwrap();
        }
    }
}

/// Starts a writer, kills it once it has told `combien` numbers, and gives all the numbers that it told.
fn ecrire_puis_tuer(banc: &Banc, base: &str, vidange: &str, premier: i64, combien: usize) -> Vec<i64> {
    let mut enfant = Command::new(std::env::current_exe().expect("the child does its part"))
        .args(["--exact", "mort::nothing_that_was_accepted_dies_with_the_process", "--nocapture"])
        .env(DOSSIER, banc.dossier.path())
        .env(BASE, base)
        .env(VIDANGE, vidange)
        .env(PREMIER, premier.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child does its part");
    let sortie = BufReader::new(enfant.stdout.take().expect("the child does its part"));
    let mut numeros = Vec::new();
    for ligne in sortie.lines() {
        let ligne = ligne.expect("the child does its part");
        let Some(numero) = ligne.strip_prefix("acceptée ") else { continue };
        numeros.push(numero.parse().expect("the child does its part"));
        // SIGKILL; then on to the end of what it had written.
        if numeros.len() == combien {
            enfant.kill().expect("the child does its part");
        }
    }
    assert!(!enfant.wait().expect("the child does its part").success());
    assert!(numeros.len() >= combien, "the writer ended by itself after {}", numeros.len());
    numeros
}

async fn ecrire_sans_fin(dossier: String) {
    let mut config = Config::dans(dossier);
    config.base = environnement(BASE).map(Into::into);
    config.taille_segment = 128 * 1024;
    config.vidange_ms =
        environnement(VIDANGE).expect("the child does its part").parse().expect("the child does its part");
    let journal = Journal::ouvrir(config).await.expect("the child does its part");
    let mut sortie = std::io::stdout().lock();
    for n in
        environnement(PREMIER).expect("the child does its part").parse().expect("the child does its part")..
    {
        tracer(&journal, n).expect("the child does its part");
        // Unbuffered: told means accepted.
        sortie.write_all(format!("\nacceptée {n}\n").as_bytes()).expect("the child does its part");
        sortie.flush().expect("the child does its part");
    }
}
