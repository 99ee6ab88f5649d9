//! An order cancels the queued reminders of what was bought (SPEC §3.4).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::row::{TaskRow, find, rows, select, tasks};
use super::{emit_queue_changed, emit_updated};
use crate::db::{Arg, CategoryId, CustomerId, DbError, Sql, TaskId, Tx};
use crate::live::{Audience, emit};
use crate::scripts::ScriptKey;
use crate::tasks::TaskKind;
use crate::tasks::points::Point;

/// The waiting tasks of the customer `$1`; as the index of open tasks has it.
const WAITING: &str =
    "t.customer_id = $1 AND t.status IN ('pending', 'in_progress') AND t.status = 'pending'";

/// What becomes of a waiting task when reasons fall away.
#[derive(Debug, PartialEq)]
enum After {
    /// It was about something else.
    Untouched,
    /// It had no other reason.
    Nothing,
    /// These reasons are left.
    Less(Vec<Point>),
}

fn without(points: &[Point], gone: impl Fn(&Point) -> bool) -> After {
    let left: Vec<Point> = points.iter().filter(|point| !gone(point)).cloned().collect();
    if left.len() == points.len() {
        After::Untouched
    } else if left.is_empty() {
        After::Nothing
    } else {
        After::Less(left)
    }
}

fn after(points: &[Point], bought: &[CategoryId]) -> After {
    without(points, |point| point.category().is_some_and(|category| bought.contains(&category)))
}

/// Takes reasons off a waiting task, which is cancelled if it has no other; whether it had any.
pub(super) async fn drop_points(
    tx: &mut Tx,
    now: DateTime<Utc>,
    row: TaskRow,
    gone: impl Fn(&Point) -> bool,
    reason: &Value,
) -> Result<bool, DbError> {
    let after = without(&row.talking_points.0, gone);
    apply(tx, now, row, after, reason).await
}

/// The customer bought these categories: waiting reminders of them are cancelled, or lose that
/// talking point if there is more to speak about. The tasks touched.
///
/// A task already being worked on is left alone: the agent is speaking with the customer.
pub async fn cancel_reminders(
    tx: &mut Tx,
    now: DateTime<Utc>,
    customer: CustomerId,
    bought: &[(CategoryId, String)],
    order_no: &str,
) -> Result<Vec<TaskId>, DbError> {
    if bought.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = select(WAITING).bind(customer);
    let categories: Vec<CategoryId> = bought.iter().map(|(id, _)| *id).collect();
    let mut touched = Vec::new();
    for row in rows(tx, waiting).await? {
        // The reason names the category the task was mainly about.
        let slug = row
            .talking_points
            .0
            .iter()
            .filter_map(Point::category)
            .find_map(|id| bought.iter().find(|(known, _)| *known == id))
            .map(|(_, slug)| slug.as_str());
        let reason =
            json!({"code": "reordered", "params": {"categorySlug": slug, "orderNo": order_no}});
        let after = after(&row.talking_points.0, &categories);
        let id = row.id;
        if apply(tx, now, row, after, &reason).await? {
            touched.push(id);
        }
    }
    Ok(touched)
}

/// The customer is never to be called again: every waiting task of theirs leaves the queues, but
/// for the one being worked on.
pub async fn cancel_do_not_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    customer: CustomerId,
    except: Option<TaskId>,
) -> Result<(), DbError> {
    let waiting = select(WAITING).bind(customer);
    let reason = json!({"code": "do_not_call", "params": {}});
    for row in rows(tx, waiting).await? {
        if Some(row.id) != except {
            cancel(tx, now, &row, &reason).await?;
        }
    }
    Ok(())
}

/// Cancels or shortens a waiting task; whether it did.
async fn apply(
    tx: &mut Tx,
    now: DateTime<Utc>,
    row: TaskRow,
    after: After,
    reason: &Value,
) -> Result<bool, DbError> {
    match after {
        After::Untouched => Ok(false),
        After::Nothing => cancel(tx, now, &row, reason).await,
        After::Less(points) => shorten(tx, now, row, points, reason).await,
    }
}

/// Cancels a waiting task and tells the agent why; false if it was no longer waiting.
pub(in crate::tasks) async fn cancel(
    tx: &mut Tx,
    now: DateTime<Utc>,
    row: &TaskRow,
    reason: &Value,
) -> Result<bool, DbError> {
    let cancelled = tx
        .execute(
            Sql::new(
                "UPDATE crm_call_tasks SET status = 'cancelled', cancel_reason = $1, updated_at = $2
                 WHERE id = $3 AND status = 'pending'",
            )
            .bind(reason.clone())
            .bind(now)
            .bind(row.id),
        )
        .await?;
    if cancelled == 0 {
        return Ok(false);
    }
    let audience = Audience::of(row.assigned_to);
    emit(tx, now, audience, "task.cancelled", &json!({"taskId": row.id, "reason": reason}));
    if let Some(agent) = row.assigned_to {
        emit_queue_changed(tx, now, agent, row.task_date, "task_cancelled");
    }
    Ok(true)
}

async fn shorten(
    tx: &mut Tx,
    now: DateTime<Utc>,
    mut row: TaskRow,
    points: Vec<Point>,
    reason: &Value,
) -> Result<bool, DbError> {
    let Some(main) = points.first() else {
        return Ok(false);
    };
    // A script set by the customer's stage stays; one set by the kind follows the new kind.
    if main.kind != row.kind && row.script_key == ScriptKey::of_kind(row.kind.as_str()).as_str() {
        ScriptKey::of_kind(main.kind.as_str()).as_str().clone_into(&mut row.script_key);
    }
    let category = (main.kind == TaskKind::Reminder).then(|| main.category()).flatten();
    let changed = tx
        .execute(
            Sql::new(
                "UPDATE crm_call_tasks SET talking_points = $1, kind = $2, reason = $3,
                   category_id = $4, script_key = $5, updated_at = $6
                 WHERE id = $7 AND status = 'pending'",
            )
            .bind(Arg::json(&points))
            .bind(main.kind)
            .bind(main.key())
            .bind(category)
            .bind(&row.script_key)
            .bind(now)
            .bind(row.id),
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    let row = find(tx, row.id).await?;
    for task in tasks(tx, row.into_iter().collect()).await? {
        emit_updated(tx, now, &task, Some(reason));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tasks::points::Reason;

    fn reminder(category: i64) -> Point {
        let params = json!({"categoryId": category, "categorySlug": format!("c{category}")});
        let params = params.as_object().cloned().unwrap_or_default();
        Point::new(TaskKind::Reminder, Reason { code: "reorder_due".into(), params })
    }

    #[test]
    fn buying_takes_away_what_was_bought_and_nothing_else() {
        let birthday = Point::bare(TaskKind::Birthday, "birthday");
        let both = [reminder(1), birthday.clone()];
        assert_eq!(after(&both, &[CategoryId(2)]), After::Untouched);
        assert_eq!(after(&both, &[CategoryId(1)]), After::Less(vec![birthday.clone()]));
        assert_eq!(after(&[reminder(1)], &[CategoryId(1)]), After::Nothing);
        assert_eq!(after(&[birthday], &[CategoryId(1)]), After::Untouched);
    }
}
