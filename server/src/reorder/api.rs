//! How good the reminders are, learning now, and what is left at home.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::learn::{self, Quality};
use super::stock::{self, MOST_DAYS, Said};
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, Anyone, Leads, Managers};
use crate::customers::store::ensure_visible;
use crate::db::{CategoryId, CustomerId};
use crate::error::{Error, Result};
use crate::http::{Json, Path};

/// How good the reminders are.
#[derive(Serialize, ToSchema)]
pub struct QualityAnswer {
    /// The newest report; null before anything was learnt.
    quality: Option<Quality>,
}

/// How good the reminders would have been in the last weeks, by the learned model and by the table.
#[utoipa::path(get, path = "/api/cdm/reorder/quality", tag = "customers", responses((status = 200, body = QualityAnswer)))]
pub async fn quality(
    State(state): State<AppState>,
    _user: Allow<Leads>,
) -> Result<Json<QualityAnswer>> {
    Ok(Json(QualityAnswer { quality: learn::newest(&mut state.db.read().await?).await? }))
}

/// Learn from the history as it is now instead of waiting for the night.
#[utoipa::path(post, path = "/api/cdm/reorder/learn", tag = "customers", responses((status = 200, body = QualityAnswer)))]
pub async fn learn(
    State(state): State<AppState>,
    user: Allow<Managers>,
) -> Result<Json<QualityAnswer>> {
    // Whoever closes the page meanwhile does not leave half the dates behind.
    let learning = state.background.spawn(learn::nightly(state.for_background()));
    let report = learning.await.map_err(anyhow::Error::from)??;
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let (action, what) = ("reorder.learnt", "reorder_model");
    audit::record(&mut tx, now, Some(user.id), action, what, None, None, Some(report)).await?;
    let quality = learn::newest(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(QualityAnswer { quality }))
}

/// What the customer says is left.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StockLeft {
    /// Days it still lasts, 0 to 365.
    days_left: i64,
}

/// "Eight days of rice left": the reminder moves until the next purchase.
#[utoipa::path(post, path = "/api/cdm/customers/{id}/cycles/{category}/stock", tag = "customers", params(("id" = CustomerId, Path), ("category" = CategoryId, Path)), request_body = StockLeft, responses((status = 204)))]
pub async fn stock_left(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path((customer, category)): Path<(CustomerId, CategoryId)>,
    Json(body): Json<StockLeft>,
) -> Result<axum::http::StatusCode> {
    if !(0..=MOST_DAYS).contains(&body.days_left) {
        let allowed = format!("A whole number of days from 0 to {MOST_DAYS}.");
        return Err(Error::invalid("out_of_range", "daysLeft", allowed));
    }
    let (now, today) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    ensure_visible(&mut tx, user.scope(), today, customer).await?;
    let said = Said { customer, category, on: today, days_left: body.days_left, by: user.id };
    if !stock::say(&mut tx, now, &said).await? {
        let detail = "This customer has not bought anything of this category.";
        return Err(Error::not_found("cycle_not_found", detail));
    }
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
