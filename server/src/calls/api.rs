//! `telephony/calls…` and `telephony/agents/me/status`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::agent_status::{self, AgentStatus, Presence};
use super::colleagues::{self, Colleague};
use super::start::{self, Request, call_not_found};
use super::view::{self, Call, Filter};
use super::{CallStatus, by_hand, control, deliveries, phones, recording};
use crate::app::AppState;
use crate::auth::{AdminOnly, Allow, Callers, Leads};
use crate::db::{CallId, Cursor, CustomerId, Page, PageQuery, Sort, TaskId, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, OptionalJson, Path, Query, idempotency};
use crate::telephony::{Action, Control, Mode, Monitoring, ProviderKind, SipLogin};

/// Whom to ring.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiate {
    /// The task it is for.
    task_id: Option<TaskId>,
    /// The agent who speaks; oneself by default.
    agent_user_id: Option<UserId>,
    /// The number to dial instead of the task's.
    customer_phone: Option<String>,
    /// Ring although it is not the hour for it (`outside_calling_hours`): the customer wants it. This is
    /// put on record.
    #[serde(default)]
    #[schema(default = false)]
    outside_hours: bool,
    /// Call again before the outcome of the task's last call is recorded (`wrap_up_open`).
    #[serde(default)]
    #[schema(default = false)]
    call_again: bool,
}

/// A call was started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiated {
    /// Its id here.
    telephony_call_id: CallId,
    /// The telephone system.
    provider: ProviderKind,
    /// Its id there.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_call_id: Option<String>,
    /// Whether a telephone really rings.
    mode: Mode,
    /// For the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Ring a customer. The same `Idempotency-Key` again answers with the same call.
#[utoipa::path(post, path = "/api/telephony/calls/initiate", tag = "telephony", request_body = Initiate,
    responses((status = 200, body = Initiated)))]
pub async fn initiate(
    State(state): State<AppState>,
    user: Allow<Callers>,
    headers: HeaderMap,
    Json(body): Json<Initiate>,
) -> Result<Json<Initiated>> {
    let request = Request {
        by: *user,
        agent: body.agent_user_id.unwrap_or(user.id),
        task: body.task_id,
        phone: body.customer_phone,
        phone_field: "customerPhone",
        caller_id: None,
        outside_hours: body.outside_hours,
        again: body.call_again,
        key: idempotency::key(&headers)?,
    };
    let call = start::start(&state, &request).await?;
    Ok(Json(Initiated {
        telephony_call_id: call.id,
        provider: call.provider,
        external_call_id: call.external_call_id,
        mode: call.mode,
        message: (call.mode == Mode::Mock)
            .then_some("Simulated call: no telephone rings, the far end is played."),
    }))
}

/// A call made on another telephone.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ByHand {
    /// The task it is for.
    task_id: Option<TaskId>,
    /// The number that was dialled instead of the task's.
    customer_phone: Option<String>,
    /// When it was dialled, at most a day ago; without it, so long before now as was talked.
    started_at: Option<DateTime<Utc>>,
    /// How long was talked, seconds, at most four hours; without it nobody answered.
    #[schema(minimum = 0, maximum = 14400)]
    talk_seconds: Option<i64>,
}

/// Write down a call made on another telephone, while the telephone system is down. Its task then
/// waits for an outcome. The same `Idempotency-Key` again answers with the same call.
#[utoipa::path(post, path = "/api/telephony/calls/by-hand", tag = "telephony", request_body = ByHand,
    responses((status = 200, body = Call)))]
pub async fn by_hand(
    State(state): State<AppState>,
    user: Allow<Callers>,
    headers: HeaderMap,
    Json(body): Json<ByHand>,
) -> Result<Json<Call>> {
    let request = Request {
        by: *user,
        agent: user.id,
        task: body.task_id,
        phone: body.customer_phone,
        phone_field: "customerPhone",
        caller_id: None,
        // It was made already.
        outside_hours: true,
        again: true,
        key: idempotency::key(&headers)?,
    };
    let call = by_hand::Remembered { started_at: body.started_at, talked: body.talk_seconds };
    by_hand::write(&state, &request, call).await.map(Json)
}

