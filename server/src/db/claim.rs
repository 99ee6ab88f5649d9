//! A row that a request inserts in the first transaction it commits, so that the same request sent
//! twice is carried out once: the unique constraint on the row decides, not the order of arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

use super::{DbError, Sql, Tx, is_unique_violation};

tokio::task_local! {
    static CLAIM: Arc<Claim>;
}

/// No transaction carries the row.
const OPEN: u8 = 0;
/// An uncommitted transaction carries it.
const HELD: u8 = 1;
/// It is committed.
const COMMITTED: u8 = 2;

/// The row, and how far it has come.
#[derive(Debug)]
pub struct Claim {
    insert: Sql,
    state: AtomicU8,
    lost: CancellationToken,
}

impl Claim {
    /// `insert` inserts one row under a unique constraint.
    pub fn new(insert: Sql) -> Arc<Self> {
        Arc::new(Self { insert, state: AtomicU8::new(OPEN), lost: CancellationToken::new() })
    }

    /// Runs `work`; the first transaction that it begins and commits carries the row. `None`: another
    /// request inserted the row first, and `work` was dropped before it changed anything.
    pub async fn scope<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.lost.cancelled() => None,
            done = CLAIM.scope(Arc::clone(self), work) => Some(done),
        }
    }

    /// Whether the row, and with it the first change of the request, is durable.
    pub fn is_committed(&self) -> bool {
        self.state.load(Ordering::Acquire) == COMMITTED
    }

    /// Inserts the row of the running request, if it has one that no transaction carries yet. Does
    /// not return when the row exists: [`Claim::scope`] drops the request.
    pub(super) async fn insert_current(tx: &mut Tx) -> Result<Option<Held>, DbError> {
        let Ok(claim) = CLAIM.try_with(Arc::clone) else {
            return Ok(None);
        };
        let open = claim.state.compare_exchange(OPEN, HELD, Ordering::AcqRel, Ordering::Acquire);
        if open.is_err() {
            return Ok(None);
        }
        let held = Held(Arc::clone(&claim));
        match tx.execute(claim.insert.clone()).await {
            Ok(_) => Ok(Some(held)),
            Err(error) if is_unique_violation(&error) => {
                claim.lost.cancel();
                std::future::pending().await
            }
            Err(error) => Err(error),
        }
    }
}

/// A transaction's hold on a claim. Dropped without [`Held::committed`], the next transaction of the
/// request carries the row.
#[derive(Debug)]
pub(super) struct Held(Arc<Claim>);

impl Held {
    pub(super) fn committed(self) {
        self.0.state.store(COMMITTED, Ordering::Release);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let state = &self.0.state;
        // Fails if it was committed, and then stays so.
        let _ = state.compare_exchange(HELD, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }
}
