//! One SQL text, two databases.
//!
//! A store writes its SQL once, with `$1` placeholders, and runs it through [`Tx`]; the driver is
//! picked here and nowhere else. SQLite has one writer connection (transactions begin with
//! `BEGIN IMMEDIATE`, so nobody races for the lock half-way) and a pool of readers; PostgreSQL has
//! one pool.

mod arg;
mod bundle;
mod claim;
mod ids;
mod insert;
pub mod lease;
mod migrate;
mod money;
pub mod packed;
mod paging;
mod phone;
mod postgres;
mod text_enum;

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, FromRow, PgPool, Sqlite, SqlitePool};

pub use arg::{Arg, Sql};
pub use bundle::{Bundle, Part, absent};
pub use claim::Claim;
pub use ids::*;
pub use insert::{Insert, Values};
pub use money::Money;
pub use paging::{BadCursor, Cursor, Page, PageQuery};
pub use phone::{Dialled, PhoneError, PhoneNumber, dialled};
use postgres::Session;
pub(crate) use text_enum::text_enum;

/// Prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// What can go wrong in the database layer.
pub type DbError = sqlx::Error;

/// A row type that both drivers can fill; implemented by `#[derive(sqlx::FromRow)]`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// The database: cheap to clone, shared by everything.
#[derive(Clone, Debug)]
pub enum Db {
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
    },
}

impl Db {
    /// Opens `url` (`sqlite:PATH`, `postgres://…`) and brings its schema up to date.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        let db = if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await?
        } else {
            let options = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
            Self::Postgres {
                pool: postgres::pool(options.clone()).await?,
                keyed: postgres::keyed(options),
            }
        };
        migrate::run(&db).await?;
        Ok(db)
    }

    async fn open_sqlite(path: &Path) -> Result<Self, DbError> {
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
        // A file does not go away: no connection is asked whether it is still there.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.clone())
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    /// Whether this is PostgreSQL, for the few places where the databases truly differ
    /// (notification, bulk load).
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Begins a transaction that may write. Dropping it without [`Tx::commit`] rolls back.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let mut tx = match self {
            Self::Sqlite { write, .. } => Tx::sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { pool, .. } => Tx::postgres(Session::Transaction(pool.begin().await?)),
        };
        tx.claim = Claim::insert_current(&mut tx).await?;
        Ok(tx)
    }

    /// Begins to read, never waiting for the writer. SQLite shows one view to the end, PostgreSQL to
    /// each statement what is committed by then; without a transaction, which would change nothing of
    /// that and cost two more ways to the server.
    pub async fn read(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::sqlite(read.begin().await?),
            Self::Postgres { pool, .. } => Tx::postgres(Session::Reading(pool.acquire().await?)),
        })
    }

    /// The same for pages that read the same few rows by key again and again: PostgreSQL plans each of
    /// their statements once, and not for every customer anew, which takes longer than the reading.
    /// Not for statements whose best plan depends on what is asked for.
    pub async fn read_by_key(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { .. } => self.read().await,
            Self::Postgres { keyed, .. } => {
                Ok(Tx::postgres(Session::Reading(keyed.acquire().await?)))
            }
        }
    }

    /// Prepares for writing much at once with nobody else at work: SQLite keeps more in memory and
    /// copies its log into the file less often.
    pub async fn prepare_for_bulk(&self) -> Result<(), DbError> {
        if let Self::Sqlite { write, .. } = self {
            for pragma in ["PRAGMA cache_size = -200000", "PRAGMA wal_autocheckpoint = 50000"] {
                sqlx::query(pragma).execute(write).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections; SQLite checkpoints its write-ahead log.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { pool, keyed } => {
                keyed.close().await;
                pool.close().await;
            }
        }
    }
}

/// A transaction on either database.
#[derive(Debug)]
pub struct Tx {
    driver: Driver,
    /// Rows to be inserted just before the commit.
    later: Vec<Insert>,
    /// The row that makes the request's key known, if this transaction carries it.
    claim: Option<claim::Held>,
}

#[derive(Debug)]
enum Driver {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(Session),
}

