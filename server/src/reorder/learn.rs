//! Learning from the shop's own history, each night: a model is trained on a sample of customers,
//! judged beside the configured table by the last weeks, and used if it is better. What is usual in a
//! category comes from everybody's pairs. Then every pair follows, a few customers at a time.
//!
//! The sample bounds what is read of orders, whatever the size of the shop; pairs themselves are kept
//! with each order (`pairs.rs`), so adding them up reads no orders.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::learned::{PairHistory, Sums, WINDOW, day_number};
use super::quality::{Calls, Compared, Judgement, Past, Reminders};
use super::{Learned, Profile, Profiles, Purchase, Rules, store, table};
use crate::app::AppState;
use crate::customers::store::lock as lock_customers;
use crate::db::{Arg, CategoryId, CustomerId, DbError, Sql, Tx};
use crate::error::{Error, Result};

/// The sample is so many runs of neighbouring ids, spread over all: neighbours are read quickly.
const RUNS: i64 = 400;
/// Ids of customers whose pairs are added up by one statement: it sorts them in memory.
const ADDED_UP: i64 = 20_000;
/// Customers whose orders are read by one statement.
const READ: usize = 500;
/// Days at the end of the history by which a model is judged.
const JUDGED_DAYS: i32 = 63;
/// Fewer reminders to compare than this prove nothing.
const LEAST: u32 = 100;
/// Customers whose pairs get new dates in one transaction.
const REDATED: i64 = 300;
/// Customers whose pairs are made anew from their orders in one transaction: ten times the work.
const REBUILT: i64 = 30;
/// Models kept.
const KEPT: i64 = 60;

/// How a category's reminders did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryQuality {
    /// Which.
    pub category_id: CategoryId,
    /// Days usual between purchases, as learnt.
    pub usual_gap_days: f64,
    /// Days by the consumption profile.
    pub profile_days: i64,
    /// What became of the reminders.
    pub reminders: Compared<Reminders>,
}

/// What a night's learning found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearningReport {
    /// Customers learnt from.
    pub customers: usize,
    /// Whether there are more than those.
    pub sampled: bool,
    /// Purchases learnt from; same-day lines of a category are one.
    pub purchases: usize,
    /// Judged by what happened after this day.
    pub fold: NaiveDate,
    /// Until this one.
    pub until: NaiveDate,
    /// What became of the reminders.
    pub reminders: Compared<Reminders>,
    /// What became of the calls.
    pub calls: Compared<Calls>,
    /// By category, those with most reminders first.
    pub categories: Vec<CategoryQuality>,
}

/// A sample's purchases, as the model wants them.
struct Sample {
    customers: usize,
    sampled: bool,
    categories: Vec<CategoryId>,
    pairs: Vec<PairHistory>,
    visits: Vec<Vec<i32>>,
}

/// The job: learns, judges, and lets the pairs follow.
pub async fn nightly(state: AppState) -> Result<serde_json::Value> {
    let today = state.clock.today();
    let (sample, profiles) = {
        let mut tx = state.db.read().await?;
        let sample = read_sample(&mut tx, state.config.learn_from.into(), today).await?;
        (sample, store::profiles(&mut tx).await?)
    };
    // A sample of all has what is usual in itself.
    let roll_ups = if sample.sampled { roll_ups(&state, today).await? } else { BTreeMap::new() };
    let (learned, report) =
        tokio::task::spawn_blocking(move || learn(&sample, &roll_ups, &profiles, today))
            .await
            .map_err(anyhow::Error::from)?;
    let in_use = learned.is_some() && is_better(&report);
    let mut tx = state.db.begin().await?;
    let before = store::learned(&mut tx).await?;
    // A night that was cut off left some pairs with the rules before.
    let unfinished: i64 =
        tx.scalar("SELECT COUNT(*) FROM reorder_models WHERE applied_at IS NULL").await?;
    let id: i64 = tx
        .scalar(
            Sql::new(
                "INSERT INTO reorder_models (trained_on, trained_at, in_use, model, report)
                 VALUES ($1, $2, $3, $4, $5) RETURNING id",
            )
            .bind(today)
            .bind(state.clock.now())
            .bind(in_use)
            .bind(learned.as_ref().map_or(Arg::Json(None), Arg::json))
            .bind(Arg::json(&report)),
        )
        .await?;
    tx.execute(Sql::new("DELETE FROM reorder_models WHERE id <= $1").bind(id - KEPT)).await?;
    tx.commit().await?;
    let params = |learned: &Learned| learned.model.params;
    // States are kept with the parameters; other ones need all purchases again.
    let anew =
        in_use && (unfinished > 0 || before.as_ref().map(params) != learned.as_ref().map(params));
    let follows = in_use || before.is_some() || unfinished > 0;
    let moved = if follows { follow(&state, anew).await? } else { 0 };
    let mut tx = state.db.begin().await?;
    // A later learning under way at the same time says so itself.
    tx.execute(
        Sql::new("UPDATE reorder_models SET applied_at = $1 WHERE applied_at IS NULL AND id <= $2")
            .bind(state.clock.now())
            .bind(id),
    )
    .await?;
    tx.commit().await?;
    Ok(serde_json::json!({
        "inUse": in_use, "customers": report.customers, "purchases": report.purchases,
        "onTime": report.reminders.learned.share_on_time(),
        "onTimeByTable": report.reminders.table.share_on_time(), "datesMoved": moved,
    }))
}

