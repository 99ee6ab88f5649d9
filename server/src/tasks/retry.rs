//! When a call nobody took is tried again (SPEC §4.6): soon where the line was busy, else at another
//! time of the day, for whoever did not answer in the morning may in the evening.

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};

use super::SubReason;
use super::calling_hours::CallingHours;

/// How long a line stays busy.
const BUSY: TimeDelta = TimeDelta::minutes(30);

const fn time(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// The next try of a call that was in vain on `at`, both in company time.
pub fn next_try(hours: &CallingHours, why: Option<SubReason>, at: NaiveDateTime) -> NaiveDateTime {
    let today = |hour, minute| at.date().and_time(time(hour, minute));
    let tomorrow = |hour| next_day(today(hour, 0));
    let morning = at.time() < time(13, 0);
    hours.next(match why {
        Some(SubReason::Busy) => at + BUSY,
        // A telephone that is off is off for longer.
        Some(SubReason::SwitchedOff) if morning => tomorrow(18),
        Some(SubReason::SwitchedOff) => tomorrow(11),
        _ if morning => today(18, 0),
        _ if at.time() < time(17, 0) => today(19, 30),
        _ => tomorrow(11),
    })
}

fn next_day(at: NaiveDateTime) -> NaiveDateTime {
    at.checked_add_days(Days::new(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(why: Option<SubReason>, at: &str) -> String {
        next_try(&CallingHours::default(), why, at.parse().expect("a time")).to_string()
    }

    #[test]
    fn busy_soon_silent_at_another_time_of_day_off_tomorrow() {
        // 2026-11-26 is a Thursday.
        let busy = Some(SubReason::Busy);
        assert_eq!(next(busy, "2026-11-26T10:00:00"), "2026-11-26 10:30:00");
        assert_eq!(next(busy, "2026-11-26T20:10:00"), "2026-11-27 09:00:00");
        assert_eq!(next(busy, "2026-11-27T12:15:00"), "2026-11-27 14:30:00", "Friday prayer");
        assert_eq!(next(None, "2026-11-26T10:00:00"), "2026-11-26 18:00:00");
        assert_eq!(next(None, "2026-11-26T15:00:00"), "2026-11-26 19:30:00");
        assert_eq!(next(None, "2026-11-26T18:00:00"), "2026-11-27 11:00:00");
        let off = Some(SubReason::SwitchedOff);
        assert_eq!(next(off, "2026-11-26T10:00:00"), "2026-11-27 18:00:00");
        assert_eq!(next(off, "2026-11-26T19:00:00"), "2026-11-27 11:00:00");
    }

    proptest! {
        #[test]
        fn later_within_calling_hours_and_soon(
            minutes in 0_i64..14 * 24 * 60,
            why in prop::sample::select(vec![
                None, Some(SubReason::Busy), Some(SubReason::SwitchedOff), Some(SubReason::Other),
            ]),
        ) {
            let at: NaiveDateTime = "2026-11-20T00:00:00".parse().expect("a time");
            let at = at + TimeDelta::minutes(minutes);
            let hours = CallingHours::default();
            let next = next_try(&hours, why, at);
            prop_assert!(next > at, "{at} {next}");
            prop_assert!(next - at < TimeDelta::hours(48), "{at} {next}");
            prop_assert_eq!(hours.next(next), next, "within calling hours");
        }
    }
}
