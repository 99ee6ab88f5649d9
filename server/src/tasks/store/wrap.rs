//! A call moves its task along: begun, and over but without outcome (SPEC §6.6).

use chrono::{DateTime, Utc};
use serde_json::json;

use super::row::{find, tasks};
use crate::db::{CallId, DbError, Sql, TaskId, Tx, UserId};
use crate::live::{Audience, emit};
use crate::tasks::{TaskStatus, WrapState};

/// Keeps the agent's unfinished business in step with a call of the task: while it is under way the
/// task is in progress, after it the wrap-up waits for its outcome. Nothing happens once the task is
/// completed, failed or cancelled; each call counts as one attempt, however often it is told.
/// Whether the task waits for something of the agent.
pub async fn call_state(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    call: CallId,
    state: WrapState,
) -> Result<bool, DbError> {
    let Some(row) = find(tx, task).await? else {
        return Ok(false);
    };
    if !matches!(row.status, TaskStatus::Pending | TaskStatus::InProgress) {
        return Ok(false);
    }
    let agent: Option<Option<UserId>> = tx
        .optional_scalar(
            Sql::new("SELECT agent_user_id FROM telephony_calls WHERE id = $1").bind(call),
        )
        .await?;
    let Some(agent) = agent.flatten().or(row.assigned_to) else {
        return Ok(false);
    };
    let known: Option<(Option<CallId>, WrapState)> = tx
        .optional(Sql::new("SELECT call_id, state FROM wrap_ups WHERE task_id = $1").bind(task))
        .await?;
    let of_this_call = known.filter(|(id, _)| *id == Some(call)).map(|(_, state)| state);
    match (of_this_call, state) {
        // Told twice, or late: a call that is over does not begin again.
        (Some(WrapState::WrapUp), _) | (Some(WrapState::Calling), WrapState::Calling) => {
            return Ok(true);
        }
        // The end of an older call than the one under way.
        (None, WrapState::WrapUp) if known.is_some_and(|(id, _)| id > Some(call)) => {
            return Ok(true);
        }
        _ => {}
    }
    tx.execute(
        Sql::new(
            "INSERT INTO wrap_ups (task_id, user_id, call_id, state, since, basket, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $5)
             ON CONFLICT (task_id) DO UPDATE
               SET user_id = $2, call_id = $3, state = $4, since = $5, updated_at = $5",
        )
        .bind(task)
        .bind(agent)
        .bind(call)
        .bind(state)
        .bind(now)
        .bind(json!([])),
    )
    .await?;
    if of_this_call.is_none() || row.status == TaskStatus::Pending {
        tx.execute(
            Sql::new(
                "UPDATE crm_call_tasks SET status = 'in_progress', attempts = attempts + $1,
                   started_at = COALESCE(started_at, $2), updated_at = $2,
                   assigned_to = COALESCE(assigned_to, $3)
                 WHERE id = $4",
            )
            .bind(i64::from(of_this_call.is_none()))
            .bind(now)
            .bind(agent)
            .bind(task),
        )
        .await?;
        let row = find(tx, task).await?;
        for task in tasks(tx, row.into_iter().collect()).await? {
            super::emit_updated(tx, now, &task, None);
        }
    }
    let audience = Audience::Agent(agent);
    emit(tx, now, audience, "wrapup.updated", &json!({"taskId": task, "userId": agent}));
    Ok(true)
}
