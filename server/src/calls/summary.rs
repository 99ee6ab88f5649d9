//! The line a call leaves in its task's notes.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::state::Derived;
use crate::db::CallId;

/// One line, the same for the same call: `[call 55] 2026-01-03 16:30 completed 2:15 (completed)`.
/// Start in the company's zone, talk time in minutes and seconds.
pub fn line(call: CallId, row: &Derived, reason: Option<&str>, zone: Tz) -> String {
    let started: DateTime<Utc> = row.started_at;
    let local = started.with_timezone(&zone).format("%Y-%m-%d %H:%M");
    let mut line = format!("[call {call}] {local} {}", row.status);
    // Writing to a String cannot fail.
    if let Some(seconds) = row.duration_seconds.filter(|s| *s > 0) {
        let _ = write!(line, " {}:{:02}", seconds / 60, seconds % 60);
    }
    if let Some(reason) = reason {
        let _ = write!(line, " ({reason})");
    }
    line
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::line;
    use crate::calls::state::Facts;
    use crate::db::CallId;
    use crate::telephony::{CallEvent, EventKind, ProviderKind};

    #[test]
    fn says_when_what_and_how_long() {
        let at = |s| Utc.with_ymd_and_hms(2026, 1, 3, 10, 30, s).single().expect("valid");
        let mut facts = Facts::requested(at(0));
        facts.join(Facts::of(&CallEvent {
            provider: ProviderKind::Bracknet,
            external_call_id: None,
            reference: None,
            at: Some(at(50)),
            received_at: at(50),
            kind: EventKind::Ended { duration: Some(135), reason: Some("completed".to_owned()) },
            raw: None,
        }));
        assert_eq!(
            line(CallId(55), &facts.derive(at(0)), Some("completed"), chrono_tz::Asia::Dhaka),
            "[call 55] 2026-01-03 16:30 completed 2:15 (completed)"
        );
    }
}
