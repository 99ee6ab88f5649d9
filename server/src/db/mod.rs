//! One SQL text, two databases.
//!
//! A store writes its SQL once, with `$1` placeholders, and runs it through [`Tx`]; the driver is
//! picked here and nowhere else. SQLite has one writer connection (transactions begin with
//! `BEGIN IMMEDIATE`, so nobody races for the lock half-way) and a pool of readers; PostgreSQL has
//! one pool.

mod arg;
mod bundle;
mod claim;
mod failure;
mod ids;
mod insert;
pub mod lease;
mod migrate;
mod money;
pub mod packed;
mod paging;
mod phone;
mod postgres;
pub mod sqlite;
mod text_enum;
mod tx;
mod writes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, PgPool, SqlitePool};

pub use arg::{Arg, Sql};
pub use bundle::{Bundle, Part, absent};
pub use claim::Claim;
pub use failure::Failure;
pub use ids::*;
pub use insert::{Insert, Values};
pub use money::Money;
pub use paging::{BadCursor, Cursor, Page, PageQuery, Sort};
pub use phone::{Dialled, PhoneError, PhoneNumber, dialled};
use postgres::Session;
pub(crate) use text_enum::text_enum;
use tx::Driver;
pub use tx::Tx;
use writes::Writes;

/// Prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// What can go wrong in the database layer.
pub type DbError = sqlx::Error;

/// A row type that both drivers can fill; implemented by `#[derive(sqlx::FromRow)]`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// Timeout of the write check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// A successful write check is cached for this long.
const CHECK_CACHED: Duration = Duration::from_secs(1);
/// If SQLite's writer is in use, it is reported as healthy for this long after the last commit.
const BUSY_FOR: Duration = Duration::from_secs(30);

/// The database: cheap to clone, shared by everything.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    writes: Arc<Writes>,
    checked: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

#[derive(Clone, Debug)]
enum Pools {
    /// An SQLite file.
    Sqlite {
        /// Readers.
        read: SqlitePool,
        /// The one writer.
        write: SqlitePool,
    },
    /// A PostgreSQL database.
    Postgres {
        /// For everything.
        pool: PgPool,
        /// For reading by key: each statement is planned once.
        keyed: PgPool,
        /// For jobs and imports.
        long: PgPool,
        /// Statement timeout.
        limit: Duration,
    },
}

