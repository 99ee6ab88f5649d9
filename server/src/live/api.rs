//! `POST realtime/ticket` and `GET realtime` (WebSocket).

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::sockets::{Heartbeat, MAX_PER_USER};
use super::{OVERLAP, tail};
use crate::app::AppState;
use crate::auth::{Allow, Anyone, CurrentUser, Role, new_secret, sessions, sha256_hex};
use crate::db::{SessionId, Sql, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, Query};

/// Maximum size of a message and of a frame from the browser, bytes.
const MAX_FRAME: usize = 64 * 1024;
/// Ping interval.
const PING: Duration = Duration::from_secs(15);
/// Timeout for sending a frame.
const SEND: Duration = Duration::from_secs(10);
/// Most events replayed on resume; further behind, the browser fetches everything anew.
const MAX_REPLAY: i64 = 2_000;

/// How often a socket's session is looked at.
const RECHECK: Duration = Duration::from_mins(2);

/// A single-use pass for one socket.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
pub struct Ticket {
    /// Valid for 30 seconds, once.
    ticket: String,
    /// Sequence number now. What is fetched from here on contains every event up to it, but for
    /// those of `gaps`.
    seq: i64,
    /// Numbers below `seq` that are given but not committed yet: these events are still to come.
    gaps: Vec<i64>,
}

/// A ticket for the WebSocket, which cannot carry an `Authorization` header.
#[utoipa::path(post, path = "/api/realtime/ticket", tag = "realtime", responses((status = 200, body = Ticket)))]
pub async fn ticket(State(state): State<AppState>, user: Allow<Anyone>) -> Result<Json<Ticket>> {
    let now = state.clock.now();
    let ticket = new_secret();
    let mut tx = state.db.begin().await?;
    tx.execute(Sql::new("DELETE FROM socket_tickets WHERE expires_at < $1").bind(now)).await?;
    tx.execute(
        Sql::new(
            "INSERT INTO socket_tickets (ticket_hash, session_id, expires_at) VALUES ($1, $2, $3)",
        )
        .bind(sha256_hex(&ticket))
        .bind(user.session)
        .bind(now + TimeDelta::seconds(30)),
    )
    .await?;
    let seq = tail::current(&mut tx).await?;
    let gaps = tail::gaps(&mut tx, seq).await?;
    tx.commit().await?;
    Ok(Json(Ticket { ticket, seq, gaps }))
}

/// Query of the socket.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Connect {
    /// From `POST realtime/ticket`.
    ticket: String,
    /// Last sequence number seen; absent: only what comes.
    since: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct TicketRow {
    id: UserId,
    role: Role,
    team_leader_id: Option<UserId>,
    session: SessionId,
}

/// Events as they happen, from `since` on.
#[utoipa::path(get, path = "/api/realtime", tag = "realtime", params(Connect), responses((status = 101, description = "WebSocket")), security(()))]
pub async fn connect(
    State(state): State<AppState>,
    Query(query): Query<Connect>,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let row: Option<TicketRow> = tx
        .optional(
            Sql::new(
                "SELECT u.id, u.role, u.team_leader_id, s.id AS session
                 FROM socket_tickets t JOIN sessions s ON s.id = t.session_id
                 JOIN users u ON u.id = s.user_id
                 WHERE t.ticket_hash = $1 AND t.expires_at >= $2 AND s.ended_at IS NULL AND u.active",
            )
            .bind(sha256_hex(&query.ticket))
            .bind(now),
        )
        .await?;
    tx.execute(
        Sql::new("DELETE FROM socket_tickets WHERE ticket_hash = $1")
            .bind(sha256_hex(&query.ticket)),
    )
    .await?;
    tx.commit().await?;
    let row = row.ok_or_else(Error::unauthenticated)?;
    let TicketRow { id, role, team_leader_id, session } = row;
    let user = CurrentUser { id, role, team_leader_id, session };
    let slot = state.live.sockets.open(user.id).ok_or_else(|| {
        let detail =
            format!("You have {MAX_PER_USER} connections open. Close other windows first.");
        Error::problem(StatusCode::TOO_MANY_REQUESTS, "too_many_sockets", detail).retry_after(30)
    })?;
    let upgrade = upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    // Browsers send only pongs, so large buffers (128 kB by default) would be wasted.
    let upgrade = upgrade.read_buffer_size(4 * 1024).write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _slot = slot;
        if let Err(error) = serve(socket, &state, user, query.since).await {
            tracing::debug!(%error, "socket closed");
        }
    }))
}

