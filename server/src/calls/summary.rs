//! What a call came to, in one line of a task's `callSummary`.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::CallStatus;
use crate::db::CallId;

/// A call of a task, as far as its summary says.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The call.
    pub id: CallId,
    /// How it stands, or ended.
    pub status: CallStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Talk time, seconds.
    pub duration_seconds: Option<i64>,
    /// Why it ended, as the telephone system says.
    pub end_reason: Option<String>,
}

impl Summary {
    /// `[call 55] 2026-01-03T10:30:00Z completed 2:15 (completed)`: start in UTC, talk time in minutes
    /// and seconds; `None` while the call is not over.
    pub fn line(&self) -> Option<String> {
        if self.status.is_open() {
            return None;
        }
        let started = self.started_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut line = format!("[call {}] {started} {}", self.id, self.status);
        // Writing to a String cannot fail.
        if let Some(seconds) = self.duration_seconds.filter(|s| *s > 0) {
            let _ = write!(line, " {}:{:02}", seconds / 60, seconds % 60);
        }
        if let Some(reason) = &self.end_reason {
            let _ = write!(line, " ({reason})");
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::Summary;
    use crate::calls::CallStatus;
    use crate::db::CallId;

    #[test]
    fn says_when_what_and_how_long_once_the_call_is_over() {
        let mut call = Summary {
            id: CallId(55),
            status: CallStatus::Answered,
            started_at: Utc.with_ymd_and_hms(2026, 1, 3, 10, 30, 0).single().expect("valid"),
            duration_seconds: None,
            end_reason: None,
        };
        assert_eq!(call.line(), None);
        call.status = CallStatus::Completed;
        call.duration_seconds = Some(135);
        call.end_reason = Some("completed".to_owned());
        assert_eq!(
            call.line().as_deref(),
            Some("[call 55] 2026-01-03T10:30:00Z completed 2:15 (completed)")
        );
    }
}
