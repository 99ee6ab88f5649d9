//! `GET crm/desk`, `PUT crm/desk/wrap-ups/{taskId}`.

use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::store::{self, DayFigures, Draft, WrapUp};
use crate::app::AppState;
use crate::auth::{Allow, Sellers};
use crate::calls::agent_status::{self, AgentStatus};
use crate::calls::view::{self, Call};
use crate::db::TaskId;
use crate::error::{Error, Result};
use crate::http::{Json, Path};
use crate::tasks::change::{
    BasketLine, StatusChange, check_lines, check_notes, instant, outcome, read, sub_reason,
};
use crate::tasks::store::{Act, change, locked};
use crate::tasks::{Task, TaskStatus, WrapState};

/// What the agent is on.
#[derive(Serialize, ToSchema)]
pub struct Active {
    /// The task.
    task: Task,
    /// Its latest call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Call>,
}

/// All a desk needs to come back as it was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Desk {
    /// The agent's status.
    agent: AgentStatus,
    /// Everything begun and not finished.
    wrap_ups: Vec<WrapUp>,
    /// The call under way, else the wrap-up that waits longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<Active>,
    /// The call the agent talks in now, also one without a task: from a customer who rang, or passed on
    /// by a colleague.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Call>,
    /// Countdown to the next call in power-dial mode.
    power_dial_seconds: u32,
    /// How the day goes.
    today: DayFigures,
}

/// The desk as it stands.
#[utoipa::path(get, path = "/api/crm/desk", tag = "desk", responses((status = 200, body = Desk)))]
pub async fn desk(State(state): State<AppState>, user: Allow<Sellers>) -> Result<Json<Desk>> {
    let mut tx = state.db.read().await?;
    let wrap_ups = store::wrap_ups(&mut tx, user.id).await?;
    let active = wrap_ups
        .iter()
        .find(|wrap_up| wrap_up.state == WrapState::Calling)
        .or_else(|| wrap_ups.first());
    let active = match active {
        Some(wrap_up) => {
            let call = match wrap_up.call_id {
                Some(id) => view::one(&mut tx, id).await?,
                None => None,
            };
            Some(Active { task: wrap_up.task.clone(), call })
        }
        None => None,
    };
    Ok(Json(Desk {
        agent: agent_status::get(&mut tx, state.clock.now(), user.id).await?,
        active,
        call: view::current(&mut tx, user.id).await?,
        wrap_ups,
        power_dial_seconds: store::settings(&mut tx).await?.power_dial_seconds,
        today: store::figures(&mut tx, &state.clock, user.id, state.clock.today()).await?,
    }))
}

/// A field that was sent, possibly as null.
#[expect(clippy::option_option, reason = "absent and null differ: keep, clear")]
fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What has been typed; what is absent stays, null clears.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::option_option, reason = "absent and null differ: keep, clear")]
pub struct SaveWrapUp {
    /// Notes.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    notes: Option<Option<String>>,
    /// Outcome chosen so far.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    outcome: Option<Option<String>>,
    /// More exactly.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    sub_reason: Option<Option<String>>,
    /// Time to call again.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    follow_up_at: Option<Option<String>>,
    /// The basket.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Vec<BasketLine>>)]
    basket: Option<Option<Vec<BasketLine>>>,
    /// The version this is based on; with it, a change made elsewhere meanwhile is not overwritten.
    version: Option<i64>,
}

impl SaveWrapUp {
    fn draft(self) -> Result<Draft> {
        let notes = self.notes.map(Option::unwrap_or_default);
        check_notes(notes.as_deref())?;
        let basket = self.basket.map(Option::unwrap_or_default);
        check_lines(basket.as_deref().unwrap_or_default(), "basket")?;
        Ok(Draft {
            notes,
            outcome: self
                .outcome
                .map(|text| text.as_deref().map(outcome).transpose())
                .transpose()?,
            sub_reason: self
                .sub_reason
                .map(|text| text.as_deref().map(sub_reason).transpose())
                .transpose()?,
            follow_up_at: self
                .follow_up_at
                .map(|text| text.as_deref().map(|t| instant(t, "followUpAt")).transpose())
                .transpose()?,
            basket,
        })
    }
}

/// Save what has been typed so far.
#[utoipa::path(put, path = "/api/crm/desk/wrap-ups/{taskId}", tag = "desk", params(("taskId" = i64, Path)), request_body = SaveWrapUp, responses((status = 200, body = WrapUp)))]
pub async fn save_wrap_up(
    State(state): State<AppState>,
    user: Allow<Sellers>,
    Path(task): Path<TaskId>,
    Json(body): Json<SaveWrapUp>,
) -> Result<Json<WrapUp>> {
    let now = state.clock.now();
    let version = body.version;
    let draft = body.draft()?;
    let mut tx = state.db.begin().await?;
    let row = locked(&mut tx, user.scope(), task).await?;
    if !matches!(row.status, TaskStatus::Pending | TaskStatus::InProgress) {
        return Err(Error::conflict("task_closed", "The task is done; nothing more is saved."));
    }
    let missing = || Error::not_found("wrap_up_not_found", "This task waits for somebody else.");
    if store::wrap_up(&mut tx, user.id, task).await?.is_none() {
        if row.assigned_to != Some(user.id) {
            return Err(missing());
        }
        // Typed before the call: the agent is at work on it.
        let begin = StatusChange {
            status: Some(TaskStatus::InProgress.to_string()),
            ..StatusChange::default()
        };
        let act = Act { clock: &state.clock, by: user.id };
        change(&mut tx, &act, row, read(&begin, now)?, None).await?;
    }
    let before = store::wrap_up(&mut tx, user.id, task).await?.ok_or_else(missing)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(Error::conflict(
            "wrap_up_changed",
            "It was changed in another window meanwhile. Load it again.",
        ));
    }
    store::save(&mut tx, now, user.id, &before, draft).await?;
    let after = store::wrap_up(&mut tx, user.id, task).await?.ok_or_else(missing)?;
    state.commit(tx).await?;
    Ok(Json(after))
}
