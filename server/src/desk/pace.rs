//! How fast an agent works, and when the day's list will be done. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// How the day goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Tasks done an hour since the first one was begun, to a tenth.
    pub per_hour: f64,
    /// When the rest will be done at that pace; `None` before the first is.
    pub finish: Option<DateTime<Utc>>,
}

/// The first minutes say little: nobody is projected from less than this.
const LEAST: TimeDelta = TimeDelta::minutes(1);

/// The pace of `done` tasks, the first begun at `begun`, with `left` to go.
pub fn pace(done: u32, left: u32, begun: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Pace {
    let Some(begun) = begun.filter(|_| done > 0) else {
        return Pace { per_hour: 0.0, finish: None };
    };
    let worked = (now - begun).max(LEAST);
    let each = worked / i32::try_from(done).unwrap_or(i32::MAX);
    let rest = each.checked_mul(i32::try_from(left).unwrap_or(i32::MAX));
    let hours = worked.as_seconds_f64() / 3_600.0;
    Pace {
        per_hour: (f64::from(done) / hours * 10.0).round() / 10.0,
        finish: rest.and_then(|rest| now.checked_add_signed(rest)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, hour, minute, 0).single().unwrap_or_default()
    }

    #[test]
    fn thirty_in_an_hour_finish_ninety_three_hours_later() {
        let p = pace(30, 90, Some(at(4, 0)), at(5, 0));
        assert_eq!((p.per_hour, p.finish), (30.0, Some(at(8, 0))));
    }

    #[test]
    fn before_the_first_is_done_there_is_no_projection() {
        assert_eq!(pace(0, 90, Some(at(4, 0)), at(5, 0)), Pace { per_hour: 0.0, finish: None });
        assert_eq!(pace(3, 90, None, at(5, 0)).finish, None);
    }

    #[test]
    fn a_finished_list_is_finished_now() {
        assert_eq!(pace(5, 0, Some(at(4, 0)), at(5, 0)).finish, Some(at(5, 0)));
    }

    proptest! {
        #[test]
        fn the_end_is_never_before_now(done in 0_u32..500, left in 0_u32..500, minutes in -10_i64..900) {
            let now = at(12, 0);
            let p = pace(done, left, Some(now - TimeDelta::minutes(minutes)), now);
            prop_assert!(p.per_hour >= 0.0 && p.per_hour.is_finite());
            prop_assert!(p.finish.is_none_or(|finish| finish >= now));
        }
    }
}
