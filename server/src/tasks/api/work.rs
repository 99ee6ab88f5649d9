//! `POST crm/automation/tasks`, `PUT tasks/{id}/status`, `PUT tasks/{id}/assign`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Allow, CurrentUser, Leads, Scope, Sellers};
use crate::customers::store::ensure_visible;
use crate::db::{CustomerId, Sql, TaskId, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, Path, parse_day};
use crate::tasks::change::{StatusChange, check_follow_up, check_notes, instant, read, word};
use crate::tasks::points::Point;
use crate::tasks::store::{self, Act, NewTask, Placed};
use crate::tasks::{Task, TaskKind, TaskOrigin, team_of};

/// A task by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManualTask {
    /// Whom to call.
    customer_id: CustomerId,
    /// Default `follow_up`.
    kind: Option<String>,
    /// Hour to call at.
    due_at: Option<String>,
    /// Company day; default: that of `dueAt`, else today.
    task_date: Option<String>,
    /// What it is about.
    notes: Option<String>,
    /// Who calls; default: oneself, for those who lead the customer's own agent.
    agent_id: Option<UserId>,
}

#[derive(sqlx::FromRow)]
struct Callee {
    phone: String,
    do_not_call: bool,
    assigned_to: Option<UserId>,
    purchase_stage: crate::customers::PurchaseStage,
    value_stage: crate::customers::ValueStage,
}

/// Who is to call: whoever was named, the agent who asks, the customer's own agent, or whoever of
/// the customer's team has least to do.
async fn caller(
    tx: &mut Tx,
    user: &CurrentUser,
    wanted: Option<UserId>,
    callee: &Callee,
    day: chrono::NaiveDate,
) -> Result<Option<UserId>> {
    if let Some(agent) = wanted {
        store::agent_in_scope(tx, user.scope(), agent).await?;
        return Ok(Some(agent));
    }
    let leader = match user.scope() {
        Scope::Agent(own) => return Ok(Some(own)),
        Scope::Lead(lead) => Some(lead),
        Scope::All => None,
    };
    if let Some(own) = callee.assigned_to
        && store::agent_in_scope(tx, user.scope(), own).await.is_ok()
    {
        return Ok(Some(own));
    }
    let team = team_of(callee.purchase_stage, callee.value_stage);
    Ok(store::least_loaded(tx, day, team, leader).await?)
}

/// The task that does what was asked.
#[derive(Serialize, ToSchema)]
pub struct PlacedTask {
    #[serde(flatten)]
    task: Task,
    /// The customer had an open task for that day: what was asked is one more reason of it.
    joined: bool,
}

/// Put a call on a queue by hand. A customer has one open task a day: with one there already, what is
/// asked joins it, and the answer is 200 with that task.
#[utoipa::path(
    post,
    path = "/api/crm/automation/tasks",
    tag = "tasks",
    request_body = ManualTask,
    responses((status = 200, body = PlacedTask), (status = 201, body = PlacedTask))
)]
pub async fn create(
    State(state): State<AppState>,
    user: Allow<Sellers>,
    Json(body): Json<ManualTask>,
) -> Result<(StatusCode, Json<PlacedTask>)> {
    let (now, today) = (state.clock.now(), state.clock.today());
    check_notes(body.notes.as_deref())?;
    let kind = match &body.kind {
        Some(text) => word(text, "kind", "unknown_kind", TaskKind::ALL.iter().copied())?,
        None => TaskKind::FollowUp,
    };
    let due_at = body.due_at.as_deref().map(|text| instant(text, "dueAt")).transpose()?;
    if let Some(at) = due_at {
        check_follow_up(at, now, "dueAt")?;
    }
    let due_day = due_at.map(|at| state.clock.day_of(at));
    let day = match &body.task_date {
        Some(text) => parse_day("taskDate", text)?,
        None => due_day.unwrap_or(today),
    };
    if day < today {
        return Err(Error::invalid("date_past", "taskDate", "That day is over."));
    }
    if due_day.is_some_and(|due| due != day) {
        return Err(Error::invalid("date_mismatch", "taskDate", "It is another day than `dueAt`."));
    }
    let mut tx = state.db.begin().await?;
    ensure_visible(&mut tx, user.scope(), today, body.customer_id).await?;
    let callee: Callee = tx
        .one(
            Sql::new(
                "SELECT phone, do_not_call, assigned_to, purchase_stage, value_stage
                 FROM customers WHERE id = $1",
            )
            .bind(body.customer_id),
        )
        .await?;
    if callee.do_not_call {
        return Err(Error::conflict("do_not_call", "The customer asked never to be called."));
    }
    let agent = caller(&mut tx, &user, body.agent_id, &callee, day).await?;
    let notes = body.notes.as_deref().map(str::trim).filter(|notes| !notes.is_empty());
    let point = if let Some(at) = due_at {
        Point { kind, ..store::follow_up_point(&state.clock, at, notes) }
    } else {
        let mut point = Point::bare(kind, "manual");
        if let Some(note) = notes {
            point.reason.params.insert("note".to_owned(), note.into());
        }
        point
    };
    let new = NewTask {
        customer: Some(body.customer_id),
        phone: callee.phone,
        day,
        kind,
        origin: TaskOrigin::Manual,
        points: vec![point],
        due_at,
        notes: notes.map(str::to_owned),
        agent,
        parent: None,
        attempts: 0,
        by: Some(user.id),
    };
    let placed = store::place(&mut tx, now, today, &new).await?;
    let placed = placed.ok_or_else(|| {
        Error::conflict("task_busy", "The customer's task changes right now. Try again.")
    })?;
    let (status, joined) = match placed {
        Placed::Made(_) => (StatusCode::CREATED, false),
        Placed::Joined(_) => (StatusCode::OK, true),
    };
    let task = store::get(&mut tx, placed.task()).await?;
    state.commit(tx).await?;
    Ok((status, Json(PlacedTask { task, joined })))
}

/// Begin, put back, complete or give up a task. Repeating the same change is harmless.
#[utoipa::path(put, path = "/api/crm/automation/tasks/{id}/status", tag = "tasks", params(("id" = i64, Path)), request_body = StatusChange, responses((status = 200, body = Task)))]
pub async fn status(
    State(state): State<AppState>,
    user: Allow<Sellers>,
    Path(id): Path<TaskId>,
    Json(body): Json<StatusChange>,
) -> Result<Json<Task>> {
    let mut tx = state.db.begin().await?;
    let row = store::locked(&mut tx, user.scope(), id).await?;
    let change = read(&body, state.clock.now())?;
    let act = Act { clock: &state.clock, by: user.id };
    let task = store::change(&mut tx, &act, row, change, body.notes.as_deref()).await?;
    state.commit(tx).await?;
    Ok(Json(task))
}

/// Who gets a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assign {
    /// The agent.
    agent_id: UserId,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Move a waiting task to another agent.
#[utoipa::path(put, path = "/api/crm/automation/tasks/{id}/assign", tag = "tasks", params(("id" = i64, Path)), request_body = Assign, responses((status = 200, body = Task)))]
pub async fn assign(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<TaskId>,
    Json(body): Json<Assign>,
) -> Result<Json<Task>> {
    check_notes(body.reason.as_deref())?;
    let mut tx = state.db.begin().await?;
    let row = store::locked(&mut tx, user.scope(), id).await?;
    store::agent_in_scope(&mut tx, user.scope(), body.agent_id).await?;
    let reason = body.reason.as_deref();
    let task = store::assign(&mut tx, &state.clock, &user, &row, body.agent_id, reason).await?;
    state.commit(tx).await?;
    Ok(Json(task))
}
