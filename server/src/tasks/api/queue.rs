//! `GET crm/automation/tasks/today`, `tasks/my-followups`, `tasks/{id}`.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{Allow, Callers, Sellers};
use crate::db::{TaskId, UserId};
use crate::error::Result;
use crate::http::rendered::{Coding, Rendered};
use crate::http::{Json, Path, Query, parse_day};
use crate::tasks::cache::{self, Kept};
use crate::tasks::queue::{QueueCounts, counts, order};
use crate::tasks::{Task, TaskStatus, store};

/// Whose queue, and of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// An agent; default: oneself. Others only for those who lead them.
    agent_id: Option<UserId>,
    /// Company day, `YYYY-MM-DD`; default today.
    date: Option<String>,
}

/// An agent's queue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// The company day.
    date: NaiveDate,
    /// The tasks in the order they are to be worked; finished ones last.
    items: Vec<Task>,
    /// The day's tasks, counted.
    counts: QueueCounts,
    /// Unfinished tasks of earlier days (among the items, if the day is today).
    backlog: u32,
}

/// An agent's queue of a day.
#[utoipa::path(get, path = "/api/crm/automation/tasks/today", tag = "tasks", params(QueueQuery), responses((status = 200, body = Queue)))]
pub async fn today(
    State(state): State<AppState>,
    user: Allow<Sellers>,
    coding: Coding,
    Query(query): Query<QueueQuery>,
) -> Result<Rendered> {
    let (now, today) = (state.clock.now(), state.clock.today());
    let date = match &query.date {
        Some(text) => parse_day("date", text)?,
        None => today,
    };
    let mut tx = state.db.read_by_key().await?;
    let agent = query.agent_id.unwrap_or(user.id);
    if agent != user.id {
        store::agent_in_scope(&mut tx, user.scope(), agent).await?;
    }
    let key = (agent, date, coding);
    let mut version = cache::version(&mut tx, agent, date).await?;
    let mut _turn = None;
    match state.queues.get(key, &version, now) {
        Kept::Fresh(body) => return Ok(body),
        Kept::Old => {}
        Kept::Nothing => {
            // Nobody waits with a connection in hand.
            drop(tx);
            _turn = Some(state.queues.turn(key).await);
            tx = state.db.read_by_key().await?;
            version = cache::version(&mut tx, agent, date).await?;
            if let Kept::Fresh(body) = state.queues.get(key, &version, now) {
                return Ok(body);
            }
        }
    }
    let mut rows = store::queue(&mut tx, agent, date, date == today).await?;
    order(&mut rows, date, now, state.clock.zone());
    let counts = counts(&rows, date);
    let backlog = rows
        .iter()
        .filter(|row| row.task_date < date)
        .filter(|row| matches!(row.status, TaskStatus::Pending | TaskStatus::InProgress))
        .count();
    let catalogue = state.catalogue.get(&mut tx).await?;
    let items = store::named(&mut tx, rows, &catalogue.names).await?;
    // Compressing takes long enough for others to read meanwhile.
    drop(tx);
    let queue = Queue { date, items, counts, backlog: u32::try_from(backlog).unwrap_or(u32::MAX) };
    let body = Rendered::of(queue, coding).await?;
    state.queues.put(key, version, now, body.clone());
    Ok(body)
}

/// A list of tasks.
#[derive(Serialize, ToSchema)]
pub struct Tasks {
    /// The tasks.
    items: Vec<Task>,
}

/// One's own promises, by hour.
#[utoipa::path(get, path = "/api/crm/automation/tasks/my-followups", tag = "tasks", responses((status = 200, body = Tasks)))]
pub async fn my_followups(
    State(state): State<AppState>,
    user: Allow<Sellers>,
) -> Result<Json<Tasks>> {
    let mut tx = state.db.read().await?;
    let rows = store::promises(&mut tx, user.id).await?;
    Ok(Json(Tasks { items: store::tasks(&mut tx, rows).await? }))
}

/// One task.
#[utoipa::path(get, path = "/api/crm/automation/tasks/{id}", tag = "tasks", params(("id" = i64, Path)), responses((status = 200, body = Task)))]
pub async fn get(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<TaskId>,
) -> Result<Json<Task>> {
    let mut tx = state.db.read().await?;
    store::visible(&mut tx, user.scope(), id).await?;
    store::get(&mut tx, id).await.map(Json)
}
