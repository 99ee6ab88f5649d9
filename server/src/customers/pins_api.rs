//! `cdm/customers/{id}/segment` and `…/pins/{field}`: what the rules say of a customer, what people
//! say against them, and how it came to be (SPEC §2.5).

use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::pins::{self, By, Change, MOST_DAYS, Pin, PinField, Pinned};
use super::store::{by_rules, ensure_visible, lock, refresh_by};
use super::{PurchaseStage, Temperature, ValueStage};
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, Anyone, CurrentUser, Leads};
use crate::db::{CustomerId, Tx};
use crate::error::{Error, Result};
use crate::http::{Json, Path};
use crate::orders::check_text;

/// Changes shown.
const CHANGES: i64 = 50;

/// What makes a customer's segment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SegmentView {
    /// The purchase stage by the rules.
    purchase_stage: PurchaseStage,
    /// The value stage by the rules.
    value_stage: ValueStage,
    /// The warmth by the rules.
    temperature: Temperature,
    /// What people say instead, until when and why.
    pins: Vec<Pin>,
    /// Changes by rule and person, the newest first, at most fifty.
    history: Vec<Change>,
}

/// What to pin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinEntry {
    /// One of the field's values.
    value: String,
    /// Why, 1 to 500 characters.
    reason: String,
    /// The last company day on which it holds: from today, at most a year ahead.
    until: NaiveDate,
}

async fn view(tx: &mut Tx, id: CustomerId, today: NaiveDate) -> Result<Json<SegmentView>> {
    let rules = by_rules(tx, id, today).await?;
    Ok(Json(SegmentView {
        purchase_stage: rules.purchase_stage,
        value_stage: rules.value_stage,
        temperature: rules.temperature,
        pins: pins::shown(tx, id, today).await?,
        history: pins::history(tx, id, CHANGES).await?,
    }))
}

/// A customer's segment: the rules, the pins, the history.
#[utoipa::path(get, path = "/api/cdm/customers/{id}/segment", tag = "customers", operation_id = "customer_segment", params(("id" = CustomerId, Path)), responses((status = 200, body = SegmentView)))]
pub async fn get(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
) -> Result<Json<SegmentView>> {
    let today = state.clock.today();
    let mut tx = state.db.read().await?;
    ensure_visible(&mut tx, user.scope(), today, id).await?;
    view(&mut tx, id, today).await
}

/// Holds the customer, who must be visible; the pin there is.
async fn held(
    tx: &mut Tx,
    user: &CurrentUser,
    today: NaiveDate,
    id: CustomerId,
    field: PinField,
) -> Result<Option<Pin>> {
    ensure_visible(tx, user.scope(), today, id).await?;
    lock(tx, &[id]).await?;
    Ok(pins::shown(tx, id, today).await?.into_iter().find(|pin| pin.field == field))
}

/// Pin a stage or the warmth of a customer until a day.
#[utoipa::path(put, path = "/api/cdm/customers/{id}/pins/{field}", tag = "customers", operation_id = "pin_segment", params(("id" = CustomerId, Path), ("field" = PinField, Path)), request_body = PinEntry, responses((status = 200, body = SegmentView)))]
pub async fn pin(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path((id, field)): Path<(CustomerId, PinField)>,
    Json(entry): Json<PinEntry>,
) -> Result<Json<SegmentView>> {
    let (now, today) = (state.clock.now(), state.clock.today());
    if !Pinned::default().pin(field, &entry.value, entry.until) {
        let allowed = format!("One of {}.", field.values().join(", "));
        return Err(Error::invalid("unknown_value", "value", allowed));
    }
    let reason = entry.reason.trim();
    check_text("reason", reason, 1, 500)?;
    if entry.until < today || entry.until > today + Days::new(MOST_DAYS) {
        let allowed = format!("A day from today until {MOST_DAYS} days ahead.");
        return Err(Error::invalid("out_of_range", "until", allowed));
    }
    let pin = Pin {
        field,
        value: entry.value,
        reason: reason.to_owned(),
        until: entry.until,
        pinned_by: user.id,
        pinned_at: now,
    };
    let mut tx = state.db.begin().await?;
    let before = held(&mut tx, &user, today, id, field).await?;
    pins::keep(&mut tx, id, &pin).await?;
    let by = By { user: user.id, reason: Some(reason) };
    refresh_by(&mut tx, &[id], today, Some(by)).await?;
    let (was, is) = (audit::state(&before), audit::state(&pin));
    let (action, what) = ("customer.pinned", "customer");
    audit::record(&mut tx, now, Some(user.id), action, what, Some(id.0), was, is).await?;
    let view = view(&mut tx, id, today).await?;
    state.commit(tx).await?;
    Ok(view)
}

/// Take a pin off: the rules hold again.
#[utoipa::path(delete, path = "/api/cdm/customers/{id}/pins/{field}", tag = "customers", operation_id = "unpin_segment", params(("id" = CustomerId, Path), ("field" = PinField, Path)), responses((status = 200, body = SegmentView)))]
pub async fn take_off(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path((id, field)): Path<(CustomerId, PinField)>,
) -> Result<Json<SegmentView>> {
    let (now, today) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    let before = held(&mut tx, &user, today, id, field).await?;
    let Some(before) = before else {
        return Err(Error::not_found("pin_not_found", "Nothing is pinned there."));
    };
    pins::take_off(&mut tx, id, field).await?;
    refresh_by(&mut tx, &[id], today, Some(By { user: user.id, reason: None })).await?;
    let was = audit::state(&before);
    let (action, what) = ("customer.unpinned", "customer");
    audit::record(&mut tx, now, Some(user.id), action, what, Some(id.0), was, None).await?;
    let view = view(&mut tx, id, today).await?;
    state.commit(tx).await?;
    Ok(view)
}