/// What a list of calls is narrowed to.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct ListQuery {
    /// Of this customer.
    customer_id: Option<i64>,
    /// Of this agent.
    agent_id: Option<i64>,
    /// In this status.
    status: Option<CallStatus>,
    /// `true`: only calls whose end nobody told us; they were closed by comparing with the provider.
    #[serde(default)]
    gaps: bool,
    /// Begun on this company day or later.
    from: Option<NaiveDate>,
    /// Begun on this company day or earlier.
    to: Option<NaiveDate>,
    /// By start, default `newest`.
    #[param(inline)]
    sort: Option<Sort>,
    /// Rows a page, 1-200, default 50.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

fn invalid_cursor() -> Error {
    Error::invalid("invalid_cursor", "cursor", "Pass the nextCursor of the page before, unchanged.")
}

/// Calls, newest first unless `sort` says otherwise: agents their own, team leaders their agents'.
#[utoipa::path(get, path = "/api/telephony/calls", tag = "telephony", params(ListQuery), responses((status = 200, body = Page<Call>)))]
pub async fn list(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Call>>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let after = match page.cursor()? {
        Some(Cursor { key, id }) => {
            let at = DateTime::parse_from_rfc3339(&key).map_err(|_| invalid_cursor())?;
            Some((at.with_timezone(&Utc), CallId(id)))
        }
        None => None,
    };
    let filter = Filter {
        customer: query.customer_id.map(CustomerId),
        agent: query.agent_id.map(UserId),
        status: query.status,
        gaps: query.gaps,
        from: query.from.map(|day| state.clock.start_of(day)),
        before: query.to.and_then(|day| day.succ_opt()).map(|day| state.clock.start_of(day)),
        sort: query.sort.unwrap_or(Sort::Newest),
        after,
    };
    let mut tx = state.db.read().await?;
    let rows = view::list(&mut tx, user.scope(), &filter, page.limit() + 1).await?;
    Ok(Json(Page::new(rows, page.limit(), |call| Cursor {
        key: call.started_at.to_rfc3339(),
        id: call.id.0,
    })))
}

/// One call.
#[utoipa::path(get, path = "/api/telephony/calls/{id}", tag = "telephony", params(("id" = i64, Path)), responses((status = 200, body = Call)))]
pub async fn get(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
) -> Result<Json<Call>> {
    let call = view::visible(&mut state.db.read().await?, user.scope(), id).await?;
    call.map(Json).ok_or_else(call_not_found)
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident($path:literal) = $action:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "telephony", params(("id" = i64, Path)), responses((status = 200, body = Call)))]
        pub async fn $name(
            State(state): State<AppState>,
            user: Allow<Callers>,
            Path(id): Path<CallId>,
        ) -> Result<Json<Call>> {
            control::act(&state, &user, id, $action).await.map(Json)
        }
    )*};
}

actions! {
    /// Hang up. Hanging up a call that is over changes nothing.
    hangup("/api/telephony/calls/{id}/hangup") = Action::Hangup;
    /// Put the customer on hold.
    hold("/api/telephony/calls/{id}/hold") = Action::Switch(Control::Hold, true);
    /// Take the customer back.
    unhold("/api/telephony/calls/{id}/unhold") = Action::Switch(Control::Hold, false);
    /// The customer does not hear the agent any more.
    mute("/api/telephony/calls/{id}/mute") = Action::Switch(Control::Mute, true);
    /// The customer hears the agent again.
    unmute("/api/telephony/calls/{id}/unmute") = Action::Switch(Control::Mute, false);
}

/// Recording on or off.
#[derive(Deserialize, ToSchema)]
pub struct Record {
    /// Record from now on?
    on: bool,
}

/// Start or stop recording.
#[utoipa::path(post, path = "/api/telephony/calls/{id}/record", tag = "telephony", params(("id" = i64, Path)), request_body = Record, responses((status = 200, body = Call)))]
pub async fn record(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
    Json(body): Json<Record>,
) -> Result<Json<Call>> {
    control::act(&state, &user, id, Action::Switch(Control::Record, body.on)).await.map(Json)
}

/// Whom to pass the customer on to.
#[derive(Deserialize, ToSchema)]
pub struct Transfer {
    /// The extension.
    extension: String,
    /// Speak with the colleague first; then complete or cancel.
    #[serde(default)]
    consult: bool,
}