/// The one place that picks a driver: runs `$body` with `$query` and `$conn` of the transaction's
/// own database. `$make` is the query constructor (`query`, `query_as::<_, T>`).
macro_rules! on_driver {
    ($tx:expr, $sql:expr, $make:path, |$query:ident, $conn:ident| $body:expr) => {{
        let Sql { text, args, persistent } = $sql.into();
        match &mut $tx.driver {
            Driver::Sqlite(tx) => {
                let $conn = &mut **tx;
                let text = arg::sqlite_text(text, &args);
                let $query = $make(AssertSqlSafe(text), arg::sqlite(args)?).persistent(persistent);
                $body
            }
            Driver::Postgres(session) => {
                let $conn = &mut **session;
                let $query =
                    $make(AssertSqlSafe(text), arg::postgres(args)?).persistent(persistent);
                $body
            }
        }
    }};
}

/// A statement as its driver takes it: made ready while the database is busy with another one.
#[derive(Debug)]
enum Ready {
    Sqlite(String, SqliteArguments, bool),
    Postgres(String, PgArguments, bool),
}

impl Ready {
    fn new(postgres: bool, sql: Sql) -> Result<Self, DbError> {
        let Sql { text, args, persistent } = sql;
        Ok(if postgres {
            Self::Postgres(text, arg::postgres(args)?, persistent)
        } else {
            let text = arg::sqlite_text(text, &args);
            Self::Sqlite(text, arg::sqlite(args)?, persistent)
        })
    }

    fn elsewhere() -> DbError {
        DbError::Protocol("a statement of the other database".to_owned())
    }
}

impl Tx {
    fn sqlite(transaction: sqlx::Transaction<'static, Sqlite>) -> Self {
        Self { driver: Driver::Sqlite(transaction), later: Vec::new(), claim: None }
    }

    fn postgres(session: Session) -> Self {
        Self { driver: Driver::Postgres(session), later: Vec::new(), claim: None }
    }

    /// Rows to be inserted just before the commit, with others of the same kind in one statement: for
    /// what this transaction itself does not read.
    pub fn insert_later(&mut self, rows: Insert) {
        match self.later.iter_mut().find(|waiting| waiting.is_like(&rows)) {
            Some(waiting) => waiting.append(rows),
            None => self.later.push(rows),
        }
    }

    /// Inserts what waits for the commit now.
    pub async fn insert_waiting(&mut self) -> Result<(), DbError> {
        let waiting = std::mem::take(&mut self.later);
        if self.is_postgres() && waiting.len() > 1 && waiting.iter().all(|rows| rows.len() < 100) {
            self.execute(Insert::together(waiting)).await?;
            return Ok(());
        }
        for rows in waiting {
            rows.execute(self).await?;
        }
        Ok(())
    }

    /// All rows.
    pub async fn all<T: Row>(&mut self, sql: impl Into<Sql>) -> Result<Vec<T>, DbError> {
        on_driver!(self, sql, sqlx::query_as_with::<_, T, _>, |q, c| q.fetch_all(c).await)
    }

    /// The first row, if any.
    pub async fn optional<T: Row>(&mut self, sql: impl Into<Sql>) -> Result<Option<T>, DbError> {
        on_driver!(self, sql, sqlx::query_as_with::<_, T, _>, |q, c| q.fetch_optional(c).await)
    }

    /// Exactly one row; none is an error ([`sqlx::Error::RowNotFound`]).
    pub async fn one<T: Row>(&mut self, sql: impl Into<Sql>) -> Result<T, DbError> {
        on_driver!(self, sql, sqlx::query_as_with::<_, T, _>, |q, c| q.fetch_one(c).await)
    }

    /// The first column of the first row, as in `SELECT count(*)` or `… RETURNING id`.
    pub async fn scalar<T>(&mut self, sql: impl Into<Sql>) -> Result<T, DbError>
    where
        (T,): Row,
    {
        Ok(self.one::<(T,)>(sql).await?.0)
    }

