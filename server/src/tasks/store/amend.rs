//! Who changes a task keeps it until the change is done.

use crate::db::{DbError, Sql, TaskId, Tx};

/// Keeps a task from others until the transaction ends. Whoever changes a task and its wrap-up holds
/// the task first, so that the end of a call and the end of its wrap-up cannot wait for each other.
pub async fn hold(tx: &mut Tx, task: TaskId) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE crm_call_tasks SET updated_at = updated_at WHERE id = $1");
    tx.execute(sql.bind(task)).await?;
    Ok(())
}
