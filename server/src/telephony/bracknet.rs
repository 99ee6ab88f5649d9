//! What a Bracknet PBX sends, read into [`CallEvent`]s. Tolerant: an optional value that cannot be
//! read is left out with a [`Note`], so that it never costs the event. Refused is only what does not
//! say what happened to which call.

mod body;
mod fields;
mod live;
mod values;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{CallEvent, EventKind, ProviderKind, RecordingPlace};
use crate::db::text_enum;
use crate::error::{Error, Result};
use fields::Fields;

pub use body::is_form;
pub use live::Live;

/// How our ids begin in a PBX's `crm_call_id`.
const REFERENCE: &str = "CRM-CALL-";

/// A call of ours as the PBX is told of it.
fn reference_of(call: i64) -> String {
    format!("{REFERENCE}{call}")
}

/// Payloads larger than this are not kept with the call, bytes.
const MAX_RAW: usize = 4096;
/// A stated time this much older than its arrival is noted.
pub const LATE: TimeDelta = TimeDelta::hours(1);

text_enum! {
    /// What was odd about a webhook that was taken all the same.
    pub enum NoteCode {
        /// The value could not be read and was left out.
        IgnoredValue = "ignored_value",
        /// The value was cut.
        Shortened = "shortened",
        /// The caller is neither a number nor a known word for a withheld one.
        UnreadableCaller = "unreadable_caller",
        /// The time is in the future: the times of arrival count instead.
        ClockAhead = "clock_ahead",
        /// The time is more than an hour past: sent late, or the sender's clock is wrong.
        ClockBehind = "clock_behind",
        /// The text was not UTF-8 and was read as Latin-1.
        NotUtf8 = "not_utf8",
        /// The id belonged to an earlier call: this is another one.
        ReusedId = "reused_id",
    }
}

/// Something odd about a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// What.
    pub code: NoteCode,
    /// In which field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// By how much, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

impl Note {
    /// About the whole.
    pub const fn new(code: NoteCode) -> Self {
        Self { code, field: None, seconds: None }
    }

    fn about(code: NoteCode, field: &str) -> Self {
        Self { code, field: Some(field.to_owned()), seconds: None }
    }
}

/// A webhook that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// What happened.
    pub event: CallEvent,
    /// What was odd.
    pub notes: Vec<Note>,
}

impl Understood {
    /// The event's own time minus that of its arrival, seconds.
    pub fn clock_seconds(&self) -> Option<i64> {
        self.event.at.map(|at| (at - self.event.received_at).num_seconds())
    }
}

/// The events a Bracknet PBX sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    /// `incoming_call`
    Incoming,
    /// `call_ringing`
    Ringing,
    /// `call_answered`
    Answered,
    /// `call_ended`
    Ended,
    /// `call_recording_ready`
    Recording,
    /// `call_missed`
    Missed,
}

impl EventName {
    /// Reads a name in any spelling: `call_ended`, `CallEnded`, `call.ended`.
    fn parse(text: &str) -> Option<Self> {
        let word: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        Some(match word.as_str() {
            "incomingcall" | "callincoming" | "incoming" => Self::Incoming,
            "callringing" | "ringing" => Self::Ringing,
            "callanswered" | "answered" => Self::Answered,
            "callended" | "ended" | "callcompleted" | "completed" | "hangup" | "callhangup" => {
                Self::Ended
            }
            "callrecordingready" | "callrecording" | "recordingready" | "recording" => {
                Self::Recording
            }
            "callmissed" | "missedcall" | "missed" => Self::Missed,
            _ => return None,
        })
    }
}

/// Reads a webhook's body; `form`: it is `key=value` pairs. `expected` is the event of the path it
/// was sent to, `None` for the path that takes all. `now` is when it arrived, `zone` that of times
/// without one.
pub fn parse(
    expected: Option<EventName>,
    bytes: &[u8],
    form: bool,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<Understood> {
    let (object, not_utf8) = body::read(bytes, form)?;
    let mut fields = Fields::new(&object);
    if not_utf8 {
        fields.notes.push(Note::new(NoteCode::NotUtf8));
    }
    let name = event_name(&mut fields, expected)?;
    let id = fields.id(name != EventName::Missed)?;
    let at = fields.timestamp(now, zone);
    let event = CallEvent {
        provider: ProviderKind::Bracknet,
        external_call_id: id,
        reference: fields.reference(),
        at,
        received_at: now,
        kind: kind(&mut fields, name)?,
        raw: None,
    };
    let mut notes = fields.notes;
    if let Some(ahead) = event.clock_ahead() {
        let seconds = Some(ahead.num_seconds());
        notes.push(Note { seconds, ..Note::about(NoteCode::ClockAhead, "timestamp") });
    } else if let Some(at) = at.filter(|at| now - *at > LATE) {
        let seconds = Some((now - at).num_seconds());
        notes.push(Note { seconds, ..Note::about(NoteCode::ClockBehind, "timestamp") });
    }
    let raw = (bytes.len() <= MAX_RAW).then(|| cleaned(Value::Object(object)));
    Ok(Understood { event: CallEvent { raw, ..event }, notes })
}

fn event_name(fields: &mut Fields<'_>, expected: Option<EventName>) -> Result<EventName> {
    let names = ["event", "event_type", "eventType", "event_name", "eventName"];
    let stated = fields.line(&names, 64);
    let named = stated.as_ref().and_then(|(field, text)| Some((field, EventName::parse(text)?)));
    match (expected, named) {
        (Some(expected), Some((_, named))) if expected != named => Err(Error::invalid(
            "event_mismatch",
            "event",
            "The event does not belong to this path.",
        )),
        (None, Some((_, name))) => Ok(name),
        (Some(name), named) => {
            // The path says what happened; a name of the PBX's own says no more.
            if let (None, Some((field, _))) = (named, &stated) {
                fields.notes.push(Note::about(NoteCode::IgnoredValue, field));
            }
            Ok(name)
        }
        (None, None) => Err(match stated {
            None => missing("event"),
            Some((field, _)) => Error::invalid("unknown_event", field, "There is no such event.")
                .allowed([
                    "incoming_call",
                    "call_ringing",
                    "call_answered",
                    "call_ended",
                    "call_recording_ready",
                    "call_missed",
                ]),
        }),
    }
}

fn kind(fields: &mut Fields<'_>, name: EventName) -> Result<EventKind> {
    Ok(match name {
        EventName::Incoming => {
            EventKind::Incoming { from: fields.caller(), to_extension: fields.extension() }
        }
        EventName::Missed => {
            EventKind::Missed { from: fields.caller(), to_extension: fields.extension() }
        }
        EventName::Ringing => EventKind::Ringing,
        EventName::Answered => EventKind::Answered { agent_extension: fields.extension() },
        EventName::Ended => {
            let duration =
                fields.seconds(&["duration", "duration_seconds", "durationSeconds", "billsec"]);
            let reasons = ["end_reason", "endReason", "reason", "disposition", "hangup_cause"];
            EventKind::Ended { duration, reason: fields.line(&reasons, 64).map(|(_, text)| text) }
        }
        EventName::Recording => EventKind::Recorded {
            place: RecordingPlace::Url(fields.recording_url()?),
            duration: fields.seconds(&["recording_duration", "recordingDuration", "duration"]),
        },
    })
}

fn missing(field: &str) -> Error {
    Error::invalid("missing_field", field, format!("`{field}` is missing."))
}

/// The payload without what PostgreSQL's JSON cannot hold.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(items) => Value::Array(items.into_iter().map(cleaned).collect()),
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, v)| (key.replace('\0', "\u{fffd}"), cleaned(v)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests;
