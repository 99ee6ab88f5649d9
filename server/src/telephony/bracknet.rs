//! What a Bracknet PBX sends, brought to [`CallEvent`]s. Tolerant of spellings (aliases of SPEC §13,
//! numbers as text), strict about values: what makes no sense is refused, not guessed.

mod live;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{CallEvent, EventKind, ProviderKind, RecordingPlace};
use crate::db::PhoneNumber;
use crate::error::{Error, Result};
use crate::http::parse_json;

pub use live::Live;

/// How our ids begin in a PBX's `crm_call_id`.
const REFERENCE: &str = "CRM-CALL-";

/// A call of ours as the PBX is told of it.
fn reference_of(call: i64) -> String {
    format!("{REFERENCE}{call}")
}

/// Longest call believed, seconds.
const MAX_DURATION: i64 = 86_400;
/// How far ahead of ours the PBX's clock may be.
const MAX_AHEAD: TimeDelta = TimeDelta::days(1);
/// Payloads larger than this are not kept with the call, bytes.
const MAX_RAW: usize = 4096;

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
    fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_lowercase().replace(['-', '.', ' '], "_");
        Some(match word.as_str() {
            "incoming_call" | "call_incoming" | "incoming" => Self::Incoming,
            "call_ringing" | "ringing" => Self::Ringing,
            "call_answered" | "answered" => Self::Answered,
            "call_ended" | "ended" | "call_completed" | "completed" | "hangup" | "call_hangup" => {
                Self::Ended
            }
            "call_recording_ready" | "call_recording" | "recording_ready" | "recording" => {
                Self::Recording
            }
            "call_missed" | "missed_call" | "missed" => Self::Missed,
            _ => return None,
        })
    }
}

