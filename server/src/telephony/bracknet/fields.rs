//! Access to a payload under its many names. What is optional and cannot be read is left out and
//! noted.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{Note, NoteCode, REFERENCE, missing, values};
use crate::error::{Error, Result};
use crate::telephony::caller;

/// Longest id of a call, bytes: SIP Call-IDs are long.
const MAX_ID: usize = 255;
/// Longest caller searched for a number, characters.
const MAX_CALLER: usize = 512;

/// A payload, and what was odd about what was read so far.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    pub(super) notes: Vec<Note>,
}

type Named<T> = (&'static str, T);

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, notes: Vec::new() }
    }

    /// The first of `names` that is there, not null and not blank.
    fn find(&self, names: &[&'static str]) -> Option<Named<&'a Value>> {
        let blank = |value: &Value| {
            value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
        };
        names
            .iter()
            .find_map(|name| self.object.get(*name).filter(|v| !blank(v)).map(|v| (*name, v)))
    }

    fn note(&mut self, code: NoteCode, field: &str) {
        self.notes.push(Note::about(code, field));
    }

    /// A line of text of at most `longest` characters: cut, and without control characters.
    pub(super) fn line(&mut self, names: &[&'static str], longest: usize) -> Option<Named<String>> {
        let (field, value) = self.find(names)?;
        let Some(text) = values::text(value) else {
            self.note(NoteCode::IgnoredValue, field);
            return None;
        };
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        let mut line = line.trim();
        if let Some((cut, _)) = line.char_indices().nth(longest) {
            line = line[..cut].trim_end();
            self.note(NoteCode::Shortened, field);
        }
        Some((field, line.to_owned())).filter(|(_, line)| !line.is_empty())
    }

    /// The id of the call. Never changed by reading: what is no id is refused, or where none is
    /// `required` left out.
    pub(super) fn id(&mut self, required: bool) -> Result<Option<String>> {
        let names = [
            "bracknet_call_id",
            "bracknetCallId",
            "callId",
            "call_id",
            "external_call_id",
            "externalCallId",
            "id",
        ];
        let Some((field, value)) = self.find(&names) else {
            return if required { Err(missing("bracknet_call_id")) } else { Ok(None) };
        };
        let text = values::text(value).map(|text| text.trim().to_owned());
        match text.filter(|id| id.len() <= MAX_ID && !id.chars().any(char::is_control)) {
            Some(id) => Ok(Some(id)),
            None if required => Err(Error::invalid(
                "invalid_field",
                field,
                format!("`{field}` is a text or number of at most {MAX_ID} bytes."),
            )),
            None => {
                self.note(NoteCode::IgnoredValue, field);
                Ok(None)
            }
        }
    }

    /// The call of ours that the PBX was told of when it was started.
    pub(super) fn reference(&mut self) -> Option<i64> {
        let (_, text) = self.line(&["crm_call_id", "crmCallId"], 128)?;
        text.strip_prefix(REFERENCE)?.parse().ok()
    }

    pub(super) fn extension(&mut self) -> Option<String> {
        let names = [
            "agent_extension",
            "agentExtension",
            "to_extension",
            "toExtension",
            "extension",
            "agent_phone",
        ];
        self.line(&names, 64).map(|(_, text)| values::extension(&text).to_owned())
    }

    /// The caller; `None` when withheld.
    pub(super) fn caller(&mut self) -> Option<String> {
        let names = [
            "from",
            "customer_number",
            "customerNumber",
            "customerPhone",
            "customer_phone",
            "caller",
            "caller_number",
        ];
        let (field, value) = self.find(&names)?;
        let value = match value {
            // `{"number": "017…", "name": "…"}`
            Value::Object(parts) => {
                ["number", "phone", "uri"].iter().find_map(|name| parts.get(*name)).unwrap_or(value)
            }
            other => other,
        };
        let text = values::text(value).filter(|text| text.chars().count() <= MAX_CALLER);
        let Some(text) = text else {
            self.note(NoteCode::UnreadableCaller, field);
            return None;
        };
        let caller = caller::read(&text);
        if caller.unreadable {
            self.note(NoteCode::UnreadableCaller, field);
        }
        caller.number
    }

    /// A length of time in seconds.
    pub(super) fn seconds(&mut self, names: &[&'static str]) -> Option<i64> {
        let (field, value) = self.find(names)?;
        let seconds = values::seconds(value);
        if seconds.is_none() {
            self.note(NoteCode::IgnoredValue, field);
        }
        seconds
    }

    /// When it happened.
    pub(super) fn timestamp(&mut self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let (field, value) = self.find(&["timestamp", "time", "occurred_at", "occurredAt"])?;
        let at = values::instant(value, now, zone);
        if at.is_none() {
            self.note(NoteCode::IgnoredValue, field);
        }
        at
    }

    pub(super) fn recording_url(&mut self) -> Result<String> {
        let Some((field, text)) = self.line(&["recording_url", "recordingUrl", "url"], 2048) else {
            return Err(missing("recording_url"));
        };
        let parsed = url::Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().is_ascii()
        });
        parsed.map(String::from).ok_or_else(|| {
            Error::invalid("invalid_recording_url", field, "That is no http or https address.")
        })
    }
}
