//! A team leader's coverage in figures (SPEC §10.2), fast enough for a page that is always open.
//!
//! Coverage of a team leader = customers whose supervisor is the leader, or whose agent reports to
//! the leader. Counting it reads one index entry a customer (`customers_coverage`, which holds
//! every column needed): tens of milliseconds at 100,000 customers, too much for each of many
//! requests. So each coverage is counted at most once every `FRESH`, and never more than a twentieth of
//! the time, beside the requests, which are answered with the figures before; those are never older
//! than `USABLE`, or three such turns. Incrementally kept roll-ups would be exact to the moment, but every
//! writer of customers, imports included, would have to keep them; these figures move by a
//! handful an hour. The agents' day and the calls (`floor.rs`) are always as of now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::floor::Floors;
use crate::customers::{PurchaseStage, ValueStage};
use crate::db::{Db, DbError, Sql, Tx, UserId};

/// Figures younger than this are not counted again.
const FRESH: TimeDelta = TimeDelta::seconds(3);
/// Nor are those younger than so many times what counting them took: a million customers on a busy
/// database take seconds, which every page asked for meanwhile would feel.
const REST: i32 = 20;
/// Figures older than this are not shown; who asks waits for the count.
const USABLE: TimeDelta = TimeDelta::seconds(10);
/// "Active in 30 days" (SPEC §10.2).
const ACTIVE_DAYS: Days = Days::new(30);

/// The coverage as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Customers in coverage.
    pub total_customers: i64,
    /// Of the customers with an order, the share with two or more, 0 to 1.
    pub repeat_rate: f64,
    /// VIP or permanent customers with a counted order in the last 30 days.
    pub vip_permanent_active30d: i64,
    /// Open call tasks of earlier days.
    pub pending_previous_days: i64,
    /// When these figures and the stages were counted: at most ten seconds ago, or sixty times what
    /// counting took.
    pub as_of: DateTime<Utc>,
}

/// Customers of one purchase stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PurchaseStageCount {
    /// The stage.
    pub stage: PurchaseStage,
    /// How many.
    pub count: i64,
}

/// Customers of one value stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValueStageCount {
    /// The stage.
    pub stage: ValueStage,
    /// How many.
    pub count: i64,
}

/// Everything counted over a coverage.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// As a whole.
    pub coverage: Coverage,
    /// By purchase stage, all of them, in order.
    pub purchase_stages: Vec<PurchaseStageCount>,
    /// By value stage, all of them, in order.
    pub value_stages: Vec<ValueStageCount>,
}

#[derive(Clone, Copy, sqlx::FromRow)]
struct Row {
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    customers: i64,
    /// Without a counted order.
    prospects: i64,
    /// With one in the last 30 days.
    recent: i64,
}

