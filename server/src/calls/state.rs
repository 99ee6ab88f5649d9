//! The state machine of a call.
//!
//! A call's row is a pure function of [`Facts`]: what its events said, merged. Merging takes the
//! earliest, the latest or the strongest of two statements, so it is commutative, associative and
//! idempotent (a join-semilattice): whatever the order and repetition of the events, the same facts
//! and so the same row come out, and facts only ever grow, so a status never goes back. What was
//! lost on the way is inferred from the rest in [`Facts::derive`].

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::end_reason::{EndClass, stronger};
use super::{CallStatus, Direction};
use crate::telephony::{CallEvent, Consult, Control, EventKind, MAX_CLOCK_AHEAD, RecordingPlace};

/// Longest talk time believed when it has to be inferred, seconds.
const MAX_TALK: i64 = 86_400;
/// Stated times at least this old on arrival are checked against the pace of the arrivals.
const LATE: TimeDelta = TimeDelta::hours(1);
/// Stated times closer together than this tell no pace.
const SHORTEST_PACE: TimeDelta = TimeDelta::seconds(5);

/// When something happened: by the provider's clock where it said so, else when we heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// By the provider's clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stated: Option<DateTime<Utc>>,
    /// When we first heard of it.
    pub received: DateTime<Utc>,
}

impl Seen {
    /// The best known instant.
    pub fn at(self) -> DateTime<Utc> {
        self.stated.unwrap_or(self.received)
    }
}

/// Reconciliation closed the call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lost {
    /// When.
    pub at: DateTime<Utc>,
    /// `lost` or `restart`.
    pub reason: String,
}

/// A value that changes during a call; the highest order is the latest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Latest<T> {
    /// The provider's order of changes.
    pub order: i64,
    /// The value since then.
    pub value: T,
}

/// What is known about a call. `None` everywhere: nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// We asked for it then: an outbound call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<DateTime<Utc>>,
    /// A customer rang.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming: Option<Seen>,
    /// Caller's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Extension that rang.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_extension: Option<String>,
    /// The far end rang.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ringing: Option<Seen>,
    /// Taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Seen>,
    /// Extension that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// Over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Seen>,
    /// Nobody took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<Seen>,
    /// Its end was not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// Talk time stated, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// Why it ended, as the provider says it; see [`Facts::end_reason`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// How far the provider's clock is ahead of ours at least: the greatest stated time minus that
    /// of its arrival, microseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_ahead: i64,
    /// The recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// Mute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<Latest<bool>>,
    /// Hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Latest<bool>>,
    /// Recording on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Latest<bool>>,
    /// Passed on to this extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<Latest<String>>,
    /// A waiting caller rings at this extension, or at nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<Latest<Option<String>>>,
    /// A colleague who is asked to take the customer over, or nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consult: Option<Latest<Option<Consult>>>,
    /// Tones sent: order of the command → number of digits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dtmf: BTreeMap<i64, i64>,
}

/// For serde.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// A finished recording. Field order matters: the longer one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recording {
    /// Seconds.
    pub duration: Option<i64>,
    /// `file:NAME` in the recordings folder, or the provider's URL.
    pub place: String,
}

impl Recording {
    /// The file in our recordings folder, if it is there.
    pub fn file(&self) -> Option<&str> {
        self.place.strip_prefix("file:")
    }
}

/// The columns that follow from the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Who rang whom.
    pub direction: Direction,
    /// Where it stands.
    pub status: CallStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the far end rang.
    pub ringing_at: Option<DateTime<Utc>>,
    /// When it was taken.
    pub answered_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Talk time, seconds.
    pub duration_seconds: Option<i64>,
    /// Muted now.
    pub muted: bool,
    /// On hold now.
    pub held: bool,
    /// Being recorded now.
    pub recording: bool,
    /// A colleague is asked to take the customer over now.
    pub consult: Option<Consult>,
}

