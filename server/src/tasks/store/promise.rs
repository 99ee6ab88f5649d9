//! Tasks that people make: promises, retries and calls by hand.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::emit_queue_changed;
use super::row::{find, tasks};
use crate::customers::{PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Sql, TaskId, Tx, UserId};
use crate::scripts::ScriptKey;
use crate::tasks::points::Point;
use crate::tasks::{TaskKind, TaskOrigin, TeamCode, team_of};

/// A task a person asks for.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// Whom to call.
    pub customer: Option<CustomerId>,
    /// On which number.
    pub phone: String,
    /// Company day.
    pub day: NaiveDate,
    /// Kind of call.
    pub kind: TaskKind,
    /// Promise, retry or manual.
    pub origin: TaskOrigin,
    /// What to speak about, the main one first.
    pub points: Vec<Point>,
    /// Promised hour.
    pub due_at: Option<DateTime<Utc>>,
    /// For the agent.
    pub notes: Option<String>,
    /// Who calls.
    pub agent: Option<UserId>,
    /// Task whose call made it.
    pub parent: Option<TaskId>,
    /// Calls begun for the same matter before.
    pub attempts: i64,
    /// Who asks.
    pub by: Option<UserId>,
}

/// Inserts the task and tells its agent; `None` if its parent made one before.
pub async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    new: &NewTask,
) -> Result<Option<TaskId>, DbError> {
    let Some(main) = new.points.first() else {
        return Ok(None);
    };
    let about: Option<(PurchaseStage, ValueStage, Temperature)> = match new.customer {
        Some(id) => {
            let sql = Sql::new(
                "SELECT purchase_stage, value_stage, temperature FROM customers WHERE id = $1",
            );
            tx.optional(sql.bind(id)).await?
        }
        None => None,
    };
    let team = about.map_or(TeamCode::A, |(purchase, value, _)| team_of(purchase, value));
    let script = ScriptKey::of_kind(new.kind.as_str());
    let made: Option<TaskId> = tx
        .optional_scalar(
            Sql::new(
                "INSERT INTO crm_call_tasks
                   (customer_id, phone, task_date, kind, reason, talking_points, origin, priority,
                    score, temperature, recommended_products, script_key, category_id, assigned_to,
                    team_code, status, attempts, due_at, notes, parent_task_id, created_by,
                    created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1.0, $9, $10, $11, $12, $13, $14,
                         'pending', $15, $16, $17, $18, $19, $20, $20)
                 ON CONFLICT DO NOTHING RETURNING id",
            )
            .bind(new.customer)
            .bind(&new.phone)
            .bind(new.day)
            .bind(new.kind)
            .bind(main.key())
            .bind(Arg::json(&new.points))
            .bind(new.origin)
            .bind(if new.due_at.is_some() { 1_i64 } else { 2 })
            .bind(about.map_or(Temperature::Warm, |(_, _, temperature)| temperature))
            .bind(json!([]))
            .bind(script.as_str())
            .bind(main.category())
            .bind(new.agent)
            .bind(team)
            .bind(new.attempts)
            .bind(new.due_at)
            .bind(new.notes.as_ref())
            .bind(new.parent)
            .bind(new.by)
            .bind(now),
        )
        .await?;
    let Some(id) = made else {
        return Ok(None);
    };
    let row = find(tx, id).await?;
    for task in tasks(tx, row.into_iter().collect()).await? {
        super::emit_updated(tx, now, &task, None);
    }
    if let Some(agent) = new.agent {
        emit_queue_changed(tx, now, agent, new.day, "task_added");
    }
    Ok(Some(id))
}
