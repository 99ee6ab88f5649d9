//! Call tasks in the database.

mod cancel;
mod missed;
mod row;
mod wrap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Task;
use crate::db::{DbError, Sql, TaskId, Tx, UserId};
use crate::live::{audience_of, emit};

pub use cancel::cancel_reminders;
pub use missed::{least_loaded, missed_call};
pub use row::{TaskRow, find, get, not_found, rows, select, tasks};
pub use wrap::call_state;

/// Appends a line to a task's notes.
pub async fn append_note(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    line: &str,
) -> Result<(), DbError> {
    let known: Option<Option<String>> = tx
        .optional_scalar(Sql::new("SELECT notes FROM crm_call_tasks WHERE id = $1").bind(task))
        .await?;
    let Some(known) = known else {
        return Ok(());
    };
    let notes = match known.filter(|notes| !notes.is_empty()) {
        Some(notes) => format!("{notes}\n{line}"),
        None => line.to_owned(),
    };
    tx.execute(
        Sql::new("UPDATE crm_call_tasks SET notes = $1, updated_at = $2 WHERE id = $3")
            .bind(notes)
            .bind(now)
            .bind(task),
    )
    .await?;
    Ok(())
}

/// Tells the task's agent and team leader what it looks like now.
pub async fn emit_updated(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: &Task,
    reason: Option<&Value>,
) -> Result<(), DbError> {
    let audience = audience_of(tx, task.assigned_to).await?;
    emit(tx, now, audience, "task.updated", &json!({"task": task, "reason": reason})).await
}

/// Tells an agent and their team leader that the queue of a day has other tasks now.
pub async fn emit_queue_changed(
    tx: &mut Tx,
    now: DateTime<Utc>,
    agent: UserId,
    day: chrono::NaiveDate,
    reason: &'static str,
) -> Result<(), DbError> {
    let audience = audience_of(tx, Some(agent)).await?;
    let data = json!({"agentId": agent, "date": day, "reason": reason});
    emit(tx, now, audience, "queue.changed", &data).await
}
