//! Earlier days' planned tasks that have no place in today's queue any more.

use chrono::{DateTime, NaiveDate, Utc};

use super::candidates::before;
use crate::db::{CategoryId, CustomerId, DbError, Sql, Tx};
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

/// Cancels waiting reminders of categories bought since they were planned: what an order does at
/// once, done again here for orders that came in bulk or between planning and inserting.
pub(super) async fn drop_bought(
    tx: &mut Tx,
    now: DateTime<Utc>,
    since: NaiveDate,
) -> Result<(), DbError> {
    let bought: Vec<(CustomerId, CategoryId, String)> = tx
        .all(
            Sql::new(
                // CROSS JOIN: SQLite then starts from the waiting tasks and not from all pairs.
                "SELECT DISTINCT t.customer_id, k.id, k.slug
                 FROM crm_call_tasks t CROSS JOIN reorder_pairs p CROSS JOIN categories k
                 WHERE p.customer_id = t.customer_id AND p.category_id = t.category_id
                   AND k.id = p.category_id
                   AND t.status IN ('pending', 'in_progress') AND t.status = 'pending'
                   AND t.task_date >= $1 AND t.kind = 'reminder'
                   AND p.last_date >= t.task_date AND p.due_on > t.task_date",
            )
            .bind(since),
        )
        .await?;
    for (customer, category, slug) in bought {
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
