//! The database of the traces: SQLite in the folder, or PostgreSQL for several processes; one SQL text for both.
//!
//! Rule: SQLite commits to the disk (`synchronous=FULL`) and has one writer, this process; PostgreSQL is shared, and each
//! process writes its own chain only.

use std::{io, path::PathBuf, str::FromStr as _, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::{
    Connection as _, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction,
    migrate::MigrateError,
    postgres::{PgArguments, PgPoolOptions, PgRow},
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use thiserror::Error;

use crate::{config::Config, prive};

#[derive(Debug, Error)]
pub enum Erreur {
    #[error("configuration des traces : {0}")]
    Config(String),
    #[error("{} : un autre processus y écrit déjà ses traces", .0.display())]
    Occupe(PathBuf),
    #[error("{} : aucune base de traces", .0.display())]
    Absente(PathBuf),
    #[error("{} : {source}", .chemin.display())]
    Fichier { chemin: PathBuf, source: io::Error },
    #[error("base des traces")]
    Base(#[from] sqlx::Error),
    #[error("tables de la base des traces")]
    Migration(#[from] MigrateError),
    #[error("trace illisible au rang {rang} du nœud {noeud}")]
    Illisible { noeud: String, rang: i64, source: serde_json::Error },
    #[error("un autre processus écrit la chaîne de ce nœud")]
    Evince,
    #[error("le journal des traces est fermé")]
    Ferme,
}

impl Erreur {
    /// Whether it may be over by itself: a server that isn't there (yet), rather than one that says no.
    pub(crate) fn passagere(&self) -> bool {
        let (Self::Base(erreur) | Self::Migration(MigrateError::Execute(erreur))) = self else {
            return false;
        };
        match erreur {
            // What a front-end without a server behind it does is to close: the protocol then ends in the middle of a word.
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
            // PostgreSQL appendix A: connection exceptions, insufficient resources, operator intervention.
            sqlx::Error::Database(refus) => refus.code().is_some_and(|code| {
                code.len() == 5 && ["08", "53", "57"].iter().any(|debut| code.starts_with(debut))
            }),
            _ => false,
        }
    }

    pub(crate) fn fichier(chemin: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let chemin = chemin.into();
        move |source| Self::Fichier { chemin, source }
    }
}

pub(crate) type Resultat<T> = Result<T, Erreur>;

#[derive(Clone, Debug)]
pub(crate) enum Base {
    Sqlite { lecture: SqlitePool, ecriture: SqlitePool },
    SqliteSeule(SqlitePool),
    Postgres(PgPool),
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum V<'a> {
    T(&'a str),
    E(i64),
}

#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

#[derive(Debug)]
pub(crate) enum Rangee {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Where the database is, and the file that must exist for it to be read.
fn adresse(config: &Config) -> (String, Option<PathBuf>) {
    if let Some(url) = &config.base {
        return (url.expose_secret().to_owned(), None);
    }
    let chemin = config.dossier.join("traces.db");
    (format!("sqlite:{}", chemin.display()), Some(chemin))
}

impl Base {
    /// For writing. Nothing is connected yet.
    pub(crate) fn nommer(config: &Config) -> Resultat<Self> {
        let (url, _) = adresse(config);
        if url.starts_with("postgres") {
            return Ok(Self::Postgres(options_postgres().connect_lazy(&url)?));
        }
        let options = SqliteConnectOptions::from_str(&url)?
            .create_if_missing(true)
            // A row holds up to 256 KiB: in large pages, of a new file only, it costs less to write.
            .page_size(32 * 1024)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What was purged is not left in free pages.
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(10));
        let chemin = options.get_filename();
        prive::base_sqlite(chemin).map_err(Erreur::fichier(chemin))?;
        let ecriture = SqlitePoolOptions::new()
            .max_connections(1)
            // A full disk makes SQLite end a transaction by itself, which sqlx then believes open for ever.
            .before_acquire(|connexion, _| Box::pin(async move { Ok(!connexion.is_in_transaction()) }))
            .connect_lazy_with(options.clone());
        let lecture = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options.read_only(true));
        Ok(Self::Sqlite { lecture, ecriture })
    }

    /// Brings the tables up to date.
    pub(crate) async fn migrer(&self) -> Resultat<()> {
        let mut migrations = sqlx::migrate!("./migrations");
        // The guichet's tables may be in the same database, with a list of their own.
        migrations.dangerous_set_table_name("trace_migration");
        match self {
            Self::Sqlite { ecriture: pool, .. } | Self::SqliteSeule(pool) => migrations.run(pool).await?,
            Self::Postgres(pool) => migrations.run(pool).await?,
        }
        Ok(())
    }

    /// Opens for reading, beside the process that writes if there is one.
    pub(crate) async fn ouvrir_en_lecture(config: &Config) -> Resultat<Self> {
        let (url, fichier) = adresse(config);
        if url.starts_with("postgres") {
            return Ok(Self::Postgres(options_postgres().connect(&url).await?));
        }
        if let Some(chemin) = fichier.filter(|chemin| !chemin.exists()) {
            return Err(Erreur::Absente(chemin));
        }
        let options = SqliteConnectOptions::from_str(&url)?
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(Duration::from_secs(10));
        Ok(Self::SqliteSeule(SqlitePoolOptions::new().max_connections(4).connect_with(options).await?))
    }

    /// A transaction that reads, on one state of the database.
    pub(crate) async fn lire(&self) -> Resultat<Tx> {
        Ok(match self {
            Self::Sqlite { lecture, .. } | Self::SqliteSeule(lecture) => Tx::Sqlite(lecture.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// A transaction that writes.
    pub(crate) async fn ecrire(&self) -> Resultat<Tx> {
        Ok(match self {
            Self::Sqlite { ecriture: pool, .. } | Self::SqliteSeule(pool) => {
                Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub(crate) async fn fermer(&self) {
        match self {
            Self::Sqlite { lecture, ecriture } => {
                lecture.close().await;
                ecriture.close().await;
            }
            Self::SqliteSeule(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn options_postgres() -> PgPoolOptions {
    PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5))
}

fn sqlite(sql: &'static str, valeurs: &[V<'_>]) -> Query<'static, Sqlite, SqliteArguments> {
    valeurs.iter().fold(sqlx::query(sql), |requete, valeur| match valeur {
        V::T(texte) => requete.bind((*texte).to_owned()),
        V::E(entier) => requete.bind(*entier),
    })
}

fn postgresql(sql: &'static str, valeurs: &[V<'_>]) -> Query<'static, Postgres, PgArguments> {
    valeurs.iter().fold(sqlx::query(sql), |requete, valeur| match valeur {
        V::T(texte) => requete.bind((*texte).to_owned()),
        V::E(entier) => requete.bind(*entier),
    })
}

impl Tx {
    pub(crate) async fn commit(self) -> Resultat<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement; gives back how many rows it touched.
    pub(crate) async fn executer(&mut self, sql: &'static str, valeurs: &[V<'_>]) -> Resultat<u64> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, valeurs).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => postgresql(sql, valeurs).execute(&mut **tx).await?.rows_affected(),
        })
    }

    pub(crate) async fn rangees(&mut self, sql: &'static str, valeurs: &[V<'_>]) -> Resultat<Vec<Rangee>> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let rangees = sqlite(sql, valeurs).fetch_all(&mut **tx).await?;
                rangees.into_iter().map(Rangee::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let rangees = postgresql(sql, valeurs).fetch_all(&mut **tx).await?;
                rangees.into_iter().map(Rangee::Postgres).collect()
            }
        })
    }

    pub(crate) async fn rangee(&mut self, sql: &'static str, valeurs: &[V<'_>]) -> Resultat<Option<Rangee>> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, valeurs).fetch_optional(&mut **tx).await?.map(Rangee::Sqlite),
            Self::Postgres(tx) => {
                postgresql(sql, valeurs).fetch_optional(&mut **tx).await?.map(Rangee::Postgres)
            }
        })
    }
}