    /// Like [`Tx::scalar`], `None` without a row.
    pub async fn optional_scalar<T>(&mut self, sql: impl Into<Sql>) -> Result<Option<T>, DbError>
    where
        (T,): Row,
    {
        Ok(self.optional::<(T,)>(sql).await?.map(|row| row.0))
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn execute(&mut self, sql: impl Into<Sql>) -> Result<u64, DbError> {
        self.run(Ready::new(self.is_postgres(), sql.into())?).await
    }

    /// Runs a statement made ready for this transaction's database; the number of rows it touched.
    async fn run(&mut self, ready: Ready) -> Result<u64, DbError> {
        match (&mut self.driver, ready) {
            (Driver::Sqlite(tx), Ready::Sqlite(text, args, persistent)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), args).persistent(persistent);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
            (Driver::Postgres(session), Ready::Postgres(text, args, persistent)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), args).persistent(persistent);
                Ok(query.execute(&mut **session).await?.rows_affected())
            }
            _ => Err(Ready::elsewhere()),
        }
    }

    /// The rows of a statement made ready for this transaction's database.
    async fn run_all<T: Row>(&mut self, ready: Ready) -> Result<Vec<T>, DbError> {
        match (&mut self.driver, ready) {
            (Driver::Sqlite(tx), Ready::Sqlite(text, args, persistent)) => {
                let query = sqlx::query_as_with(AssertSqlSafe(text), args).persistent(persistent);
                query.fetch_all(&mut **tx).await
            }
            (Driver::Postgres(session), Ready::Postgres(text, args, persistent)) => {
                let query = sqlx::query_as_with(AssertSqlSafe(text), args).persistent(persistent);
                query.fetch_all(&mut **session).await
            }
            _ => Err(Ready::elsewhere()),
        }
    }

    /// The next `count` ids of a table whose rows this transaction is about to insert.
    pub async fn next_ids(&mut self, table: &str, count: usize) -> Result<Vec<i64>, DbError> {
        if self.is_postgres() {
            let sql =
                "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2)";
            let ids: Vec<(i64,)> = self.all(Sql::new(sql).bind(table).bind(count)).await?;
            return Ok(ids.into_iter().map(|row| row.0).collect());
        }
        // The one writer has nobody beside it, and inserting with an id moves the sequence.
        let sql = "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = $1), 0)";
        let last: i64 = self.scalar(Sql::new(sql).bind(table)).await?;
        Ok((last + 1..).take(count).collect())
    }

    /// Tells the planner what the tables hold; neither database needs to read all of it for that.
    pub async fn analyze(&mut self) -> Result<(), DbError> {
        self.execute("ANALYZE").await?;
        if !self.is_postgres() {
            // SQLite notes that a table is empty and believes it ever after, so that a scan of its
            // first ten thousand rows looks cheaper than an index. No note is the better guess.
            self.execute("DELETE FROM sqlite_stat1 WHERE stat LIKE '0 %'").await?;
            self.execute("ANALYZE sqlite_schema").await?;
        }
        Ok(())
    }

    /// Waits until no other transaction holds `name`, and holds it to the end of this one: for what no
    /// row stands for yet. SQLite has one writer, who holds everything.
    pub async fn alone(&mut self, name: &str) -> Result<(), DbError> {
        if self.is_postgres() {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.execute(Sql::new(sql).bind(name)).await?;
        }
        Ok(())
    }

    /// Ends a `SELECT` whose rows nobody else changes before this transaction ends. SQLite has one
    /// writer, who needs no lock.
    pub fn for_update(&self) -> &'static str {
        if self.is_postgres() { " FOR UPDATE" } else { "" }
    }

    /// Makes everything durable.
    pub async fn commit(mut self) -> Result<(), DbError> {
        self.insert_waiting().await?;
        match self.driver {
            Driver::Sqlite(tx) => tx.commit().await?,
            Driver::Postgres(session) => session.commit().await?,
        }
        if let Some(claim) = self.claim {
            claim.committed();
        }
        Ok(())
    }

    /// Undoes everything; dropping does the same later.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.driver {
            Driver::Sqlite(tx) => tx.rollback().await,
            Driver::Postgres(session) => session.rollback().await,
        }
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.driver, Driver::Postgres(_))
    }
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
