//! Rules and pairs in the database.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::db::{CategoryId, CustomerId, DbError, Insert, Part, ProductId, Sql, Tx, Values};

use super::learned::Sums;
use super::{Learned, Pair, Profile, Profiles, Purchase, Rules, pairs, rhythm, stock};

#[derive(sqlx::FromRow)]
struct ProfileRow {
    category_id: Option<CategoryId>,
    product_id: Option<ProductId>,
    avg_consumption_days: i64,
    buffer_days: Option<i64>,
    buffer_pct: Option<i64>,
    min_days: i64,
    max_days: i64,
    typical_base_qty: i64,
}

/// Every configured profile (a few dozen rows).
pub async fn profiles(tx: &mut Tx) -> Result<Profiles, DbError> {
    let rows: Vec<ProfileRow> = tx
        .all(
            "SELECT category_id, product_id, avg_consumption_days, buffer_days, buffer_pct,
                    min_days, max_days, typical_base_qty
             FROM consumption_profiles",
        )
        .await?;
    let mut profiles = Profiles::default();
    for row in rows {
        let profile = Profile {
            avg_consumption_days: row.avg_consumption_days,
            buffer_days: row.buffer_days,
            buffer_pct: row.buffer_pct,
            min_days: row.min_days,
            max_days: row.max_days,
            typical_base_qty: row.typical_base_qty,
        };
        profiles.set(row.product_id, row.category_id, profile);
    }
    Ok(profiles)
}

/// What dates are made from now.
pub async fn rules(tx: &mut Tx) -> Result<Rules, DbError> {
    Ok(Rules { profiles: profiles(tx).await?, learned: learned(tx).await? })
}

/// The model in use.
pub async fn learned(tx: &mut Tx) -> Result<Option<Learned>, DbError> {
    let newest: Option<(bool, Option<serde_json::Value>)> =
        tx.optional("SELECT in_use, model FROM reorder_models ORDER BY id DESC LIMIT 1").await?;
    let Some((true, Some(model))) = newest else { return Ok(None) };
    serde_json::from_value(model).map(Some).or_else(|error| {
        // From a version of the program that kept it otherwise: tonight there is a new one.
        tracing::warn!(%error, "the learned rhythm cannot be read; the table is used");
        Ok(None)
    })
}

/// Everything these customers bought and kept.
pub async fn purchases(tx: &mut Tx, customers: &[CustomerId]) -> Result<Vec<Purchase>, DbError> {
    let mut sql = Sql::new(
        "FROM orders o
         JOIN order_lines l ON l.order_id = o.id
         JOIN products p ON p.id = l.product_id
         WHERE o.counted AND o.customer_id",
    );
    sql.push_ids(customers.iter().copied());
    let columns =
        "o.customer_id, l.product_id, p.category_id, o.order_date, l.base_qty, l.line_total";
    tx.packed(columns, sql).await
}

/// Rebuilds the pairs of these customers from their counted orders. Callers hold the customers'
/// rows (see `customers::store::refresh`).
pub(crate) async fn rebuild(
    tx: &mut Tx,
    customers: &[CustomerId],
    rules: &Rules,
) -> Result<(), DbError> {
    let lines = purchases(tx, customers).await?;
    let stock = stock::of(tx, customers).await?;
    let mut sql = Sql::new("DELETE FROM reorder_pairs WHERE customer_id");
    sql.push_ids(customers.iter().copied());
    tx.execute(sql).await?;
    let insert = Insert::new(
        "reorder_pairs",
        &[
            "customer_id",
            "category_id",
            "purchases",
            "first_date",
            "last_date",
            "last_qty",
            "last_value",
            "product_id",
            "due_on",
            "expected_on",
            "log_gaps",
            "weight",
            "repeats",
            "exposure",
            "total_qty",
        ],
        "",
    );
    let rows = pairs(lines, rules, &stock).into_iter().map(|pair| {
        [
            pair.customer_id.into(),
            pair.category_id.into(),
            pair.purchases.into(),
            pair.first_date.into(),
            pair.last_date.into(),
            pair.last_qty.into(),
            pair.last_value.into(),
            pair.product_id.into(),
            pair.due_on.into(),
            pair.expected_on.into(),
            pair.memory.log_gaps.into(),
            pair.memory.weight.into(),
            pair.memory.repeats.into(),
            pair.memory.exposure.into(),
            pair.memory.total_qty.into(),
        ]
    });
    insert.stream(tx, Box::new(rows)).await?;
    Ok(())
}

const COLUMNS: &str = "customer_id, category_id, purchases, first_date, last_date, last_qty,
    last_value, product_id, due_on, expected_on, log_gaps, weight, repeats, exposure, total_qty";

/// The pairs of the customer `$1`, the next reminder first.
pub const PAIRS: Part<'_> = Part {
    columns: &[
        "customer_id",
        "category_id",
        "purchases",
        "first_date",
        "last_date",
        "last_qty",
        "last_value",
        "product_id",
        "due_on",
        "expected_on",
        "[log_gaps, weight, repeats, exposure, total_qty]",
    ],
    select: "SELECT * FROM reorder_pairs WHERE customer_id = $1 ORDER BY due_on, category_id",
};

/// The pairs that `rest` finds (`FROM reorder_pairs r …`), where they may be many thousands.
pub async fn many(tx: &mut Tx, rest: Sql) -> Result<Vec<Pair>, DbError> {
    let columns = if tx.is_postgres() {
        "r.*"
    } else {
        "r.customer_id, r.category_id, r.purchases, r.first_date, r.last_date, r.last_qty,
         r.last_value, r.product_id, r.due_on, r.expected_on,
         json_array(r.log_gaps, r.weight, r.repeats, r.exposure, r.total_qty)"
    };
    tx.packed(columns, rest).await
}

