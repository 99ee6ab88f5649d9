//! A call made on another telephone, written down by hand (SPEC §5.6): while the telephone system is
//! down the work goes on. It becomes a row like any other and goes the same way, so that its task
//! waits for an outcome and the customer's timeline shows it.

use chrono::{DateTime, TimeDelta, Utc};

use super::service;
use super::start::{self, Request};
use super::store::NewCall;
use super::view::{self, Call};
use crate::app::AppState;
use crate::error::{Error, Result};
use crate::telephony::{CallEvent, EventKind, Mode, ProviderKind};

/// Longest call believed, seconds.
pub const MAX_TALK: i64 = 4 * 3600;
/// How long after it a call can still be written down.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// What is remembered of it.
#[derive(Clone, Copy, Debug)]
pub struct Remembered {
    /// When it was dialled; without it, so long before now as was talked.
    pub started_at: Option<DateTime<Utc>>,
    /// How long was talked, seconds; `None`: nobody answered.
    pub talked: Option<i64>,
}

/// Writes the call down; the same key again answers with the call it made.
pub async fn write(state: &AppState, request: &Request, call: Remembered) -> Result<Call> {
    let now = state.clock.now();
    let started_at = when(call, now)?;
    let mut tx = state.db.begin().await?;
    let agent = start::agent(&mut tx, request).await?;
    if let Some(call) = start::earlier(&mut tx, request).await? {
        return Ok(call);
    }
    let callee = start::callee(state, &mut tx, request).await?;
    let new = NewCall {
        agent: request.agent,
        extension: agent.extension,
        phone: callee.phone,
        task: request.task,
        customer: callee.customer,
        owner: callee.owner,
        provider: ProviderKind::ByHand,
        mode: Mode::Live,
        external_call_id: None,
        idempotency_key: request.key.clone(),
    };
    start::refuse_too_many(&mut tx, &new, now).await?;
    let Some(id) = start::open(state, &mut tx, &new, started_at).await? else {
        // Somebody with the same key was a moment faster.
        let earlier = start::earlier(&mut tx, request).await?;
        return earlier.ok_or_else(start::call_not_found);
    };
    for (at, kind) in events(call, started_at) {
        let event = CallEvent {
            provider: ProviderKind::ByHand,
            external_call_id: None,
            reference: Some(id.0),
            at: Some(at),
            received_at: now,
            kind,
            raw: None,
        };
        service::apply(state, &mut tx, &event).await?;
    }
    let call = view::one(&mut tx, id).await?.ok_or_else(start::call_not_found)?;
    state.commit(tx).await?;
    Ok(call)
}

/// When it was dialled, if that can be.
fn when(call: Remembered, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let talked = call.talked.unwrap_or(0);
    if !(0..=MAX_TALK).contains(&talked) {
        let allowed = format!("A call lasts 0 to {MAX_TALK} seconds.");
        return Err(Error::invalid("out_of_range", "talkSeconds", allowed));
    }
    let latest = now - TimeDelta::seconds(talked);
    let started = call.started_at.unwrap_or(latest);
    if started > latest || started < now - MAX_AGE {
        return Err(Error::invalid(
            "out_of_range",
            "startedAt",
            "The call was within the last 24 hours, and is over.",
        ));
    }
    Ok(started)
}

/// The story as a telephone system would tell it.
fn events(call: Remembered, started: DateTime<Utc>) -> Vec<(DateTime<Utc>, EventKind)> {
    let ended = |at, duration, reason: &str| {
        (at, EventKind::Ended { duration, reason: Some(reason.to_owned()) })
    };
    match call.talked {
        Some(talked) => vec![
            (started, EventKind::Answered { agent_extension: None }),
            ended(started + TimeDelta::seconds(talked), Some(talked), "completed"),
        ],
        None => vec![ended(started, None, "no_answer")],
    }
}
