//! A telephone system that counts its call ids from 1 again after a restart uses an id for another
//! call. Which of the calls with an id an event is about: age or contradiction decides. Pure.
//!
//! An event is about another call if it names another caller; if a call begins, or talking begins,
//! more than [`REUSED_AFTER`] after the call's end; or, where it says no time, if that long after the
//! end it states another extension or talk time than is known. Everything else is late or repeated.

use chrono::{DateTime, TimeDelta, Utc};

use super::Direction;
use super::state::Facts;
use crate::telephony::{CallEvent, EventKind};

/// What begins so long after the end of a call is another call.
pub const REUSED_AFTER: TimeDelta = TimeDelta::minutes(5);
/// A caller who rings so long after a call began that never ended is another call.
const OUTDATED: TimeDelta = TimeDelta::hours(6);
/// While an outbound call is dialled, the telephone system may report the agent's telephone ringing
/// with a caller of its own.
const DIALLING: TimeDelta = TimeDelta::minutes(2);
/// Digits that are the same number with and without its country or area code.
const SUFFIX: usize = 7;

/// A call as far as these rules need it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What its events said.
    pub facts: &'a Facts,
    /// The customer's number.
    pub phone: &'a str,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// Whether `event`, which has the call's id, is about this call.
pub fn continues(call: Known<'_>, event: &CallEvent) -> bool {
    let facts = call.facts;
    match &event.kind {
        EventKind::Incoming { from, .. } => {
            same_caller(call, from.as_deref(), event) && !rings_later(call, event)
        }
        EventKind::Missed { from, .. } => {
            same_caller(call, from.as_deref(), event)
                && !starts_after_end(facts, event, None, || facts.missed.is_some())
        }
        EventKind::Ringing => !starts_after_end(facts, event, None, || false),
        EventKind::Answered { agent_extension } => {
            let other = || differ(agent_extension.as_ref(), facts.answered_by.as_ref());
            !starts_after_end(facts, event, None, other)
        }
        EventKind::Ended { duration, .. } => {
            let other = || differ(duration.as_ref(), facts.duration.as_ref());
            !starts_after_end(facts, event, *duration, other)
        }
        EventKind::Lost { .. }
        | EventKind::Recorded { .. }
        | EventKind::Control { .. }
        | EventKind::Offered { .. }
        | EventKind::Consulting { .. }
        | EventKind::Transferred { .. }
        | EventKind::Dtmf { .. } => true,
    }
}

/// Whether the event happened before the call began, by the time it states.
pub fn is_earlier(call: Known<'_>, event: &CallEvent) -> bool {
    event.stated_at().is_some_and(|at| at < call.started_at - REUSED_AFTER)
}

/// Which of the calls with the event's id, latest first, it is about; `None`: another one.
pub fn choose(calls: &[Known<'_>], event: &CallEvent) -> Option<usize> {
    let fits = |n: &usize| continues(calls[*n], event);
    // A recording is ready once the call is over.
    let recorded = matches!(event.kind, EventKind::Recorded { .. });
    let waits = |n: &usize| {
        let facts = calls[*n].facts;
        facts.reported_end().is_some() && facts.recording.is_none()
    };
    let mut indexes = 0..calls.len();
    if recorded && let Some(n) = indexes.clone().filter(fits).find(waits) {
        return Some(n);
    }
    let begun = |n: &usize| !is_earlier(calls[*n], event);
    indexes.clone().filter(fits).find(begun).or_else(|| indexes.find(fits))
}

fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}

/// Whether the caller is, or may be, that of the call.
fn same_caller(call: Known<'_>, from: Option<&str>, event: &CallEvent) -> bool {
    let outbound = call.facts.direction() == Direction::Outbound;
    let known = if outbound { Some(call.phone) } else { call.facts.from.as_deref() };
    let (Some(from), Some(known)) = (from, known) else {
        return true;
    };
    let (a, b) = (from.trim_start_matches('+'), known.trim_start_matches('+'));
    let same = a == b || (a.len().min(b.len()) >= SUFFIX && (a.ends_with(b) || b.ends_with(a)));
    let dialling =
        outbound && call.facts.end().is_none() && event.happened_at() <= call.started_at + DIALLING;
    same || dialling
}

/// Whether a caller rings long after the call's end, reported or not, or long after it began.
fn rings_later(call: Known<'_>, event: &CallEvent) -> bool {
    let Some(end) = call.facts.end() else {
        return event.happened_at() > call.started_at + OUTDATED;
    };
    match event.stated_at() {
        Some(at) => at > end.at() + REUSED_AFTER,
        // Of a call whose beginning is not known this may be the late report.
        None => call.facts.is_introduced() && event.received_at > end.received + REUSED_AFTER,
    }
}

/// Whether what the event reports began long after the call's reported end; an event that says no
/// time only if it also states something `other` than is known. `talked`: seconds before its time
/// that it began.
fn starts_after_end(
    facts: &Facts,
    event: &CallEvent,
    talked: Option<i64>,
    other: impl Fn() -> bool,
) -> bool {
    let Some(end) = facts.reported_end() else {
        return false;
    };
    match event.stated_at() {
        Some(at) => at - TimeDelta::seconds(talked.unwrap_or(0)) > end.at() + REUSED_AFTER,
        None => event.received_at > end.received + REUSED_AFTER && other(),
    }
}

#[cfg(test)]
mod tests;