/// A customer's pairs, the next reminder first.
pub async fn of_customer(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Pair>, DbError> {
    tx.all(Sql::new(PAIRS.select).bind(customer)).await
}

/// The same by category, kept from others until the transaction ends.
pub async fn of_customer_locked(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Pair>, DbError> {
    let locked = tx.for_update();
    let sql = format!(
        "SELECT {COLUMNS} FROM reorder_pairs WHERE customer_id = $1 ORDER BY category_id{locked}"
    );
    tx.all(Sql::new(sql).bind(customer)).await
}

/// Tells of each pair of a category its reminder date as it is and as it would be by `rules`.
pub async fn dates_by(
    tx: &mut Tx,
    category: CategoryId,
    rules: &Rules,
    mut tell: impl FnMut(NaiveDate, NaiveDate),
) -> Result<(), DbError> {
    let mut after = CustomerId(0);
    loop {
        // In the order of the primary key (unary plus: no index by category).
        let sql = format!(
            "SELECT {COLUMNS} FROM reorder_pairs WHERE +category_id = $1 AND customer_id > $2
             ORDER BY customer_id LIMIT 1000"
        );
        let pairs: Vec<Pair> = tx.all(Sql::new(sql).bind(category).bind(after)).await?;
        let Some(last) = pairs.last() else { return Ok(()) };
        after = last.customer_id;
        let customers: Vec<CustomerId> = pairs.iter().map(|pair| pair.customer_id).collect();
        let stock = stock::of(tx, &customers).await?;
        for pair in pairs {
            tell(pair.due_on, rhythm(rules, &pair.bought(&stock)).due_on);
        }
    }
}

/// Adds the pairs of the customers with ids from `from` to before `to` to the roll-ups of their
/// categories. Of today's purchases the first are left out: the day is not over.
pub async fn add_up(
    tx: &mut Tx,
    (from, to): (i64, i64),
    today: NaiveDate,
    sums: &mut BTreeMap<CategoryId, Sums>,
) -> Result<(), DbError> {
    let rest = Sql::new(
        "FROM (SELECT category_id, first_date, CAST(SUM(purchases - 1) AS BIGINT) AS repeats,
                 COUNT(*) AS pairs, SUM(log_gaps) AS log_gaps, SUM(weight) AS weight
               FROM reorder_pairs WHERE customer_id >= $1 AND customer_id < $2 AND first_date < $3
               GROUP BY category_id, first_date) AS by_day",
    );
    let columns = "category_id, first_date, repeats, pairs, log_gaps, weight";
    let rows: Vec<(CategoryId, NaiveDate, i64, i64, f64, f64)> =
        tx.packed(columns, rest.bind(from).bind(to).bind(today)).await?;
    for (category, first, repeats, pairs, log_gaps, weight) in rows {
        // Until yesterday.
        let days = (today - first).num_days() - 1;
        *sums.entry(category).or_default() +=
            Sums::of_states(log_gaps, weight, repeats as f64, (days * pairs) as f64);
    }
    Ok(())
}

/// A category's pairs, kept from others until the transaction ends.
pub async fn of_category_locked(tx: &mut Tx, category: CategoryId) -> Result<Vec<Pair>, DbError> {
    let locked = tx.for_update();
    let sql = format!(
        "SELECT {COLUMNS} FROM reorder_pairs WHERE category_id = $1 ORDER BY customer_id{locked}"
    );
    tx.all(Sql::new(sql).bind(category)).await
}

/// The pairs of at most `limit` customers from `after` on, by customer, kept from others.
pub async fn next_locked(tx: &mut Tx, after: CustomerId, limit: i64) -> Result<Vec<Pair>, DbError> {
    let locked = tx.for_update();
    let sql = format!(
        "SELECT {COLUMNS} FROM reorder_pairs
         WHERE customer_id > $1 AND customer_id <= $2 ORDER BY customer_id, category_id{locked}"
    );
    let last: Option<Option<CustomerId>> = tx
        .optional_scalar(
            Sql::new(
                "SELECT MAX(customer_id) FROM (SELECT DISTINCT customer_id FROM reorder_pairs
                   WHERE customer_id > $1 ORDER BY customer_id LIMIT $2) AS next",
            )
            .bind(after)
            .bind(limit),
        )
        .await?;
    let Some(Some(last)) = last else { return Ok(Vec::new()) };
    tx.all(Sql::new(sql).bind(after).bind(last)).await
}

/// Makes the dates of pairs anew after a rule changed; how many moved. A few bulk updates.
pub async fn redate(tx: &mut Tx, pairs: Vec<Pair>, rules: &Rules) -> Result<u64, DbError> {
    let mut moved = 0;
    for chunk in pairs.chunks(1_000) {
        let mut customers: Vec<CustomerId> = chunk.iter().map(|pair| pair.customer_id).collect();
        customers.dedup();
        let stock = stock::of(tx, &customers).await?;
        let mut rows = Values::new("customer, category, due, expected");
        for pair in chunk {
            let dates = rhythm(rules, &pair.bought(&stock));
            let (due, expected) = (dates.due_on, dates.expected_on);
            if (due, expected) != (pair.due_on, pair.expected_on) {
                let (customer, category) = (pair.customer_id, pair.category_id);
                rows.row([customer.into(), category.into(), due.into(), expected.into()]);
            }
        }
        if rows.is_empty() {
            continue;
        }
        let sql = rows.with(
            tx,
            "UPDATE reorder_pairs SET due_on = v.due, expected_on = v.expected FROM v
             WHERE reorder_pairs.customer_id = v.customer
               AND reorder_pairs.category_id = v.category",
        );
        moved += tx.execute(sql).await?;
    }
    Ok(moved)
}
