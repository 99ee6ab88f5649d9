//! Reads new events after each commit and hands them to the sockets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::types::Json;
use tokio_util::sync::CancellationToken;

use super::{Live, LiveEvent, OVERLAP};
use crate::db::{Db, DbError, Sql, Tx};

const CHANNEL: &str = "trustcart_live";

#[derive(sqlx::FromRow)]
struct EventRow {
    id: i64,
    kind: String,
    user_id: Option<i64>,
    team_leader_id: Option<i64>,
    everyone: bool,
    payload: Json<serde_json::Value>,
    at: DateTime<Utc>,
}

/// Events after `since`, oldest first, at most `limit`.
pub(super) async fn after(tx: &mut Tx, since: i64, limit: i64) -> Result<Vec<LiveEvent>, DbError> {
    let rows: Vec<EventRow> = tx
        .all(
            Sql::new(
                "SELECT id, kind, user_id, team_leader_id, everyone, payload, at
                 FROM live_events WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .bind(since)
            .bind(limit),
        )
        .await?;
    Ok(rows.into_iter().map(event).collect())
}

fn event(row: EventRow) -> LiveEvent {
    let frame = json!({
        "seq": row.id,
        "type": row.kind,
        "at": row.at,
        "data": row.payload.0,
    });
    LiveEvent {
        id: row.id,
        kind: row.kind,
        at: row.at,
        user_id: row.user_id,
        team_leader_id: row.team_leader_id,
        everyone: row.everyone,
        frame: frame.to_string().into(),
    }
}

/// The highest sequence number so far.
pub(super) async fn current(tx: &mut Tx) -> Result<i64, DbError> {
    tx.scalar("SELECT COALESCE(MAX(id), 0) FROM live_events").await
}

pub(super) struct Tail {
    db: Db,
    live: Live,
    last: i64,
    seen: BTreeSet<i64>,
}

impl Tail {
    pub(super) async fn new(db: Db, live: Live) -> Result<Self, DbError> {
        let mut tx = db.read().await?;
        let last = current(&mut tx).await?;
        let seen = after(&mut tx, last - OVERLAP, OVERLAP).await?.iter().map(|e| e.id).collect();
        Ok(Self { db, live, last, seen })
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut listener = self.listen().await;
        loop {
            let local = tokio::select! {
                () = stop.cancelled() => return,
                () = self.live.wake.notified() => true,
                () = heard(&mut listener) => false,
                // A lost notification costs a second, not an event.
                () = tokio::time::sleep(Duration::from_secs(1)) => false,
            };
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
            let batch = {
                let mut tx = self.db.read().await?;
                after(&mut tx, self.last - OVERLAP, 2 * OVERLAP + 600).await?
            };
            let full = batch.len() as i64 == 2 * OVERLAP + 600;
            for event in batch {
                if self.seen.insert(event.id) {
                    news = true;
                    self.last = self.last.max(event.id);
                    // Nobody listening is fine.
                    let _ = self.live.events.send(Arc::new(event));
                }
            }
            self.seen = self.seen.split_off(&(self.last - 2 * OVERLAP));
            if !full {
                return Ok(news);
            }
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let Db::Postgres(pool) = &self.db else {
            return None;
        };
        let mut listener = PgListener::connect_with(pool).await.ok()?;
        listener.listen(CHANNEL).await.ok()?;
        Some(listener)
    }

    async fn tell_others(&self) {
        if let Db::Postgres(pool) = &self.db {
            let told = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(pool).await;
            if let Err(error) = told {
                tracing::warn!(%error, "notifying other instances");
            }
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
