//! Connections to an SQLite file.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, SqlitePool};

use super::{DbError, STATEMENTS};

/// Files up to this size (bytes) are checked at start, which takes less than a second.
const CHECKED_AT_START: u64 = 128 * 1024 * 1024;

/// The pools of readers and of the one writer.
pub(super) async fn open(path: &Path) -> anyhow::Result<(SqlitePool, SqlitePool)> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-16000")
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", "67108864")
        .pragma("analysis_limit", "1000")
        .statement_cache_capacity(STATEMENTS);
    let write = pool(1).connect_with(options.clone()).await;
    let write = write.map_err(|error| explain(path, error))?;
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    if size <= CHECKED_AT_START {
        let found = quick_check(&write).await.map_err(|error| explain(path, error))?;
        anyhow::ensure!(
            found == "ok",
            "the database {} is damaged ({found}); restore a backup, or save what is readable with \
             `sqlite3 {} .recover`",
            path.display(),
            path.display(),
        );
    }
    let read = pool(4).connect_with(options.pragma("query_only", "on")).await?;
    Ok((read, write))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // A local file does not disconnect, so connections are not pinged.
        .test_before_acquire(false)
        // SQLite rolls back automatically when the disk is full or fails. The driver still counts the
        // transaction as open and rejects every further BEGIN, so the connection is replaced.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
        .acquire_timeout(Duration::from_secs(30))
}

/// Runs `PRAGMA quick_check`; returns `ok` or the first problem.
pub(super) async fn quick_check(pool: &SqlitePool) -> Result<String, DbError> {
    sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await
}

/// Adds to an open error what the operator can do.
fn explain(path: &Path, error: DbError) -> anyhow::Error {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    let path = path.display();
    let hint = match code.map(|code| code & 0xff) {
        Some(8 | 14) => format!(
            "{path} cannot be written: its folder must exist, be writable for this user and not be on \
             a read-only file system"
        ),
        Some(11) => format!("the database {path} is damaged; restore a backup"),
        Some(13) => format!("the disk of {path} is full"),
        Some(26) => format!("{path} is not an SQLite database"),
        Some(5 | 6) => format!("another program holds {path}"),
        _ => format!("opening {path}"),
    };
    anyhow::Error::new(error).context(hint)
}

/// The file of a `sqlite:PATH` URL.
pub fn path(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(|path| Path::new(path.trim_start_matches("//")))
}
