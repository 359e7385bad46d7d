//! Exports: what goes out can be checked again, and does no harm where it is opened.

use journal::{Fait, Format, Intervalle, verifier_export};
use test_support::base::{bases, sqlite};

use crate::appui::{Banc, SESSION, seconde, texte, trace, tracer};

#[tokio::test]
async fn json_and_ndjson_carry_their_proof() {
    for base in bases() {
        let banc = Banc::sur(&base);
        let journal = banc.ouvrir().await;
        assert_eq!(texte(journal.exporter(Format::Json, Intervalle::TOUT)).await, "[\n]\n");
        assert_eq!(texte(journal.exporter(Format::Ndjson, Intervalle::TOUT)).await, "");
        for n in 0..1200 {
            tracer(&journal, n).unwrap();
        }
        journal.vider().await.unwrap();
        let chaine = journal.verifier().await.unwrap().chaines.remove(0);
        let ndjson = texte(journal.exporter(Format::Ndjson, Intervalle::TOUT)).await;
        let json = texte(journal.exporter(Format::Json, Intervalle::TOUT)).await;
        let tableau: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(tableau.len(), 1200);
        assert_eq!(tableau[7]["trace"]["IdRPPS"], "7");
        for export in [&json, &ndjson] {
            let rapport = verifier_export(export.as_bytes()).unwrap();
            assert_eq!(rapport.chaines, std::slice::from_ref(&chaine), "{}", base.nom);
        }

        // A part of it holds by itself, as whole lots.
        let intervalle = Intervalle { debut: seconde(599), fin: seconde(601) };
        let partie = texte(journal.exporter(Format::Ndjson, intervalle)).await;
        let rapport = verifier_export(partie.as_bytes()).unwrap();
        assert!(rapport.intact(), "{rapport:?}");
        assert!(partie.contains(r#""IdRPPS":"600""#) && rapport.traces() < 200, "{}", rapport.traces());

        let lignes: Vec<_> = ndjson.lines().collect();
        let change = ndjson.replacen(r#""IdRPPS":"700""#, r#""IdRPPS":"701""#, 1);
        let sans = [&lignes[..700], &lignes[701..]].concat().join("\n");
        let echange = [&lignes[..700], &[lignes[701], lignes[700]], &lignes[702..]].concat().join("\n");
        let casse = ndjson.replacen(r#"{"noeud":"proxy","rang":701,"#, "{", 1);
        for (quoi, export) in
            [("changed", change), ("missing", sans), ("swapped", echange), ("broken", casse)]
        {
            let rapport = verifier_export(export.as_bytes()).unwrap();
            let rupture = rapport.chaines[0].rupture.as_ref().unwrap();
            assert_eq!(rupture.rang, 701, "{quoi} : {rupture}");
        }
        assert!(!verifier_export(&b"n'importe quoi"[..]).unwrap().intact());
    }
}

#[tokio::test]
async fn csv_opens_in_a_spreadsheet_without_running_anything() {
    let base = sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    for (n, hostile) in (0..).zip(["=1+1", "899700000001", "a,\"b\"\r\n@c", "\u{1b}[31m"]) {
        journal.tracer(&trace(hostile, seconde(n), Fait::ConnectSuccess(SESSION))).unwrap();
    }
    journal.vider().await.unwrap();
    let csv = texte(journal.exporter(Format::Csv, Intervalle::TOUT)).await;
    let lignes: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(lignes.len(), 6, "titles, four traces, the end of the last line: {csv}");
    assert!(lignes[0].starts_with("noeud,rang,empreinte,timestamp,type,clientId,IdRPPS,"));
    assert!(lignes[1].contains(",\"'=1+1\",192.0.2.7,40000,s-1,etat,\"CN=lps-1,O=Test,C=FR\","), "{csv}");
    assert!(lignes[2].contains(",899700000001,"), "{csv}");
    assert!(lignes[3].contains(",\"a,\"\"b\"\"  @c\","), "{csv}");
    assert!(lignes[4].contains(", [31m,"), "{csv}");
    // The colon and the minus of the other columns are no formula: nothing else is quoted.
    assert!(lignes[2].contains(",2026-03-01T08:00:01.000000Z,CONNECT_SUCCESS,"), "{csv}");
}
