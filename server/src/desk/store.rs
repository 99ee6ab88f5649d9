//! Wrap-ups and the figures of the day.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::pace::pace;
use crate::clock::Clock;
use crate::db::{Arg, CallId, DbError, Money, Sql, TaskId, Tx, UserId};
use crate::live::{Audience, emit};
use crate::tasks::change::BasketLine;
use crate::tasks::store as tasks;
use crate::tasks::{Outcome, SubReason, Task, TaskStatus, WrapState};

#[derive(Clone, Debug, sqlx::FromRow)]
struct WrapRow {
    task_id: TaskId,
    call_id: Option<CallId>,
    state: WrapState,
    since: DateTime<Utc>,
    notes: String,
    outcome: Option<Outcome>,
    sub_reason: Option<SubReason>,
    follow_up_at: Option<DateTime<Utc>>,
    basket: Json<Vec<BasketLine>>,
    updated_at: DateTime<Utc>,
}

/// A call that wants its outcome, with what has been typed so far.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrapUp {
    /// Its task.
    pub task_id: TaskId,
    /// The task's latest call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// Whether the call is under way or over.
    pub state: WrapState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Notes.
    pub notes: String,
    /// Outcome chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// More exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_reason: Option<SubReason>,
    /// Time to call again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_at: Option<DateTime<Utc>>,
    /// The basket.
    pub basket: Vec<BasketLine>,
    /// Goes up with every change; pass it to have a change of another tab refused.
    pub version: i64,
    /// The task itself.
    pub task: Task,
}

const SELECT: &str = "SELECT task_id, call_id, state, since, notes, outcome, sub_reason,
       follow_up_at, basket, updated_at FROM wrap_ups WHERE user_id = $1";

async fn shown(tx: &mut Tx, rows: Vec<WrapRow>) -> Result<Vec<WrapUp>, DbError> {
    let mut sql = tasks::select("t.id IN ");
    sql.push_list(rows.iter().map(|row| row.task_id));
    let found = tasks::rows(tx, sql).await?;
    let mut by_id: HashMap<TaskId, Task> =
        tasks::tasks(tx, found).await?.into_iter().map(|task| (task.id, task)).collect();
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(WrapUp {
                task: by_id.remove(&row.task_id)?,
                task_id: row.task_id,
                call_id: row.call_id,
                state: row.state,
                since: row.since,
                notes: row.notes,
                outcome: row.outcome,
                sub_reason: row.sub_reason,
                follow_up_at: row.follow_up_at,
                basket: row.basket.0,
                version: row.updated_at.timestamp_micros(),
            })
        })
        .collect())
}

/// Everything the agent has not finished: calls under way first, then the longest waiting.
pub async fn wrap_ups(tx: &mut Tx, agent: UserId) -> Result<Vec<WrapUp>, DbError> {
    let sql = Sql::new(format!("{SELECT} ORDER BY state, since, task_id")).bind(agent);
    let rows = tx.all(sql).await?;
    shown(tx, rows).await
}

/// One of the agent's wrap-ups.
pub async fn wrap_up(tx: &mut Tx, agent: UserId, task: TaskId) -> Result<Option<WrapUp>, DbError> {
    let sql = Sql::new(format!("{SELECT} AND task_id = $2")).bind(agent).bind(task);
    let rows = tx.all(sql).await?;
    Ok(shown(tx, rows).await?.pop())
}

/// What is saved of a wrap-up; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Notes.
    pub notes: Option<String>,
    /// Outcome, or none.
    pub outcome: Option<Option<Outcome>>,
    /// More exactly, or not.
    pub sub_reason: Option<Option<SubReason>>,
    /// Time to call again, or none.
    pub follow_up_at: Option<Option<DateTime<Utc>>>,
    /// The basket.
    pub basket: Option<Vec<BasketLine>>,
}

/// Saves what has been typed. The row must exist; the caller holds it.
pub async fn save(
    tx: &mut Tx,
    now: DateTime<Utc>,
    agent: UserId,
    before: &WrapUp,
    draft: Draft,
) -> Result<(), DbError> {
    // Two saves in the same microsecond still differ in version.
    let version = DateTime::from_timestamp_micros(before.version + 1).unwrap_or(now).max(now);
    tx.execute(
        Sql::new(
            "UPDATE wrap_ups SET notes = $1, outcome = $2, sub_reason = $3, follow_up_at = $4,
               basket = $5, updated_at = $6
             WHERE task_id = $7 AND user_id = $8",
        )
        .bind(draft.notes.unwrap_or_else(|| before.notes.clone()))
        .bind(draft.outcome.unwrap_or(before.outcome))
        .bind(draft.sub_reason.unwrap_or(before.sub_reason))
        .bind(draft.follow_up_at.unwrap_or(before.follow_up_at))
        .bind(Arg::json(&draft.basket.unwrap_or_else(|| before.basket.clone())))
        .bind(version)
        .bind(before.task_id)
        .bind(agent),
    )
    .await?;
    let audience = Audience::Agent(agent);
    let data = json!({"taskId": before.task_id, "userId": agent});
    emit(tx, now, audience, "wrapup.updated", &data);
    Ok(())
}

