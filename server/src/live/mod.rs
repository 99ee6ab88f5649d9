//! Realtime: events written in the transaction that caused them, fanned out after it.
//!
//! An event is a row in `live_events`; its id is the sequence number browsers resume from. After a
//! commit the process's tailer reads the new rows and hands them to the connected sockets. With
//! PostgreSQL it then notifies the other instances (outside the transaction: a NOTIFY inside one
//! takes a lock over the whole database). Ids are given before commit, so a lower id may become
//! visible after a higher one: every read overlaps the last one and the ids already seen are
//! skipped; browsers do the same.

pub mod api;
mod sockets;
mod tail;

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{AccessKeys, CurrentUser, Role};
use crate::db::{Arg, Db, DbError, Insert, SessionId, Tx, UserId};
use sockets::Sockets;

/// How far a read reaches back behind the highest id seen.
pub(crate) const OVERLAP: i64 = 200;

/// Kind of the event that ends logins: sockets close, access tokens are refused.
pub const SESSION_ENDED: &str = "session.ended";

/// Who gets an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// An agent and that agent's team leader; managers and admins.
    Agent(UserId),
    /// One person; managers and admins.
    Person(UserId),
    /// A team leader, managers and admins.
    TeamLeader(UserId),
    /// Managers and admins only.
    Managers,
    /// Everybody.
    Everyone,
}

impl Audience {
    /// Of things about an agent; managers and admins if it is nobody's.
    pub fn of(agent: Option<UserId>) -> Self {
        agent.map_or(Self::Managers, Self::Agent)
    }
}

/// Something that happened, as a browser is told.
#[derive(Clone, Debug)]
pub struct LiveEvent {
    /// Sequence number.
    pub id: i64,
    /// Event type.
    pub kind: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Addressee.
    pub user_id: Option<i64>,
    /// Addressee's team leader.
    pub team_leader_id: Option<i64>,
    /// For all.
    pub everyone: bool,
    /// Sessions that have ended, of a [`SESSION_ENDED`].
    pub ended: Vec<SessionId>,
    /// The whole frame, ready to send.
    pub frame: Utf8Bytes,
}

impl LiveEvent {
    /// Whether `user` may see it.
    pub fn is_for(&self, user: &CurrentUser) -> bool {
        self.everyone
            || matches!(user.role, Role::Admin | Role::SalesManager)
            || self.user_id == Some(user.id.0)
            || self.team_leader_id == Some(user.id.0)
    }
}

/// Writes an event in the caller's transaction; commit with [`crate::app::AppState::commit`].
pub fn emit<T: serde::Serialize>(
    tx: &mut Tx,
    now: DateTime<Utc>,
    audience: Audience,
    kind: &'static str,
    data: &T,
) {
    let (user, led, lead) = match audience {
        Audience::Agent(id) => (Some(id), Some(id), None),
        Audience::Person(id) => (Some(id), None, None),
        Audience::TeamLeader(id) => (None, None, Some(id)),
        Audience::Managers | Audience::Everyone => (None, None, None),
    };
    let mut event = Insert::with_row(
        "live_events",
        &["kind", "user_id", "team_leader_id", "everyone", "payload", "at"],
        "({}, {}, COALESCE({}, (SELECT team_leader_id FROM users WHERE id = {})), {}, {}, {})",
        "",
    );
    event.row([
        kind.into(),
        user.into(),
        lead.into(),
        led.into(),
        (audience == Audience::Everyone).into(),
        Arg::json(data),
        now.into(),
    ]);
    tx.insert_later(event);
}

/// Handle on the fan-out of this process.
#[derive(Clone, Debug)]
pub struct Live {
    wake: Arc<Notify>,
    sockets: Sockets,
    events: broadcast::Sender<Arc<LiveEvent>>,
}

impl Live {
    /// Starts the tailer, which also refuses the access tokens of sessions that end.
    pub async fn start(
        db: &Db,
        keys: &Arc<AccessKeys>,
        stop: &CancellationToken,
        background: &TaskTracker,
    ) -> Result<Self, DbError> {
        let live = Self {
            wake: Arc::new(Notify::new()),
            sockets: Sockets::default(),
            events: broadcast::channel(8192).0,
        };
        let tail = tail::Tail::new(db.clone(), live.clone(), Arc::clone(keys)).await?;
        background.spawn(tail.run(stop.clone()));
        Ok(live)
    }

    /// Something was committed: look for new events.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A receiver of every event from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.events.subscribe()
    }
}
