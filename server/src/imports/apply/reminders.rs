//! What an order does at once, for orders that came in bulk: the queued reminders of what was
//! bought are cancelled (SPEC §3.4).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::db::{CategoryId, CustomerId, DbError, Sql, Tx};
use crate::tasks::store::cancel_reminders;

#[derive(sqlx::FromRow)]
struct Bought {
    customer_id: CustomerId,
    category_id: CategoryId,
    slug: String,
    order_no: String,
}

/// Of these customers, whose pairs are up to date: cancels what orders of `source`, made or changed
/// since `since`, have answered. A late order of long ago that leaves the reminder due cancels
/// nothing.
pub async fn cancel(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    source: &str,
    since: DateTime<Utc>,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    let mut sql = Sql::new(
        "SELECT DISTINCT customer_id FROM crm_call_tasks
         WHERE status IN ('pending', 'in_progress') AND status = 'pending' AND customer_id IN ",
    );
    sql.push_list(customers.iter().copied());
    let waiting: Vec<(CustomerId,)> = tx.all(sql).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "SELECT DISTINCT o.customer_id, r.category_id, c.slug, o.order_no
         FROM orders o
         JOIN order_lines l ON l.order_id = o.id
         JOIN products p ON p.id = l.product_id
         JOIN reorder_pairs r ON r.customer_id = o.customer_id AND r.category_id = p.category_id
         JOIN categories c ON c.id = r.category_id
         WHERE o.counted AND o.source = $1 AND o.updated_at >= $2 AND r.due_on > $3
           AND r.last_date = o.order_date AND o.customer_id IN ",
    )
    .bind(source)
    .bind(since)
    .bind(today);
    sql.push_list(waiting.into_iter().map(|row| row.0));
    sql.push(" ORDER BY o.customer_id, r.category_id");
    let mut by_order: BTreeMap<(CustomerId, String), Vec<(CategoryId, String)>> = BTreeMap::new();
    for row in tx.all::<Bought>(sql).await? {
        by_order
            .entry((row.customer_id, row.order_no))
            .or_default()
            .push((row.category_id, row.slug));
    }
    for ((customer, order_no), bought) in by_order {
        cancel_reminders(tx, now, customer, &bought, &order_no).await?;
    }
    Ok(())
}
