//! Forward migrations on start, each in its own transaction, by one instance at a time.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{PgConnection, SqlitePool};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Brings the schema of an SQLite file up to date, by its one writer.
pub(super) async fn sqlite(write: &SqlitePool) -> Result<(), MigrateError> {
    SQLITE.run(write).await
}

/// Brings the schema of a PostgreSQL database up to date. Several instances may start at once: the
/// migrator holds an advisory lock.
pub(super) async fn postgres(connection: &mut PgConnection) -> Result<(), MigrateError> {
    POSTGRES.run(connection).await
}
