//! Who may see and work on which task (SPEC §0).

use chrono::NaiveDate;

use super::row::{TaskRow, not_found, rows, select};
use crate::auth::Scope;
use crate::db::{DbError, Sql, TaskId, Tx, UserId};
use crate::error::{Error, Result};

/// Limits a statement begun with [`select`]: an agent sees own tasks, a team leader those of own
/// agents, of customers in own coverage, and those of no agent and no customer.
fn scope(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::All => {}
        Scope::Agent(agent) => {
            sql.push(" AND t.assigned_to = ").push_bind(agent);
        }
        Scope::Lead(lead) => {
            sql.push(" AND (u.team_leader_id = ").push_bind(lead);
            sql.push(" OR c.assigned_supervisor_id = ").push_bind(lead);
            sql.push(" OR c.assigned_to IN (SELECT id FROM users WHERE team_leader_id = ");
            sql.push_bind(lead);
            sql.push(") OR (t.assigned_to IS NULL AND t.customer_id IS NULL))");
        }
    }
}

/// The task, if the person may see it; otherwise 404.
pub async fn visible(tx: &mut Tx, who: Scope, id: TaskId) -> Result<TaskRow> {
    let mut sql = select("t.id = $1").bind(id);
    scope(&mut sql, who);
    rows(tx, sql).await?.pop().ok_or_else(not_found)
}

/// Like [`visible`], and nobody else changes the task before this transaction ends.
pub async fn locked(tx: &mut Tx, who: Scope, id: TaskId) -> Result<TaskRow> {
    // An update that changes nothing takes the row's lock on both databases.
    tx.execute(Sql::new("UPDATE crm_call_tasks SET id = id WHERE id = $1").bind(id)).await?;
    visible(tx, who, id).await
}

/// The agent whose queue `who` asks for: own, or one of those they lead.
pub async fn agent_in_scope(tx: &mut Tx, who: Scope, agent: UserId) -> Result<()> {
    let mut sql =
        Sql::new("SELECT id FROM users WHERE id = $1 AND role = 'agent' AND active").bind(agent);
    match who {
        Scope::All => {}
        Scope::Agent(own) => {
            sql.push(" AND id = ").push_bind(own);
        }
        Scope::Lead(lead) => {
            sql.push(" AND team_leader_id = ").push_bind(lead);
        }
    }
    let found: Option<UserId> = tx.optional_scalar(sql).await?;
    found.map(|_| ()).ok_or_else(|| {
        Error::not_found("agent_not_found", "There is no such agent, or not among yours.")
    })
}

/// An agent's tasks of a day; with `carried`, also the unfinished ones of earlier days.
pub async fn queue(
    tx: &mut Tx,
    agent: UserId,
    day: NaiveDate,
    carried: bool,
) -> Result<Vec<TaskRow>, DbError> {
    let of_day = select("t.assigned_to = $1 AND t.task_date = $2").bind(agent).bind(day);
    let mut found = rows(tx, of_day).await?;
    if carried {
        let earlier = select(
            "t.assigned_to = $1 AND t.task_date < $2 AND t.status IN ('pending', 'in_progress')",
        );
        found.extend(rows(tx, earlier.bind(agent).bind(day)).await?);
    }
    Ok(found)
}

/// An agent's promises: everything with an hour that is not done, by hour; but for other tries of
/// planned calls, which would bury them.
pub async fn promises(tx: &mut Tx, agent: UserId) -> Result<Vec<TaskRow>, DbError> {
    let sql = select(
        "t.assigned_to = $1 AND t.status IN ('pending', 'in_progress') AND t.due_at IS NOT NULL
         AND t.origin <> 'retry'
         ORDER BY t.due_at, t.id",
    );
    rows(tx, sql.bind(agent)).await
}