impl Rangee {
    pub(crate) fn texte(&self, colonne: &str) -> Resultat<String> {
        Ok(match self {
            Self::Sqlite(rangee) => rangee.try_get(colonne)?,
            Self::Postgres(rangee) => rangee.try_get(colonne)?,
        })
    }

    pub(crate) fn entier(&self, colonne: &str) -> Resultat<i64> {
        Ok(match self {
            Self::Sqlite(rangee) => rangee.try_get(colonne)?,
            Self::Postgres(rangee) => rangee.try_get(colonne)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_a_refusal_and_room_again_is_the_end_of_it() {
        let dossier = tempfile::tempdir().unwrap();
        let base = Base::nommer(&Config::dans(dossier.path())).unwrap();
        let mut tx = base.ecrire().await.unwrap();
        tx.executer("CREATE TABLE gros (octets BLOB)", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = base.ecrire().await.unwrap();
        // The file may not grow any more, as long as this connection lives.
        tx.rangees("PRAGMA max_page_count = 1", &[]).await.unwrap();
        let plein = tx.executer("INSERT INTO gros VALUES (randomblob(1000000))", &[]).await;
        assert!(format!("{plein:?}").contains("full"), "{plein:?}");
        drop(tx);
        let mut tx = base.ecrire().await.expect("SQLite ended the transaction by itself");
        tx.executer("INSERT INTO gros VALUES (randomblob(1000000))", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}
