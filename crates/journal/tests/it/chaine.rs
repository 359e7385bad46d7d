//! Nothing changes without being seen, and what is purged is purged aloud.

use journal::{Config, Erreur, Genre, Journal, Lecteur};
use sqlx::{AssertSqlSafe, Connection as _};
use test_support::base::{BaseEssai, bases};

use crate::appui::{Banc, instant, numeros, seconde, tout, tracer};

/// What somebody who owns the database can do.
async fn trafiquer(base: &BaseEssai, ordre: &str) {
    if base.nom == "sqlite" {
        let mut connexion = sqlx::SqliteConnection::connect(&base.url).await.expect("the database obeys");
        sqlx::raw_sql(AssertSqlSafe(ordre.to_owned()))
            .execute(&mut connexion)
            .await
            .expect("the database obeys");
        connexion.close().await.expect("the database obeys");
    } else {
        let mut connexion = sqlx::PgConnection::connect(&base.url).await.expect("the database obeys");
        sqlx::raw_sql(AssertSqlSafe(ordre.to_owned()))
            .execute(&mut connexion)
            .await
            .expect("the database obeys");
        connexion.close().await.expect("the database obeys");
    }
}

/// Six traces in three lots of two: two minutes apart, two by two.
async fn trois_lots(journal: &Journal) {
    for n in [0, 1, 120, 121, 240, 241] {
        tracer(journal, n).expect("the database obeys");
    }
    journal.vider().await.expect("the database obeys");
}

#[tokio::test]
async fn whatever_is_touched_breaks_the_chain_there() {
    let cas = [
        ("the text", "UPDATE trace_lot SET donnees = replace(donnees, '\"120\"', '\"999\"')", 3, "a changé"),
        (
            "a line taken out",
            "UPDATE trace_lot SET donnees = substr(donnees, 1, 200) WHERE rang = 3",
            3,
            "illisible",
        ),
        ("a middle lot", "DELETE FROM trace_lot WHERE rang = 3", 3, "manquent"),
        ("the last lot", "DELETE FROM trace_lot WHERE rang = 5", 5, "fin de la chaîne"),
        ("the first lot", "DELETE FROM trace_lot WHERE rang = 1", 1, "manquent"),
        (
            "a purge that never was",
            "DELETE FROM trace_lot WHERE rang = 1;
             UPDATE trace_chaine SET purge_rang = 2,
                 purge_empreinte = (SELECT precedente FROM trace_lot WHERE rang = 3)",
            3,
            "sans la trace de purge",
        ),
        ("a rank", "UPDATE trace_lot SET rang = 9 WHERE rang = 5", 5, "manquent"),
        (
            "an instant by which it is found",
            "UPDATE trace_lot SET debut = debut - 1 WHERE rang = 3",
            3,
            "classement",
        ),
        ("a number", "UPDATE trace_lot SET nombre = 3 WHERE rang = 3", 3, "classement"),
        ("the node", "UPDATE trace_lot SET noeud = 'autre' WHERE rang = 5", 1, "la tête"),
        ("a fingerprint", "UPDATE trace_lot SET empreinte = precedente WHERE rang = 3", 3, "a changé"),
        ("the head", "UPDATE trace_chaine SET rang = 4, empreinte = ''", 7, "fin de la chaîne"),
        ("the head's row", "DELETE FROM trace_chaine", 1, "la tête"),
    ];
    for base in bases() {
        for (quoi, ordre, rang, raison) in cas {
            let banc = Banc::sur(&base);
            let journal = banc.ouvrir().await;
            trois_lots(&journal).await;
            let rapport = journal.verifier().await.unwrap();
            assert!(rapport.intact() && rapport.traces() == 6, "{rapport:?}");
            journal.fermer().await.unwrap();
            trafiquer(&base, ordre).await;

            let rapport = Lecteur::ouvrir(&banc.config).await.unwrap().verifier().await.unwrap();
            assert!(!rapport.intact(), "{} : {quoi}", base.nom);
            let rupture = rapport.chaines.iter().find_map(|chaine| chaine.rupture.clone()).unwrap();
            assert_eq!(rupture.rang, rang, "{} : {quoi} : {rupture}", base.nom);
            assert!(rupture.raison.contains(raison), "{} : {quoi} : {rupture}", base.nom);
            trafiquer(&base, "DELETE FROM trace_lot; DELETE FROM trace_chaine").await;
        }
    }
}

