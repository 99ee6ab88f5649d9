//! What calling does (SPEC §4.9): customers who were planned to be called, against those who would
//! have been and were held out. By intention, not by who answered, else the comparison would credit
//! calling with customers who are easy to reach.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{CustomerId, DbError, Money, Sql, Tx, packed};

/// A purchase so many days from the day of the call counts, that day included.
pub const WINDOW_DAYS: u64 = 14;
/// Of those called so many are enough to compare with.
const SAMPLE: usize = 20_000;
/// Fewer customers than this in a group say nothing.
const LEAST: u32 = 30;

/// What a group did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Customers in it; of those called a sample.
    pub customers: u32,
    /// How many of them bought within the days.
    pub bought: u32,
    /// For how much in all, poisha.
    pub spend: Money,
}

impl Group {
    fn share(&self) -> f64 {
        f64::from(self.bought) / f64::from(self.customers)
    }
}

/// The difference between the shares that bought.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// The share of those called less that of those held out, -1 to 1.
    pub share: f64,
    /// It lies between this …
    pub low: f64,
    /// … and this, with 95 % confidence.
    pub high: f64,
}

/// What calling did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uplift {
    /// First company day of the calls compared.
    pub from: NaiveDate,
    /// Last company day of them: those since are too young.
    pub until: NaiveDate,
    /// Days within which a purchase counts.
    pub window_days: u64,
    /// Planned to be called.
    pub called: Group,
    /// Would have been, and were held out.
    pub held_out: Group,
    /// Null where a group has fewer than 30 customers.
    pub difference: Option<Difference>,
}

/// The difference of two shares with its 95 % interval (Newcombe 1998, method 10: of Wilson's
/// intervals of the two, which also holds for small groups and shares near 0 and 1).
fn difference(called: &Group, held_out: &Group) -> Option<Difference> {
    if called.customers < LEAST || held_out.customers < LEAST {
        return None;
    }
    let wilson = |group: &Group| {
        const Z: f64 = 1.959_964;
        let (n, p) = (f64::from(group.customers), group.share());
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        (p, (middle - half) / scale, (middle + half) / scale)
    };
    let ((a, a_low, a_high), (b, b_low, b_high)) = (wilson(called), wilson(held_out));
    let share = a - b;
    Some(Difference {
        share,
        low: share - ((a - a_low).powi(2) + (b_high - b).powi(2)).sqrt(),
        high: share + ((a_high - a).powi(2) + (b - b_low).powi(2)).sqrt(),
    })
}

/// Compares the calls of the `days` days whose purchases are complete on `today`.
pub async fn measure(tx: &mut Tx, today: NaiveDate, days: u64) -> Result<Uplift, DbError> {
    let until = today - Days::new(WINDOW_DAYS);
    let from = until - Days::new(days - 1);
    let called = Sql::new(
        // Two indexes: those planned, and those planned that a person wanted too.
        "FROM (SELECT customer_id, MIN(task_date) AS day FROM (
                 SELECT customer_id, task_date FROM crm_call_tasks
                 WHERE task_date >= $1 AND task_date <= $2 AND origin = 'plan'
                   AND customer_id IS NOT NULL
                 UNION ALL
                 SELECT customer_id, task_date FROM crm_call_tasks
                 WHERE task_date >= $1 AND task_date <= $2 AND plan_id IS NOT NULL
                   AND origin <> 'plan' AND customer_id IS NOT NULL) planned
               GROUP BY customer_id) called",
    );
    let held = Sql::new(
        "FROM (SELECT customer_id, MIN(day) AS day FROM hold_outs
               WHERE day >= $1 AND day <= $2 AND would_call
               GROUP BY customer_id) held",
    );
    let (mut called, mut held): (Vec<First>, Vec<First>) = (
        tx.packed("customer_id, day", called.bind(from).bind(until)).await?,
        tx.packed("customer_id, day", held.bind(from).bind(until)).await?,
    );
    // A quarter ends within the days: whoever was first in one group and then in the other counts
    // where they were first.
    let first = |of: &[First]| -> HashMap<CustomerId, NaiveDate> { of.iter().copied().collect() };
    let (first_called, first_held) = (first(&called), first(&held));
    called.retain(|(who, day)| first_held.get(who).is_none_or(|held| day < held));
    held.retain(|(who, day)| first_called.get(who).is_none_or(|called| day < called));
    // Evenly over the ids: the same whenever it is asked.
    called.sort_unstable();
    let step = called.len().div_ceil(SAMPLE).max(1);
    let called: Vec<First> = called.into_iter().step_by(step).collect();
    let called = group(tx, &called).await?;
    let held_out = group(tx, &held).await?;
    let difference = difference(&called, &held_out);
    Ok(Uplift { from, until, window_days: WINDOW_DAYS, called, held_out, difference })
}

/// A customer and the first day on which they were called or held out.
type First = (CustomerId, NaiveDate);

#[derive(sqlx::FromRow, Deserialize)]
struct Bought {
    customer_id: CustomerId,
    order_date: NaiveDate,
    total: Money,
}

async fn group(tx: &mut Tx, who: &[First]) -> Result<Group, DbError> {
    let mut group = Group::default();
    for chunk in who.chunks(packed::CHUNK) {
        let days: HashMap<CustomerId, NaiveDate> = chunk.iter().copied().collect();
        let (Some(from), Some(until)) = (days.values().min(), days.values().max()) else {
            continue;
        };
        let mut sql =
            Sql::new("FROM orders WHERE counted AND order_date >= $1 AND order_date < $2")
                .bind(*from)
                .bind(*until + Days::new(WINDOW_DAYS));
        sql.push(" AND customer_id").push_ids(days.keys().copied());
        let orders: Vec<Bought> = tx.packed("customer_id, order_date, total", sql).await?;
        let mut buyers = HashSet::new();
        for order in orders {
            let first = days[&order.customer_id];
            if order.order_date >= first && order.order_date < first + Days::new(WINDOW_DAYS) {
                buyers.insert(order.customer_id);
                group.spend = group.spend + order.total;
            }
        }
        group.customers += u32::try_from(days.len()).unwrap_or(u32::MAX);
        group.bought += u32::try_from(buyers.len()).unwrap_or(u32::MAX);
    }
    Ok(group)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(customers: u32, bought: u32) -> Group {
        Group { customers, bought, spend: Money(0) }
    }

    #[test]
    fn the_interval_is_the_published_one_and_small_groups_say_nothing() {
        // Newcombe 1998, table II, example (a): 56/70 against 48/80.
        let found = difference(&of(70, 56), &of(80, 48)).expect("large enough");
        assert!((found.share - 0.2).abs() < 1e-9);
        assert!((found.low - 0.0524).abs() < 1e-4, "{found:?}");
        assert!((found.high - 0.3339).abs() < 1e-4, "{found:?}");
        assert_eq!(difference(&of(1_000, 500), &of(29, 3)), None);
    }

    proptest! {
        #[test]
        fn the_difference_lies_within_its_interval_and_that_within_one(
            (n, a) in (30_u32..5_000).prop_flat_map(|n| (Just(n), 0..=n)),
            (m, b) in (30_u32..5_000).prop_flat_map(|m| (Just(m), 0..=m)),
        ) {
            let found = difference(&of(n, a), &of(m, b)).expect("large enough");
            prop_assert!(found.low <= found.share + 1e-12 && found.share <= found.high + 1e-12);
            prop_assert!(found.low >= -1.0 - 1e-9 && found.high <= 1.0 + 1e-9, "{found:?}");
        }
    }
}
