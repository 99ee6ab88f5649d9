//! The rendered queue of an agent, kept while nothing on it changes.
//!
//! The list of the day is long, asked for often and changes a few times a minute. What it is made
//! of is summed up by one small statement ([`Version`]); as long as that says the same, the bytes
//! sent last time are sent again, compressed as they were: half a megabyte of tasks takes longer to
//! compress than to put together. A task's own changes therefore show at once; the names of
//! customers and products, and promises that move up as their hour comes, after [`TTL`] at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::OwnedMutexGuard;

use crate::db::{DbError, Sql, Tx, UserId};
use crate::http::rendered::{Coding, Rendered};

/// Longest time a rendered queue is served.
pub const TTL: TimeDelta = TimeDelta::seconds(5);

/// What moves with every change of an agent's tasks; read from an index alone. A change overtaken by a
/// later one of another task may be seen after [`TTL`] only, if it changed no task's status.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Version {
    tasks: i64,
    changed_at: Option<DateTime<Utc>>,
    statuses: Option<i64>,
}

const SUMS: &str = "SELECT CAST(count(*) AS BIGINT) AS tasks, MAX(updated_at) AS changed_at,
        CAST(SUM(CASE status WHEN 'pending' THEN 1 WHEN 'in_progress' THEN 1000
                             WHEN 'completed' THEN 1000000 WHEN 'failed' THEN 1000000000
                             ELSE 0 END) AS BIGINT) AS statuses
     FROM crm_call_tasks";

/// The versions of the day's tasks and of the unfinished ones of earlier days.
pub async fn version(tx: &mut Tx, agent: UserId, day: NaiveDate) -> Result<Vec<Version>, DbError> {
    let both = Sql::new(format!(
        "{SUMS} WHERE assigned_to = $1 AND task_date = $2
         UNION ALL
         {SUMS} WHERE assigned_to = $1 AND task_date < $2 AND status IN ('pending', 'in_progress')"
    ));
    tx.all(both.bind(agent).bind(day)).await
}

/// Whose queue, of which day, and how it is sent.
pub type Key = (UserId, NaiveDate, Coding);

#[derive(Debug)]
struct Entry {
    version: Vec<Version>,
    at: DateTime<Utc>,
    body: Rendered,
}

impl Entry {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        (now - self.at).abs() < TTL
    }
}

/// What is kept of a queue.
#[derive(Debug)]
pub enum Kept {
    /// The body to send.
    Fresh(Rendered),
    /// One to be rendered anew by whoever asked; for the others it is as good as fresh meanwhile.
    Old,
    /// None at this version.
    Nothing,
}

/// Rendered queues.
#[derive(Debug, Default)]
pub struct QueueCache {
    entries: Mutex<HashMap<Key, Entry>>,
    turns: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
}

impl QueueCache {
    /// Held by whoever renders a queue; the others wait and find it rendered.
    pub async fn turn(&self, of: Key) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(of).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// The body rendered at this version. Of several who find it too old, one is told to render it and
    /// the others are served meanwhile.
    pub fn get(&self, of: Key, version: &[Version], now: DateTime<Utc>) -> Kept {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(&of).filter(|entry| entry.version == version) else {
            return Kept::Nothing;
        };
        if entry.is_fresh(now) {
            return Kept::Fresh(entry.body.clone());
        }
        entry.at = now;
        Kept::Old
    }

    /// Keeps a body rendered from rows at least as new as `version`; old ones are let go.
    pub fn put(&self, of: Key, version: Vec<Version>, now: DateTime<Utc>, body: Rendered) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.is_fresh(now));
        entries.insert(of, Entry { version, at: now, body });
    }
}
