//! Transactions on either database.

use std::sync::Arc;

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite};

use super::claim::Held;
use super::postgres::{self, Session};
use super::writes::Writes;
use super::{DbError, Failure, Insert, Row, Sql, arg, failed, failure};

/// A transaction on either database.
#[derive(Debug)]
pub struct Tx {
    driver: Driver,
    /// Rows to be inserted just before the commit.
    later: Vec<Insert>,
    /// The database has rolled back because of a failed statement; commit is refused.
    rolled_back: bool,
    /// Records outcomes of writes; `None` in a read transaction.
    writes: Option<Arc<Writes>>,
    /// The row that makes the request's key known, if this transaction carries it.
    pub(super) claim: Option<Held>,
}

#[derive(Debug)]
pub(super) enum Driver {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(Session),
}

/// The one place that picks a driver: runs `$body` with `$query` and `$conn` of the transaction's
/// own database. `$make` is the query constructor (`query`, `query_as::<_, T>`).
macro_rules! on_driver {
    ($tx:expr, $sql:expr, $make:path, |$query:ident, $conn:ident| $body:expr) => {{
        let Sql { text, args, persistent } = $sql.into();
        $tx.ensure_open()?;
        let done = match &mut $tx.driver {
            Driver::Sqlite(tx) => {
                let $conn = &mut **tx;
                let text = arg::sqlite_text(text, &args);
                let $query = $make(AssertSqlSafe(text), arg::sqlite(args)?).persistent(persistent);
                $body
            }
            Driver::Postgres(session) => {
                let limit = session.limit();
                let $conn = &mut **session;
                let $query =
                    $make(AssertSqlSafe(text), arg::postgres(args)?).persistent(persistent);
                postgres::within(limit, async { $body }).await
            }
        };
        $tx.note(done)
    }};
}

/// A statement as its driver takes it: made ready while the database is busy with another one.
#[derive(Debug)]
pub(super) enum Ready {
    Sqlite(String, SqliteArguments, bool),
    Postgres(String, PgArguments, bool),
}

impl Ready {
    pub(super) fn new(postgres: bool, sql: Sql) -> Result<Self, DbError> {
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
    /// `writes` is `Some` for a write transaction.
    pub(super) fn new(driver: Driver, writes: Option<Arc<Writes>>) -> Self {
        Self { driver, later: Vec::new(), rolled_back: false, writes, claim: None }
    }

    /// Fails after an automatic rollback: on SQLite further statements would run outside the transaction.
    fn ensure_open(&self) -> Result<(), DbError> {
        if self.rolled_back {
            return Err(failed("the transaction was rolled back"));
        }
        Ok(())
    }

    /// Records whether a failed statement rolled the transaction back and whether writing failed.
    fn note<T>(&mut self, done: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &done {
            self.rolled_back |= match &self.driver {
                Driver::Sqlite(_) => failure::ends_sqlite_transaction(error),
                Driver::Postgres(session) => {
                    session.is_transaction() && failure::aborts_postgres_transaction(error)
                }
            };
            if Failure::of(error).is_some_and(Failure::stops_writing)
                && let Some(writes) = &self.writes
            {
                writes.fail();
            }
        }
        done
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
    pub(super) async fn run(&mut self, ready: Ready) -> Result<u64, DbError> {
        self.ensure_open()?;
        let done = match (&mut self.driver, ready) {
            (Driver::Sqlite(tx), Ready::Sqlite(text, args, persistent)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), args).persistent(persistent);
                query.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            (Driver::Postgres(session), Ready::Postgres(text, args, persistent)) => {
                let query = sqlx::query_with(AssertSqlSafe(text), args).persistent(persistent);
                let limit = session.limit();
                let run = async { query.execute(&mut **session).await };
                postgres::within(limit, run).await.map(|done| done.rows_affected())
            }
            _ => Err(Ready::elsewhere()),
        };
        self.note(done)
    }

    /// The rows of a statement made ready for this transaction's database.
    pub(super) async fn run_all<T: Row>(&mut self, ready: Ready) -> Result<Vec<T>, DbError> {
        self.ensure_open()?;
        let done = match (&mut self.driver, ready) {
            (Driver::Sqlite(tx), Ready::Sqlite(text, args, persistent)) => {
                let query = sqlx::query_as_with(AssertSqlSafe(text), args).persistent(persistent);
                query.fetch_all(&mut **tx).await
            }
            (Driver::Postgres(session), Ready::Postgres(text, args, persistent)) => {
                let query = sqlx::query_as_with(AssertSqlSafe(text), args).persistent(persistent);
                let limit = session.limit();
                postgres::within(limit, async { query.fetch_all(&mut **session).await }).await
            }
            _ => Err(Ready::elsewhere()),
        };
        self.note(done)
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

    /// Commits. After an error it is unknown whether the commit was applied, unless a statement failed
    /// before.
    pub async fn commit(mut self) -> Result<(), DbError> {
        self.insert_waiting().await?;
        self.ensure_open()?;
        let done = match self.driver {
            Driver::Sqlite(tx) => tx.commit().await,
            Driver::Postgres(session) => session.commit().await,
        };
        if let Some(writes) = self.writes {
            match &done {
                Ok(()) => writes.succeed(),
                Err(error) if Failure::of(error).is_some_and(Failure::stops_writing) => {
                    writes.fail();
                }
                Err(_) => {}
            }
        }
        done?;
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
