//! Connections to PostgreSQL.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, Transaction};

use super::DbError;

/// Connections for everything. More than the machines have cores to serve only queue inside PostgreSQL
/// instead of here, and make the slowest answers slower.
const CONNECTIONS: u32 = 10;
/// A connection that answered so recently is not asked whether it is still there.
const UNASKED: Duration = Duration::from_secs(1);

fn options(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
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

/// Connections for everything; fails if there is no database.
pub(super) async fn pool(to: PgConnectOptions) -> Result<PgPool, DbError> {
    options(CONNECTIONS).connect_with(to).await
}

/// Reading by key takes a connection for a moment: three for each core, as some wait for the disk. With
/// fewer a core has nothing to do meanwhile, with many more all pages take longer.
fn keyed_connections() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(3 * cores).map_or(CONNECTIONS, |each| each.min(CONNECTIONS))
}

/// Connections whose statements are planned once, made when first needed.
pub(super) fn keyed(to: PgConnectOptions) -> PgPool {
    options(keyed_connections())
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("SET plan_cache_mode = force_generic_plan").await?;
                Ok(())
            })
        })
        .connect_lazy_with(to)
}

/// What statements run in.
#[derive(Debug)]
pub(super) enum Session {
    /// A transaction; dropped, it is rolled back.
    Transaction(Transaction<'static, Postgres>),
    /// A connection on which each statement stands alone.
    Reading(PoolConnection<Postgres>),
}

impl Session {
    pub(super) async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Transaction(transaction) => transaction.commit().await,
            Self::Reading(_) => Ok(()),
        }
    }

    pub(super) async fn rollback(self) -> Result<(), DbError> {
        match self {
            Self::Transaction(transaction) => transaction.rollback().await,
            Self::Reading(_) => Ok(()),
        }
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Reading(connection) => connection,
        }
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Reading(connection) => connection,
        }
    }
}
