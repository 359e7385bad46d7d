//! The two databases behind one door: open, migrate, begin, and run the same SQL text on either.
//!
//! Rule: SQLite has one writer at a time (`BEGIN IMMEDIATE` on a pool of one) and any number of readers; PostgreSQL
//! does both with its own pool. Nothing outside this file knows which one answers.

use std::{ops::Deref, str::FromStr, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Connection as _, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction,
    postgres::{PgArguments, PgPoolOptions, PgRow},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use thiserror::Error;

static MIGRATIONS_SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static MIGRATIONS_POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

#[derive(Debug, Error)]
pub enum Erreur {
    /// Somebody else saved in between: read again, decide again.
    #[error("le dossier a changé entre-temps")]
    Conflit,
    #[error("base de données")]
    Base(#[from] sqlx::Error),
    #[error("migration de la base de données")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("donnée illisible dans la table {table}")]
    Illisible { table: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
}

impl Erreur {
    pub(crate) fn illisible(
        table: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Illisible { table, source: source.into() }
    }

    /// Whether the database itself is out of reach, so that trying again later makes sense.
    pub fn passagere(&self) -> bool {
        matches!(
            self,
            Self::Base(
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::Tls(_)
            )
        ) || matches!(self, Self::Base(sqlx::Error::Database(erreur))
            if erreur.code().is_some_and(|code| panne(&code)))
    }
}

/// Whether a code of the engine speaks of the machine rather than of the request: a lock held elsewhere, a disk that is
/// full or fails, a server that stops, starts or has no room.
fn panne(code: &str) -> bool {
    // PostgreSQL's codes have five characters (appendix A of its manual), SQLite's are numbers (rescode.html) whose low byte
    // is the kind: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
    const POSTGRESQL: [&str; 5] = ["08", "25006", "53", "57P", "58"];
    const SQLITE: [u32; 6] = [5, 6, 8, 10, 13, 14];
    if code.len() == 5 {
        return POSTGRESQL.iter().any(|debut| code.starts_with(debut));
    }
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

pub type Resultat<T> = Result<T, Erreur>;

/// A value with the version under which it was read; saving demands that it is still that one. 0 was never saved.
#[derive(Clone, Debug)]
pub struct Versionne<T> {
    pub valeur: T,
    pub version: i64,
}

impl<T> Versionne<T> {
    pub fn nouveau(valeur: T) -> Self {
        Self { valeur, version: 0 }
    }

    /// The next state, to be saved over the one that was read.
    #[must_use]
    pub fn vers(&self, valeur: T) -> Self {
        Self { valeur, version: self.version }
    }
}

impl<T> Deref for Versionne<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.valeur
    }
}

#[derive(Clone, Debug)]
enum Moteur {
    Sqlite { lecture: SqlitePool, ecriture: SqlitePool },
    Postgres(PgPool),
}

/// The guichet's database. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Registre(Moteur);

impl Registre {
    /// Opens (and makes, for SQLite) the database and brings its tables up to date.
    ///
    /// `url` is `sqlite:<path>` or `postgres://…`.
    pub async fn ouvrir(url: &str) -> Resultat<Self> {
        if url.starts_with("postgres") {
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(5))
                .connect(url)
                .await?;
            MIGRATIONS_POSTGRES.run(&pool).await?;
            return Ok(Self(Moteur::Postgres(pool)));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let ecriture = SqlitePoolOptions::new()
            .max_connections(1)
            // A full disk makes SQLite end a transaction by itself, which sqlx then believes open for ever.
            .before_acquire(|connexion, _| Box::pin(async move { Ok(!connexion.is_in_transaction()) }))
            .acquire_timeout(Duration::from_secs(15))
            .connect_with(options.clone())
            .await?;
        MIGRATIONS_SQLITE.run(&ecriture).await?;
        let lecture = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self(Moteur::Sqlite { lecture, ecriture }))
    }

    /// A transaction that only reads: a consistent view until it is dropped.
    pub async fn lire(&self) -> Resultat<Tx> {
        Ok(match &self.0 {
            Moteur::Sqlite { lecture, .. } => Tx::Sqlite(lecture.begin().await?),
            Moteur::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// A transaction that writes; without [`Tx::commit`] nothing of it happened.
    pub async fn ecrire(&self) -> Resultat<Tx> {
        Ok(match &self.0 {
            Moteur::Sqlite { ecriture, .. } => Tx::Sqlite(ecriture.begin_with("BEGIN IMMEDIATE").await?),
            Moteur::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether the database answers: one reading of one row.
    pub async fn sonder(&self) -> Resultat<()> {
        self.lire().await?.ligne("SELECT valeur FROM sequence LIMIT 1", vec![]).await?;
        Ok(())
    }

    pub async fn fermer(&self) {
        match &self.0 {
            Moteur::Sqlite { lecture, ecriture } => {
                lecture.close().await;
                ecriture.close().await;
            }
            Moteur::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction on either database.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A parameter of a query.
#[derive(Clone, Debug)]
pub(crate) enum Valeur {
    Texte(String),
    TexteOuNul(Option<String>),
    Entier(i64),
    EntierOuNul(Option<i64>),
}

impl From<&str> for Valeur {
    fn from(texte: &str) -> Self {
        Self::Texte(texte.to_owned())
    }
}

impl From<String> for Valeur {
    fn from(texte: String) -> Self {
        Self::Texte(texte)
    }
}

impl From<Option<String>> for Valeur {
    fn from(texte: Option<String>) -> Self {
        Self::TexteOuNul(texte)
    }
}

impl From<i64> for Valeur {
    fn from(entier: i64) -> Self {
        Self::Entier(entier)
    }
}

impl From<bool> for Valeur {
    fn from(vrai: bool) -> Self {
        Self::Entier(i64::from(vrai))
    }
}

impl From<Timestamp> for Valeur {
    fn from(instant: Timestamp) -> Self {
        Self::Entier(instant.as_microsecond())
    }
}

impl From<Option<Timestamp>> for Valeur {
    fn from(instant: Option<Timestamp>) -> Self {
        Self::EntierOuNul(instant.map(Timestamp::as_microsecond))
    }
}

impl<N> From<domaine::id::Id<N>> for Valeur {
    fn from(id: domaine::id::Id<N>) -> Self {
        Self::Texte(id.to_string())
    }
}

fn sqlite(sql: &'static str, valeurs: Vec<Valeur>) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    valeurs.into_iter().fold(sqlx::query(sql), |requete, valeur| match valeur {
        Valeur::Texte(texte) => requete.bind(texte),
        Valeur::TexteOuNul(texte) => requete.bind(texte),
        Valeur::Entier(entier) => requete.bind(entier),
        Valeur::EntierOuNul(entier) => requete.bind(entier),
    })
}

fn postgres(sql: &'static str, valeurs: Vec<Valeur>) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    valeurs.into_iter().fold(sqlx::query(sql), |requete, valeur| match valeur {
        Valeur::Texte(texte) => requete.bind(texte),
        Valeur::TexteOuNul(texte) => requete.bind(texte),
        Valeur::Entier(entier) => requete.bind(entier),
        Valeur::EntierOuNul(entier) => requete.bind(entier),
    })
}

impl Tx {
    pub async fn commit(self) -> Resultat<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement; gives back how many rows it touched.
    pub(crate) async fn executer(&mut self, sql: &'static str, valeurs: Vec<Valeur>) -> Resultat<u64> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, valeurs).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => postgres(sql, valeurs).execute(&mut **tx).await?.rows_affected(),
        })
    }

    pub(crate) async fn lignes(&mut self, sql: &'static str, valeurs: Vec<Valeur>) -> Resultat<Vec<Ligne>> {
        Ok(match self {
            Self::Sqlite(tx) => {
                sqlite(sql, valeurs).fetch_all(&mut **tx).await?.into_iter().map(Ligne::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                postgres(sql, valeurs).fetch_all(&mut **tx).await?.into_iter().map(Ligne::Postgres).collect()
            }
        })
    }

    pub(crate) async fn ligne(&mut self, sql: &'static str, valeurs: Vec<Valeur>) -> Resultat<Option<Ligne>> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite(sql, valeurs).fetch_optional(&mut **tx).await?.map(Ligne::Sqlite),
            Self::Postgres(tx) => {
                postgres(sql, valeurs).fetch_optional(&mut **tx).await?.map(Ligne::Postgres)
            }
        })
    }

    /// The next number of a sequence, starting at 1; a rolled-back transaction gives its number back.
    pub async fn suivant(&mut self, sequence: &str) -> Resultat<i64> {
        self.ligne(
            "INSERT INTO sequence (nom, valeur) VALUES ($1, 1)
             ON CONFLICT (nom) DO UPDATE SET valeur = sequence.valeur + 1 RETURNING valeur",
            vec![sequence.into()],
        )
        .await?
        .ok_or(Erreur::Conflit)?
        .entier("valeur")
    }
}

/// A row of either database, read by column name.
#[derive(Debug)]
pub(crate) enum Ligne {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Ligne {
    pub(crate) fn texte(&self, colonne: &str) -> Resultat<String> {
        Ok(match self {
            Self::Sqlite(ligne) => ligne.try_get(colonne)?,
            Self::Postgres(ligne) => ligne.try_get(colonne)?,
        })
    }

    pub(crate) fn texte_ou_nul(&self, colonne: &str) -> Resultat<Option<String>> {
        Ok(match self {
            Self::Sqlite(ligne) => ligne.try_get(colonne)?,
            Self::Postgres(ligne) => ligne.try_get(colonne)?,
        })
    }

    pub(crate) fn entier(&self, colonne: &str) -> Resultat<i64> {
        Ok(match self {
            Self::Sqlite(ligne) => ligne.try_get(colonne)?,
            Self::Postgres(ligne) => ligne.try_get(colonne)?,
        })
    }

    pub(crate) fn vrai(&self, colonne: &str) -> Resultat<bool> {
        Ok(self.entier(colonne)? != 0)
    }

    pub(crate) fn instant(&self, colonne: &'static str) -> Resultat<Timestamp> {
        Timestamp::from_microsecond(self.entier(colonne)?).map_err(|cause| Erreur::illisible(colonne, cause))
    }

    /// The noun kept as JSON in the column `donnees`.
    pub(crate) fn donnees<T: DeserializeOwned>(&self, table: &'static str) -> Resultat<T> {
        serde_json::from_str(&self.texte("donnees")?).map_err(|cause| Erreur::illisible(table, cause))
    }

    pub(crate) fn versionne<T: DeserializeOwned>(&self, table: &'static str) -> Resultat<Versionne<T>> {
        Ok(Versionne { valeur: self.donnees(table)?, version: self.entier("version")? })
    }
}

pub(crate) fn json<T: Serialize>(table: &'static str, valeur: &T) -> Resultat<Valeur> {
    serde_json::to_string(valeur).map(Valeur::Texte).map_err(|cause| Erreur::illisible(table, cause))
}

/// Turns « no row touched » into a conflict.
pub(crate) fn exige_une(touchees: u64) -> Resultat<()> {
    if touchees == 1 { Ok(()) } else { Err(Erreur::Conflit) }
}

#[cfg(test)]
mod tests {
    use super::{Registre, Tx, panne};

    #[tokio::test]
    async fn a_full_disk_is_a_refusal_and_room_again_is_the_end_of_it() {
        let base = test_support::base::sqlite();
        let registre = Registre::ouvrir(&base.url).await.unwrap();
        let gros = async |borne: bool| {
            let Tx::Sqlite(mut tx) = registre.ecrire().await.expect("SQLite ended the transaction by itself")
            else {
                return Ok(());
            };
            sqlx::query("CREATE TABLE IF NOT EXISTS gros (octets BLOB)").execute(&mut *tx).await?;
            if borne {
                // The file may not grow any more, as long as this connection lives.
                sqlx::query("PRAGMA max_page_count = 1").fetch_all(&mut *tx).await?;
            }
            sqlx::query("INSERT INTO gros VALUES (randomblob(1000000))").execute(&mut *tx).await?;
            tx.commit().await
        };
        assert!(gros(true).await.is_err());
        gros(false).await.unwrap();
    }

    #[test]
    fn a_fault_of_the_machine_is_told_from_a_fault_of_the_request() {
        // BUSY, BUSY_SNAPSHOT, READONLY, IOERR_WRITE, FULL, CANTOPEN; connection lost, disk full, too many connections, shut down.
        for code in ["5", "517", "8", "778", "13", "14", "08006", "53100", "53300", "57P01", "58030"] {
            assert!(panne(code), "{code}");
        }
        // CONSTRAINT_UNIQUE, ERROR, CORRUPT; unique violation, bad text, syntax.
        for code in ["2067", "1", "11", "23505", "22021", "42601", ""] {
            assert!(!panne(code), "{code}");
        }
    }
}
