//! When customers may be rung, in company time (SPEC §4.6). Pure.

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No call is planned later than this before the end: it may take a while.
const LAST_CALL: TimeDelta = TimeDelta::minutes(30);
/// The next callable moment is never further away than this, whatever the hours.
const MOST_DAYS: u64 = 14;

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// From this time on, `HH:MM`.
    #[serde(with = "hours_and_minutes")]
    #[schema(value_type = String, example = "09:00")]
    pub from: NaiveTime,
    /// Until this one.
    #[serde(with = "hours_and_minutes")]
    #[schema(value_type = String, example = "21:00")]
    pub until: NaiveTime,
}

impl Span {
    const fn new(from: (u32, u32), until: (u32, u32)) -> Self {
        let (Some(from), Some(until)) = (
            NaiveTime::from_hms_opt(from.0, from.1, 0),
            NaiveTime::from_hms_opt(until.0, until.1, 0),
        ) else {
            panic!("a time of the day");
        };
        Self { from, until }
    }

    fn has(&self, time: NaiveTime) -> bool {
        (self.from..self.until).contains(&time)
    }
}

/// The fasting month, when people eat and pray at other hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ramadan {
    /// Its first day.
    pub first_day: NaiveDate,
    /// Its last day.
    pub last_day: NaiveDate,
    /// Customers are rung in these hours.
    pub hours: Span,
    /// But not in these: iftar and the prayers after it.
    pub pause: Option<Span>,
}

/// When customers may be rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CallingHours {
    /// On any day.
    #[schema(required)]
    pub hours: Span,
    /// Not in these on a Friday: the prayer.
    pub friday_pause: Option<Span>,
    /// Other hours for a month.
    pub ramadan: Option<Ramadan>,
}

impl Default for CallingHours {
    fn default() -> Self {
        Self {
            hours: Span::new((9, 0), (21, 0)),
            friday_pause: Some(Span::new((12, 30), (14, 30))),
            ramadan: None,
        }
    }
}

impl CallingHours {
    /// The field that makes no sense, if any: a span that ends before a call could be made, days in
    /// the wrong order.
    pub fn problem(&self) -> Option<&'static str> {
        let long_enough = |span: &Span| span.until - span.from >= TimeDelta::hours(1);
        let ordered = |span: &Option<Span>| span.is_none_or(|span| span.from < span.until);
        if !long_enough(&self.hours) {
            return Some("callingHours.hours");
        }
        if !ordered(&self.friday_pause) {
            return Some("callingHours.fridayPause");
        }
        let Some(ramadan) = &self.ramadan else { return None };
        if ramadan.last_day < ramadan.first_day
            || ramadan.last_day - ramadan.first_day > TimeDelta::days(31)
        {
            return Some("callingHours.ramadan.lastDay");
        }
        if !long_enough(&ramadan.hours) {
            return Some("callingHours.ramadan.hours");
        }
        (!ordered(&ramadan.pause)).then_some("callingHours.ramadan.pause")
    }

    /// The hours of a day, and the pauses in them.
    fn of(&self, day: NaiveDate) -> (Span, [Option<Span>; 2]) {
        let friday = self.friday_pause.filter(|_| day.weekday() == Weekday::Fri);
        match &self.ramadan {
            Some(month) if (month.first_day..=month.last_day).contains(&day) => {
                (month.hours, [friday, month.pause])
            }
            _ => (self.hours, [friday, None]),
        }
    }

    /// Whether a customer may be rung at this moment.
    pub fn allow(&self, at: NaiveDateTime) -> bool {
        let (hours, pauses) = self.of(at.date());
        hours.has(at.time()) && !pauses.iter().flatten().any(|pause| pause.has(at.time()))
    }

    /// The first moment from `at` on for which a call may be planned.
    pub fn next(&self, at: NaiveDateTime) -> NaiveDateTime {
        (0..=MOST_DAYS)
            .find_map(|later| {
                let day = at.date().checked_add_days(Days::new(later))?;
                let earliest = if later == 0 { at.time() } else { NaiveTime::MIN };
                self.next_on(day, earliest).map(|time| day.and_time(time))
            })
            .unwrap_or(at)
    }

    fn next_on(&self, day: NaiveDate, earliest: NaiveTime) -> Option<NaiveTime> {
        let (hours, pauses) = self.of(day);
        let mut time = earliest.max(hours.from);
        // One pause may end in the other.
        for pause in pauses.iter().chain(&pauses).flatten() {
            if pause.has(time) {
                time = pause.until;
            }
        }
        (time <= hours.until - LAST_CALL).then_some(time)
    }
}

