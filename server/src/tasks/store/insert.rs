//! The row of a task that people, calls and promises ask for; [`super::place`] decides whether there
//! is one already.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::emit_queue_changed;
use super::row::{find, tasks};
use crate::customers::{LifecycleStage, PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Sql, TaskId, Tx, UserId};
use crate::scripts::{ScriptKey, Situation, choose};
use crate::tasks::points::Point;
use crate::tasks::{TaskKind, TaskOrigin, TeamCode, team_of};

/// Code of the reason that the customer called.
pub(super) const INBOUND: &str = "inbound_call";

/// A task that a person or a call asks for.
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
    /// Anything but the plan.
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

impl NewTask {
    /// The strongest reason.
    pub(super) fn priority(&self) -> i64 {
        let urgent = self.points.first().is_some_and(|main| main.kind.rank() < 2);
        if urgent || self.due_at.is_some() { 1 } else { 2 }
    }
}

/// What a task needs to know of the customer.
#[derive(sqlx::FromRow)]
struct About {
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    lifecycle_stage: LifecycleStage,
    temperature: Temperature,
}

/// The script of the kind. Customers who called are spoken to as suits their stage: nothing was
/// promised to them.
fn script(new: &NewTask, about: Option<&About>) -> ScriptKey {
    if new.points.first().is_none_or(|main| main.reason.code != INBOUND) {
        return ScriptKey::of_kind(new.kind.as_str());
    }
    about.map_or(ScriptKey::NewCustomer, |customer| {
        choose(&Situation {
            kind: TaskKind::OfferFollowup.as_str(),
            purchase_stage: customer.purchase_stage.as_str(),
            value_stage: customer.value_stage.as_str(),
            lifecycle_stage: customer.lifecycle_stage.as_str(),
            level: None,
        })
    })
}

/// Inserts the task and notifies its agent; `None` if the database holds a row against it: the
/// customer's open task of that day, or what its parent made before.
pub(super) async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    new: &NewTask,
) -> Result<Option<TaskId>, DbError> {
    let Some(main) = new.points.first() else {
        return Ok(None);
    };
    let about: Option<About> = match new.customer {
        Some(id) => {
            let sql = Sql::new(
                "SELECT purchase_stage, value_stage, lifecycle_stage, temperature
                 FROM customers WHERE id = $1",
            );
            tx.optional(sql.bind(id)).await?
        }
        None => None,
    };
    let team = about.as_ref().map_or(TeamCode::A, |c| team_of(c.purchase_stage, c.value_stage));
    let script = script(new, about.as_ref());
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
            .bind(new.priority())
            .bind(about.as_ref().map_or(Temperature::Warm, |c| c.temperature))
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
