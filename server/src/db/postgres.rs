//! Connections to PostgreSQL. Every wait has a timeout: statements, idle transactions and connections
//! whose peer disappeared without closing them.

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use anyhow::{Context as _, bail};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres};
use tokio::time::timeout;

use super::DbError;

/// Connections for everything. More than the machines have cores to serve only queue inside PostgreSQL
/// instead of here, and make the slowest answers slower.
const CONNECTIONS: u32 = 10;
/// Connections for jobs, imports and learning.
const LONG_CONNECTIONS: u32 = 5;
/// A connection that answered so recently is not asked whether it is still there.
const UNASKED: Duration = Duration::from_secs(1);
/// Timeout for acquiring a connection and for connecting.
const ACQUIRE: Duration = Duration::from_secs(10);
/// Statement timeout of requests.
pub(super) const STATEMENT: Duration = Duration::from_secs(20);
/// Statement timeout of jobs and imports.
pub(super) const LONG_STATEMENT: Duration = Duration::from_mins(15);
/// Extra time for PostgreSQL's answer after its own statement timeout, and for returning a connection.
const GRACE: Duration = Duration::from_secs(5);

/// The pools; they connect on first use.
pub(super) struct Pools {
    pub(super) pool: PgPool,
    pub(super) keyed: PgPool,
    pub(super) long: PgPool,
}

/// Connects once without retries, so that a wrong URL fails immediately. For migrations: without a
/// statement timeout.
pub(super) async fn first(to: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    let (host, port) = (to.get_host(), to.get_port());
    match timeout(ACQUIRE, PgConnection::connect_with(to)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(DbError::Io(error))) if error.kind() == io::ErrorKind::ConnectionRefused => {
            bail!(
                "connection refused by {host}:{port} (DATABASE_URL); is PostgreSQL running there?"
            )
        }
        Ok(Err(error)) => {
            Err(error).with_context(|| format!("connecting to {host}:{port} (DATABASE_URL)"))
        }
        Err(_) => bail!("{host}:{port} (DATABASE_URL) does not answer"),
    }
}

/// Creates the pools.
pub(super) fn pools(to: &PgConnectOptions) -> Pools {
    let any = |connections, limit| options(connections, limit, false).connect_lazy_with(to.clone());
    Pools {
        pool: any(CONNECTIONS, STATEMENT),
        keyed: options(keyed_connections(), STATEMENT, true).connect_lazy_with(to.clone()),
        long: any(LONG_CONNECTIONS, LONG_STATEMENT),
    }
}

/// Reading by key takes a connection for a moment: three for each core, as some wait for the disk. With
/// fewer a core has nothing to do meanwhile, with many more all pages take longer.
fn keyed_connections() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(3 * cores).map_or(CONNECTIONS, |each| each.min(CONNECTIONS))
}

fn options(connections: u32, statement: Duration, planned_once: bool) -> PgPoolOptions {
    let ms = statement.as_millis();
    // Server side: releases the locks of a client whose machine or network is gone.
    let mut settings = format!(
        "SET statement_timeout = {ms}; SET idle_in_transaction_session_timeout = {ms};
         SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
         SET tcp_keepalives_count = 3; SET tcp_user_timeout = 60000;"
    );
    if planned_once {
        settings.push_str("SET plan_cache_mode = force_generic_plan;");
    }
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                connection.execute(sqlx::AssertSqlSafe(settings)).await?;
                Ok(())
            })
        })
        // A round trip a transaction would be spent on asking a connection that answered a moment ago
        // whether it is there.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > UNASKED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// A pooled connection, in a transaction or in autocommit. Dropping it rolls back.
#[derive(Debug)]
pub(super) struct Session {
    /// `None` only while dropping.
    connection: Option<PoolConnection<Postgres>>,
    in_transaction: bool,
    limit: Duration,
}

impl Session {
    /// Acquires a connection in autocommit; each statement may take `limit`.
    pub(super) async fn read(pool: &PgPool, limit: Duration) -> Result<Self, DbError> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection, in_transaction: false, limit: limit + GRACE })
    }

    /// Begins a transaction.
    pub(super) async fn begin(pool: &PgPool, limit: Duration) -> Result<Self, DbError> {
        let mut session = Self::read(pool, limit).await?;
        // Set before: BEGIN may be applied although its answer is lost.
        session.in_transaction = true;
        session.command("BEGIN").await?;
        Ok(session)
    }

    /// Whether this is a transaction.
    pub(super) fn is_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Client-side timeout of a statement.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    async fn command(&mut self, sql: &'static str) -> Result<(), DbError> {
        let limit = self.limit;
        let connection: &mut PgConnection = self;
        within(limit, async { connection.execute(sql).await.map(|_| ()) }).await
    }

    pub(super) async fn commit(self) -> Result<(), DbError> {
        self.end("COMMIT").await
    }

    pub(super) async fn rollback(self) -> Result<(), DbError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, sql: &'static str) -> Result<(), DbError> {
        if self.in_transaction {
            self.command(sql).await?;
            self.in_transaction = false;
        }
        Ok(())
    }
}

/// Runs a statement with a client-side timeout, for a frozen or unreachable server. Its connection is
/// closed on release, because it does not answer the pool's ping.
pub(super) async fn within<T>(
    limit: Duration,
    statement: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    timeout(limit, statement).await.unwrap_or_else(|_| {
        let late = io::Error::new(io::ErrorKind::TimedOut, "the database does not answer");
        Err(DbError::Io(late))
    })
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let rolls_back = self.in_transaction;
        tokio::spawn(async move {
            // The pool pings a returned connection without a timeout. A frozen peer would keep the slot
            // for ever.
            if rolls_back {
                let undone = connection.execute("ROLLBACK");
                if !matches!(timeout(GRACE, undone).await, Ok(Ok(_))) {
                    drop(connection.detach());
                    return;
                }
            }
            if timeout(GRACE, connection.return_to_pool()).await.is_err() {
                tracing::warn!("database: closed a connection that does not answer");
            }
        });
    }
}

const HELD: &str = "a session has its connection until it is dropped";

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect(HELD)
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect(HELD)
    }
}