/// Times of the day as `HH:MM`.
mod hours_and_minutes {
    use chrono::NaiveTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| D::Error::custom("a time is HH:MM, like 09:00"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(hours: &CallingHours, at: &str) -> String {
        hours.next(at.parse().expect("a time")).to_string()
    }

    fn in_ramadan() -> CallingHours {
        let day = |text: &str| text.parse().expect("a day");
        CallingHours {
            ramadan: Some(Ramadan {
                first_day: day("2027-02-08"),
                last_day: day("2027-03-09"),
                hours: Span::new((10, 0), (22, 0)),
                pause: Some(Span::new((17, 0), (20, 0))),
            }),
            ..CallingHours::default()
        }
    }

    #[test]
    fn the_day_the_friday_prayer_and_the_fasting_month_have_their_hours() {
        let usual = CallingHours::default();
        // 2026-11-26 is a Thursday.
        assert_eq!(next(&usual, "2026-11-26T07:00:00"), "2026-11-26 09:00:00");
        assert_eq!(next(&usual, "2026-11-26T20:30:00"), "2026-11-26 20:30:00");
        assert_eq!(next(&usual, "2026-11-26T20:31:00"), "2026-11-27 09:00:00");
        assert_eq!(next(&usual, "2026-11-27T12:30:00"), "2026-11-27 14:30:00");
        assert_eq!(next(&usual, "2026-11-26T12:30:00"), "2026-11-26 12:30:00");
        let fasting = in_ramadan();
        assert_eq!(next(&fasting, "2027-02-07T18:00:00"), "2027-02-07 18:00:00");
        assert_eq!(next(&fasting, "2027-02-08T09:30:00"), "2027-02-08 10:00:00");
        assert_eq!(next(&fasting, "2027-02-08T18:00:00"), "2027-02-08 20:00:00");
        assert_eq!(next(&fasting, "2027-03-09T21:45:00"), "2027-03-10 09:00:00");
    }

    #[test]
    fn hours_that_leave_no_time_are_a_problem() {
        assert_eq!(CallingHours::default().problem(), None);
        assert_eq!(in_ramadan().problem(), None);
        let night = Span::new((21, 0), (9, 0));
        let hours = CallingHours { hours: night, ..CallingHours::default() };
        assert_eq!(hours.problem(), Some("callingHours.hours"));
        let pause = CallingHours { friday_pause: Some(night), ..CallingHours::default() };
        assert_eq!(pause.problem(), Some("callingHours.fridayPause"));
        let mut month = in_ramadan();
        if let Some(month) = &mut month.ramadan {
            month.last_day = "2027-02-01".parse().expect("a day");
        }
        assert_eq!(month.problem(), Some("callingHours.ramadan.lastDay"));
    }

    proptest! {
        #[test]
        fn nobody_is_rung_outside_the_hours(minutes in 0_i64..120 * 24 * 60) {
            let hours = in_ramadan();
            let at: NaiveDateTime = "2027-01-01T00:00:00".parse().expect("a time");
            let at = at + TimeDelta::minutes(minutes);
            let next = hours.next(at);
            prop_assert!(next >= at);
            prop_assert!(next - at < TimeDelta::hours(24), "{at} {next}");
            prop_assert!(hours.allow(next), "{at} {next}");
            // Nobody has to wait who may be rung, but in the last half hour.
            prop_assert!(next == at || !hours.allow(at) || !hours.allow(at + LAST_CALL), "{at} {next}");
            prop_assert_eq!(hours.next(next), next);
        }
    }
}
