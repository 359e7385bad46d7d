//! Fuzz target: an export damaged in every way is read or refused, never a panic, and never believed for what it was not.

use std::collections::HashSet;

use bolero::check;
use journal::{Fait, Format, Intervalle, verifier_export};
use test_support::{
    abime::{Accident, abimer},
    base::sqlite,
};

use crate::appui::{Banc, SESSION, seconde, texte, trace};

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 5_000;

async fn exemple() -> String {
    let base = sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    for n in 0..5 {
        let trace = trace("899700000001", seconde(n), Fait::ConnectReplay(SESSION));
        journal.tracer(&trace).expect("the trace is accepted");
    }
    journal.vider().await.expect("the traces are moved");
    texte(journal.exporter(Format::Ndjson, Intervalle::TOUT)).await
}

/// What stands in the place of the trace, as it is written.
fn traces(export: &[u8]) -> HashSet<String> {
    let texte = String::from_utf8_lossy(export).into_owned();
    let lignes = texte.lines().filter_map(|ligne| ligne.split_once("\"trace\":"));
    // Spaces and a comma at the end of a line change no trace.
    lignes.map(|(_, trace)| trace.trim().trim_end_matches(',').to_owned()).collect()
}

#[test]
fn a_damaged_export_is_never_believed_for_what_it_was_not() {
    let moteur = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exemple = moteur.block_on(exemple());
    let vraies = traces(exemple.as_bytes());
    assert_eq!((vraies.len(), verifier_export(exemple.as_bytes()).unwrap().traces()), (5, 5));
    check!().with_iterations(ESSAIS).with_type::<Vec<Accident>>().for_each(|accidents| {
        let abime = abimer(exemple.as_bytes(), accidents);
        let rapport = verifier_export(&*abime).unwrap();
        if rapport.intact() && rapport.traces() > 0 {
            let lues = traces(&abime);
            assert!(lues.is_subset(&vraies), "{lues:?}");
        }
    });
}
