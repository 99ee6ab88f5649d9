//! What becomes of a simulated call, by the last digit of the number dialled.

use std::time::Duration;

/// A simulated far end's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Does not even ring; ends after the delay with this reason.
    Refused(Duration, &'static str),
    /// Rings, then ends without an answer, with this reason.
    Unanswered(Duration, &'static str),
    /// Rings this long, is answered and ends by itself after this talk time, unless hung up before.
    Answered(Duration, Duration),
}

/// From the order to dial until the far end rings.
pub const POST_DIAL_DELAY: Duration = Duration::from_millis(400);
/// Longest a simulated customer talks.
pub const LONGEST_TALK: Duration = Duration::from_mins(1);
/// No simulated call is older than this.
pub const LONGEST_CALL: Duration = Duration::from_secs(90);

impl Fate {
    /// 1 busy, 2 rings without an answer, 3 declined, 4 unallocated, 6 answers and hangs up after
    /// three seconds; any other digit answers after about a second and talks until hung up, a
    /// minute at most.
    pub const fn of(last_digit: u8) -> Self {
        match last_digit {
            1 => Self::Refused(Duration::from_millis(600), "busy"),
            2 => Self::Unanswered(Duration::from_secs(15), "no_answer"),
            3 => Self::Unanswered(Duration::from_millis(1500), "declined"),
            4 => Self::Refused(Duration::from_millis(500), "unallocated"),
            6 => Self::Answered(Duration::from_secs(1), Duration::from_secs(3)),
            _ => Self::Answered(Duration::from_secs(1), LONGEST_TALK),
        }
    }
}