/// Pass the customer on.
#[utoipa::path(post, path = "/api/telephony/calls/{id}/transfer", tag = "telephony", params(("id" = i64, Path)), request_body = Transfer, responses((status = 200, body = Call)))]
pub async fn transfer(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
    Json(body): Json<Transfer>,
) -> Result<Json<Call>> {
    let extension = control::extension(&body.extension, "extension")?;
    let action =
        if body.consult { Action::Consult(extension) } else { Action::Transfer(extension) };
    control::act(&state, &user, id, action).await.map(Json)
}

actions! {
    /// Pass the customer on to the colleague who was asked and has answered.
    complete_transfer("/api/telephony/calls/{id}/transfer/complete") = Action::CompleteTransfer;
    /// Do not pass the customer on after all: back to the agent.
    cancel_transfer("/api/telephony/calls/{id}/transfer/cancel") = Action::CancelTransfer;
}

/// Put my telephone back into the call, after a reload or a lost network. The customer waits with
/// music meanwhile.
#[utoipa::path(post, path = "/api/telephony/calls/{id}/rejoin", tag = "telephony", params(("id" = i64, Path)), responses((status = 200, body = Call)))]
pub async fn rejoin(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
) -> Result<Json<Call>> {
    control::rejoin(&state, &user, id).await.map(Json)
}

/// How to be on an agent's call.
#[derive(Deserialize, ToSchema)]
pub struct Monitor {
    /// Who hears me; `null`: I leave.
    mode: Option<Monitoring>,
}

/// Listen to a running call, whisper to the agent, join, or leave. It rings at the caller's own
/// telephone, and it is audited.
#[utoipa::path(post, path = "/api/telephony/calls/{id}/monitor", tag = "telephony", params(("id" = i64, Path)), request_body = Monitor, responses((status = 200, body = Call)))]
pub async fn monitor(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<CallId>,
    Json(body): Json<Monitor>,
) -> Result<Json<Call>> {
    control::monitor(&state, &user, id, body.mode).await.map(Json)
}

/// The telephone of whoever asks.
#[derive(Serialize, ToSchema)]
pub struct Phone {
    /// To be a telephone in the browser; absent where people have devices of their own, or the
    /// simulator plays the calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    sip: Option<SipLogin>,
}

/// A fresh login for the telephone in the browser; the one before is good no longer.
#[utoipa::path(post, path = "/api/telephony/phone", tag = "telephony", responses((status = 200, body = Phone)))]
pub async fn phone(State(state): State<AppState>, user: Allow<Callers>) -> Result<Json<Phone>> {
    phones::login(&state, &user).await.map(|sip| Json(Phone { sip }))
}

/// Tones to send.
#[derive(Deserialize, ToSchema)]
pub struct Dtmf {
    /// 0-9, *, #, A-D.
    digits: String,
}

/// Send tones. The digits are not kept, only their number.
#[utoipa::path(post, path = "/api/telephony/calls/{id}/dtmf", tag = "telephony", params(("id" = i64, Path)), request_body = Dtmf, responses((status = 200, body = Call)))]
pub async fn dtmf(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
    Json(body): Json<Dtmf>,
) -> Result<Json<Call>> {
    let digits = control::digits(&body.digits)?;
    control::act(&state, &user, id, Action::Dtmf(digits)).await.map(Json)
}

/// The recording, whole or a range of it.
#[utoipa::path(get, path = "/api/telephony/calls/{id}/recording", tag = "telephony", params(("id" = i64, Path)),
    responses((status = 200, description = "The whole recording", content_type = "audio/wav"), (status = 206, description = "A range of it", content_type = "audio/wav"), (status = 409, description = "It is still being fetched from the telephone system")))]
pub async fn get_recording(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CallId>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut tx = state.db.read().await?;
    view::visible(&mut tx, user.scope(), id).await?.ok_or_else(call_not_found)?;
    drop(tx);
    recording::serve(&state, &user, id, &headers).await
}

/// My status.
#[utoipa::path(get, path = "/api/telephony/agents/me/status", tag = "telephony", responses((status = 200, body = AgentStatus)))]
pub async fn my_status(
    State(state): State<AppState>,
    user: Allow<Callers>,
) -> Result<Json<AgentStatus>> {
    let mut tx = state.db.read().await?;
    Ok(Json(agent_status::get(&mut tx, state.clock.now(), user.id).await?))
}

