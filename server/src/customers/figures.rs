//! Derived figures: recomputed from the orders, never added to, so that late, repeated, corrected
//! and cancelled orders leave them exactly as if all had come in order (SPEC §1.4).

use chrono::NaiveDate;

use super::pins::{self, By, Changes};
use super::segment::{Figures, Segment, Thresholds, pinned_segment, segment};
use crate::db::{CustomerId, DbError, Money, Sql, Tx, Values};
use crate::reorder;

/// Customers recomputed by one statement.
const CHUNK: usize = 1_000;

#[derive(sqlx::FromRow, serde::Deserialize)]
struct Sums {
    customer_id: CustomerId,
    orders: i64,
    spend: Money,
    first: NaiveDate,
    last: NaiveDate,
    days: i64,
}

/// Recomputes the figures, segment and reorder pairs of these customers from their counted orders.
/// A handful of statements per 1,000 customers; for one customer it touches that one's rows only.
pub async fn refresh(
    tx: &mut Tx,
    customers: &[CustomerId],
    today: NaiveDate,
) -> Result<(), DbError> {
    refresh_by(tx, customers, today, None).await
}

/// The same, on record as what a person did.
pub async fn refresh_by(
    tx: &mut Tx,
    customers: &[CustomerId],
    today: NaiveDate,
    by: Option<By<'_>>,
) -> Result<(), DbError> {
    if customers.is_empty() {
        return Ok(());
    }
    // Ascending, so that two transactions take their row locks in the same order.
    let mut ids = customers.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let rules = reorder::store::rules(tx).await?;
    let thresholds = Thresholds::default();
    for chunk in ids.chunks(CHUNK) {
        lock(tx, chunk).await?;
        let sums = sums(tx, chunk).await?;
        let figures: Vec<Figures> = chunk.iter().map(|id| figures(&sums, *id)).collect();
        let pins = pins::of(tx, chunk, today).await?;
        let segments: Vec<Segment> = std::iter::zip(chunk, &figures)
            .map(|(id, figures)| {
                let pinned = pins.binary_search_by_key(id, |pin| pin.0).map(|at| pins[at].1);
                pinned_segment(figures, today, &thresholds, &pinned.unwrap_or_default())
            })
            .collect();
        record(tx, chunk, &segments, today, by).await?;
        write(tx, chunk, &figures, &segments).await?;
        reorder::store::rebuild(tx, chunk, &rules).await?;
    }
    Ok(())
}

/// Two orders of one customer at once must not each miss the other: whoever comes second waits
/// here and then sees the first. SQLite has one writer and needs nothing.
pub(crate) async fn lock(tx: &mut Tx, ids: &[CustomerId]) -> Result<(), DbError> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT id FROM customers WHERE id");
    sql.push_ids(ids.iter().copied());
    // NO KEY: compatible with the lock an inserted order's foreign key holds on the row.
    sql.push(" ORDER BY id FOR NO KEY UPDATE");
    tx.execute(sql).await?;
    Ok(())
}

async fn sums(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<Sums>, DbError> {
    let columns = "customer_id, COUNT(*) AS orders, CAST(SUM(total - refunded) AS BIGINT) AS spend,
        MIN(order_date) AS first, MAX(order_date) AS last, COUNT(DISTINCT order_date) AS days";
    let names = "customer_id, orders, spend, first, last, days";
    let mut sql =
        Sql::new(format!("FROM (SELECT {columns} FROM orders WHERE counted AND customer_id"));
    sql.push_ids(ids.iter().copied()).push(" GROUP BY customer_id) AS sums");
    let mut sums: Vec<Sums> = tx.packed(names, sql).await?;
    sums.sort_unstable_by_key(|sums| sums.customer_id);
    Ok(sums)
}

fn figures(sums: &[Sums], id: CustomerId) -> Figures {
    sums.binary_search_by_key(&id, |s| s.customer_id).map_or_else(
        |_| Figures::default(),
        |at| Figures {
            orders: sums[at].orders,
            spend: sums[at].spend,
            first: Some(sums[at].first),
            last: Some(sums[at].last),
            days: sums[at].days,
        },
    )
}

/// What the rules alone say of a customer on `today`.
pub async fn by_rules(tx: &mut Tx, id: CustomerId, today: NaiveDate) -> Result<Segment, DbError> {
    let sums = sums(tx, &[id]).await?;
    Ok(segment(&figures(&sums, id), today, &Thresholds::default()))
}

/// Keeps what changes of the customers' segments.
async fn record(
    tx: &mut Tx,
    ids: &[CustomerId],
    segments: &[Segment],
    today: NaiveDate,
    by: Option<By<'_>>,
) -> Result<(), DbError> {
    let before = pins::before(tx, ids).await?;
    let mut changes = Changes::new(today, by);
    for before in &before {
        if let Ok(at) = ids.binary_search(&before.id) {
            changes.add(before, &segments[at]);
        }
    }
    changes.write(tx).await
}

async fn write(
    tx: &mut Tx,
    ids: &[CustomerId],
    figures: &[Figures],
    segments: &[Segment],
) -> Result<(), DbError> {
    let mut rows = Values::new(
        "id, orders, spend, average, first_date, last_date, cycle, stage, value, type, lifecycle,
         temperature, membership, review",
    );
    for ((id, figures), s) in ids.iter().zip(figures).zip(segments) {
        rows.row([
            (*id).into(),
            figures.orders.into(),
            figures.spend.into(),
            figures.average().into(),
            figures.first.into(),
            figures.last.into(),
            figures.cycle_days().into(),
            s.purchase_stage.into(),
            s.value_stage.into(),
            s.customer_type.into(),
            s.lifecycle_stage.into(),
            s.temperature.into(),
            s.membership_level.into(),
            s.review_on.into(),
        ]);
    }
    let sql = rows.with(
        tx,
        "UPDATE customers SET total_orders = v.orders, total_spend = v.spend,
           avg_order_value = v.average, first_order_date = v.first_date,
           last_order_date = v.last_date, cycle_days = v.cycle, purchase_stage = v.stage,
           value_stage = v.value, customer_type = v.type, lifecycle_stage = v.lifecycle,
           temperature = v.temperature, membership_level = v.membership,
           stage_review_on = v.review
         FROM v WHERE customers.id = v.id",
    );
    tx.execute(sql).await?;
    Ok(())
}

/// Customers reviewed by one call of [`review_due`].
const REVIEW: i64 = 2_000;

/// The daily job's step: customers whose stage the date alone has changed, found by index, at most
/// 2,000 at a time so that no transaction is long. Returns how many there were; repeat until none
/// is left (the next review day always lies after today).
pub async fn review_due(tx: &mut Tx, today: NaiveDate) -> Result<usize, DbError> {
    let due: Vec<(CustomerId,)> = tx
        .all(
            Sql::new(
                "SELECT id FROM customers WHERE stage_review_on <= $1
                 ORDER BY stage_review_on, id LIMIT $2",
            )
            .bind(today)
            .bind(REVIEW),
        )
        .await?;
    let ids: Vec<CustomerId> = due.into_iter().map(|row| row.0).collect();
    refresh(tx, &ids, today).await?;
    Ok(ids.len())
}
