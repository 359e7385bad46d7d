//! A database for one test: an empty SQLite file always, an empty PostgreSQL database when a server is at hand.
//!
//! Every query of `registre` is one text for both engines, so a test loops over [`bases`] and proves it on both.

use std::future::Future;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::{absent, environnement};

/// Variable that holds the URL of a PostgreSQL account allowed to create databases
/// (`postgres://edc@127.0.0.1:5432/postgres`).
pub const POSTGRES: &str = "EDC_TEST_POSTGRES";

/// An empty database that lives as long as this value.
pub struct BaseEssai {
    /// `"sqlite"` or `"postgres"`, for the message of a failed assertion.
    pub nom: &'static str,
    /// The URL that `sqlx` and the configuration of the products understand.
    pub url: String,
    _garde: Garde,
}

/// What must be undone when the test ends.
enum Garde {
    Sqlite { _dossier: TempDir },
    Postgres { admin: String, nom: String },
}

/// One fresh database per engine at hand.
///
/// # Panics
/// When the server refuses, or when `EDC_TEST_EXIGE=1` and no PostgreSQL is named: run `./test`.
pub fn bases() -> Vec<BaseEssai> {
    let mut bases = vec![sqlite()];
    bases.extend(postgres());
    bases
}

/// A fresh SQLite file, for tests whose subject is not the storage.
///
/// # Panics
/// When no temporary folder can be made.
pub fn sqlite() -> BaseEssai {
    let dossier = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}?mode=rwc", dossier.path().join("essai.db").display());
    BaseEssai { nom: "sqlite", url, _garde: Garde::Sqlite { _dossier: dossier } }
}

/// A fresh PostgreSQL database, when `EDC_TEST_POSTGRES` names a server.
///
/// # Panics
/// When the server refuses, or when `EDC_TEST_EXIGE=1` and no PostgreSQL is named: run `./test`.
pub fn postgres() -> Option<BaseEssai> {
    let Some(admin) = environnement(POSTGRES) else {
        return absent(&format!("PostgreSQL ({POSTGRES})"));
    };
    let nom = nom_unique();
    // template0 accepts no connection, so two tests never find their model busy.
    let ordre = format!("CREATE DATABASE {nom} TEMPLATE template0 ENCODING 'UTF8'");
    a_part(ordonner(admin.clone(), ordre)).expect("PostgreSQL creates a database for the test");
    let url = avec_base(&admin, &nom);
    Some(BaseEssai { nom: "postgres", url, _garde: Garde::Postgres { admin, nom } })
}

impl Drop for Garde {
    fn drop(&mut self) {
        if let Self::Postgres { admin, nom } = self {
            let ordre = format!("DROP DATABASE IF EXISTS {nom} WITH (FORCE)");
            // A database left behind goes with its throw-away server; a second panic here would hide the first.
            drop(a_part(ordonner(admin.clone(), ordre)));
        }
    }
}

async fn ordonner(admin: String, ordre: String) -> Result<(), sqlx::Error> {
    let mut connexion = PgConnection::connect(&admin).await?;
    sqlx::raw_sql(AssertSqlSafe(ordre)).execute(&mut connexion).await?;
    connexion.close().await
}

/// Runs `travail` on a thread of its own, so that a caller may already be inside a runtime (or be a `Drop`).
fn a_part<T: Send>(travail: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, sqlx::Error> {
    std::thread::scope(|portee| {
        let fil = portee
            .spawn(|| tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(travail));
        fil.join().unwrap_or(Err(sqlx::Error::WorkerCrashed))
    })
}

/// `tempfile` already draws names that do not collide between processes.
fn nom_unique() -> String {
    let tirage = tempfile::Builder::new().prefix("").rand_bytes(16).tempfile().expect("a temporary file");
    let lettres = tirage.path().file_name().expect("a file has a name").to_string_lossy().to_lowercase();
    format!("essai_{lettres}")
}

/// The admin URL with its last path segment replaced: `…/postgres?x=1` → `…/essai_…?x=1`.
fn avec_base(admin: &str, nom: &str) -> String {
    let (adresse, options) = admin.split_once('?').map_or((admin, None), |(a, o)| (a, Some(o)));
    let serveur = match adresse.split_once("://") {
        Some((_, reste)) if reste.contains('/') => {
            adresse.rsplit_once('/').map_or(adresse, |(avant, _)| avant)
        }
        _ => adresse,
    };
    match options {
        Some(options) => format!("{serveur}/{nom}?{options}"),
        None => format!("{serveur}/{nom}"),
    }
}

#[cfg(test)]
mod tests {
    use super::avec_base;

    #[test]
    fn la_base_remplace_celle_de_l_adresse() {
        for (admin, attendu) in [
            ("postgres://edc@127.0.0.1:5432/postgres", "postgres://edc@127.0.0.1:5432/essai"),
            ("postgres://edc@127.0.0.1:5432", "postgres://edc@127.0.0.1:5432/essai"),
            (
                "postgres://edc:mot@[::1]:5432/a?sslmode=disable",
                "postgres://edc:mot@[::1]:5432/essai?sslmode=disable",
            ),
        ] {
            assert_eq!(avec_base(admin, "essai"), attendu, "{admin}");
        }
    }
}