impl Db {
    /// Opens `url` (`sqlite:PATH`, `postgres://…`) and migrates its schema. The error text is for the
    /// operator.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let pools = if let Some(path) = sqlite::path(url) {
            let (read, write) = sqlite::open(path).await?;
            migrate::sqlite(&write).await?;
            Pools::Sqlite { read, write }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
            let mut first = postgres::first(&options).await?;
            migrate::postgres(&mut first).await?;
            // An error here does not matter.
            let _ = sqlx::Connection::close(first).await;
            let postgres::Pools { pool, keyed, long } = postgres::pools(&options);
            Pools::Postgres { pool, keyed, long, limit: postgres::STATEMENT }
        } else {
            bail!("DATABASE_URL must be postgres://… or sqlite:PATH");
        };
        Ok(Self { pools, writes: Arc::new(Writes::new()), checked: Arc::default() })
    }

    /// The same database with longer timeouts and separate connections, for jobs, imports and learning.
    #[must_use]
    pub fn for_background(&self) -> Self {
        let pools = match &self.pools {
            Pools::Postgres { long, .. } => Pools::Postgres {
                pool: long.clone(),
                keyed: long.clone(),
                long: long.clone(),
                limit: postgres::LONG_STATEMENT,
            },
            sqlite @ Pools::Sqlite { .. } => sqlite.clone(),
        };
        Self { pools, ..self.clone() }
    }

    /// Whether this is PostgreSQL, for the few places where the databases truly differ
    /// (notification, bulk load).
    pub fn is_postgres(&self) -> bool {
        self.postgres().is_some()
    }

    /// PostgreSQL's connections, to listen on.
    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres { pool, .. } => Some(pool),
            Pools::Sqlite { .. } => None,
        }
    }

    /// Begins a transaction that may write. Dropping it without [`Tx::commit`] rolls back.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let begun = match &self.pools {
            Pools::Sqlite { write, .. } => {
                write.begin_with("BEGIN IMMEDIATE").await.map(Driver::Sqlite)
            }
            Pools::Postgres { pool, limit, .. } => {
                Session::begin(pool, *limit).await.map(Driver::Postgres)
            }
        };
        let driver = begun.inspect_err(|error| self.note(error))?;
        let mut tx = Tx::new(driver, Some(Arc::clone(&self.writes)));
        tx.claim = Claim::insert_current(&mut tx).await?;
        Ok(tx)
    }

    /// Records a failed write.
    fn note(&self, error: &DbError) {
        if Failure::of(error).is_some_and(Failure::stops_writing) {
            self.writes.fail();
        }
    }

    /// Begins to read, never waiting for the writer. SQLite shows one view to the end, PostgreSQL to
    /// each statement what is committed by then; without a transaction, which would change nothing of
    /// that and cost two more ways to the server.
    pub async fn read(&self) -> Result<Tx, DbError> {
        let driver = match &self.pools {
            Pools::Sqlite { read, .. } => Driver::Sqlite(read.begin().await?),
            Pools::Postgres { pool, limit, .. } => {
                Driver::Postgres(Session::read(pool, *limit).await?)
            }
        };
        Ok(Tx::new(driver, None))
    }

    /// The same for pages that read the same few rows by key again and again: PostgreSQL plans each of
    /// their statements once, and not for every customer anew, which takes longer than the reading.
    /// Not for statements whose best plan depends on what is asked for.
    pub async fn read_by_key(&self) -> Result<Tx, DbError> {
        match &self.pools {
            Pools::Sqlite { .. } => self.read().await,
            Pools::Postgres { keyed, limit, .. } => {
                Ok(Tx::new(Driver::Postgres(Session::read(keyed, *limit).await?), None))
            }
        }
    }

    /// Checks that the database accepts writes, by writing; at most once a second.
    pub async fn check_writable(&self) -> Result<(), DbError> {
        let mut checked = self.checked.lock().await;
        if self.writes.failed_lately() {
            return Err(failed("a write failed in the last seconds"));
        }
        if checked.is_some_and(|at| at.elapsed() < CHECK_CACHED) {
            return Ok(());
        }
        *checked = None;
        let check = async {
            let mut tx = self.begin().await?;
            tx.execute(
                "INSERT INTO settings (key, value, updated_at)
                 VALUES ('health.check', '{}', CURRENT_TIMESTAMP)
                 ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at",
            )
            .await?;
            tx.commit().await
        };
        match tokio::time::timeout(CHECK_TIMEOUT, check).await {
            Ok(result) => result?,
            // A long transaction is using the writer.
            Err(_) if !self.is_postgres() && self.writes.succeeded_within(BUSY_FOR) => {}
            Err(_) => return Err(failed("the database does not answer")),
        }
        *checked = Some(Instant::now());
        Ok(())
    }

    /// Checks the integrity of an SQLite file: `ok` or the first problem. Always `ok` for PostgreSQL, which
    /// has its own tools.
    pub async fn check_file(&self) -> Result<String, DbError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlite::quick_check(read).await,
            Pools::Postgres { .. } => Ok("ok".to_owned()),
        }
    }

    /// Prepares for writing much at once with nobody else at work: SQLite keeps more in memory and
    /// copies its log into the file less often.
    pub async fn prepare_for_bulk(&self) -> Result<(), DbError> {
        if let Pools::Sqlite { write, .. } = &self.pools {
            for pragma in ["PRAGMA cache_size = -200000", "PRAGMA wal_autocheckpoint = 50000"] {
                sqlx::query(pragma).execute(write).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections; SQLite checkpoints its write-ahead log.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { pool, keyed, long, .. } => {
                futures::join!(pool.close(), keyed.close(), long.close());
            }
        }
    }
}

fn failed(why: &str) -> DbError {
    DbError::Io(std::io::Error::other(why))
}

/// Whether `error` is a unique-constraint violation.
pub fn is_unique_violation(error: &DbError) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether `error` is a violation of the unique constraint on `column` of `table`. (PostgreSQL
/// names the constraint `table_column_key`, SQLite the column `table.column`.)
pub fn violates_unique(error: &DbError, table: &str, column: &str) -> bool {
    error.as_database_error().is_some_and(|e| {
        e.is_unique_violation()
            && (e.message().contains(&format!("{table}.{column}"))
                || e.constraint() == Some(&format!("{table}_{column}_key")))
    })
}