/// Settings of the desk (`settings` row `desk`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeskSettings {
    /// Countdown to the next call in power-dial mode, seconds.
    pub power_dial_seconds: u32,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self { power_dial_seconds: 5 }
    }
}

/// The settings in force.
pub async fn settings(tx: &mut Tx) -> Result<DeskSettings, DbError> {
    let stored: Option<Json<DeskSettings>> =
        tx.optional_scalar("SELECT value FROM settings WHERE key = 'desk'").await?;
    Ok(stored.map(|json| json.0).unwrap_or_default())
}

/// How the agent's day goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayFigures {
    /// Tasks of the day and carried over, without cancelled ones.
    pub total: u32,
    /// Completed or failed today.
    pub done: u32,
    /// Of those done: the customer was spoken to.
    pub reached: u32,
    /// Of those done: nobody answered, or the call could not be made.
    pub not_reached: u32,
    /// Orders taken by the agent today, without cancelled and returned ones.
    pub ordered: u32,
    /// Calls promised.
    pub follow_ups: u32,
    /// Poisha of the orders taken.
    pub revenue: Money,
    /// Tasks done an hour.
    pub pace_per_hour: f64,
    /// When the list will be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_finish: Option<DateTime<Utc>>,
    /// Time spent talking.
    pub talk_seconds: i64,
}

#[derive(sqlx::FromRow)]
struct Group {
    status: TaskStatus,
    outcome: Option<Outcome>,
    tasks: i64,
    begun: Option<DateTime<Utc>>,
}

/// Carried-over work is looked for this far back.
const CARRIED_DAYS: u64 = 14;

/// The figures of an agent's day.
pub async fn figures(
    tx: &mut Tx,
    clock: &Clock,
    agent: UserId,
    day: NaiveDate,
) -> Result<DayFigures, DbError> {
    let midnight = clock.start_of(day);
    let groups: Vec<Group> = tx
        .all(
            Sql::new(
                "SELECT t.status, t.outcome, CAST(count(*) AS BIGINT) AS tasks,
                        MIN(t.started_at) AS begun
                 FROM crm_call_tasks t
                 WHERE t.assigned_to = $1 AND t.task_date >= $2 AND t.task_date <= $3
                   AND t.status NOT IN ('cancelled', 'expired')
                   AND (t.task_date = $3 OR t.status IN ('pending', 'in_progress')
                        OR t.completed_at >= $4)
                 GROUP BY t.status, t.outcome",
            )
            .bind(agent)
            .bind(day.checked_sub_days(Days::new(CARRIED_DAYS)).unwrap_or(day))
            .bind(day)
            .bind(midnight),
        )
        .await?;
    let mut figures = DayFigures::default();
    let mut begun: Option<DateTime<Utc>> = None;
    for group in groups {
        let tasks = u32::try_from(group.tasks).unwrap_or(u32::MAX);
        figures.total += tasks;
        if !matches!(group.status, TaskStatus::Completed | TaskStatus::Failed) {
            continue;
        }
        figures.done += tasks;
        begun = begun.into_iter().chain(group.begun).min();
        if group.outcome.is_some_and(Outcome::is_reached) {
            figures.reached += tasks;
        } else {
            figures.not_reached += tasks;
        }
        if group.outcome == Some(Outcome::FollowUp) {
            figures.follow_ups += tasks;
        }
    }
    let (ordered, revenue): (i64, Option<Money>) = tx
        .one(
            Sql::new(
                "SELECT count(*), CAST(SUM(total - refunded) AS BIGINT) FROM orders
                 WHERE order_date = $1 AND created_by = $2 AND counted",
            )
            .bind(day)
            .bind(agent),
        )
        .await?;
    figures.ordered = u32::try_from(ordered).unwrap_or(u32::MAX);
    figures.revenue = revenue.unwrap_or_default();
    let begun = begun.map(|begun| begun.max(midnight));
    let pace = pace(figures.done, figures.total - figures.done, begun, clock.now());
    figures.pace_per_hour = pace.per_hour;
    figures.projected_finish = pace.finish;
    let talked: Option<i64> = tx
        .scalar(
            Sql::new(
                "SELECT CAST(SUM(duration_seconds) AS BIGINT) FROM telephony_calls
                 WHERE agent_user_id = $1 AND started_at >= $2",
            )
            .bind(agent)
            .bind(midnight),
        )
        .await?;
    figures.talk_seconds = talked.unwrap_or(0);
    Ok(figures)
}
