//! Events from a Bracknet PBX over HTTP. Answered `200 {"status":"ok"}` once what they say is
//! durable. Until they can be signed (SPEC §5.4) they are accepted from this machine only.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::{self, DeliveryOutcome, NewDelivery};
use super::service::{self, Applied, is_collision};
use crate::app::AppState;
use crate::error::{Error, Result};
use crate::http::{Json, body_too_large};
use crate::telephony::bracknet::{self, EventName};
use crate::telephony::{CallEvent, ProviderKind};

/// Largest body of a webhook, bytes.
const MAX_WEBHOOK: usize = 64 * 1024;
/// Times an event is tried when another one about the same call got in between.
const ATTEMPTS: u32 = 6;

/// Understood and kept.
#[derive(Serialize, ToSchema)]
pub struct Received {
    /// `ok`.
    status: &'static str,
}

macro_rules! webhooks {
    ($($(#[$doc:meta])* $name:ident($path:literal) = $expected:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "bracknet", request_body = serde_json::Value, responses((status = 200, body = Received)), security(()))]
        pub async fn $name(
            State(state): State<AppState>,
            ConnectInfo(peer): ConnectInfo<SocketAddr>,
            headers: HeaderMap,
            body: Body,
        ) -> Result<Json<Received>> {
            receive(&state, peer, &headers, $path, $expected, body).await
        }
    )*};
}

webhooks! {
    /// A customer rings.
    incoming_call("/api/webhook/bracknet/incoming-call") = Some(EventName::Incoming);
    /// Somebody took the call.
    call_answered("/api/webhook/bracknet/call-answered") = Some(EventName::Answered);
    /// The call is over.
    call_ended("/api/webhook/bracknet/call-ended") = Some(EventName::Ended);
    /// A recording is ready.
    call_recording("/api/webhook/bracknet/call-recording") = Some(EventName::Recording);
    /// Nobody took the call.
    call_missed("/api/webhook/bracknet/call-missed") = Some(EventName::Missed);
    /// Any of these, by the event's name inside.
    any_event("/api/telephony/webhook/bracknet") = None;
}

async fn receive(
    state: &AppState,
    peer: SocketAddr,
    headers: &HeaderMap,
    path: &'static str,
    expected: Option<EventName>,
    body: Body,
) -> Result<Json<Received>> {
    allow(state, peer, headers, path)?;
    let Ok(body) = axum::body::to_bytes(body, MAX_WEBHOOK).await else {
        reject(state, path, &[], "body_too_large").await?;
        return Err(body_too_large());
    };
    let now = state.clock.now();
    let mut event = match bracknet::parse(expected, &body, now, state.clock.zone()) {
        Ok(event) => event,
        Err(problem) => {
            reject(state, path, &body, problem.code()).await?;
            return Err(problem);
        }
    };
    event.provider = service::provider_of(state, event.external_call_id.as_deref());
    let mut tries = 0;
    loop {
        tries += 1;
        match apply(state, path, &body, &event).await {
            Ok(applied) => {
                service::settled(state, &event, applied);
                return Ok(Json(Received { status: "ok" }));
            }
            Err(error) if tries < ATTEMPTS && is_collision(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The event and its delivery in one transaction.
async fn apply(
    state: &AppState,
    path: &'static str,
    body: &[u8],
    event: &CallEvent,
) -> Result<Applied, crate::db::DbError> {
    let mut tx = state.db.begin().await?;
    let applied = service::apply(state, &mut tx, event).await?;
    let outcome = match applied {
        Applied { known: false, .. } => DeliveryOutcome::UnknownCall,
        Applied { changed: false, .. } => DeliveryOutcome::Duplicate,
        Applied { .. } => DeliveryOutcome::Applied,
    };
    let delivery = NewDelivery {
        provider: event.provider,
        path,
        body,
        outcome,
        code: None,
        external_call_id: event.external_call_id.as_deref(),
        call: Some(applied.call),
    };
    deliveries::keep(&mut tx, state.clock.now(), &delivery).await?;
    state.commit(tx).await?;
    Ok(applied)
}

async fn reject(state: &AppState, path: &'static str, body: &[u8], code: &str) -> Result<()> {
    tracing::warn!(path, code, "a webhook was rejected");
    let delivery = NewDelivery {
        provider: ProviderKind::Bracknet,
        path,
        body,
        outcome: DeliveryOutcome::Rejected,
        code: Some(code),
        external_call_id: None,
        call: None,
    };
    let mut tx = state.db.begin().await?;
    deliveries::keep(&mut tx, state.clock.now(), &delivery).await?;
    tx.commit().await?;
    Ok(())
}

/// From this machine, and not merely passed on by a proxy on it, unless the operator said otherwise.
fn allow(state: &AppState, peer: SocketAddr, headers: &HeaderMap, path: &str) -> Result<()> {
    let forwarded = ["x-forwarded-for", "forwarded", "x-real-ip"];
    let local = peer.ip().to_canonical().is_loopback()
        && !forwarded.iter().any(|name| headers.contains_key(*name));
    if local || state.config.insecure_webhooks {
        return Ok(());
    }
    tracing::warn!(%peer, path, "an unsigned webhook from another machine was refused");
    Err(Error::problem(
        StatusCode::FORBIDDEN,
        "webhook_not_allowed",
        "Unsigned webhooks are accepted from this machine only.",
    ))
}