/// Learns at once where there was nothing to learn from before, so that a shop that just brought its
/// history sees its own rhythm today and not after a night.
pub async fn first(state: &AppState) -> Result<()> {
    let learnt = newest(&mut state.db.read().await?).await?;
    if learnt.is_none_or(|learnt| learnt.report.purchases == 0) {
        let report = nightly(state.clone()).await?;
        tracing::info!(%report, "learnt the rhythm for the first time");
    }
    Ok(())
}

/// Whether the reminders would have been on time more often than the table's.
fn is_better(report: &LearningReport) -> bool {
    let Compared { learned, table } = report.reminders;
    learned.all() >= LEAST && learned.on_time > table.on_time
}

/// Everybody's pairs added up by category, some customers at a time.
async fn roll_ups(
    state: &AppState,
    today: NaiveDate,
) -> Result<BTreeMap<CategoryId, Sums>, DbError> {
    let (first, last): (Option<i64>, Option<i64>) =
        state.db.read().await?.one("SELECT MIN(id), MAX(id) FROM customers").await?;
    let mut sums = BTreeMap::new();
    let (mut from, last) = (first.unwrap_or(0), last.unwrap_or(0));
    while from <= last {
        let mut tx = state.db.read().await?;
        store::add_up(&mut tx, (from, from + ADDED_UP), today, &mut sums).await?;
        from += ADDED_UP;
    }
    Ok(sums)
}

/// At most so many customers with orders, all or evenly spread ones, with what they bought until
/// yesterday.
async fn read_sample(tx: &mut Tx, most: i64, today: NaiveDate) -> Result<Sample, DbError> {
    let (first, last, all): (Option<i64>, Option<i64>, i64) =
        tx.one("SELECT MIN(id), MAX(id), COUNT(*) FROM customers").await?;
    let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
    let sampled = all > most;
    let runs = if sampled { RUNS.min(most) } else { 1 };
    let length = most / runs;
    let mut customers: BTreeSet<CustomerId> = BTreeSet::new();
    for run in 0..runs {
        let from = first + (last - first) / runs * run;
        let found: Vec<(CustomerId,)> = tx
            .all(
                Sql::new(
                    "SELECT id FROM customers WHERE id >= $1 AND total_orders > 0
                     ORDER BY id LIMIT $2",
                )
                .bind(from)
                .bind(length),
            )
            .await?;
        customers.extend(found.into_iter().map(|row| row.0));
    }
    let customers: Vec<CustomerId> = customers.into_iter().collect();
    let mut bought: BTreeMap<(CustomerId, CategoryId), BTreeMap<i32, f64>> = BTreeMap::new();
    for chunk in customers.chunks(READ) {
        for Purchase { customer_id, category_id, order_date, base_qty, .. } in
            store::purchases(tx, chunk).await?
        {
            // Today is not over yet.
            if order_date < today {
                let days = bought.entry((customer_id, category_id)).or_default();
                *days.entry(day_number(order_date)).or_default() += base_qty as f64;
            }
        }
    }
    Ok(numbered(customers.len(), sampled, bought))
}

fn numbered(
    customers: usize,
    sampled: bool,
    bought: BTreeMap<(CustomerId, CategoryId), BTreeMap<i32, f64>>,
) -> Sample {
    let categories: BTreeSet<CategoryId> = bought.keys().map(|(_, category)| *category).collect();
    let categories: Vec<CategoryId> = categories.into_iter().collect();
    let mut numbers: HashMap<CustomerId, usize> = HashMap::new();
    let mut visits: Vec<Vec<i32>> = Vec::new();
    let mut pairs = Vec::with_capacity(bought.len());
    for ((who, what), days) in bought {
        let customer = *numbers.entry(who).or_insert_with(|| {
            visits.push(Vec::new());
            visits.len() - 1
        });
        visits[customer].extend(days.keys());
        let category = categories.partition_point(|known| *known < what);
        pairs.push(PairHistory { customer, category, purchases: days.into_iter().collect() });
    }
    for days in &mut visits {
        days.sort_unstable();
        days.dedup();
    }
    Sample { customers, sampled, categories, pairs, visits }
}

