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
pub use paging::{BadCursor, Cursor, Page, PageQuery};
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

/// Longest wait for the database to prove that it takes writes.
const PROOF: Duration = Duration::from_secs(2);
/// A proof so recent is not repeated, however often it is asked for.
const PROVEN_FOR: Duration = Duration::from_secs(1);
/// SQLite's writer counts as busy, not as stuck, so long after the last commit.
const BUSY_FOR: Duration = Duration::from_secs(30);

/// The database: cheap to clone, shared by everything.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    writes: Arc<Writes>,
    proven: Arc<tokio::sync::Mutex<Option<Instant>>>,
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
        /// For what may take long.
        long: PgPool,
        /// Longest statement.
        limit: Duration,
    },
}

impl Db {
    /// Opens `url` (`sqlite:PATH`, `postgres://…`) and brings its schema up to date. The error says
    /// what to do.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let pools = if let Some(path) = sqlite::path(url) {
            let (read, write) = sqlite::open(path).await?;
            migrate::sqlite(&write).await?;
            Pools::Sqlite { read, write }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
            let mut first = postgres::first(&options).await?;
            migrate::postgres(&mut first).await?;
            // Closed with the process at the latest.
            let _ = sqlx::Connection::close(first).await;
            let postgres::Pools { pool, keyed, long } = postgres::pools(&options);
            Pools::Postgres { pool, keyed, long, limit: postgres::STATEMENT }
        } else {
            bail!("DATABASE_URL must be postgres://… or sqlite:PATH");
        };
        Ok(Self { pools, writes: Arc::new(Writes::new()), proven: Arc::default() })
    }

    /// The same database for jobs, imports and learning, whose statements may take minutes and which
    /// take no connection from the requests.
    #[must_use]
    pub fn patient(&self) -> Self {
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

    /// Remembers that writing failed.
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

    /// Proves that the database takes writes, by one. Asked often, it is done once a second.
    pub async fn prove_writable(&self) -> Result<(), DbError> {
        let mut proven = self.proven.lock().await;
        if self.writes.failed_lately() {
            return Err(failed("a write failed a moment ago"));
        }
        if proven.is_some_and(|at| at.elapsed() < PROVEN_FOR) {
            return Ok(());
        }
        *proven = None;
        let proof = async {
            let mut tx = self.begin().await?;
            tx.execute(
                "INSERT INTO settings (key, value, updated_at)
                 VALUES ('health.proof', '{}', CURRENT_TIMESTAMP)
                 ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at",
            )
            .await?;
            tx.commit().await
        };
        match tokio::time::timeout(PROOF, proof).await {
            Ok(proof) => proof?,
            // A long transaction has the one writer.
            Err(_) if !self.is_postgres() && self.writes.succeeded_within(BUSY_FOR) => {}
            Err(_) => return Err(failed("the database does not answer")),
        }
        *proven = Some(Instant::now());
        Ok(())
    }

    /// Reads an SQLite file from end to end: `ok`, or the first damage found. PostgreSQL has its own
    /// tools: `ok`.
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