/// Sends each event once, oldest first as far as known.
struct Sender {
    socket: WebSocket,
    user: CurrentUser,
    sent: VecDeque<i64>,
}

impl Sender {
    async fn event(&mut self, event: &super::LiveEvent) -> anyhow::Result<()> {
        if !event.is_for(&self.user) || self.sent.contains(&event.id) {
            return Ok(());
        }
        if self.sent.len() >= 2 * OVERLAP as usize {
            self.sent.pop_front();
        }
        self.sent.push_back(event.id);
        self.send(Message::Text(event.frame.clone())).await
    }

    /// Sends with a timeout.
    async fn send(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(tokio::time::timeout(SEND, self.socket.send(message)).await??)
    }

    async fn control(&mut self, value: serde_json::Value) -> anyhow::Result<()> {
        self.send(Message::Text(value.to_string().into())).await
    }
}

async fn serve(
    socket: WebSocket,
    state: &AppState,
    user: CurrentUser,
    since: Option<i64>,
) -> anyhow::Result<()> {
    // Subscribe before reading, so that nothing falls between.
    let mut events = state.live.subscribe();
    let mut out = Sender { socket, user, sent: VecDeque::new() };
    let (seq, missed) = {
        let mut tx = state.db.read().await?;
        let seq = tail::current(&mut tx).await?;
        let oldest: i64 = tx.scalar("SELECT COALESCE(MIN(id), 0) FROM live_events").await?;
        let missed = match since {
            Some(since) if since > seq || seq - since > MAX_REPLAY || since + 1 < oldest => None,
            Some(since) => Some(tail::after(&mut tx, since - OVERLAP, MAX_REPLAY + OVERLAP).await?),
            None => Some(Vec::new()),
        };
        (seq, missed)
    };
    out.control(json!({"type": "hello", "seq": seq})).await?;
    match missed {
        Some(missed) => {
            for event in &missed {
                out.event(event).await?;
            }
        }
        None => out.control(json!({"type": "resync"})).await?,
    }
    let mut ping = tokio::time::interval(PING);
    let mut heart = Heartbeat::default();
    let mut recheck = tokio::time::interval_at(tokio::time::Instant::now() + RECHECK, RECHECK);
    loop {
        tokio::select! {
            () = state.stop.cancelled() => {
                out.send(Message::Close(None)).await?;
                return Ok(());
            }
            _ = ping.tick() => {
                if heart.is_dead() {
                    anyhow::bail!("two pings were not answered");
                }
                out.send(Message::Ping(axum::body::Bytes::new())).await?;
            }
            // Catches what no event told of: a session's last day, a lost event.
            _ = recheck.tick() => {
                let live = {
                    let mut tx = state.db.read().await?;
                    sessions::is_live(&mut tx, &user, state.clock.now()).await?
                };
                if !live {
                    out.send(Message::Close(None)).await?;
                    return Ok(());
                }
            }
            received = out.socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => heart.answered(),
            },
            event = events.recv() => match event {
                Ok(event) => {
                    out.event(&event).await?;
                    if event.ended.contains(&user.session) {
                        out.send(Message::Close(None)).await?;
                        return Ok(());
                    }
                }
                Err(RecvError::Lagged(_)) => out.control(json!({"type": "resync"})).await?,
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}