/// Trains two models, one of everything and one that is judged; `None` without anything to learn from.
/// `roll_ups`: everybody's, if the sample is not everybody.
fn learn(
    sample: &Sample,
    roll_ups: &BTreeMap<CategoryId, Sums>,
    profiles: &Profiles,
    today: NaiveDate,
) -> (Option<Learned>, LearningReport) {
    let until = day_number(today) - 1;
    let fold = until - JUDGED_DAYS;
    let profile = |category: usize| {
        let id = sample.categories.get(category)?;
        profiles.categories.get(id)
    };
    let days = |category: usize| profile(category).map(|p| p.avg_consumption_days as f64);
    let past = Past {
        pairs: &sample.pairs,
        visits: &sample.visits,
        categories: sample.categories.len(),
        profile: &days,
    };
    let learned = (!sample.pairs.is_empty()).then(|| {
        let learned = Learned { categories: sample.categories.clone(), model: past.train(until) };
        if roll_ups.is_empty() { learned } else { learned.with_roll_ups(roll_ups, profiles) }
    });
    let by_table = |pair: &PairHistory, _: i32, quantity: f64| {
        let profile = profile(pair.category).unwrap_or(&Profile::UNKNOWN);
        let a = table::arithmetic(profile, today, quantity as i64);
        i32::try_from((a.due_on() - today).num_days()).unwrap_or(i32::MAX)
    };
    let known = sample.pairs.iter().any(|p| p.purchases.first().is_some_and(|(d, _)| *d <= fold));
    let judgement = if known {
        past.judge(&past.train(fold), &by_table, fold, until)
    } else {
        Judgement::default()
    };
    let usual = |category: CategoryId| {
        let learned = learned.as_ref()?;
        Some(learned.model.priors.log_gap(learned.index(category)?).exp())
    };
    let mut categories: Vec<CategoryQuality> = judgement
        .categories
        .iter()
        .map(|(category, reminders)| CategoryQuality {
            category_id: sample.categories[*category],
            usual_gap_days: usual(sample.categories[*category]).unwrap_or_default(),
            profile_days: profile(*category).unwrap_or(&Profile::UNKNOWN).avg_consumption_days,
            reminders: *reminders,
        })
        .collect();
    categories.sort_by_key(|category| std::cmp::Reverse(category.reminders.learned.all()));
    let before = |days: i32| today - Days::new(u64::from(days.unsigned_abs()));
    let report = LearningReport {
        customers: sample.customers,
        sampled: sample.sampled,
        purchases: sample.pairs.iter().map(|pair| pair.purchases.len()).sum(),
        fold: before(JUDGED_DAYS + 1),
        until: before(1),
        reminders: judgement.reminders,
        calls: judgement.calls,
        categories,
    };
    (learned, report)
}

/// Lets every pair follow the newest rules, a few customers a transaction, so that nobody waits
/// long; `anew`: from their orders. How many dates moved (all of them, if anew).
async fn follow(state: &AppState, anew: bool) -> Result<u64> {
    let (mut after, mut moved) = (CustomerId(0), 0);
    loop {
        if state.stop.is_cancelled() {
            // The next learning makes up for the rest.
            return Err(Error::problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "The server is stopping; learn again later.",
            ));
        }
        let mut tx = state.db.begin().await?;
        let rules: Rules = store::rules(&mut tx).await?;
        if anew {
            let sql = Sql::new(
                "SELECT id FROM customers WHERE id > $1 AND total_orders > 0 ORDER BY id LIMIT $2",
            );
            let next: Vec<(CustomerId,)> = tx.all(sql.bind(after).bind(REBUILT)).await?;
            let ids: Vec<CustomerId> = next.into_iter().map(|row| row.0).collect();
            let Some(last) = ids.last() else { return Ok(moved) };
            after = *last;
            lock_customers(&mut tx, &ids).await?;
            store::rebuild(&mut tx, &ids, &rules).await?;
            moved += ids.len() as u64;
        } else {
            let pairs = store::next_locked(&mut tx, after, REDATED).await?;
            let Some(last) = pairs.last() else { return Ok(moved) };
            after = last.customer_id;
            moved += store::redate(&mut tx, pairs, &rules).await?;
        }
        tx.commit().await?;
        tokio::task::yield_now().await;
    }
}

/// The newest night's report.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// The day on which it was learnt.
    pub trained_on: NaiveDate,
    /// Whether the dates follow the model; else the configured table.
    pub in_use: bool,
    /// Whether every pair follows it already.
    pub applied: bool,
    /// How it and the table would have done.
    #[schema(value_type = LearningReport)]
    pub report: Json<LearningReport>,
}

/// The newest report; `None` before the first night.
pub async fn newest(tx: &mut Tx) -> Result<Option<Quality>, DbError> {
    tx.optional(
        "SELECT trained_on, in_use, applied_at IS NOT NULL AS applied, report
         FROM reorder_models ORDER BY id DESC LIMIT 1",
    )
    .await
}

const _: () = assert!(JUDGED_DAYS > 2 * WINDOW, "long enough to see reminders come true");
