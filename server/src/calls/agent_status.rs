//! Who is at the telephone: one row an agent, changed by the agent, by calls and by wrap-ups.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{DbError, Sql, Tx, UserId, text_enum};
use crate::error::{Error, Result};
use crate::live::{self, Audience};

text_enum! {
    /// What an agent is doing.
    pub enum Presence {
        /// Not here.
        Offline = "offline",
        /// Ready for a call.
        Online = "online",
        /// Speaking, or ringing a customer.
        OnCall = "on_call",
        /// Writing down what came of the call.
        WrapUp = "wrap_up",
        /// On a break: cannot call.
        Break = "break",
    }
}

/// An agent's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    /// Whose.
    pub user_id: UserId,
    /// What.
    pub status: Presence,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why on a break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Goes on a break when the wrap-up is done.
    pub break_after_call: bool,
}

const SELECT: &str = "SELECT user_id, status, since, reason, break_after_call FROM agent_status";

/// The status of `user`; offline since `now` for somebody who never had one.
pub async fn get(tx: &mut Tx, now: DateTime<Utc>, user: UserId) -> Result<AgentStatus, DbError> {
    let sql = format!("{SELECT} WHERE user_id = $1");
    let found = tx.optional(Sql::new(sql).bind(user)).await?;
    Ok(found.unwrap_or(AgentStatus {
        user_id: user,
        status: Presence::Offline,
        since: now,
        reason: None,
        break_after_call: false,
    }))
}

/// Like [`get`], and nobody else changes it before this transaction ends.
pub async fn lock(tx: &mut Tx, now: DateTime<Utc>, user: UserId) -> Result<AgentStatus, DbError> {
    let locked = tx.for_update();
    let sql = format!("{SELECT} WHERE user_id = $1{locked}");
    if let Some(known) = tx.optional(Sql::new(sql).bind(user)).await? {
        return Ok(known);
    }
    tx.one(
        Sql::new(
            "INSERT INTO agent_status (user_id, status, since, break_after_call)
             VALUES ($1, 'offline', $2, FALSE)
             ON CONFLICT (user_id) DO UPDATE SET since = agent_status.since
             RETURNING user_id, status, since, reason, break_after_call",
        )
        .bind(user)
        .bind(now),
    )
    .await
}

/// Writes what comes after the locked status `before` and tells the agent and the team leader;
/// nothing if nothing changed.
async fn set(
    tx: &mut Tx,
    now: DateTime<Utc>,
    before: AgentStatus,
    status: Presence,
    reason: Option<&str>,
    break_after_call: bool,
) -> Result<AgentStatus, DbError> {
    let user = before.user_id;
    let reason = reason.map(str::to_owned);
    let since = if before.status == status { before.since } else { now };
    let after = AgentStatus { user_id: user, status, since, reason, break_after_call };
    if after == before {
        return Ok(before);
    }
    tx.execute(
        Sql::new(
            "UPDATE agent_status SET status = $1, since = $2, reason = $3, break_after_call = $4
             WHERE user_id = $5",
        )
        .bind(after.status)
        .bind(after.since)
        .bind(after.reason.as_ref())
        .bind(after.break_after_call)
        .bind(user),
    )
    .await?;
    let audience = Audience::Agent(user);
    live::emit(tx, now, audience, "agent.status", &after);
    Ok(after)
}

/// A call began for the agent.
pub async fn on_call(tx: &mut Tx, now: DateTime<Utc>, user: UserId) -> Result<(), DbError> {
    let before = lock(tx, now, user).await?;
    let wish = before.break_after_call;
    let reason = before.reason.clone().filter(|_| wish);
    set(tx, now, before, Presence::OnCall, reason.as_deref(), wish).await?;
    Ok(())
}

/// A call of the agent is over: its task may wait for an outcome.
pub async fn call_over(tx: &mut Tx, now: DateTime<Utc>, user: UserId) -> Result<(), DbError> {
    let before = lock(tx, now, user).await?;
    if before.status != Presence::OnCall {
        return Ok(());
    }
    let open = unfinished(tx, user).await?;
    if open.calls > 0 { Ok(()) } else { rest(tx, now, before, open.wrap_ups > 0).await }
}

/// A wrap-up is done: on to the next one, back to work, or on the break asked for during the call.
pub async fn wrap_up_done(tx: &mut Tx, now: DateTime<Utc>, user: UserId) -> Result<(), DbError> {
    let before = lock(tx, now, user).await?;
    if before.status == Presence::WrapUp {
        let more = unfinished(tx, user).await?.wrap_ups > 0;
        rest(tx, now, before, more).await?;
    }
    Ok(())
}

/// Nobody on the line: what is next?
async fn rest(
    tx: &mut Tx,
    now: DateTime<Utc>,
    before: AgentStatus,
    wraps_up: bool,
) -> Result<(), DbError> {
    let wish = before.break_after_call;
    let reason = before.reason.clone().filter(|_| wish);
    let (next, wish) = match (wraps_up, wish) {
        (true, wish) => (Presence::WrapUp, wish),
        (false, true) => (Presence::Break, false),
        (false, false) => (Presence::Online, false),
    };
    set(tx, now, before, next, reason.as_deref(), wish).await?;
    Ok(())
}

/// What an agent has not finished.
#[derive(Debug, sqlx::FromRow)]
struct Unfinished {
    /// Calls that are not over: made, or answered.
    calls: i64,
    /// Wrap-ups that wait for their outcome.
    wrap_ups: i64,
}

async fn unfinished(tx: &mut Tx, user: UserId) -> Result<Unfinished, DbError> {
    tx.one(
        Sql::new(
            "SELECT
               (SELECT COUNT(*) FROM telephony_calls
                WHERE agent_user_id = $1 AND transferred_to IS NULL AND is_open
                  AND (direction = 'outbound' OR status = 'answered')) AS calls,
               (SELECT COUNT(*) FROM wrap_ups WHERE user_id = $1 AND state = 'wrap_up') AS wrap_ups",
        )
        .bind(user),
    )
    .await
}

/// Whether the agent has a call that is not over: one made, or one answered.
pub async fn on_another_call(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    Ok(unfinished(tx, user).await?.calls > 0)
}

/// What an agent wants to be.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Online, on a break, or offline.
    pub status: Presence,
    /// Why on a break.
    pub reason: Option<&'a str>,
    /// Only when the call and its wrap-up are done.
    pub after_call: bool,
}

/// Does what the agent wants, as far as a call or an unfinished wrap-up lets it.
pub async fn wish(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: UserId,
    wish: &Wish<'_>,
) -> Result<AgentStatus> {
    let before = lock(tx, now, user).await?;
    let busy = matches!(before.status, Presence::OnCall | Presence::WrapUp);
    let open = unfinished(tx, user).await?;
    let talking = before.status == Presence::OnCall && open.calls > 0;
    let (reason, now_is) = (wish.reason, before.status);
    Ok(match wish.status {
        Presence::Break if busy && wish.after_call => {
            set(tx, now, before, now_is, reason, true).await?
        }
        // Back from the idea of a break; the call or the wrap-up goes on.
        Presence::Online if talking || (busy && open.wrap_ups > 0) => {
            let status = if talking { now_is } else { Presence::WrapUp };
            set(tx, now, before, status, None, false).await?
        }
        _ if talking => {
            return Err(Error::conflict(
                "call_in_progress",
                "You are on a call. Ask for the break after the call, or hang up first.",
            ));
        }
        status => {
            let reason = reason.filter(|_| status == Presence::Break);
            set(tx, now, before, status, reason, false).await?
        }
    })
}