const COUNTS: &str = "SELECT purchase_stage, value_stage, COUNT(*) AS customers,
    CAST(SUM(CASE WHEN last_order_date IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS prospects,
    CAST(SUM(CASE WHEN last_order_date >= $1 THEN 1 ELSE 0 END) AS BIGINT) AS recent
  FROM customers ";

/// Adds up the groups.
fn figures(rows: &[Row], pending_previous_days: i64, as_of: DateTime<Utc>) -> Figures {
    let sum = |keep: &dyn Fn(&Row) -> bool, what: &dyn Fn(&Row) -> i64| -> i64 {
        rows.iter().filter(|r| keep(r)).map(what).sum()
    };
    let customers = |r: &Row| r.customers;
    let total = sum(&|_| true, &customers);
    let buyers = total - sum(&|_| true, &|r| r.prospects);
    let repeaters = sum(&|r| r.purchase_stage != PurchaseStage::New, &customers);
    let dear =
        |r: &Row| r.value_stage == ValueStage::Vip || r.purchase_stage == PurchaseStage::Permanent;
    Figures {
        coverage: Coverage {
            total_customers: total,
            repeat_rate: if buyers > 0 { repeaters as f64 / buyers as f64 } else { 0.0 },
            vip_permanent_active30d: sum(&dear, &|r| r.recent),
            pending_previous_days,
            as_of,
        },
        purchase_stages: PurchaseStage::ALL
            .iter()
            .map(|&stage| PurchaseStageCount {
                stage,
                count: sum(&|r| r.purchase_stage == stage, &customers),
            })
            .collect(),
        value_stages: ValueStage::ALL
            .iter()
            .map(|&stage| ValueStageCount {
                stage,
                count: sum(&|r| r.value_stage == stage, &customers),
            })
            .collect(),
    }
}

/// Counts the coverage of `leader` (`None`: all customers) by reading indexes only.
pub async fn count(
    tx: &mut Tx,
    leader: Option<UserId>,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Figures, DbError> {
    let since = today.checked_sub_days(ACTIVE_DAYS).unwrap_or(NaiveDate::MIN);
    let mut rows: Vec<Row> = Vec::new();
    let mut pending = Sql::new(
        "SELECT COUNT(*) FROM crm_call_tasks
         WHERE status IN ('pending', 'in_progress') AND task_date < $1",
    )
    .bind(today);
    if let Some(leader) = leader {
        // In the order of the index, so that nothing is sorted.
        let own = "WHERE assigned_supervisor_id = $2
                       GROUP BY assigned_supervisor_id, purchase_stage, value_stage";
        rows.extend(
            tx.all::<Row>(Sql::new(format!("{COUNTS} {own}")).bind(since).bind(leader)).await?,
        );
        // Customers of own agents in nobody's or somebody else's pool; normally none.
        let by_agent = "WHERE assigned_to IN (SELECT id FROM users WHERE team_leader_id = $2)
                              AND assigned_supervisor_id IS DISTINCT FROM $2
                            GROUP BY purchase_stage, value_stage";
        rows.extend(
            tx.all::<Row>(Sql::new(format!("{COUNTS} {by_agent}")).bind(since).bind(leader))
                .await?,
        );
        pending.push(" AND assigned_to IN (SELECT id FROM users WHERE team_leader_id = ");
        pending.push_bind(leader).push(")");
    } else {
        let all = "GROUP BY assigned_supervisor_id, purchase_stage, value_stage";
        rows.extend(tx.all::<Row>(Sql::new(format!("{COUNTS} {all}")).bind(since)).await?);
    }
    let pending: i64 = tx.scalar(pending).await?;
    Ok(figures(&rows, pending, now))
}

#[derive(Debug)]
struct Counted {
    figures: Arc<Figures>,
    today: NaiveDate,
    took: TimeDelta,
}

impl Counted {
    /// How old they may be before they are counted again.
    fn fresh(&self) -> TimeDelta {
        FRESH.max(self.took * REST)
    }

    /// How old they may be before nobody sees them any more.
    fn usable(&self) -> TimeDelta {
        USABLE.max(self.fresh() * 3)
    }
}

#[derive(Debug, Default)]
struct Entry {
    last: Mutex<Option<Counted>>,
    counting: Arc<tokio::sync::Mutex<()>>,
}

impl Entry {
    /// The last figures, if of today and at most as old as `most` says.
    fn within(
        &self,
        most: fn(&Counted) -> TimeDelta,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Option<Arc<Figures>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = last.as_ref()?;
        let old = now - counted.figures.coverage.as_of;
        let kept = counted.today == today && (TimeDelta::zero()..=most(counted)).contains(&old);
        kept.then(|| counted.figures.clone())
    }

    /// Counts and keeps the figures; nobody else does as long as it has the turn.
    async fn count(
        &self,
        _turn: tokio::sync::OwnedMutexGuard<()>,
        db: &Db,
        leader: Option<UserId>,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Arc<Figures>, DbError> {
        let mut tx = db.read().await?;
        let begun = Instant::now();
        let figures = Arc::new(count(&mut tx, leader, today, now).await?);
        let took = TimeDelta::from_std(begun.elapsed()).unwrap_or(TimeDelta::zero());
        let counted = Counted { figures: figures.clone(), today, took };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(figures)
    }
}

/// The figures counted last, by team leader (`None`: all customers).
#[derive(Debug, Default)]
pub struct Coverages {
    /// The agents' day beside them.
    pub floors: Floors,
    entries: Mutex<BTreeMap<Option<UserId>, Arc<Entry>>>,
}

impl Coverages {
    fn entry(&self, leader: Option<UserId>) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.entry(leader).or_default().clone()
    }

    /// The figures of a coverage, as old as they may be ([`Coverage::as_of`]).
    pub async fn get(
        &self,
        db: &Db,
        leader: Option<UserId>,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Arc<Figures>, DbError> {
        let entry = self.entry(leader);
        if let Some(fresh) = entry.within(Counted::fresh, today, now) {
            return Ok(fresh);
        }
        let Some(usable) = entry.within(Counted::usable, today, now) else {
            let turn = entry.counting.clone().lock_owned().await;
            if let Some(fresh) = entry.within(Counted::fresh, today, now) {
                return Ok(fresh);
            }
            return entry.count(turn, db, leader, today, now).await;
        };
        // Nobody waits for the next figures; whoever comes first has them counted.
        if let Ok(turn) = entry.counting.clone().try_lock_owned() {
            let db = db.clone();
            tokio::spawn(async move {
                if let Err(error) = entry.count(turn, &db, leader, today, now).await {
                    tracing::warn!(%error, "counting a coverage");
                }
            });
        }
        Ok(usable)
    }

    /// Count anew next time: this process has just moved customers or agents.
    pub fn forget(&self) {
        self.floors.forget();
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn row(
        p: PurchaseStage,
        v: ValueStage,
        customers: i64,
        prospects: i64,
        recent: i64,
    ) -> Row {
        Row { purchase_stage: p, value_stage: v, customers, prospects, recent }
    }

    #[test]
    fn a_count_that_takes_long_is_rare() {
        let seconds = |took_ms: i64| {
            let counted = Counted {
                figures: Arc::new(figures(&[], 0, DateTime::UNIX_EPOCH)),
                today: NaiveDate::MIN,
                took: TimeDelta::milliseconds(took_ms),
            };
            (counted.fresh().num_seconds(), counted.usable().num_seconds())
        };
        assert_eq!(seconds(5), (3, 10));
        assert_eq!(seconds(250), (5, 15));
        assert_eq!(seconds(2_500), (50, 150));
    }

    #[test]
    fn the_groups_add_up() {
        use PurchaseStage::{New, Permanent, Repeat2};
        use ValueStage::{Normal, Vip};
        let rows = [
            row(New, Normal, 10, 4, 3),
            row(New, Vip, 1, 0, 1),
            row(Repeat2, Normal, 5, 0, 2),
            row(Permanent, Normal, 2, 0, 1),
            row(Permanent, Normal, 2, 0, 2),
        ];
        let f = figures(&rows, 7, DateTime::UNIX_EPOCH);
        assert_eq!(f.coverage.total_customers, 20);
        assert!((f.coverage.repeat_rate - 9.0 / 16.0).abs() < 1e-9);
        assert_eq!(f.coverage.vip_permanent_active30d, 4);
        assert_eq!(f.coverage.pending_previous_days, 7);
        let stages: Vec<i64> = f.purchase_stages.iter().map(|s| s.count).collect();
        assert_eq!(stages, [11, 5, 0, 0, 4]);
        let values: Vec<i64> = f.value_stages.iter().map(|s| s.count).collect();
        assert_eq!(values, [19, 0, 1]);
    }

    #[test]
    fn nobody_bought_is_no_repeat_rate() {
        let f = figures(&[], 0, DateTime::UNIX_EPOCH);
        assert!(f.coverage.repeat_rate.abs() < f64::EPSILON);
    }
}
