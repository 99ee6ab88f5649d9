//! Taking a plan back, as far as nobody has touched it (SPEC §4.7).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;
use sqlx::types::Json;

use super::result::{PlanResult, Undone};
use crate::app::AppState;
use crate::audit;
use crate::auth::{CurrentUser, Scope};
use crate::db::{Arg, PlanId, Sql, UserId};
use crate::error::{Error, Result};
use crate::live::{Audience, emit};
use crate::messages;
use crate::tasks::store;

#[derive(sqlx::FromRow)]
struct PlanRow {
    id: PlanId,
    result: Json<PlanResult>,
}

/// Takes the calls of a day's last plan off the queues, but for those that somebody has begun, moved
/// or changed; whoever was on it can be planned again. Points that joined other calls stay there.
/// A team leader takes back own plans. Undoing twice changes nothing.
pub async fn undo(state: &AppState, by: &CurrentUser, day: NaiveDate) -> Result<PlanResult> {
    if day < state.clock.today() {
        return Err(Error::invalid("date_past", "date", "A day that is over is not planned."));
    }
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    super::lock(&mut tx, now).await?;
    let mut sql = Sql::new("SELECT id, result FROM daily_plans WHERE plan_date = ");
    sql.push_bind(day);
    if let Scope::Lead(leader) | Scope::Agent(leader) = by.scope() {
        sql.push(" AND created_by = ").push_bind(leader);
    }
    sql.push(" ORDER BY id DESC LIMIT 1");
    let plan: Option<PlanRow> = tx.optional(sql).await?;
    let Some(PlanRow { id, result: Json(mut result) }) = plan else {
        return Err(Error::not_found("plan_not_found", "You made no plan for that day."));
    };
    if result.undone.is_some() {
        return Ok(result);
    }
    let taken: Vec<(Option<UserId>,)> = tx
        .all(
            Sql::new(
                "DELETE FROM crm_call_tasks
                 WHERE plan_id = $1 AND task_date = $2 AND origin = 'plan' AND status = 'pending'
                   AND updated_at = created_at
                   AND NOT EXISTS (SELECT 1 FROM wrap_ups w WHERE w.task_id = crm_call_tasks.id)
                   AND NOT EXISTS (SELECT 1 FROM telephony_calls k
                                   WHERE k.task_id = crm_call_tasks.id)
                 RETURNING assigned_to",
            )
            .bind(id)
            .bind(day),
        )
        .await?;
    let kept: i64 = tx
        .scalar(
            Sql::new(
                "SELECT COUNT(*) FROM crm_call_tasks
                 WHERE plan_id = $1 AND task_date = $2 AND origin = 'plan'",
            )
            .bind(id)
            .bind(day),
        )
        .await?;
    let messages = messages::store::take_back(&mut tx, id, day).await?;
    let (taken_back, kept) = (taken.len() as u64, kept as u64);
    result.undone = Some(Undone { at: now, taken_back, kept, messages });
    let sql = Sql::new("UPDATE daily_plans SET result = $1 WHERE id = $2");
    tx.execute(sql.bind(Arg::json(&result)).bind(id)).await?;
    let what = Some(json!({"date": day, "undone": result.undone}));
    audit::record(&mut tx, now, Some(by.id), "plan.undone", "plan", Some(id.0), None, what).await?;
    let agents: BTreeSet<UserId> = taken.into_iter().filter_map(|(agent,)| agent).collect();
    for agent in agents {
        store::emit_queue_changed(&mut tx, now, agent, day, "plan_undone");
    }
    emit(&mut tx, now, Audience::Everyone, "plan.undone", &json!({"date": day}));
    state.commit(tx).await?;
    Ok(result)
}
