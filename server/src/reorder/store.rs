//! Profiles and pairs in the database.

use crate::db::{Arg, CategoryId, CustomerId, DbError, Insert, ProductId, Sql, Tx};

use super::{Pair, Profile, Profiles, Purchase, pairs, rhythm};

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
        if let Some(product) = row.product_id {
            profiles.products.insert(product, profile);
        } else if let Some(category) = row.category_id {
            profiles.categories.insert(category, profile);
        }
    }
    Ok(profiles)
}

/// Rebuilds the pairs of these customers from their counted orders. Callers hold the customers'
/// rows (see `customers::store::refresh`).
pub(crate) async fn rebuild(
    tx: &mut Tx,
    customers: &[CustomerId],
    profiles: &Profiles,
) -> Result<(), DbError> {
    let mut sql = Sql::new(
        "SELECT o.customer_id, l.product_id, p.category_id, o.order_date, l.base_qty, l.line_total
         FROM orders o
         JOIN order_lines l ON l.order_id = o.id
         JOIN products p ON p.id = l.product_id
         WHERE o.counted AND o.customer_id IN ",
    );
    sql.push_list(customers.iter().copied());
    let lines: Vec<Purchase> = tx.all(sql).await?;
    let mut sql = Sql::new("DELETE FROM reorder_pairs WHERE customer_id IN ");
    sql.push_list(customers.iter().copied());
    tx.execute(sql).await?;
    let mut insert = Insert::new(
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
        ],
        "",
    );
    for pair in pairs(lines, profiles) {
        insert.row([
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
        ]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// A customer's pairs, the next reminder first.
pub async fn of_customer(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Pair>, DbError> {
    tx.all(
        Sql::new(
            "SELECT customer_id, category_id, purchases, first_date, last_date, last_qty,
                    last_value, product_id, due_on, expected_on
             FROM reorder_pairs WHERE customer_id = $1 ORDER BY due_on, category_id",
        )
        .bind(customer),
    )
    .await
}

/// Makes the dates of a category's pairs anew after its profile, or that of one of its products,
/// changed. One range read and a few bulk updates.
pub async fn redate(tx: &mut Tx, category: CategoryId) -> Result<(), DbError> {
    let profiles = profiles(tx).await?;
    let pairs: Vec<Pair> = tx
        .all(
            Sql::new(
                "SELECT customer_id, category_id, purchases, first_date, last_date, last_qty,
                        last_value, product_id, due_on, expected_on
                 FROM reorder_pairs WHERE category_id = $1 ORDER BY customer_id",
            )
            .bind(category),
        )
        .await?;
    let moved: Vec<[Arg; 3]> = pairs
        .into_iter()
        .filter_map(|pair| {
            let profile = profiles.choose(pair.product_id, category);
            let dates = rhythm(profile, pair.last_date, pair.last_qty);
            ((dates.due_on, dates.expected_on) != (pair.due_on, pair.expected_on))
                .then(|| [pair.customer_id.into(), dates.due_on.into(), dates.expected_on.into()])
        })
        .collect();
    for chunk in moved.chunks(1_000) {
        let mut sql = Sql::new("WITH v (customer, due, expected) AS (VALUES ");
        for (n, row) in chunk.iter().enumerate() {
            sql.push(if n == 0 { "" } else { ", " }).push_list(row.clone());
        }
        sql.push(
            ") UPDATE reorder_pairs SET due_on = v.due, expected_on = v.expected FROM v
             WHERE reorder_pairs.customer_id = v.customer AND reorder_pairs.category_id = ",
        );
        sql.push_bind(category);
        tx.execute(sql).await?;
    }
    Ok(())
}
