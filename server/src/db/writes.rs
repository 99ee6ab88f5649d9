//! Outcome of the last writes, for the readiness check.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After a failed write the database is reported as not writable for this long, even if other writes
/// succeed: a nearly full disk accepts small writes and rejects larger ones.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// Times of the last successful and failed write of this process.
#[derive(Debug)]
pub(super) struct Writes {
    begun: Instant,
    /// Milliseconds since `begun`; 0: never.
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl Writes {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), succeeded: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64 + 1
    }

    pub(super) fn succeed(&self) {
        self.succeeded.store(self.now(), Ordering::Relaxed);
    }

    pub(super) fn fail(&self) {
        self.failed.store(self.now(), Ordering::Relaxed);
    }

    fn within(&self, at: &AtomicU64, span: Duration) -> bool {
        let at = at.load(Ordering::Relaxed);
        at > 0 && self.now().saturating_sub(at) < span.as_millis() as u64
    }

    /// Whether a write failed within [`FAILED_FOR`].
    pub(super) fn failed_lately(&self) -> bool {
        self.within(&self.failed, FAILED_FOR)
    }

    /// Whether a write succeeded within `span`.
    pub(super) fn succeeded_within(&self, span: Duration) -> bool {
        self.within(&self.succeeded, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_reported_even_if_other_writes_succeed() {
        let writes = Writes::new();
        let second = Duration::from_secs(1);
        assert!(!writes.failed_lately() && !writes.succeeded_within(second), "nothing yet");
        writes.fail();
        writes.succeed();
        assert!(writes.failed_lately() && writes.succeeded_within(second));
        assert!(!writes.succeeded_within(Duration::ZERO), "an expired span");
    }
}
