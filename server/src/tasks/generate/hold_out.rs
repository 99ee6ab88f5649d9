//! Who is deliberately not called, so that the effect of calling is measured and not assumed (SPEC
//! §4.9): whoever would have been called and is not is compared with whoever was.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sha2::{Digest as _, Sha256};

use crate::db::{Arg, CustomerId, DbError, Insert, Tx};
use crate::tasks::TaskKind;

/// A customer held out on a day.
pub(super) struct HeldOut {
    pub(super) customer: CustomerId,
    /// The kinds of reasons there were to call.
    pub(super) kinds: Vec<TaskKind>,
    /// There would have been room to.
    pub(super) would_call: bool,
}

/// Whether a customer is in the hold-out of `percent` of all customers on `day`. By a hash of the
/// customer and the quarter of the year: the same on every instance and however often it is asked,
/// and nobody is left out for good.
pub(super) fn is_held_out(customer: CustomerId, day: NaiveDate, percent: u8) -> bool {
    if percent == 0 {
        return false;
    }
    let quarter = format!("{}Q{}", day.year(), day.month0() / 3 + 1);
    let hash = Sha256::digest(format!("hold-out:{quarter}:{}", customer.0));
    let drawn = hash.iter().take(4).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
    drawn * 100 < u64::from(percent) << 32
}

/// Notes who is held out on `day`; who was noted before stays noted.
pub(super) async fn record(
    tx: &mut Tx,
    now: DateTime<Utc>,
    day: NaiveDate,
    held: Vec<HeldOut>,
) -> Result<(), DbError> {
    let mut insert = Insert::new(
        "hold_outs",
        &["customer_id", "day", "kinds", "would_call", "created_at"],
        "ON CONFLICT DO NOTHING",
    );
    for HeldOut { customer, kinds, would_call } in held {
        insert.row([customer.into(), day.into(), Arg::json(&kinds), would_call.into(), now.into()]);
    }
    insert.execute(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(day: &str, percent: u8) -> Vec<i64> {
        let day = day.parse().expect("a day");
        (1..=20_000).filter(|id| is_held_out(CustomerId(*id), day, percent)).collect()
    }

    #[test]
    fn the_share_holds_and_the_same_customers_are_held_for_a_quarter() {
        assert!(held("2026-11-21", 0).is_empty());
        assert_eq!(held("2026-11-21", 100).len(), 20_000);
        let some = held("2026-10-01", 5);
        assert!((900..1_100).contains(&some.len()), "{}", some.len());
        assert_eq!(some, held("2026-12-31", 5));
        let more = held("2026-10-01", 10);
        assert!(some.iter().all(|id| more.contains(id)), "a larger share holds them too");
        let next = held("2027-01-01", 5);
        let both = some.iter().filter(|id| next.contains(id)).count();
        assert!(both < 100, "others in the next quarter: {both}");
    }
}
