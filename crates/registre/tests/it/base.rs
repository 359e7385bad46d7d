//! What holds of the two databases as such: the same tables, transactions that happen whole or not at all.

use std::collections::BTreeSet;

use registre::{Erreur, Registre};
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

use crate::appui::{dit, personne, peupler, sur_chaque_base};

/// Table, column, type, whether it must be given.
type Colonne = (String, String, String, bool);

/// What a database says of its own tables, in words that both share.
#[derive(Debug, PartialEq, Eq, Default)]
struct Plan {
    colonnes: BTreeSet<Colonne>,
    /// Table and the columns that are unique together.
    uniques: BTreeSet<(String, BTreeSet<String>)>,
    /// Table, column, and the table and column to which it refers.
    references: BTreeSet<[String; 4]>,
}

async fn plan_sqlite(url: &str) -> Plan {
    let mut base = SqliteConnection::connect(url).await.expect("the database answers");
    let mut plan = Plan::default();
    let colonnes = "SELECT m.name AS t, c.name AS c, lower(c.type) AS genre, c.\"notnull\" + c.pk AS exige
        FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    for ligne in sqlx::query(colonnes).fetch_all(&mut base).await.expect("the database answers") {
        plan.colonnes.insert((
            ligne.get("t"),
            ligne.get("c"),
            ligne.get("genre"),
            ligne.get::<i64, _>("exige") > 0,
        ));
    }
    let uniques = "SELECT m.name AS t, group_concat(c.name) AS cles
        FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
        WHERE m.type = 'table' AND i.\"unique\" = 1 AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' GROUP BY m.name, i.name";
    for ligne in sqlx::query(uniques).fetch_all(&mut base).await.expect("the database answers") {
        let cles = ligne.get::<String, _>("cles").split(',').map(str::to_owned).collect();
        plan.uniques.insert((ligne.get("t"), cles));
    }
    let references = "SELECT m.name AS t, f.\"from\" AS c, f.\"table\" AS vers, f.\"to\" AS cle
        FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
    for ligne in sqlx::query(references).fetch_all(&mut base).await.expect("the database answers") {
        plan.references.insert(["t", "c", "vers", "cle"].map(|colonne| ligne.get(colonne)));
    }
    plan
}

async fn plan_postgres(url: &str) -> Plan {
    let mut base = PgConnection::connect(url).await.expect("the database answers");
    let mut plan = Plan::default();
    let colonnes = "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS genre,
        is_nullable = 'NO' AS exige FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    for ligne in sqlx::query(colonnes).fetch_all(&mut base).await.expect("the database answers") {
        plan.colonnes.insert((ligne.get("t"), ligne.get("c"), ligne.get("genre"), ligne.get("exige")));
    }
    let uniques = "SELECT t.relname::text AS t, string_agg(a.attname, ',') AS cles
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
        WHERE i.indisunique AND n.nspname = 'public' AND t.relname NOT LIKE '\\_sqlx%' GROUP BY t.relname, i.indexrelid";
    for ligne in sqlx::query(uniques).fetch_all(&mut base).await.expect("the database answers") {
        let cles = ligne.get::<String, _>("cles").split(',').map(str::to_owned).collect();
        plan.uniques.insert((ligne.get("t"), cles));
    }
    let references =
        "SELECT t.relname::text AS t, a.attname::text AS c, v.relname::text AS vers, k.attname::text AS cle
        FROM pg_constraint r JOIN pg_class t ON t.oid = r.conrelid JOIN pg_class v ON v.oid = r.confrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = r.conkey[1]
        JOIN pg_attribute k ON k.attrelid = v.oid AND k.attnum = r.confkey[1] WHERE r.contype = 'f'";
    for ligne in sqlx::query(references).fetch_all(&mut base).await.expect("the database answers") {
        plan.references.insert(["t", "c", "vers", "cle"].map(|colonne| ligne.get(colonne)));
    }
    plan
}

