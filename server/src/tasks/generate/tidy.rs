//! Earlier days' planned tasks that have no place in today's queue any more.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::candidates::before;
use crate::db::{CategoryId, CustomerId, DbError, Sql, Tx, packed};
use crate::tasks::settings::PlanSettings;
use crate::tasks::store::cancel_reminders;

/// Gives up planned tasks and their retries that nobody got to for longer than the settings carry them; how many.
/// Promises and missed calls never expire.
pub(super) async fn expire(
    tx: &mut Tx,
    now: DateTime<Utc>,
    day: NaiveDate,
    settings: &PlanSettings,
) -> Result<u32, DbError> {
    let expired = tx
        .execute(
            Sql::new(
                // Said twice, so that SQLite sees it need only look at what is open.
                "UPDATE crm_call_tasks SET status = 'expired', updated_at = $1
                 WHERE status IN ('pending', 'in_progress') AND status = 'pending'
                   AND origin IN ('plan', 'retry') AND task_date < $2",
            )
            .bind(now)
            .bind(before(day, settings.carry_days.into())),
        )
        .await?;
    Ok(u32::try_from(expired).unwrap_or(u32::MAX))
}

/// What was bought of a category last.
#[derive(sqlx::FromRow, serde::Deserialize)]
struct Pair {
    customer_id: CustomerId,
    category_id: CategoryId,
    last_date: NaiveDate,
    due_on: NaiveDate,
}

/// Cancels waiting reminders of categories bought since they were planned: what an order does at
/// once, done again here for orders that came in bulk or between planning and inserting.
pub(super) async fn drop_bought(
    tx: &mut Tx,
    now: DateTime<Utc>,
    since: NaiveDate,
) -> Result<(), DbError> {
    let waiting = Sql::new(
        "FROM crm_call_tasks
         WHERE status IN ('pending', 'in_progress') AND status = 'pending' AND kind = 'reminder'
           AND task_date >= $1 AND customer_id IS NOT NULL AND category_id IS NOT NULL",
    );
    let waiting: Vec<(CustomerId, CategoryId, NaiveDate)> =
        tx.packed("customer_id, category_id, task_date", waiting.bind(since)).await?;
    let mut planned: HashMap<(CustomerId, CategoryId), Vec<NaiveDate>> = HashMap::new();
    for (customer, category, day) in waiting {
        planned.entry((customer, category)).or_default().push(day);
    }
    let who: BTreeSet<CustomerId> = planned.keys().map(|key| key.0).collect();
    let who: Vec<CustomerId> = who.into_iter().collect();
    let mut bought = Vec::new();
    for chunk in who.chunks(packed::CHUNK) {
        // One list after the other: PostgreSQL, which has not looked at today's tasks yet, reads all
        // pairs to join them.
        let mut sql = Sql::new("FROM reorder_pairs WHERE last_date >= $1 AND customer_id");
        sql = sql.bind(since);
        sql.push_ids(chunk.iter().copied());
        let columns = "customer_id, category_id, last_date, due_on";
        for pair in tx.packed::<Pair>(columns, sql).await? {
            let days = planned.get(&(pair.customer_id, pair.category_id));
            let answered = |day: &NaiveDate| pair.last_date >= *day && pair.due_on > *day;
            if days.is_some_and(|days| days.iter().any(answered)) {
                bought.push((pair.customer_id, pair.category_id));
            }
        }
    }
    if bought.is_empty() {
        return Ok(());
    }
    let slugs: Vec<(CategoryId, String)> = tx.all("SELECT id, slug FROM categories").await?;
    let slugs: HashMap<CategoryId, String> = slugs.into_iter().collect();
    for (customer, category) in bought {
        let slug = slugs.get(&category).cloned().unwrap_or_default();
        let order: Option<String> = tx
            .optional_scalar(
                Sql::new(
                    "SELECT order_no FROM orders WHERE customer_id = $1 AND counted
                     ORDER BY order_date DESC, id DESC LIMIT 1",
                )
                .bind(customer),
            )
            .await?;
        let order = order.unwrap_or_default();
        cancel_reminders(tx, now, customer, &[(category, slug)], &order).await?;
    }
    Ok(())
}
