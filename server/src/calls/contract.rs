//! Call control in the words of the Bracknet contract: `POST call/{start,hangup,transfer}`,
//! `snake_case`, as in the guides.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::start::{self, Request, call_not_found};
use super::{control, store};
use crate::app::AppState;
use crate::auth::{Allow, Callers, CurrentUser, Role};
use crate::db::{CallId, Sql, TaskId, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, idempotency};
use crate::telephony::{Action, Mode, ProviderKind};

/// Start a call.
#[derive(Deserialize, ToSchema)]
pub struct StartCall {
    /// The agent's extension; one's own by default.
    agent_extension: Option<Value>,
    /// The agent's name at the PBX; not used.
    #[expect(dead_code, reason = "part of the contract, any type")]
    agent_id: Option<Value>,
    /// The number to dial; by default the linked task's.
    customer_number: Option<String>,
    /// What the customer's display shows: a number of 3 to 15 digits. Only from those who lead; what
    /// others send is not used, and a name (`TrustCart`) is not sent to the telephone network.
    caller_id: Option<Value>,
    /// Any; a call started here is outbound.
    #[expect(dead_code, reason = "part of the contract, any type")]
    call_type: Option<Value>,
    /// A task's id links that task; any other text links nothing.
    crm_call_id: Option<Value>,
    /// Beyond the contract: ring although it is not the hour for it (`outside_calling_hours`).
    #[serde(default)]
    #[schema(default = false)]
    outside_hours: bool,
    /// Beyond the contract: call again before the outcome of the last call is recorded
    /// (`wrap_up_open`).
    #[serde(default)]
    #[schema(default = false)]
    call_again: bool,
}

/// A call was started.
#[derive(Serialize, ToSchema)]
pub struct CallStarted {
    /// `success`.
    status: &'static str,
    /// Its id at the PBX.
    bracknet_call_id: Option<String>,
    /// For people.
    message: &'static str,
    /// Its id here.
    #[serde(rename = "telephonyCallId")]
    telephony_call_id: CallId,
}

/// A text that PBX software may also send as a number.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The number that the customer's display shall show, if `by` may choose it. Agents may not: they
/// could call in another company's name.
fn caller_id(by: &CurrentUser, asked: Option<String>) -> Result<Option<String>> {
    let Some(asked) = asked else {
        return Ok(None);
    };
    if asked.len() > 100 || asked.chars().any(char::is_control) {
        return Err(Error::invalid(
            "invalid_caller_id",
            "caller_id",
            "A caller id is a number of 3 to 15 digits.",
        ));
    }
    let digits = asked.strip_prefix('+').unwrap_or(&asked);
    let is_number = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let leads = matches!(by.role, Role::Admin | Role::SalesManager | Role::TeamLeader);
    Ok(Some(asked).filter(|_| leads && is_number))
}

/// Ring a customer.
#[utoipa::path(post, path = "/api/call/start", tag = "bracknet", request_body = StartCall,
    responses((status = 200, body = CallStarted)))]
pub async fn call_start(
    State(state): State<AppState>,
    user: Allow<Callers>,
    headers: HeaderMap,
    Json(body): Json<StartCall>,
) -> Result<Json<CallStarted>> {
    let agent = match text(body.agent_extension.as_ref()) {
        Some(extension) => agent_of(&state, &user, &extension).await?,
        None => user.id,
    };
    let task = text(body.crm_call_id.as_ref()).and_then(|id| id.parse().ok()).map(TaskId);
    let request = Request {
        by: *user,
        agent,
        task,
        phone: body.customer_number,
        phone_field: "customer_number",
        caller_id: caller_id(&user, text(body.caller_id.as_ref()))?,
        outside_hours: body.outside_hours,
        again: body.call_again,
        key: idempotency::key(&headers)?,
    };
    let call = start::start(&state, &request).await?;
    Ok(Json(CallStarted {
        status: "success",
        bracknet_call_id: call.external_call_id,
        message: "Call initiated",
        telephony_call_id: call.id,
    }))
}

/// Whose extension it is. Agents may only use their own.
async fn agent_of(state: &AppState, by: &CurrentUser, extension: &str) -> Result<UserId> {
    let extension = control::extension(extension, "agent_extension")?;
    let owner = store::user_of_extension(&mut state.db.read().await?, &extension).await?;
    let others = !matches!(by.role, Role::Admin | Role::SalesManager | Role::TeamLeader);
    match owner {
        Some(owner) if owner == by.id || !others => Ok(owner),
        None if !others => Err(Error::invalid(
            "unknown_extension",
            "agent_extension",
            "Nobody has this extension.",
        )),
        _ => Err(Error::forbidden()),
    }
}

/// Which call.
#[derive(Deserialize, ToSchema)]
pub struct Hangup {
    /// Its id at the PBX.
    #[serde(alias = "callId", alias = "id")]
    bracknet_call_id: String,
}

/// Which call, and where to.
#[derive(Deserialize, ToSchema)]
pub struct TransferCall {
    /// Its id at the PBX.
    #[serde(alias = "callId", alias = "id")]
    bracknet_call_id: String,
    /// The extension the customer is passed on to.
    transfer_extension: String,
}

/// Done.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// `ended` or `success`.
    status: &'static str,
    /// Whether a telephone was really concerned.
    mode: Mode,
}

async fn call_of(state: &AppState, external: &str) -> Result<CallId> {
    let provider = match state.telephony.kind() {
        ProviderKind::Asterisk => ProviderKind::Asterisk,
        _ => super::service::provider_of(state, Some(external)),
    };
    let found: Option<CallId> = state
        .db
        .read()
        .await?
        .optional_scalar(
            Sql::new(
                "SELECT id FROM telephony_calls WHERE provider = $1 AND external_call_id = $2",
            )
            .bind(provider)
            .bind(external.replace('\0', "")),
        )
        .await?;
    found.ok_or_else(call_not_found)
}

/// Hang up.
#[utoipa::path(post, path = "/api/call/hangup", tag = "bracknet", request_body = Hangup, responses((status = 200, body = Done)))]
pub async fn call_hangup(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Json(body): Json<Hangup>,
) -> Result<Json<Done>> {
    let id = call_of(&state, &body.bracknet_call_id).await?;
    let call = control::act(&state, &user, id, Action::Hangup).await?;
    Ok(Json(Done { status: "ended", mode: call.mode }))
}

/// Pass the customer on.
#[utoipa::path(post, path = "/api/call/transfer", tag = "bracknet", request_body = TransferCall, responses((status = 200, body = Done)))]
pub async fn call_transfer(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Json(body): Json<TransferCall>,
) -> Result<Json<Done>> {
    let extension = control::extension(&body.transfer_extension, "transfer_extension")?;
    let id = call_of(&state, &body.bracknet_call_id).await?;
    let call = control::act(&state, &user, id, Action::Transfer(extension)).await?;
    Ok(Json(Done { status: "success", mode: call.mode }))
}
