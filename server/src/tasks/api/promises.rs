//! `GET crm/team/promises`.

use super::DaysQuery;
use crate::app::AppState;
use crate::auth::{Allow, Leads};
use crate::error::Result;
use crate::http::{Json, Query};
use crate::tasks::promises::{self, PromiseReport};
use axum::extract::State;

/// How promised calls of some days (default 7) up to today were kept, and which are overdue.
#[utoipa::path(get, path = "/api/crm/team/promises", tag = "team", params(DaysQuery), responses((status = 200, body = PromiseReport)))]
pub async fn promises(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(query): Query<DaysQuery>,
) -> Result<Json<PromiseReport>> {
    let days = query.or(7)?;
    let from = state.clock.today() - chrono::Days::new(days - 1);
    let mut tx = state.db.read().await?;
    Ok(Json(promises::report(&mut tx, &state.clock, user.scope(), from).await?))
}
