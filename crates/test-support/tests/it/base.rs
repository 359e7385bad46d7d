//! Each database is empty, works, and is nobody else's.

use sqlx::{Connection, PgConnection, SqliteConnection};
use test_support::base::bases;

#[tokio::test]
async fn chaque_base_est_neuve() {
    // The same table twice would fail if the two rounds shared a database.
    let (premieres, secondes) = (bases(), bases());
    for base in premieres.iter().chain(&secondes) {
        let cree = if base.nom == "sqlite" {
            let mut connexion = SqliteConnection::connect(&base.url).await.unwrap();
            sqlx::query("CREATE TABLE t (n BIGINT)").execute(&mut connexion).await.map(drop)
        } else {
            let mut connexion = PgConnection::connect(&base.url).await.unwrap();
            sqlx::query("CREATE TABLE t (n BIGINT)").execute(&mut connexion).await.map(drop)
        };
        cree.unwrap_or_else(|e| panic!("{} : {e}", base.url));
    }
}

#[tokio::test]
async fn une_base_postgres_disparait_avec_sa_garde() {
    let Some(base) = test_support::base::postgres() else { return };
    let url = base.url.clone();
    PgConnection::connect(&url).await.unwrap().close().await.unwrap();
    drop(base);
    assert!(PgConnection::connect(&url).await.is_err(), "{url} répond encore");
}
