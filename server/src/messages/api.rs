//! `crm/messages`: what the plan asks to be written, and handing it over.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Channel;
use super::store::{self, Message};
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, Leads, Managers};
use crate::error::Result;
use crate::http::{Json, Query, parse_day};

/// A day's messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Messages {
    /// The company day.
    date: NaiveDate,
    /// As many as were asked for, the most valuable customers of each plan first.
    items: Vec<Message>,
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// Company day, `YYYY-MM-DD`; default today.
    date: Option<String>,
}

/// The messages a day's plans ask for.
#[utoipa::path(get, path = "/api/crm/messages", tag = "team", operation_id = "list_messages", params(DayQuery), responses((status = 200, body = Messages)))]
pub async fn list(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(query): Query<DayQuery>,
) -> Result<Json<Messages>> {
    let today = state.clock.today();
    let date = query.date.as_deref().map_or(Ok(today), |text| parse_day("date", text))?;
    let mut tx = state.db.read().await?;
    Ok(Json(Messages { date, items: store::list(&mut tx, user.scope(), today, date).await? }))
}

/// What to hand over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Which channel's messages.
    channel: Channel,
}

/// Hand today's waiting messages of a channel over to be sent: they count as contact from now on.
/// Whoever has ordered, may not be contacted or took the consent back meanwhile gets none.
#[utoipa::path(post, path = "/api/crm/messages/hand-over", tag = "team", operation_id = "hand_over_messages", request_body = HandOver, responses((status = 200, body = Messages)))]
pub async fn hand_over(
    State(state): State<AppState>,
    user: Allow<Managers>,
    Json(body): Json<HandOver>,
) -> Result<Json<Messages>> {
    let (now, date) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    let items = store::hand_over(&mut tx, now, date, body.channel).await?;
    let what = Some(json!({"day": date, "channel": body.channel, "messages": items.len()}));
    let (action, entity) = ("messages.handed_over", "messages");
    audit::record(&mut tx, now, Some(user.id), action, entity, None, None, what).await?;
    state.commit(tx).await?;
    Ok(Json(Messages { date, items }))
}
