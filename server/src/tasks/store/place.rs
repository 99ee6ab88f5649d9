//! One open task for a customer and day, whatever asks for it (SPEC §4.5): further reasons join it
//! as talking points. The unique indexes `crm_call_tasks_one_open` (by customer) and
//! `crm_call_tasks_one_open_phone` (unknown numbers) decide who is first.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::amend::hold;
use super::insert::{NewTask, insert};
use super::row::{TaskRow, find, tasks};
use super::{emit_queue_changed, emit_updated};
use crate::db::{Arg, DbError, Sql, TaskId, Tx, UserId};
use crate::scripts::ScriptKey;
use crate::tasks::points::{Point, lead, merge, merge_late};
use crate::tasks::{TaskOrigin, TaskStatus};

/// What became of a wish for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// A new task.
    Made(TaskId),
    /// The customer's open task has the reasons now.
    Joined(TaskId),
}

impl Placed {
    /// The task that has the reasons.
    pub const fn task(self) -> TaskId {
        match self {
            Self::Made(id) | Self::Joined(id) => id,
        }
    }
}

/// Times it is tried when the open task is closed by somebody else between two statements.
const ATTEMPTS: u32 = 4;

/// Puts the reasons on the customer's open task of that day, or makes one. A task for today also
/// joins one that is left from an earlier day. `None` if the parent's call asked for it before.
pub async fn place(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    new: &NewTask,
) -> Result<Option<Placed>, DbError> {
    if new.points.is_empty() || repeated(tx, new).await? {
        return Ok(None);
    }
    for _ in 0..ATTEMPTS {
        if let Some(open) = open_task(tx, today, new).await?
            && join(tx, now, open, new).await?
        {
            return Ok(Some(Placed::Joined(open)));
        }
        if let Some(id) = insert(tx, now, new).await? {
            return Ok(Some(Placed::Made(id)));
        }
    }
    // Only a parent that promises twice at the same moment gets here.
    Ok(None)
}

/// Whether the parent's call made a task before.
async fn repeated(tx: &mut Tx, new: &NewTask) -> Result<bool, DbError> {
    let Some(parent) = new.parent else {
        return Ok(false);
    };
    let made: Option<TaskId> = tx
        .optional_scalar(
            Sql::new(
                "SELECT id FROM crm_call_tasks
                 WHERE parent_task_id = $1 AND origin IN ('promise', 'retry')",
            )
            .bind(parent),
        )
        .await?;
    Ok(made.is_some())
}

/// The open task that the reasons belong to: the customer's, else that of the number from before it
/// was a customer's.
pub(super) async fn open_task(
    tx: &mut Tx,
    today: NaiveDate,
    new: &NewTask,
) -> Result<Option<TaskId>, DbError> {
    let first = if new.day == today { NaiveDate::default() } else { new.day };
    if let Some(customer) = new.customer {
        let sql = Sql::new(
            "SELECT id FROM crm_call_tasks
             WHERE customer_id = $1 AND status IN ('pending', 'in_progress')
               AND task_date BETWEEN $2 AND $3
             ORDER BY task_date DESC LIMIT 1",
        );
        let found = tx.optional_scalar(sql.bind(customer).bind(first).bind(new.day)).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    let sql = Sql::new(
        "SELECT id FROM crm_call_tasks
         WHERE customer_id IS NULL AND phone = $1 AND status IN ('pending', 'in_progress')
           AND task_date BETWEEN $2 AND $3
         ORDER BY task_date DESC LIMIT 1",
    );
    tx.optional_scalar(sql.bind(&new.phone).bind(first).bind(new.day)).await
}

/// Adds the reasons to an open task; false if it is closed by now.
async fn join(tx: &mut Tx, now: DateTime<Utc>, id: TaskId, new: &NewTask) -> Result<bool, DbError> {
    hold(tx, id).await?;
    let Some(row) = find(tx, id).await? else {
        return Ok(false);
    };
    if !matches!(row.status, TaskStatus::Pending | TaskStatus::InProgress) {
        return Ok(false);
    }
    let before = row.assigned_to;
    let after = joined(row, new, now);
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET talking_points = $1, kind = $2, reason = $3,
               category_id = $4, script_key = $5, priority = $6, due_at = $7, origin = $8,
               assigned_to = $9, parent_task_id = COALESCE($10, parent_task_id),
               customer_id = $11, notes = $12, updated_at = $13
             WHERE id = $14",
        )
        .bind(Arg::json(&after.points))
        .bind(after.row.kind)
        .bind(&after.row.reason)
        .bind(after.row.category_id)
        .bind(&after.row.script_key)
        .bind(after.row.priority)
        .bind(after.row.due_at)
        .bind(after.row.origin)
        .bind(after.row.assigned_to)
        .bind(after.parent)
        .bind(after.row.customer_id)
        .bind(after.row.notes.as_ref())
        .bind(now)
        .bind(id),
    )
    .await?;
    let row = find(tx, id).await?;
    for task in tasks(tx, row.into_iter().collect()).await? {
        emit_updated(tx, now, &task, Some(&json!({"code": "joined"})));
        let agents: [Option<UserId>; 2] =
            if before == task.assigned_to { [before, None] } else { [before, task.assigned_to] };
        for agent in agents.into_iter().flatten() {
            emit_queue_changed(tx, now, agent, task.task_date, "task_joined");
        }
    }
    Ok(true)
}

