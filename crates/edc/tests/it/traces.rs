//! `edc traces`, on traces that a journal wrote.

use std::process::Output;

use journal::{Config, Fait, Journal, Trace};

use crate::commandes::edc;

fn texte(sortie: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&sortie.stdout), String::from_utf8_lossy(&sortie.stderr))
}

/// One failed connection a day, from the first of March 2026.
async fn trois_jours(dossier: &std::path::Path) -> Journal {
    let journal = Journal::ouvrir(Config::dans(dossier)).await.expect("the journal opens");
    for jour in 1..=3 {
        let instant = format!("2026-03-0{jour}T12:00:00Z").parse().expect("an instant");
        let trace = Trace {
            instant,
            client_id: Some("lps"),
            id_rpps: Some("=1+1"),
            origine: None,
            fait: Fait::ConnectFailure,
        };
        journal.tracer(&trace).expect("the trace is accepted");
    }
    journal.vider().await.expect("the traces are moved");
    journal
}

#[tokio::test(flavor = "multi_thread")]
async fn les_traces_se_verifient_s_exportent_et_se_purgent() {
    let dossier = tempfile::tempdir().unwrap();
    let traces = dossier.path().join("traces");
    let lieu = traces.display().to_string();
    let sans = edc(&["traces", "verifier", "--dossier", &lieu]);
    assert_eq!(sans.status.code(), Some(1));
    assert!(texte(&sans).contains("n’existe pas : donnez --dossier"), "{}", texte(&sans));

    let journal = trois_jours(&traces).await;
    // Beside the process that writes.
    let verifiee = edc(&["traces", "verifier", "--dossier", &lieu]);
    assert!(verifiee.status.success(), "{}", texte(&verifiee));
    assert!(
        texte(&verifiee).contains("3 trace(s), du rang 1 au rang 3, chaîne continue"),
        "{}",
        texte(&verifiee)
    );
    let occupe = edc(&["traces", "purger", "--dossier", &lieu, "--avant", "2026-03-02"]);
    assert_eq!(occupe.status.code(), Some(1));
    assert!(texte(&occupe).contains("un proxy y écrit"), "{}", texte(&occupe));
    journal.fermer().await.unwrap();
    drop(journal);

    for (format, debut, fin, attendues) in [
        ("ndjson", "2026-03-01", "2026-03-04", 3),
        ("json", "2026-03-02", "2026-03-03", 1),
        ("ndjson", "2026-03-02T13:00:00+01:00", "2026-03-05", 1),
        ("csv", "2026-03-01", "2026-03-02T23:00:00Z", 2),
    ] {
        let fichier = dossier.path().join(format!("{debut}.{format}")).display().to_string();
        let exporter =
            ["traces", "exporter", "--dossier", &lieu, "--format", format, "--debut", debut, "--fin", fin];
        let sortie = edc(&[&exporter[..], &["--sortie", &fichier]].concat());
        assert!(sortie.status.success(), "{}", texte(&sortie));
        assert_eq!(edc(&exporter).stdout, std::fs::read(&fichier).unwrap(), "{format}");
        let refait = edc(&[&exporter[..], &["--sortie", &fichier]].concat());
        assert_eq!(refait.status.code(), Some(1), "an export never writes over a file");
        let contenu = std::fs::read_to_string(&fichier).unwrap();
        assert_eq!(contenu.matches("CONNECT_FAILURE").count(), attendues, "{format} {debut} : {contenu}");
        if format == "csv" {
            assert!(contenu.contains("\"'=1+1\""), "{contenu}");
            continue;
        }
        let verifie = edc(&["traces", "verifier", &fichier]);
        assert!(verifie.status.success(), "{}", texte(&verifie));
        std::fs::write(&fichier, contenu.replacen("=1+1", "=1+2", 1)).unwrap();
        let altere = edc(&["traces", "verifier", &fichier]);
        assert_eq!(altere.status.code(), Some(1));
        assert!(texte(&altere).contains("le texte de la trace a changé"), "{}", texte(&altere));
    }

    let purge = edc(&["traces", "purger", "--dossier", &lieu, "--avant", "2026-03-03"]);
    assert!(
        texte(&purge).contains("2 trace(s) d’avant le 2026-03-03T00:00:00Z effacée(s)"),
        "{}",
        texte(&purge)
    );
    let verifiee = edc(&["traces", "verifier", "--dossier", &lieu]);
    assert!(texte(&verifiee).contains("2 trace(s), du rang 3 au rang 4"), "{}", texte(&verifiee));
    let date = edc(&["traces", "purger", "--dossier", &lieu, "--avant", "hier"]);
    assert_eq!(date.status.code(), Some(2));
    assert!(texte(&date).contains("attendu : 2026-03-01"), "{}", texte(&date));
}
