//! At which hour a customer is most likely to take a call: what they answered before, smoothed towards
//! what customers alike answer (SPEC §4.4). The rule is pure; below it is where its figures come from.

use std::collections::HashMap;

use chrono::{DateTime, Timelike as _, Utc};
use chrono_tz::Tz;

use super::calling_hours::Span;
use crate::customers::PurchaseStage;
use crate::db::{CustomerId, DbError, Insert, Sql, Tx};

/// Calls to customers alike that an hour of theirs is worth.
const OF_SEGMENT: f64 = 20.0;
/// Calls to the customer that the segment is worth.
const OF_CUSTOMER: f64 = 4.0;
/// Fewer calls than this in all teach nothing.
const LEAST: u32 = 200;
/// Calls the nightly sums are made of: the latest, so that the cost does not grow with the history.
const LATEST: i64 = 100_000;
/// A customer's own calls looked at, days.
const OWN_DAYS: i64 = 365;
/// Customers whose calls are read by one statement.
const CHUNK: usize = 500;

/// Calls by the hour in which they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    calls: [u32; 24],
    answered: [u32; 24],
}

impl Answers {
    /// Adds calls of an hour.
    pub fn add(&mut self, hour: u32, calls: u32, answered: u32) {
        if let (Some(all), Some(taken)) =
            (self.calls.get_mut(hour as usize), self.answered.get_mut(hour as usize))
        {
            *all += calls;
            *taken += answered;
        }
    }

    fn total(&self) -> u32 {
        self.calls.iter().sum()
    }

    /// The chance of an answer at `hour`; `usual` counts as `weight` calls.
    fn chance(&self, hour: usize, usual: f64, weight: f64) -> f64 {
        (f64::from(self.answered[hour]) + weight * usual) / (f64::from(self.calls[hour]) + weight)
    }
}

/// The chance of an answer by the hour, of customers alike.
type Chances = [f64; 24];

/// What customers usually answer.
#[derive(Clone, Debug)]
pub struct Usual {
    /// By purchase stage.
    stages: HashMap<PurchaseStage, Chances>,
    /// Whatever the stage.
    everybody: Chances,
}

impl Usual {
    /// From what customers of each stage answered; `None` while too little is known of anybody.
    pub fn new(by_stage: &HashMap<PurchaseStage, Answers>) -> Option<Self> {
        let mut all = Answers::default();
        for one in by_stage.values() {
            for hour in 0..24 {
                all.add(hour as u32, one.calls[hour], one.answered[hour]);
            }
        }
        if all.total() < LEAST {
            return None;
        }
        let overall = f64::from(all.answered.iter().sum::<u32>()) / f64::from(all.total());
        let everybody = std::array::from_fn(|hour| all.chance(hour, overall, OF_SEGMENT));
        let stages = by_stage
            .iter()
            .map(|(stage, own)| {
                let chance = |hour| own.chance(hour, everybody[hour], OF_SEGMENT);
                (*stage, std::array::from_fn(chance))
            })
            .collect();
        Some(Self { stages, everybody })
    }

    /// The hour within `open` at which a customer of `stage` who answered `own` is likeliest to answer,
    /// the earlier of two alike.
    pub fn best(&self, stage: PurchaseStage, own: &Answers, open: &Span) -> Option<u32> {
        let usual = self.stages.get(&stage).unwrap_or(&self.everybody);
        let chance = |hour: u32| own.chance(hour as usize, usual[hour as usize], OF_CUSTOMER);
        let hours = open.from.hour()..open.until.hour().max(open.from.hour() + 1);
        hours.rev().max_by(|a, b| chance(*a).total_cmp(&chance(*b)))
    }
}

/// A call that rang at a customer's: taken or not. One that failed says nothing of the customer.
const RANG: &str = "direction = 'outbound' AND status IN ('completed', 'no_answer', 'busy')";

/// From the nightly sums as they are; `None` while too little is known.
pub async fn usual(tx: &mut Tx) -> Result<Option<Usual>, DbError> {
    let rows: Vec<(PurchaseStage, i64, i64, i64)> =
        tx.all("SELECT purchase_stage, hour, calls, answered FROM answer_hours").await?;
    let mut by_stage: HashMap<PurchaseStage, Answers> = HashMap::new();
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    for (stage, hour, calls, answered) in rows {
        by_stage.entry(stage).or_default().add(count(hour), count(calls), count(answered));
    }
    Ok(Usual::new(&by_stage))
}

