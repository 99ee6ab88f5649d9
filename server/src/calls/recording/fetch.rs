//! Recordings that a telephone system only gives an address for are fetched into our own folder
//! (SPEC §5.8): the browser never asks the PBX, and they outlive it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use serde_json::json;

use super::download::{self, Download, Failure};
use crate::app::AppState;
use crate::calls::state::Recording;
use crate::db::{CallId, DbError, Sql, Tx, text_enum};
use crate::error::Result;

/// Tries before it is given up; with the pauses in between about a day.
const TRIES: i64 = 12;
/// Recordings fetched in one run of the job.
const BATCH: i64 = 50;
/// Recordings fetched at once: a slow one does not hold up the others.
const AT_ONCE: usize = 8;

text_enum! {
    /// Whether a recording at the telephone system is here already.
    pub enum FetchState {
        /// It will be fetched.
        Pending = "pending",
        /// It is here.
        Stored = "stored",
        /// It cannot be had.
        Failed = "failed",
    }
}

/// A recording that is or was at the telephone system.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fetched {
    /// Whether it is here.
    pub state: FetchState,
    /// File in the recordings folder.
    pub file: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
}

/// Notes that the recording of a call is to be fetched; another address than before starts anew.
pub async fn wanted(
    tx: &mut Tx,
    now: DateTime<Utc>,
    call: CallId,
    recording: &Recording,
) -> Result<(), DbError> {
    if recording.file().is_some() {
        return Ok(());
    }
    tx.execute(
        Sql::new(
            "INSERT INTO recordings (call_id, source_url, state, attempts, next_try_at, created_at,
               updated_at)
             VALUES ($1, $2, 'pending', 0, $3, $3, $3)
             ON CONFLICT (call_id) DO UPDATE
               SET source_url = $2, state = 'pending', attempts = 0, next_try_at = $3,
                   updated_at = $3
               WHERE recordings.source_url <> $2",
        )
        .bind(call)
        .bind(recording.place.as_str())
        .bind(now),
    )
    .await?;
    Ok(())
}

/// What is known of a call's recording at the telephone system.
pub async fn find(tx: &mut Tx, call: CallId) -> Result<Option<Fetched>, DbError> {
    tx.optional(
        Sql::new("SELECT state, file, content_type FROM recordings WHERE call_id = $1").bind(call),
    )
    .await
}

#[derive(sqlx::FromRow)]
struct Due {
    call_id: CallId,
    source_url: String,
    attempts: i64,
}

/// The calls whose recordings are being fetched now: two runs do not fetch the same.
#[derive(Debug, Default)]
pub struct Fetching(Mutex<HashSet<CallId>>);

/// A call whose recording is being fetched, until dropped.
struct Turn<'a> {
    fetching: &'a Fetching,
    call: CallId,
}

impl Fetching {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<CallId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, call: CallId) -> Option<Turn<'_>> {
        let is_new = self.lock().insert(call);
        is_new.then(|| Turn { fetching: self, call })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.fetching.lock().remove(&self.call);
    }
}

/// Fetches what has just become due, in the background.
pub fn soon(state: &AppState) {
    let state = state.clone();
    state.clone().background.spawn(async move {
        if let Err(error) = run(&state).await {
            tracing::warn!(%error, "recordings were not fetched; the job tries again");
        }
    });
}

/// Fetches what is due.
pub async fn run(state: &AppState) -> Result<serde_json::Value> {
    let due: Vec<Due> = state
        .db
        .read()
        .await?
        .all(
            Sql::new(
                "SELECT call_id, source_url, attempts FROM recordings
                 WHERE state = 'pending' AND next_try_at <= $1 ORDER BY next_try_at LIMIT $2",
            )
            .bind(state.clock.now())
            .bind(BATCH),
        )
        .await?;
    let mut outcomes =
        futures::stream::iter(due).map(|due| fetch(state, due)).buffer_unordered(AT_ONCE);
    let (mut stored, mut failed) = (0, 0);
    while let Some(outcome) = outcomes.next().await {
        match outcome? {
            FetchState::Stored => stored += 1,
            FetchState::Failed => failed += 1,
            FetchState::Pending => {}
        }
    }
    Ok(json!({"stored": stored, "failed": failed}))
}

/// Fetches a recording, unless another run is at it; the state it is in then.
async fn fetch(state: &AppState, due: Due) -> Result<FetchState> {
    let Some(_turn) = state.fetching.begin(due.call_id) else {
        return Ok(FetchState::Pending);
    };
    let outcome = download::download(state, due.call_id, &due.source_url).await;
    if let Err(error) = &outcome {
        tracing::warn!(call = %due.call_id, error = %error.why, "a recording was not fetched");
    }
    let next = settle(state, &due, outcome).await?;
    if next == FetchState::Stored {
        download::clear_at_asterisk(state, &due.source_url).await;
    }
    Ok(next)
}

/// How long to wait after so many tries: 1, 2, 4 … minutes, four hours at most. The job begins on the
/// minute and a try ends a moment later: without the difference each pause would be a minute longer.
fn pause(attempts: i64) -> TimeDelta {
    let minutes = TimeDelta::minutes(1 << (attempts - 1).clamp(0, 8));
    minutes.min(TimeDelta::hours(4)) - TimeDelta::seconds(10)
}

/// Notes how it went; the state it is in now.
async fn settle(
    state: &AppState,
    due: &Due,
    outcome: Result<Download, Failure>,
) -> Result<FetchState> {
    let now = state.clock.now();
    let attempts = due.attempts + 1;
    let mut tx = state.db.begin().await?;
    let (next, sql) = match outcome {
        Ok(Download { file, content_type, bytes }) => (
            FetchState::Stored,
            Sql::new(
                "UPDATE recordings SET state = 'stored', attempts = $1, updated_at = $2, file = $3,
                   content_type = $4, bytes = $5, error = NULL
                 WHERE call_id = $6 AND source_url = $7",
            )
            .bind(attempts)
            .bind(now)
            .bind(file)
            .bind(content_type)
            .bind(i64::try_from(bytes).unwrap_or(i64::MAX)),
        ),
        Err(Failure { why, final_one }) => {
            let next = if final_one || attempts >= TRIES {
                FetchState::Failed
            } else {
                FetchState::Pending
            };
            let sql = Sql::new(
                "UPDATE recordings SET state = $1, attempts = $2, updated_at = $3,
                   next_try_at = $4, error = $5
                 WHERE call_id = $6 AND source_url = $7",
            )
            .bind(next)
            .bind(attempts)
            .bind(now)
            .bind(now + pause(attempts))
            .bind(why.chars().take(300).collect::<String>());
            (next, sql)
        }
    };
    tx.execute(sql.bind(due.call_id).bind(due.source_url.as_str())).await?;
    tx.commit().await?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_again_by_the_run_one_two_and_four_minutes_later() {
        // The job runs at the full minute; the try ended some seconds into it.
        let ended = TimeDelta::seconds(5);
        let run_after = |attempts| {
            let due = ended + pause(attempts);
            (due.num_seconds() + 59) / 60
        };
        assert_eq!([1, 2, 3, 8].map(run_after), [1, 2, 4, 128]);
        assert_eq!([9, 10, 100].map(run_after), [240; 3], "four hours at most");
    }
}