/// Reads a webhook's body; `expected` is the event of the path it came to, `None` for the path that
/// takes all. `now` is ours, `zone` that of timestamps without one.
pub fn parse(
    expected: Option<EventName>,
    body: &[u8],
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<CallEvent> {
    let value: Value = parse_json(body)?;
    let Value::Object(object) = &value else {
        return Err(Error::invalid("invalid_body", "body", "The body is not a JSON object."));
    };
    let fields = Fields(object);
    let name = event_name(&fields, expected)?;
    let id = fields.id()?;
    if id.is_none() && name != EventName::Missed {
        return Err(missing("bracknet_call_id"));
    }
    let at = fields.timestamp(now, zone)?;
    fields.check_figures()?;
    let kind = kind(&fields, name)?;
    if id.is_none() && matches!(&kind, EventKind::Missed { from: None, .. }) {
        return Err(missing("from"));
    }
    Ok(CallEvent {
        provider: ProviderKind::Bracknet,
        external_call_id: id,
        reference: fields.reference()?,
        at,
        received_at: now,
        kind,
        raw: (body.len() <= MAX_RAW).then(|| cleaned(value)),
    })
}

fn event_name(fields: &Fields<'_>, expected: Option<EventName>) -> Result<EventName> {
    let stated =
        fields.text(&["event", "event_type", "eventType", "event_name", "eventName"], 64)?;
    let named = match &stated {
        Some((field, text)) => Some(EventName::parse(text).ok_or_else(|| {
            Error::invalid("unknown_event", field, "There is no such event.").allowed([
                "incoming_call",
                "call_ringing",
                "call_answered",
                "call_ended",
                "call_recording_ready",
                "call_missed",
            ])
        })?),
        None => None,
    };
    match (expected, named) {
        (Some(expected), Some(named)) if expected != named => Err(Error::invalid(
            "event_mismatch",
            "event",
            "The event does not belong to this path.",
        )),
        (Some(name), _) | (None, Some(name)) => Ok(name),
        (None, None) => Err(missing("event")),
    }
}

fn kind(fields: &Fields<'_>, name: EventName) -> Result<EventKind> {
    Ok(match name {
        EventName::Incoming => {
            EventKind::Incoming { from: fields.caller()?, to_extension: fields.extension()? }
        }
        EventName::Missed => {
            EventKind::Missed { from: fields.caller()?, to_extension: fields.extension()? }
        }
        EventName::Ringing => EventKind::Ringing,
        EventName::Answered => EventKind::Answered { agent_extension: fields.extension()? },
        EventName::Ended => EventKind::Ended {
            duration: fields.seconds(&[
                "duration",
                "duration_seconds",
                "durationSeconds",
                "billsec",
            ])?,
            reason: fields
                .text(&["end_reason", "endReason", "reason", "disposition", "hangup_cause"], 64)?
                .map(|(_, text)| text),
        },
        EventName::Recording => EventKind::Recorded {
            place: RecordingPlace::Url(fields.recording_url()?),
            duration: fields.seconds(&["recording_duration", "recordingDuration", "duration"])?,
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

/// Access to the payload under its many names.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The first of `names` that is there and not null.
    fn find(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        names.iter().find_map(|name| self.0.get(*name).filter(|v| !v.is_null()).map(|v| (*name, v)))
    }

    /// A text of at most `longest` bytes without control characters, or an integer as text; blank
    /// is absent.
    fn text(
        &self,
        names: &[&'static str],
        longest: usize,
    ) -> Result<Option<(&'static str, String)>> {
        let Some((field, value)) = self.find(names) else {
            return Ok(None);
        };
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => {
                return Err(Error::invalid(
                    "invalid_field",
                    field,
                    format!("`{field}` is no text."),
                ));
            }
        };
        if text.len() > longest || text.chars().any(char::is_control) {
            return Err(Error::invalid(
                "invalid_field",
                field,
                format!("`{field}` is a line of at most {longest} characters."),
            ));
        }
        Ok(Some((field, text)).filter(|(_, text)| !text.is_empty()))
    }

    fn id(&self) -> Result<Option<String>> {
        let names = [
            "bracknet_call_id",
            "bracknetCallId",
            "callId",
            "call_id",
            "external_call_id",
            "externalCallId",
            "id",
        ];
        Ok(self.text(&names, 128)?.map(|(_, text)| text))
    }

    /// The call of ours that the PBX was told of when it was started.
    fn reference(&self) -> Result<Option<i64>> {
        let given = self.text(&["crm_call_id", "crmCallId"], 128)?;
        Ok(given.and_then(|(_, text)| text.strip_prefix(REFERENCE)?.parse().ok()))
    }

    fn extension(&self) -> Result<Option<String>> {
        let names = [
            "agent_extension",
            "agentExtension",
            "to_extension",
            "toExtension",
            "extension",
            "agent_phone",
        ];
        Ok(self.text(&names, 32)?.map(|(_, text)| text))
    }

    /// The caller: E.164 where the number is one; digits as sent where it is none (a land line
    /// without its code, a short number); `None` when withheld.
    fn caller(&self) -> Result<Option<String>> {
        let names = [
            "from",
            "customer_number",
            "customerNumber",
            "customerPhone",
            "customer_phone",
            "caller",
            "caller_number",
        ];
        let Some((field, text)) = self.text(&names, 64)? else {
            return Ok(None);
        };
        let withheld = ["anonymous", "unknown", "private", "restricted", "withheld", "unavailable"];
        if withheld.contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(None);
        }
        if let Ok(phone) = PhoneNumber::parse(&text) {
            return Ok(Some(phone.to_string()));
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let only_digits = text.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
        if only_digits && (2..=20).contains(&digits) {
            return Ok(Some(text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()));
        }
        Err(Error::invalid("invalid_phone", field, "That is no telephone number."))
    }

    /// A length of time in seconds.
    fn seconds(&self, names: &[&'static str]) -> Result<Option<i64>> {
        let Some((field, value)) = self.find(names) else {
            return Ok(None);
        };
        let seconds = match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|f| f as i64)),
            Value::String(text) => text.trim().parse::<i64>().ok(),
            _ => None,
        };
        match seconds {
            Some(seconds) if (0..=MAX_DURATION).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(Error::invalid(
                "invalid_duration",
                field,
                format!("`{field}` is a number of seconds from 0 to {MAX_DURATION}."),
            )),
        }
    }

    /// Figures that are only kept with the payload make sense too.
    fn check_figures(&self) -> Result<()> {
        for name in ["wait_seconds", "hold_seconds", "waitSeconds", "holdSeconds"] {
            self.seconds(&[name])?;
        }
        for name in ["queue_name", "trunk_name", "disposition"] {
            self.text(&[name], 128)?;
        }
        Ok(())
    }

    fn recording_url(&self) -> Result<String> {
        let Some((field, text)) = self.text(&["recording_url", "recordingUrl", "url"], 2048)?
        else {
            return Err(missing("recording_url"));
        };
        let parsed = url::Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().is_ascii()
        });
        parsed.map(String::from).ok_or_else(|| {
            Error::invalid("invalid_recording_url", field, "That is no http or https address.")
        })
    }

    /// RFC 3339, the same without zone (then company time), or seconds or milliseconds since 1970.
    fn timestamp(&self, now: DateTime<Utc>, zone: Tz) -> Result<Option<DateTime<Utc>>> {
        let Some((field, value)) = self.find(&["timestamp", "time", "occurred_at", "occurredAt"])
        else {
            return Ok(None);
        };
        let wrong = || {
            Error::invalid(
                "invalid_timestamp",
                field,
                "A timestamp is like 2026-01-03T10:30:00Z, after 2000 and not in the future.",
            )
        };
        let at = match value {
            Value::String(text) => instant(text.trim(), zone),
            Value::Number(number) => number.as_i64().and_then(|n| {
                if n.unsigned_abs() < 100_000_000_000 {
                    DateTime::from_timestamp(n, 0)
                } else {
                    DateTime::from_timestamp_millis(n)
                }
            }),
            _ => None,
        };
        let at = at.ok_or_else(wrong)?;
        // Both databases keep microseconds.
        let at = DateTime::from_timestamp_micros(at.timestamp_micros()).ok_or_else(wrong)?;
        if at.timestamp() < 946_684_800 || at > now + MAX_AHEAD {
            return Err(wrong());
        }
        Ok(Some(at))
    }
}

fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(|local| zone.from_local_datetime(&local).earliest())
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests;