#[tokio::test]
async fn a_purge_is_a_trace_and_what_follows_still_holds() {
    for base in bases() {
        let banc = Banc::sur(&base);
        let journal = banc.ouvrir().await;
        trois_lots(&journal).await;
        let avant = journal.verifier().await.unwrap().chaines[0].empreinte.clone();

        assert_eq!(journal.purger_avant(seconde(0), seconde(300)).await.unwrap(), 0, "nothing is that old");
        assert_eq!(tout(&journal).await.len(), 6);
        // A lot goes when all of it is old: the one at 120 and 121 stays whole.
        assert_eq!(journal.purger_avant(seconde(121), seconde(300)).await.unwrap(), 2);
        let traces = tout(&journal).await;
        assert_eq!(numeros(&traces), [120, 121, 240, 241], "{}", base.nom);
        let purge = traces.last().unwrap();
        assert_eq!((purge.genre, purge.rang, purge.instant), (Genre::Purge, 7, seconde(300)));
        let json: serde_json::Value = serde_json::from_str(&purge.json).unwrap();
        assert_eq!((&json["purge"]["traces"], &json["purge"]["dernierRang"]), (&2.into(), &2.into()));
        assert_eq!(json["purge"]["avant"], "2026-03-01T08:02:01.000000Z");

        let rapport = journal.verifier().await.unwrap();
        assert!(rapport.intact(), "{} : {rapport:?}", base.nom);
        assert_eq!((rapport.chaines[0].premier, rapport.chaines[0].dernier), (3, 7));
        assert_ne!(rapport.chaines[0].empreinte, avant);

        // Even everything, the earlier purge's trace included, and the chain goes on across lives.
        assert_eq!(journal.purger_avant(seconde(400), seconde(500)).await.unwrap(), 5);
        journal.fermer().await.unwrap();
        let journal = banc.ouvrir().await;
        tracer(&journal, 501).unwrap();
        let traces = tout(&journal).await;
        assert_eq!(traces.iter().map(|trace| trace.rang).collect::<Vec<_>>(), [8, 9]);
        let rapport = journal.verifier().await.unwrap();
        assert!(rapport.intact() && rapport.traces() == 2, "{} : {rapport:?}", base.nom);

        // A purge can't be faked further than it went.
        journal.fermer().await.unwrap();
        trafiquer(&base, "UPDATE trace_chaine SET purge_rang = 6").await;
        let rapport = Lecteur::ouvrir(&banc.config).await.unwrap().verifier().await.unwrap();
        assert!(!rapport.intact(), "{}", base.nom);
    }
}

#[tokio::test]
async fn traces_are_kept_six_months_unless_told_otherwise() {
    for (mois, maintenant, limite) in [
        (6, "2026-09-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        (6, "2026-08-31T00:00:00Z", "2026-02-28T00:00:00Z"),
        (1, "2026-03-29T01:00:00Z", "2026-02-28T01:00:00Z"),
        (12, "2028-02-29T00:00:00Z", "2027-02-28T00:00:00Z"),
    ] {
        let mut config = Config::dans("nulle-part");
        assert_eq!(config.conservation_mois, 6);
        config.conservation_mois = mois;
        assert_eq!(config.limite(instant(maintenant)), instant(limite));
    }

    let base = test_support::base::sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    tracer(&journal, 0).unwrap();
    assert_eq!(journal.purger(instant("2026-09-01T07:59:59Z")).await.unwrap(), 0);
    assert_eq!(journal.purger(instant("2026-09-01T08:00:01Z")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_base_that_is_not_there_is_not_made_by_reading() {
    let dossier = tempfile::tempdir().unwrap();
    let absente = Lecteur::ouvrir(&Config::dans(dossier.path())).await;
    assert!(matches!(absente, Err(Erreur::Absente(_))), "{absente:?}");
    assert!(std::fs::read_dir(dossier.path()).unwrap().next().is_none());
}
