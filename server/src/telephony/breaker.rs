//! A circuit breaker: after some failures in a row nobody is kept waiting for a telephone system
//! that does not answer; one call tries again once in a while. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures in a row after which it opens.
const FAILURES: u32 = 5;
/// How long it stays open before one request may try.
const PAUSE: TimeDelta = TimeDelta::seconds(15);

/// Whether requests are worth making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// Nobody asks before then.
    closed_until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Whether a request may be made now. The one that may try after a pause starts the next pause,
    /// so that only it tries.
    pub fn admit(&mut self, now: DateTime<Utc>) -> bool {
        match self.closed_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.closed_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    /// It answered.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It did not.
    pub fn failed(&mut self, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.closed_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_try_after_a_pause() {
        let now = DateTime::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES - 1 {
            breaker.failed(now);
        }
        breaker.succeeded();
        breaker.failed(now);
        assert!(breaker.admit(now), "a success in between starts the count anew");
        for _ in 0..FAILURES {
            breaker.failed(now);
        }
        assert!(!breaker.admit(now));
        let later = now + PAUSE;
        assert!(breaker.admit(later));
        assert!(!breaker.admit(later), "only one tries");
        breaker.failed(later);
        assert!(!breaker.admit(later + TimeDelta::seconds(1)));
        assert!(breaker.admit(later + PAUSE));
        breaker.succeeded();
        assert!(breaker.admit(later + PAUSE));
    }
}
