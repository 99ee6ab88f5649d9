//! Reads new events after each commit and hands them to the sockets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Live, LiveEvent, OVERLAP, SESSION_ENDED};
use crate::auth::AccessKeys;
use crate::db::{Db, DbError, SessionId, Sql, Tx};

/// Events read at once.
const BATCH: i64 = 1_000;
/// Shortest time between two reads.
const APART: Duration = Duration::from_millis(5);
const CHANNEL: &str = "trustcart_live";

#[derive(sqlx::FromRow)]
struct EventRow {
    id: i64,
    kind: String,
    user_id: Option<i64>,
    team_leader_id: Option<i64>,
    everyone: bool,
    /// Passed on as it is stored.
    payload: Json<Box<RawValue>>,
    at: DateTime<Utc>,
}

/// What a browser is sent.
#[derive(Serialize)]
struct Frame<'a> {
    seq: i64,
    #[serde(rename = "type")]
    kind: &'a str,
    at: DateTime<Utc>,
    data: &'a RawValue,
}

const COLUMNS: &str =
    "SELECT id, kind, user_id, team_leader_id, everyone, payload, at FROM live_events";

/// Events after `since`, oldest first, at most `limit`.
pub(super) async fn after(tx: &mut Tx, since: i64, limit: i64) -> Result<Vec<LiveEvent>, DbError> {
    let rows: Vec<EventRow> = tx
        .all(
            Sql::new(format!("{COLUMNS} WHERE id > $1 ORDER BY id LIMIT $2"))
                .bind(since)
                .bind(limit),
        )
        .await?;
    rows.into_iter().map(event).collect()
}

/// The ids after `since` up to `last`.
async fn ids(tx: &mut Tx, since: i64, last: i64) -> Result<Vec<i64>, DbError> {
    let sql = Sql::new("SELECT id FROM live_events WHERE id > $1 AND id <= $2 ORDER BY id");
    Ok(tx.all::<(i64,)>(sql.bind(since).bind(last)).await?.into_iter().map(|row| row.0).collect())
}

async fn one(tx: &mut Tx, id: i64) -> Result<Option<LiveEvent>, DbError> {
    let row: Option<EventRow> =
        tx.optional(Sql::new(format!("{COLUMNS} WHERE id = $1")).bind(id)).await?;
    row.map(event).transpose()
}

fn event(row: EventRow) -> Result<LiveEvent, DbError> {
    let frame = Frame { seq: row.id, kind: &row.kind, at: row.at, data: &row.payload.0 };
    let frame = serde_json::to_string(&frame).map_err(|error| DbError::Decode(error.into()))?;
    let ended =
        if row.kind == SESSION_ENDED { ended_sessions(row.payload.0.get()) } else { Vec::new() };
    Ok(LiveEvent {
        id: row.id,
        kind: row.kind,
        at: row.at,
        user_id: row.user_id,
        team_leader_id: row.team_leader_id,
        everyone: row.everyone,
        ended,
        frame: frame.into(),
    })
}

/// The sessions a [`SESSION_ENDED`] is about.
fn ended_sessions(payload: &str) -> Vec<SessionId> {
    #[derive(Deserialize)]
    struct Payload {
        sessions: Vec<SessionId>,
    }
    serde_json::from_str::<Payload>(payload).map(|payload| payload.sessions).unwrap_or_default()
}

/// The highest sequence number so far.
pub(super) async fn current(tx: &mut Tx) -> Result<i64, DbError> {
    tx.scalar("SELECT COALESCE(MAX(id), 0) FROM live_events").await
}

/// Numbers up to `last` that no event is seen with: given, but not committed yet (or never).
pub(super) async fn gaps(tx: &mut Tx, last: i64) -> Result<Vec<i64>, DbError> {
    let seen: BTreeSet<i64> = ids(tx, last - OVERLAP, last).await?.into_iter().collect();
    let first = seen.first().copied().unwrap_or(last);
    Ok((first..last).filter(|id| !seen.contains(id)).collect())
}

pub(super) struct Tail {
    db: Db,
    live: Live,
    keys: Arc<AccessKeys>,
    last: i64,
    seen: BTreeSet<i64>,
}

impl Tail {
    pub(super) async fn new(db: Db, live: Live, keys: Arc<AccessKeys>) -> Result<Self, DbError> {
        let mut tx = db.read().await?;
        let last = current(&mut tx).await?;
        let seen = ids(&mut tx, last - OVERLAP, last).await?.into_iter().collect();
        Ok(Self { db, live, keys, last, seen })
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut listener = self.listen().await;
        let mut earliest = Instant::now();
        loop {
            let local = tokio::select! {
                () = stop.cancelled() => return,
                () = self.live.wake.notified() => true,
                () = heard(&mut listener) => false,
                // A lost notification costs a second, not an event.
                () = tokio::time::sleep(Duration::from_secs(1)) => false,
            };
            // Under load many commits are read at once.
            tokio::time::sleep_until(earliest).await;
            earliest = Instant::now() + APART;
            match self.read().await {
                Ok(news) if news && local => self.tell_others().await,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "reading live events"),
            }
            if listener.is_none() && self.db.is_postgres() {
                listener = self.listen().await;
            }
        }
    }

    /// Broadcasts what is new; whether there was anything.
    async fn read(&mut self) -> Result<bool, DbError> {
        let mut news = false;
        loop {
            let mut tx = self.db.read().await?;
            let mut batch = Vec::new();
            // SQLite has one writer, so there ids become visible in their order.
            if tx.is_postgres() {
                for id in ids(&mut tx, self.last - OVERLAP, self.last).await? {
                    if !self.seen.contains(&id) {
                        batch.extend(one(&mut tx, id).await?);
                    }
                }
            }
            let newest = after(&mut tx, self.last, BATCH).await?;
            drop(tx);
            let full = newest.len() as i64 == BATCH;
            batch.extend(newest);
            for event in batch {
                news = true;
                self.seen.insert(event.id);
                self.last = self.last.max(event.id);
                // Before any socket closes.
                self.keys.end(&event.ended, event.at);
                // Nobody listening is fine.
                let _ = self.live.events.send(Arc::new(event));
            }
            self.seen = self.seen.split_off(&(self.last - 2 * OVERLAP));
            if !full {
                return Ok(news);
            }
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let pool = self.db.postgres()?;
        let mut listener = PgListener::connect_with(pool).await.ok()?;
        listener.listen(CHANNEL).await.ok()?;
        Some(listener)
    }

    async fn tell_others(&self) {
        if !self.db.is_postgres() {
            return;
        }
        let told = async {
            let sql = Sql::new("SELECT CAST(pg_notify($1, '') AS TEXT)").bind(CHANNEL);
            self.db.read().await?.scalar::<String>(sql).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "notifying other instances");
        }
    }
}

async fn heard(listener: &mut Option<PgListener>) {
    match listener {
        Some(open) => {
            if open.recv().await.is_err() {
                *listener = None;
            }
        }
        None => std::future::pending().await,
    }
}
