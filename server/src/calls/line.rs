//! The waiting line: callers an Asterisk hands us ring at the telephone of one free agent after the
//! other, their own agent's first, until somebody takes the call or the caller has waited too long.
//!
//! Runs where the telephone system's events arrive, and only while somebody waits.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use tokio::sync::Notify;

use super::service;
use super::state::Facts;
use crate::app::AppState;
use crate::db::{CallId, Sql};
use crate::error::Result;
use crate::telephony::{Action, CallEvent, EventKind, ProviderError, ProviderKind};

/// How often it is looked whether somebody has become free while a caller waits.
const LOOK: Duration = Duration::from_secs(2);
/// An agent who did not take a caller is not rung again by that caller for so long.
const DECLINED: TimeDelta = TimeDelta::seconds(30);

/// Wakes the line.
#[derive(Debug, Default)]
pub struct Line(Notify);

impl Line {
    /// To be called after an event: it may have brought a caller into the line, or back into it.
    pub fn wake(&self, event: &CallEvent) {
        if matches!(event.kind, EventKind::Incoming { .. } | EventKind::Offered { .. }) {
            self.0.notify_one();
        }
    }
}

/// Follows the telephone system and serves the line, until the process stops.
pub fn start(state: &AppState) {
    let follow = state.telephony.follow(state.db.clone(), state.stop.clone());
    state.background.spawn(follow);
    if state.telephony.kind() == ProviderKind::Asterisk {
        state.background.spawn(serve(state.clone()));
    }
}

/// Whom a caller was offered to, and when.
type Tried = HashMap<(CallId, String), DateTime<Utc>>;

async fn serve(state: AppState) {
    let mut tried = Tried::new();
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = state.line.0.notified() => {}
        }
        loop {
            match offer_all(&state, &mut tried).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => tracing::error!(%error, "the waiting line was not served"),
            }
            tokio::select! {
                () = state.stop.cancelled() => return,
                () = state.line.0.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        tried.clear();
    }
}

/// A caller who waits.
#[derive(sqlx::FromRow)]
struct Waiting {
    id: CallId,
    external_call_id: String,
    facts: Json<Facts>,
    own_agent: Option<String>,
    started_at: DateTime<Utc>,
}

/// Offers every caller who rings nowhere to somebody; whether anybody waits.
async fn offer_all(state: &AppState, tried: &mut Tried) -> Result<bool> {
    // Ringing says it all; the index of open calls is found by `is_open`.
    let sql = Sql::new(
        "SELECT k.id, k.external_call_id, k.facts, k.started_at, u.extension AS own_agent
         FROM telephony_calls k
         LEFT JOIN customers c ON c.id = k.customer_id
         LEFT JOIN users u ON u.id = c.assigned_to AND u.active
         WHERE k.is_open AND k.status = 'ringing' AND k.direction = 'inbound'
           AND k.provider = 'asterisk' AND k.external_call_id IS NOT NULL
         ORDER BY k.started_at, k.id",
    );
    let waiting: Vec<Waiting> = state.db.read().await?.all(sql).await?;
    let now = state.clock.now();
    tried.retain(|_, at| now - *at < DECLINED);
    let longest = TimeDelta::seconds(state.config.asterisk.wait_seconds.into());
    for caller in &waiting {
        if now - caller.started_at > longest {
            let _ = state.telephony.act(&caller.external_call_id, Action::Hangup).await;
        } else if caller.facts.offered.as_ref().is_none_or(|offered| offered.value.is_none()) {
            offer(state, caller, tried, now).await?;
        }
    }
    Ok(!waiting.is_empty())
}

async fn offer(
    state: &AppState,
    caller: &Waiting,
    tried: &mut Tried,
    now: DateTime<Utc>,
) -> Result<()> {
    let dialled = caller.facts.to_extension.as_deref();
    for extension in free(state, dialled, caller.own_agent.as_deref()).await? {
        if tried.contains_key(&(caller.id, extension.clone())) {
            continue;
        }
        tried.insert((caller.id, extension.clone()), now);
        match state.telephony.act(&caller.external_call_id, Action::Offer(extension)).await {
            Ok(events) => {
                for mut event in events {
                    event.reference = Some(caller.id.0);
                    service::handle(state, &event).await?;
                }
                return Ok(());
            }
            // Not connected: the next one.
            Err(error @ (ProviderError::NoTelephone(_) | ProviderError::Refused(_))) => {
                tracing::debug!(call = %caller.id, %error, "a caller could not be offered");
            }
            Err(error) => {
                tracing::warn!(call = %caller.id, %error, "a caller could not be offered");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Extensions of agents who are free: the one dialled, the customer's own agent, then whoever has
/// waited longest.
async fn free(state: &AppState, dialled: Option<&str>, own: Option<&str>) -> Result<Vec<String>> {
    let sql = Sql::new(
        "SELECT u.extension FROM users u JOIN agent_status s ON s.user_id = u.id
         WHERE u.active AND u.role = 'agent' AND u.extension IS NOT NULL AND s.status = 'online'
           AND NOT EXISTS (SELECT 1 FROM telephony_calls k
                           WHERE k.agent_user_id = u.id AND k.transferred_to IS NULL
                             AND k.is_open)
         ORDER BY CASE WHEN u.extension = $1 THEN 0 WHEN u.extension = $2 THEN 1 ELSE 2 END,
                  s.since, u.id",
    )
    .bind(dialled)
    .bind(own);
    let found: Vec<(String,)> = state.db.read().await?.all(sql).await?;
    Ok(found.into_iter().map(|(extension,)| extension).collect())
}
