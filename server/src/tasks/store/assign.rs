//! Moving a waiting task to another agent (SPEC §4.8: quotas kept).

use chrono::NaiveDate;
use serde_json::json;

use super::row::{TaskRow, find, get};
use super::{emit_queue_changed, emit_updated};
use crate::audit;
use crate::auth::CurrentUser;
use crate::clock::Clock;
use crate::db::{DbError, Sql, Tx, UserId};
use crate::error::{Error, Result};
use crate::tasks::plan::Load;
use crate::tasks::{Task, TaskKind, TaskStatus, generate, settings};

/// What an agent has to do on a day, as the plan counts it.
async fn load(tx: &mut Tx, agent: UserId, day: NaiveDate) -> Result<Load, DbError> {
    let kinds: Vec<(TaskKind, i64)> = tx
        .all(
            Sql::new(
                "SELECT kind, CAST(count(*) AS BIGINT) FROM crm_call_tasks
                 WHERE assigned_to = $1 AND (
                   (task_date = $2 AND status NOT IN ('cancelled', 'expired'))
                   OR (task_date < $2 AND status IN ('pending', 'in_progress')))
                 GROUP BY kind",
            )
            .bind(agent)
            .bind(day),
        )
        .await?;
    let mut load = Load::default();
    for (kind, count) in kinds {
        load.add(kind.quota_class(), u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(load)
}

/// Refuses if the agent's day has no room for one more task of this kind.
async fn ensure_room(tx: &mut Tx, agent: UserId, day: NaiveDate, kind: TaskKind) -> Result<()> {
    let settings = settings::plan(tx).await?;
    let (capacity, absent): (i64, bool) = tx
        .one(
            Sql::new(
                "SELECT capacity, EXISTS (SELECT 1 FROM agent_absences a
                                          WHERE a.user_id = u.id AND a.day = $2)
                 FROM users u WHERE u.id = $1",
            )
            .bind(agent)
            .bind(day),
        )
        .await?;
    if absent {
        return Err(Error::conflict("agent_absent", "The agent is not there on that day."));
    }
    let load = load(tx, agent, day).await?;
    let most = settings.quotas.per_agent_limit.min(u32::try_from(capacity).unwrap_or(0));
    let class = kind.quota_class();
    let quota_full = !settings.spill && load.of(class) >= settings.quotas.of(class);
    if load.total() >= most || quota_full {
        return Err(Error::conflict("agent_full", "The agent's day is full."));
    }
    Ok(())
}

/// Gives a waiting task to `agent`. The caller has checked who may.
pub async fn assign(
    tx: &mut Tx,
    clock: &Clock,
    by: &CurrentUser,
    task: &TaskRow,
    agent: UserId,
    reason: Option<&str>,
) -> Result<Task> {
    if task.assigned_to == Some(agent) {
        return get(tx, task.id).await;
    }
    if task.status != TaskStatus::Pending {
        return Err(Error::conflict("task_not_open", "Only a waiting task can be moved."));
    }
    let now = clock.now();
    // Planning and moving work count the same queues, one after the other.
    generate::lock(tx, now).await?;
    let day = task.task_date.max(clock.today());
    ensure_room(tx, agent, day, task.kind).await?;
    tx.execute(
        Sql::new("UPDATE crm_call_tasks SET assigned_to = $1, updated_at = $2 WHERE id = $3")
            .bind(agent)
            .bind(now)
            .bind(task.id),
    )
    .await?;
    audit::record(
        tx,
        now,
        Some(by.id),
        "task.assigned",
        "task",
        Some(task.id.0),
        Some(json!({"agentId": task.assigned_to})),
        Some(json!({"agentId": agent, "reason": reason})),
    )
    .await?;
    if let Some(before) = task.assigned_to {
        emit_queue_changed(tx, now, before, task.task_date, "task_moved");
    }
    emit_queue_changed(tx, now, agent, task.task_date, "task_moved");
    let row = find(tx, task.id).await?;
    let moved = super::tasks(tx, row.into_iter().collect()).await?.pop();
    let moved = moved.ok_or_else(super::not_found)?;
    emit_updated(tx, now, &moved, Some(&json!({"code": "moved"})));
    Ok(moved)
}