/// An open task with further reasons.
struct Joined {
    row: TaskRow,
    points: Vec<Point>,
    /// The task whose call promised it, if that is new.
    parent: Option<TaskId>,
}

/// What an open task becomes. A promise keeps its hour and its agent, unless the new one is promised
/// for an earlier hour. While the agent works on the task, its kind and script stay: what joined is
/// planned again when the task is closed.
fn joined(mut row: TaskRow, new: &NewTask, now: DateTime<Utc>) -> Joined {
    let mut points = std::mem::take(&mut row.talking_points.0);
    let more = new.points.iter().cloned();
    if row.status == TaskStatus::InProgress {
        merge_late(&mut points, more, now);
    } else {
        merge(&mut points, more);
        relead(&mut row, &mut points);
    }
    let (is_promised, promises) =
        (row.origin == TaskOrigin::Promise, new.origin == TaskOrigin::Promise);
    row.due_at = match (is_promised, promises) {
        (true, false) => row.due_at,
        (false, true) => new.due_at,
        // The hour of another try is only a guess: a person's wish replaces it.
        (false, false) if new.origin == TaskOrigin::Retry => row.due_at,
        (false, false) if row.origin == TaskOrigin::Retry => new.due_at,
        _ => [row.due_at, new.due_at].into_iter().flatten().min(),
    };
    let parent = new.parent.filter(|_| promises && !is_promised);
    row.assigned_to = match (promises && !is_promised, row.status) {
        (true, TaskStatus::Pending) => new.agent.or(row.assigned_to),
        _ => row.assigned_to.or(new.agent),
    };
    if new.origin.rank() < row.origin.rank() {
        row.origin = new.origin;
    }
    row.priority = row.priority.min(new.priority());
    row.customer_id = row.customer_id.or(new.customer);
    row.notes = match (row.notes.take(), &new.notes) {
        (Some(known), Some(more)) if !known.contains(more.as_str()) => {
            Some(format!("{known}\n{more}"))
        }
        (Some(known), _) => Some(known),
        (None, more) => more.clone(),
    };
    Joined { row, points, parent }
}

/// Lets the strongest reason lead: it decides kind and script.
pub(super) fn relead(row: &mut TaskRow, points: &mut [Point]) -> bool {
    if !lead(points, row.kind) {
        return false;
    }
    let main = &points[0];
    row.kind = main.kind;
    row.reason = main.key();
    row.category_id = main.category();
    ScriptKey::of_kind(main.kind.as_str()).as_str().clone_into(&mut row.script_key);
    true
}
