//! Call tasks in the database.

mod amend;
mod assign;
mod cancel;
mod close;
mod hand_over;
mod missed;
mod promise;
mod row;
mod visible;
mod wrap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Task;
use crate::db::{DbError, Sql, TaskId, Tx, UserId};
use crate::live::{Audience, emit};

pub use amend::{hold, replace_note, withdraw_missed_call};
pub use assign::assign;
pub use cancel::{cancel_do_not_call, cancel_reminders};
pub(super) use close::follow_up_point;
pub use close::{Act, change};
pub use hand_over::hand_over;
pub use missed::{least_loaded, missed_call};
pub use promise::{NewTask, insert};
pub use row::{LATEST, TaskRow, find, get, latest, named, not_found, rows, select, tasks};
pub use visible::{agent_in_scope, locked, promises, queue, visible};
pub use wrap::call_state;

/// Appends a line to a task's notes.
pub async fn append_note(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    line: &str,
) -> Result<(), DbError> {
    // One statement: two calls of a task may end at the same moment.
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET updated_at = $2, notes =
               CASE WHEN COALESCE(notes, '') = '' THEN $1 ELSE notes || $3 || $1 END
             WHERE id = $4",
        )
        .bind(line)
        .bind(now)
        .bind("\n")
        .bind(task),
    )
    .await?;
    Ok(())
}

/// Tells the task's agent and team leader what it looks like now.
pub fn emit_updated(tx: &mut Tx, now: DateTime<Utc>, task: &Task, reason: Option<&Value>) {
    let audience = Audience::of(task.assigned_to);
    emit(tx, now, audience, "task.updated", &json!({"task": task, "reason": reason}));
}

/// Tells an agent and their team leader that the queue of a day has other tasks now.
pub fn emit_queue_changed(
    tx: &mut Tx,
    now: DateTime<Utc>,
    agent: UserId,
    day: chrono::NaiveDate,
    reason: &'static str,
) {
    let audience = Audience::Agent(agent);
    let data = json!({"agentId": agent, "date": day, "reason": reason});
    emit(tx, now, audience, "queue.changed", &data);
}