/// A status to change to.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetStatus {
    /// `online`, `break` or `offline`.
    status: Option<Presence>,
    /// Why on a break.
    reason: Option<String>,
    /// Not now: when the call and its wrap-up are done.
    #[serde(default)]
    after_call: bool,
}

/// Come, go on a break, leave.
#[utoipa::path(post, path = "/api/telephony/agents/me/status", tag = "telephony", request_body = SetStatus, responses((status = 200, body = AgentStatus)))]
pub async fn set_my_status(
    State(state): State<AppState>,
    user: Allow<Callers>,
    OptionalJson(body): OptionalJson<SetStatus>,
) -> Result<Json<AgentStatus>> {
    let wanted = body
        .status
        .filter(|s| matches!(s, Presence::Online | Presence::Break | Presence::Offline))
        .ok_or_else(|| {
            Error::invalid("invalid_status", "status", "Be online, on a break, or offline.")
                .allowed([Presence::Online, Presence::Break, Presence::Offline])
        })?;
    let reason = body.reason.as_deref().map(str::trim).filter(|r| !r.is_empty());
    if reason.is_some_and(|r| r.chars().count() > 100 || r.chars().any(char::is_control)) {
        return Err(Error::invalid(
            "invalid_reason",
            "reason",
            "A reason has 100 characters at most.",
        ));
    }
    let mut tx = state.db.begin().await?;
    let change = agent_status::Wish { status: wanted, reason, after_call: body.after_call };
    let status = agent_status::wish(&mut tx, state.clock.now(), user.id, &change).await?;
    state.commit(tx).await?;
    Ok(Json(status))
}

/// What telephone systems sent, newest first.
#[utoipa::path(get, path = "/api/telephony/webhook-deliveries", tag = "telephony", params(PageQuery, deliveries::Filter), responses((status = 200, body = Page<deliveries::Delivery>)))]
pub async fn webhook_deliveries(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(page): Query<PageQuery>,
    Query(filter): Query<deliveries::Filter>,
) -> Result<Json<Page<deliveries::Delivery>>> {
    let before = page.cursor()?.map(|cursor| cursor.id);
    let mut tx = state.db.read().await?;
    let rows = deliveries::list(&mut tx, user.scope(), filter, before, page.limit() + 1).await?;
    Ok(Json(Page::new(rows, page.limit(), |row| Cursor { key: String::new(), id: row.id })))
}

/// Colleagues with a telephone.
#[derive(Serialize, ToSchema)]
pub struct Colleagues {
    /// Those who are free first.
    items: Vec<Colleague>,
}

/// Colleagues a customer can be passed on to, without oneself, and what they are doing.
#[utoipa::path(get, path = "/api/telephony/colleagues", tag = "telephony", responses((status = 200, body = Colleagues)))]
pub async fn colleagues(
    State(state): State<AppState>,
    user: Allow<Callers>,
) -> Result<Json<Colleagues>> {
    let items = colleagues::list(&mut state.db.read().await?, user.id).await?;
    Ok(Json(Colleagues { items }))
}

/// The telephone system's clock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookClock {
    /// How far it is off, seconds, positive when it is ahead; absent when it is right or nothing
    /// arrived lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    off_seconds: Option<i64>,
}

/// Whether the clock of the telephone system is right, by the webhooks of the last hour.
#[utoipa::path(get, path = "/api/telephony/webhook-clock", tag = "telephony", responses((status = 200, body = WebhookClock)))]
pub async fn webhook_clock(
    State(state): State<AppState>,
    _: Allow<Leads>,
) -> Result<Json<WebhookClock>> {
    let mut tx = state.db.read().await?;
    let off_seconds = deliveries::clock_off(&mut tx, state.clock.now()).await?;
    Ok(Json(WebhookClock { off_seconds }))
}

/// Apply a kept delivery again: after a fault was mended, or a call was repaired by hand.
#[utoipa::path(post, path = "/api/telephony/webhook-deliveries/{id}/replay", tag = "telephony", params(("id" = i64, Path)), responses((status = 200, body = deliveries::Delivery)))]
pub async fn replay_delivery(
    State(state): State<AppState>,
    user: Allow<AdminOnly>,
    Path(id): Path<i64>,
) -> Result<Json<deliveries::Delivery>> {
    super::webhooks::replay(&state, &user, id).await.map(Json)
}
