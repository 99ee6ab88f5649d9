//! Second thoughts about calls: their events may come late.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::row::{find, tasks};
use crate::db::{DbError, Sql, TaskId, Tx};

/// Keeps a task from others until the transaction ends. Whoever changes a task and its wrap-up holds
/// the task first, so that the end of a call and the end of its wrap-up cannot wait for each other.
pub async fn hold(tx: &mut Tx, task: TaskId) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE crm_call_tasks SET updated_at = updated_at WHERE id = $1");
    tx.execute(sql.bind(task)).await?;
    Ok(())
}

/// Replaces a line of a task's notes that turned out otherwise.
pub async fn replace_note(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    line: &str,
    by: &str,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE crm_call_tasks SET notes = REPLACE(notes, $1, $2), updated_at = $3
             WHERE id = $4",
        )
        .bind(line)
        .bind(by)
        .bind(now)
        .bind(task),
    )
    .await?;
    Ok(())
}

/// Cancels a missed-call task nobody has worked on yet: the call was taken after all.
pub async fn withdraw_missed_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
) -> Result<(), DbError> {
    let withdrawn = tx
        .execute(
            Sql::new(
                "UPDATE crm_call_tasks SET status = 'cancelled', cancel_reason = $1, updated_at = $2
                 WHERE id = $3 AND status = 'pending' AND attempts = 0",
            )
            .bind(json!({"code": "answered"}))
            .bind(now)
            .bind(task),
        )
        .await?;
    if withdrawn == 1 {
        let row = find(tx, task).await?;
        for task in tasks(tx, row.into_iter().collect()).await? {
            super::emit_updated(tx, now, &task, None);
        }
    }
    Ok(())
}
