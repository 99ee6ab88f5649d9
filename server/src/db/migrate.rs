//! Forward migrations on start, each in its own transaction, by one instance at a time.

use sqlx::migrate::Migrator;

use super::{Db, DbError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Brings the schema up to date. Several instances may start at once: on PostgreSQL the migrator
/// holds an advisory lock, on SQLite there is one writer.
pub(super) async fn run(db: &Db) -> Result<(), DbError> {
    match db {
        Db::Sqlite { write, .. } => SQLITE.run(write).await,
        Db::Postgres { pool, .. } => POSTGRES.run(pool).await,
    }
    .map_err(|error| DbError::Configuration(Box::new(error)))
}