fn earliest<T: Ord>(mine: &mut Option<T>, other: Option<T>) {
    *mine = match (mine.take(), other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
}

/// `None` is less than any value, so this is the greatest of what is known.
fn latest<T: Ord>(mine: &mut Option<T>, other: Option<T>) {
    if other > *mine {
        *mine = other;
    }
}

/// First statement of something that happens once.
fn first(mine: &mut Option<Seen>, other: Option<Seen>) {
    *mine = match (*mine, other) {
        (Some(mut a), Some(b)) => {
            earliest(&mut a.stated, b.stated);
            a.received = a.received.min(b.received);
            Some(a)
        }
        (a, b) => a.or(b),
    };
}

/// The end: of several legs the last one counts, but a repetition that only arrives late does not.
fn last(mine: &mut Option<Seen>, other: Option<Seen>) {
    *mine = match (*mine, other) {
        (Some(mut a), Some(b)) => {
            latest(&mut a.stated, b.stated);
            a.received = a.received.min(b.received);
            Some(a)
        }
        (a, b) => a.or(b),
    };
}

impl Facts {
    /// An outbound call just asked for.
    pub fn requested(at: DateTime<Utc>) -> Self {
        Self { requested: Some(at), ..Self::default() }
    }

    /// A call whose end was not reported.
    pub fn lost(at: DateTime<Utc>) -> Self {
        Self { lost: Some(Lost { at, reason: "lost".to_owned() }), ..Self::default() }
    }

    /// What one event says.
    pub fn of(event: &CallEvent) -> Self {
        let seen = Some(Seen { stated: event.at, received: event.received_at });
        let ahead = event.at.map(|at| at - event.received_at);
        let mut facts = Self {
            clock_ahead: ahead.and_then(|a| a.num_microseconds()).unwrap_or(0).max(0),
            ..Self::default()
        };
        match &event.kind {
            EventKind::Incoming { from, to_extension } => {
                facts.incoming = seen;
                facts.from.clone_from(from);
                facts.to_extension.clone_from(to_extension);
            }
            EventKind::Ringing => facts.ringing = seen,
            EventKind::Answered { agent_extension } => {
                facts.answered = seen;
                facts.answered_by.clone_from(agent_extension);
            }
            EventKind::Ended { duration, reason } => {
                facts.ended = seen;
                facts.duration = *duration;
                facts.end_reason.clone_from(reason);
            }
            EventKind::Lost { reason } => {
                facts.lost = Some(Lost { at: event.received_at, reason: reason.clone() });
            }
            EventKind::Recorded { place, duration } => {
                let place = match place {
                    RecordingPlace::File(name) => format!("file:{name}"),
                    RecordingPlace::Url(url) => url.clone(),
                };
                facts.recording = Some(Recording { duration: *duration, place });
            }
            EventKind::Missed { from, to_extension } => {
                facts.missed = seen;
                facts.from.clone_from(from);
                facts.to_extension.clone_from(to_extension);
            }
            EventKind::Control { control, on, order } => {
                let value = Some(Latest { order: *order, value: *on });
                match control {
                    Control::Mute => facts.muted = value,
                    Control::Hold => facts.held = value,
                    Control::Record => facts.recorded = value,
                }
            }
            EventKind::Offered { extension, order } => {
                facts.offered = Some(Latest { order: *order, value: extension.clone() });
            }
            EventKind::Consulting { consult, order } => {
                facts.consult = Some(Latest { order: *order, value: consult.clone() });
            }
            EventKind::Transferred { extension, order } => {
                facts.transferred = Some(Latest { order: *order, value: extension.clone() });
            }
            EventKind::Dtmf { digits, order } => {
                facts.dtmf.insert(*order, *digits);
            }
        }
        facts
    }

    /// Adds what `other` knows.
    pub fn join(&mut self, other: Self) {
        earliest(&mut self.requested, other.requested);
        first(&mut self.incoming, other.incoming);
        earliest(&mut self.from, other.from);
        earliest(&mut self.to_extension, other.to_extension);
        first(&mut self.ringing, other.ringing);
        first(&mut self.answered, other.answered);
        earliest(&mut self.answered_by, other.answered_by);
        last(&mut self.ended, other.ended);
        first(&mut self.missed, other.missed);
        earliest(&mut self.lost, other.lost);
        self.clock_ahead = self.clock_ahead.max(other.clock_ahead);
        latest(&mut self.duration, other.duration);
        self.end_reason = stronger(self.end_reason.take(), other.end_reason);
        latest(&mut self.recording, other.recording);
        latest(&mut self.muted, other.muted);
        latest(&mut self.held, other.held);
        latest(&mut self.recorded, other.recorded);
        latest(&mut self.transferred, other.transferred);
        latest(&mut self.offered, other.offered);
        latest(&mut self.consult, other.consult);
        for (order, digits) in other.dtmf {
            let entry = self.dtmf.entry(order).or_insert(digits);
            *entry = digits.max(*entry);
        }
    }

    /// Whether we know who rang whom; else only loose events of the call have come so far.
    pub fn is_introduced(&self) -> bool {
        self.requested.is_some() || self.incoming.is_some() || self.missed.is_some()
    }

    /// The end the provider reported.
    pub fn reported_end(&self) -> Option<Seen> {
        self.ended.or(self.missed).map(|seen| self.corrected(seen))
    }

    /// When reconciliation closed it, while that holds: not once its end is reported, nor for an
    /// inbound call that was answered later, which was waiting all the time.
    fn closed_as_lost(&self) -> Option<&Lost> {
        let lost = self.lost.as_ref().filter(|_| self.reported_end().is_none())?;
        let answered_later = self.direction() == Direction::Inbound
            && self.answered.is_some_and(|seen| seen.received >= lost.at);
        (!answered_later).then_some(lost)
    }

    /// Its end, reported or by reconciliation; `None` while it is open.
    pub fn end(&self) -> Option<Seen> {
        let lost = || Some(Seen { stated: None, received: self.closed_as_lost()?.at });
        self.reported_end().or_else(lost)
    }

    /// Why it ended: the provider's words, or `lost` or `restart`.
    pub fn end_reason(&self) -> Option<&str> {
        self.closed_as_lost().map(|lost| lost.reason.as_str()).or(self.end_reason.as_deref())
    }

    fn end_class(&self) -> Option<EndClass> {
        self.end_reason().map(EndClass::of)
    }

    /// What to add to the provider's times; `None`: its clock is wrong, and the times of arrival
    /// count instead.
    fn clock_correction(&self) -> Option<TimeDelta> {
        let ahead = TimeDelta::microseconds(self.clock_ahead);
        if ahead > MAX_CLOCK_AHEAD || self.is_clock_behind() { None } else { Some(-ahead) }
    }

    /// Whether events arrived hours after their stated times, but at the pace they happened. What a
    /// telephone system sends late arrives all at once.
    fn is_clock_behind(&self) -> bool {
        let seen = [self.incoming, self.ringing, self.answered, self.ended, self.missed];
        let stated = || seen.iter().flatten().filter_map(|s| Some((s.stated?, s.received)));
        let delays = || stated().map(|(stated, received)| received - stated);
        let (Some(first), Some(last)) = (stated().map(|s| s.0).min(), stated().map(|s| s.0).max())
        else {
            return false;
        };
        let (Some(least), Some(most)) = (delays().min(), delays().max()) else {
            return false;
        };
        least >= LATE && last - first >= SHORTEST_PACE && (most - least) * 2 < last - first
    }

    fn corrected(&self, seen: Seen) -> Seen {
        let stated = seen.stated.zip(self.clock_correction());
        Seen { stated: stated.and_then(|(at, by)| at.checked_add_signed(by)), ..seen }
    }

    /// Whether people talked, even if the event that says so was lost.
    fn talked(&self) -> bool {
        self.answered.is_some()
            || self.duration.is_some_and(|d| d > 0)
            || (self.ended.is_some()
                && self.duration.is_none()
                && self.end_class() == Some(EndClass::Completed))
    }

    /// The extension that talks, or rings, or rang. What a waiting caller dialled is nobody's
    /// extension once the call is offered to somebody.
    pub fn extension(&self) -> Option<&str> {
        let rings = match &self.offered {
            Some(offered) => offered.value.as_deref(),
            None => self.to_extension.as_deref(),
        };
        self.answered_by.as_deref().or(rings)
    }

    /// The colleague who is being asked.
    pub fn consult(&self) -> Option<&Consult> {
        self.consult.as_ref()?.value.as_ref()
    }

    /// Who rang whom. A call we did not ask for came in.
    pub fn direction(&self) -> Direction {
        if self.requested.is_some() { Direction::Outbound } else { Direction::Inbound }
    }

    /// Where the call stands.
    pub fn status(&self) -> CallStatus {
        let outbound = self.direction() == Direction::Outbound;
        if self.end().is_some() {
            if self.talked() {
                return CallStatus::Completed;
            }
            if !outbound {
                return CallStatus::Missed;
            }
            return match self.end_class() {
                Some(EndClass::Busy) => CallStatus::Busy,
                Some(EndClass::Cancelled) => CallStatus::Cancelled,
                // "Completed" in no time without an answer: nobody was there.
                Some(EndClass::NoAnswer | EndClass::Completed) => CallStatus::NoAnswer,
                Some(EndClass::Other) | None if self.ringing.is_some() => CallStatus::NoAnswer,
                Some(EndClass::Failed | EndClass::Lost | EndClass::Other) | None => {
                    CallStatus::Failed
                }
            };
        }
        if self.answered.is_some() {
            CallStatus::Answered
        } else if self.ringing.is_some() || self.incoming.is_some() {
            CallStatus::Ringing
        } else {
            CallStatus::Initiated
        }
    }

    /// When it was taken and when it was over. A time that was not stated is inferred from the
    /// other one and the talk time before the time of arrival is believed.
    fn talk(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let length = self.duration.map(TimeDelta::seconds);
        let ended = self.end();
        let answered = self.answered.map(|seen| self.corrected(seen));
        let stated_answer = answered.and_then(|s| s.stated);
        let stated_end = ended.and_then(|s| s.stated);
        let minus = |at: DateTime<Utc>| length.and_then(|l| at.checked_sub_signed(l));
        let plus = |at: DateTime<Utc>| length.and_then(|l| at.checked_add_signed(l));
        let end = stated_end
            .or_else(|| ended.and_then(|_| stated_answer.and_then(plus)))
            .or_else(|| ended.map(|s| s.received));
        let answer = self.talked().then(|| {
            stated_answer
                .or_else(|| stated_end.and_then(minus))
                .or_else(|| self.answered.map(|s| s.received))
                .or_else(|| end.and_then(|at| minus(at).or(Some(at))))
        });
        let answer = answer.flatten();
        (answer, end.map(|end| answer.map_or(end, |answer| end.max(answer))))
    }

    /// The row's columns; `known_since` is when the row was made, for a call of which nothing else
    /// has a time.
    pub fn derive(&self, known_since: DateTime<Utc>) -> Derived {
        let status = self.status();
        let (answered_at, ended_at) = self.talk();
        let time_of = |seen: Option<Seen>| seen.map(|seen| self.corrected(seen).at());
        let rang = time_of(self.ringing.or(self.incoming));
        let ringing_at =
            rang.map(|at| [answered_at, ended_at].into_iter().flatten().fold(at, Ord::min));
        let started_at = self.requested.unwrap_or_else(|| {
            [time_of(self.incoming), ringing_at, answered_at, ended_at]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(known_since)
        });
        // How long a call lasted that was open when its telephone system died, nobody knows.
        let lost = self.end_class() == Some(EndClass::Lost);
        let inferred = match (answered_at, ended_at) {
            (Some(from), Some(to)) if !lost => Some((to - from).num_seconds().clamp(0, MAX_TALK)),
            _ => None,
        };
        let on = |flag: &Option<Latest<bool>>| {
            status == CallStatus::Answered && flag.as_ref().is_some_and(|f| f.value)
        };
        Derived {
            direction: self.direction(),
            status,
            started_at,
            ringing_at,
            answered_at,
            ended_at,
            duration_seconds: self.duration.or(inferred),
            muted: on(&self.muted),
            held: on(&self.held),
            recording: on(&self.recorded),
            consult: self.consult().filter(|_| status == CallStatus::Answered).cloned(),
        }
    }
}

#[cfg(test)]
mod tests;