#[tokio::test]
async fn les_deux_dossiers_de_migrations_font_les_memes_tables() {
    let Some(postgres) = test_support::base::postgres() else { return };
    let sqlite = test_support::base::sqlite();
    for url in [&sqlite.url, &postgres.url] {
        Registre::ouvrir(url).await.unwrap().fermer().await;
    }
    let (attendu, obtenu) = (plan_sqlite(&sqlite.url).await, plan_postgres(&postgres.url).await);
    assert!(attendu.colonnes.len() > 100, "{}", attendu.colonnes.len());
    assert!(attendu.references.len() > 5 && attendu.uniques.len() > 20, "{attendu:?}");
    let ecarts: Vec<_> = attendu.colonnes.symmetric_difference(&obtenu.colonnes).collect();
    assert!(ecarts.is_empty(), "{ecarts:?}");
    let ecarts: Vec<_> = attendu.uniques.symmetric_difference(&obtenu.uniques).collect();
    assert!(ecarts.is_empty(), "{ecarts:?}");
    assert_eq!(attendu.references, obtenu.references);
}

#[tokio::test]
async fn les_deux_dossiers_ont_les_memes_migrations() {
    let noms = |dossier: &str| -> BTreeSet<String> {
        let chemin = format!("{}/migrations/{dossier}", env!("CARGO_MANIFEST_DIR"));
        let fichiers = std::fs::read_dir(chemin).unwrap();
        fichiers.map(|fichier| fichier.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(noms("sqlite"), noms("postgres"));
}

#[tokio::test]
async fn une_base_se_rouvre_telle_qu_elle_etait() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let rouverte = Registre::ouvrir(&base.url).await.unwrap();
        let lue = rouverte.lire().await.unwrap().load_personne(personne(1, None).id).await.unwrap();
        assert_eq!(lue, Some(personne(1, Some(50))), "{}", base.nom);
        rouverte.fermer().await;
    })
    .await;
}

#[tokio::test]
async fn ce_qui_n_est_pas_confirme_n_a_pas_eu_lieu() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        tx.save_personne(&personne(1, None)).await.unwrap();
        tx.save_evenement(&dit("personne", 1, "Venue")).await.unwrap();
        assert_eq!(tx.suivant("reference").await.unwrap(), 1);
        drop(tx);
        let mut tx = base.ecrire().await;
        assert_eq!(tx.load_personne(personne(1, None).id).await.unwrap(), None, "{}", base.nom);
        assert_eq!(tx.verifier_chaine().await.unwrap(), Ok(0), "{}", base.nom);
        let suite = [tx.suivant("reference").await.unwrap(), tx.suivant("reference").await.unwrap()];
        assert_eq!(suite, [1, 2], "{}", base.nom);
        assert_eq!(tx.suivant("autre").await.unwrap(), 1, "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_lecture_n_ecrit_pas_et_garde_sa_vue() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut lecture = base.lire().await;
        assert!(lecture.load_personne(personne(1, None).id).await.unwrap().is_some());
        let mut ecriture = base.ecrire().await;
        ecriture.save_personne(&personne(2, None)).await.unwrap();
        ecriture.commit().await.unwrap();
        let tardive = lecture.load_personne(personne(2, None).id).await.unwrap();
        assert_eq!(tardive, None, "{} : the view of a reader does not move", base.nom);
        let refus = lecture.save_personne(&personne(3, None)).await;
        assert!(matches!(refus, Err(Erreur::Base(_))), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_base_hors_d_atteinte_est_une_panne_passagere() {
    sur_chaque_base(async |base| {
        base.registre.sonder().await.unwrap();
        base.registre.fermer().await;
        assert!(base.registre.sonder().await.is_err_and(|erreur| erreur.passagere()), "{}", base.nom);
        let erreur = base.registre.lire().await.unwrap_err();
        assert!(erreur.passagere(), "{} : {erreur:?}", base.nom);
        assert!(!Erreur::Conflit.passagere());
    })
    .await;
}

/// Numbers of habilitations: twenty askers at once get twenty numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn une_sequence_ne_se_repete_pas() {
    sur_chaque_base(async |base| {
        let mut demandes = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let registre = base.registre.clone();
            demandes.spawn(async move {
                let mut tx = registre.ecrire().await.unwrap();
                let numero = tx.suivant("habilitation").await.unwrap();
                tx.commit().await.unwrap();
                numero
            });
        }
        let numeros: BTreeSet<i64> = demandes.join_all().await.into_iter().collect();
        assert_eq!(numeros, (1..=20).collect(), "{}", base.nom);
    })
    .await;
}
