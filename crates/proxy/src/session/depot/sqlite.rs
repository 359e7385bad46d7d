//! Sessions in an SQLite file: one process, which holds them all in memory and writes each change through.
//!
//! Rule: the file is locked for as long as the process lives. A change is on the disk when the call returns. Last uses, which
//! change all the time, stand apart from the sealed sessions, which are large and seldom do.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _, SqlitePool};

use super::{Rangee, Usage};

/// Last uses written by one statement.
const ENSEMBLE: usize = 500;

#[derive(Debug)]
pub(crate) struct Fichier(SqlitePool);

impl Fichier {
    pub(crate) async fn ouvrir(chemin: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(chemin)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .locking_mode(SqliteLockingMode::Exclusive)
            .synchronous(SqliteSynchronous::Full)
            // A session that ended leaves no trace of its tokens in free pages, sealed as they are.
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(2));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            // A full disk makes SQLite end a transaction by itself, which sqlx then believes open for ever.
            .before_acquire(|connexion, _| Box::pin(async move { Ok(!connexion.is_in_transaction()) }))
            .connect_with(options)
            .await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS scellee (empreinte TEXT PRIMARY KEY, scelle BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS usage (empreinte TEXT PRIMARY KEY, derniere BIGINT NOT NULL)
             WITHOUT ROWID",
        )
        .execute(&pool)
        .await?;
        Ok(Self(pool))
    }

    pub(super) async fn fermer(&self) {
        self.0.close().await;
    }

    pub(super) async fn sonder(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1 FROM scellee LIMIT 1").fetch_optional(&self.0).await.map(|_| ())
    }

    /// The sessions that follow a fingerprint, a thousand at most; the first ones after an empty text.
    pub(crate) async fn apres(&self, empreinte: &str) -> Result<Vec<Rangee>, sqlx::Error> {
        let page = "SELECT empreinte, scelle, derniere FROM scellee JOIN usage USING (empreinte)
                    WHERE empreinte > $1 ORDER BY empreinte LIMIT 1000";
        let rangees = sqlx::query(page).bind(empreinte).fetch_all(&self.0).await?;
        rangees
            .iter()
            .map(|rangee| {
                Ok(Rangee {
                    empreinte: rangee.try_get(0)?,
                    scelle: rangee.try_get(1)?,
                    derniere: rangee.try_get(2)?,
                })
            })
            .collect()
    }

    pub(super) async fn creer(&self, scelle: &[u8], usage: &Usage) -> Result<(), sqlx::Error> {
        self.creer_ensemble(&[(scelle, usage)]).await
    }

    /// Writes many at once: all of them or none.
    pub(crate) async fn creer_ensemble(&self, sessions: &[(&[u8], &Usage)]) -> Result<(), sqlx::Error> {
        let mut tx = self.0.begin().await?;
        for (scelle, usage) in sessions {
            sqlx::query("INSERT INTO scellee (empreinte, scelle) VALUES ($1, $2)")
                .bind(&usage.empreinte)
                .bind(scelle)
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO usage (empreinte, derniere) VALUES ($1, $2)")
                .bind(&usage.empreinte)
                .bind(usage.derniere)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    pub(super) async fn remplacer(&self, empreinte: &str, scelle: &[u8]) -> Result<bool, sqlx::Error> {
        let ordre = sqlx::query("UPDATE scellee SET scelle = $1 WHERE empreinte = $2");
        Ok(ordre.bind(scelle).bind(empreinte).execute(&self.0).await?.rows_affected() == 1)
    }

    pub(super) async fn oter(&self, empreinte: &str) -> Result<bool, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        sqlx::query("DELETE FROM usage WHERE empreinte = $1").bind(empreinte).execute(&mut *tx).await?;
        let ordre = sqlx::query("DELETE FROM scellee WHERE empreinte = $1").bind(empreinte);
        let otee = ordre.execute(&mut *tx).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(otee)
    }

    /// Writes later uses, some hundreds by statement: with many sessions there are thousands a second.
    pub(super) async fn toucher(&self, usages: &[Usage]) -> Result<(), sqlx::Error> {
        for ensemble in usages.chunks(ENSEMBLE) {
            let paires: Vec<_> = ensemble.iter().map(|usage| (&usage.empreinte, usage.derniere)).collect();
            let paires = serde_json::to_string(&paires).map_err(|faute| sqlx::Error::Encode(faute.into()))?;
            sqlx::query(
                "UPDATE usage SET derniere = max(derniere, lue.value ->> 1)
                 FROM json_each($1) AS lue WHERE usage.empreinte = lue.value ->> 0",
            )
            .bind(paires)
            .execute(&self.0)
            .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};

    use jiff::Timestamp;

    use super::*;

    const DOSSIER: &str = "PROXY_ESSAI_DOSSIER";

    #[expect(
        clippy::disallowed_methods,
        reason = "a test that starts itself again tells itself its part that way"
    )]
    fn dossier() -> Option<String> {
        std::env::var(DOSSIER).ok()
    }

    async fn ecrire_sans_fin(dossier: &str) {
        let fichier = Fichier::ouvrir(&Path::new(dossier).join("sessions.db")).await.expect("the file opens");
        let mut sortie = std::io::stdout().lock();
        for n in 0.. {
            let usage = Usage { empreinte: format!("s{n}"), derniere: n, expire: Timestamp::MAX };
            fichier.creer(b"scelle", &usage).await.expect("a session is kept");
            if n % 3 == 2 {
                // Changed and ended ones too: what was told last is what is there.
                fichier.remplacer(&format!("s{}", n - 1), b"change").await.expect("a session is changed");
                fichier.oter(&format!("s{}", n - 2)).await.expect("a session is ended");
            }
            sortie.write_all(format!("\ngardée {n}\n").as_bytes()).expect("the other part listens");
            sortie.flush().expect("the other part listens");
        }
    }

    /// Plays both parts: alone, it starts itself again to write, and kills what it started.
    #[tokio::test]
    async fn a_session_that_was_told_is_there_after_a_kill() {
        if let Some(dossier) = dossier() {
            return ecrire_sans_fin(&dossier).await;
        }
        let dossier = tempfile::tempdir().unwrap();
        let nom = "session::depot::sqlite::tests::a_session_that_was_told_is_there_after_a_kill";
        let mut enfant = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", nom, "--nocapture"])
            .env(DOSSIER, dossier.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut derniere = -1;
        for ligne in BufReader::new(enfant.stdout.take().unwrap()).lines() {
            if let Some(n) = ligne.unwrap().strip_prefix("gardée ") {
                derniere = n.parse::<i64>().unwrap();
                if derniere == 300 {
                    enfant.kill().unwrap();
                }
            }
        }
        assert!(!enfant.wait().unwrap().success() && derniere >= 300);
        let fichier = Fichier::ouvrir(&dossier.path().join("sessions.db")).await.unwrap();
        let toutes = fichier.apres("").await.unwrap();
        for n in 0..=derniere {
            let attendue = match n % 3 {
                // Ended by the one that comes two later.
                0 if n + 2 <= derniere => None,
                1 if n < derniere => Some(&b"change"[..]),
                _ => Some(&b"scelle"[..]),
            };
            // What the last one did may have been done without being told.
            if n + 2 > derniere && n % 3 != 2 {
                continue;
            }
            let trouvee = toutes.iter().find(|rangee| rangee.empreinte == format!("s{n}"));
            assert_eq!(trouvee.map(|rangee| rangee.scelle.as_slice()), attendue, "{n} de {derniere}");
        }
        assert!(Fichier::ouvrir(&dossier.path().join("sessions.db")).await.is_err(), "one process a file");
    }
}