/// Makes the sums anew from the latest calls; how many those were.
pub async fn sum_up(tx: &mut Tx, zone: Tz) -> Result<usize, DbError> {
    let rows: Vec<(PurchaseStage, DateTime<Utc>, bool)> = tx
        .all(
            Sql::new(format!(
                "SELECT c.purchase_stage, k.started_at, k.answered_at IS NOT NULL
                 FROM (SELECT customer_id, started_at, answered_at FROM telephony_calls
                       WHERE {RANG} AND customer_id IS NOT NULL
                       ORDER BY started_at DESC LIMIT $1) k
                 JOIN customers c ON c.id = k.customer_id"
            ))
            .bind(LATEST),
        )
        .await?;
    let mut sums: HashMap<PurchaseStage, Answers> = HashMap::new();
    for (stage, at, answered) in &rows {
        let hour = at.with_timezone(&zone).hour();
        sums.entry(*stage).or_default().add(hour, 1, u32::from(*answered));
    }
    tx.execute("DELETE FROM answer_hours").await?;
    let columns = ["purchase_stage", "hour", "calls", "answered"];
    let mut insert = Insert::new("answer_hours", &columns, "");
    for (stage, sum) in sums {
        for hour in 0..24_usize {
            if sum.calls[hour] > 0 {
                let (calls, answered) = (sum.calls[hour], sum.answered[hour]);
                insert.row([stage.into(), hour.into(), calls.into(), answered.into()]);
            }
        }
    }
    insert.execute(tx).await?;
    Ok(rows.len())
}

/// What each of these customers answered in the last year.
pub async fn own(
    tx: &mut Tx,
    customers: &[CustomerId],
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<HashMap<CustomerId, Answers>, DbError> {
    let mut found: HashMap<CustomerId, Answers> = HashMap::new();
    let since = now - chrono::TimeDelta::days(OWN_DAYS);
    for chunk in customers.chunks(CHUNK) {
        let mut sql = Sql::new(format!(
            "SELECT customer_id, started_at, answered_at IS NOT NULL FROM telephony_calls
             WHERE {RANG} AND started_at > "
        ));
        sql.push_bind(since).push(" AND customer_id IN ").push_list(chunk.iter().copied());
        for (customer, at, answered) in tx.all::<(CustomerId, DateTime<Utc>, bool)>(sql).await? {
            let hour = at.with_timezone(&zone).hour();
            found.entry(customer).or_default().add(hour, 1, u32::from(answered));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tasks::calling_hours::CallingHours;

    fn answers(by_hour: &[(u32, u32, u32)]) -> Answers {
        let mut answers = Answers::default();
        for (hour, calls, answered) in by_hour {
            answers.add(*hour, *calls, *answered);
        }
        answers
    }

    #[test]
    fn the_customers_own_answers_win_over_the_segments_and_those_over_everybodys() {
        let open = CallingHours::default().hours;
        let regular = answers(&[(10, 100, 40), (18, 100, 70)]);
        let new = answers(&[(10, 100, 70), (18, 100, 30)]);
        let stages = [(PurchaseStage::Regular, regular), (PurchaseStage::New, new)].into();
        let usual = Usual::new(&stages).expect("enough calls");
        let nothing = Answers::default();
        assert_eq!(usual.best(PurchaseStage::Regular, &nothing, &open), Some(18));
        assert_eq!(usual.best(PurchaseStage::New, &nothing, &open), Some(10));
        let mornings = answers(&[(10, 6, 6), (18, 6, 0)]);
        assert_eq!(usual.best(PurchaseStage::Regular, &mornings, &open), Some(10));
        let once = answers(&[(18, 1, 0)]);
        assert_eq!(usual.best(PurchaseStage::Regular, &once, &open), Some(18), "once says little");
        assert!(Usual::new(&[(PurchaseStage::New, mornings)].into()).is_none(), "too few calls");
    }

    proptest! {
        #[test]
        fn the_hour_is_one_in_which_customers_are_rung(
            calls in prop::collection::vec((0_u32..30, 0_u32..400, 0_u32..400), 0..40)
        ) {
            let mut segment = answers(&[(3, 300, 300)]);
            for (hour, calls, answered) in calls {
                segment.add(hour, calls, answered.min(calls));
            }
            let usual = Usual::new(&[(PurchaseStage::New, segment)].into()).expect("enough calls");
            let best = usual.best(PurchaseStage::New, &segment, &CallingHours::default().hours);
            prop_assert!(best.is_some_and(|hour| (9..21).contains(&hour)), "{best:?}");
        }
    }
}
