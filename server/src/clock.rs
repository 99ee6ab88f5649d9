//! Time is passed in, so that a day can be tested in a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Where "now" comes from, and the company's time zone.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Tz,
    /// Microseconds since the epoch; `None`: the machine's clock.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub const fn system(zone: Tz) -> Self {
        Self { zone, fixed: None }
    }

    /// A clock that stands still until told otherwise.
    pub fn fixed(zone: Tz, now: DateTime<Utc>) -> Self {
        Self { zone, fixed: Some(Arc::new(AtomicI64::new(now.timestamp_micros()))) }
    }

    /// Moves a fixed clock; the machine's clock ignores it.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Some(fixed) = &self.fixed {
            fixed.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The instant, in microseconds (what both databases keep).
    pub fn now(&self) -> DateTime<Utc> {
        let micros = self.fixed.as_ref().map_or_else(
            || {
                #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
                Utc::now().timestamp_micros()
            },
            |fixed| fixed.load(Ordering::SeqCst),
        );
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// The company's calendar day.
    pub fn today(&self) -> NaiveDate {
        self.day_of(self.now())
    }

    /// The company's zone.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The company day on which `instant` falls.
    pub fn day_of(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The instant of a local date and time; where a zone's clocks jump, the earlier reading.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        self.zone
            .from_local_datetime(&local)
            .earliest()
            .unwrap_or_else(|| self.zone.from_utc_datetime(&local))
            .with_timezone(&Utc)
    }

    /// The first instant of a company day.
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(chrono::NaiveTime::MIN))
    }
}
