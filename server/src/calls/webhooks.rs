//! Events from a Bracknet PBX over HTTP. Answered `200 {"status":"ok"}` once what they say is
//! durable. In this order: may this address send, is the body small enough, is it signed (SPEC §5.4),
//! was it taken before, does it make sense. All but the first leave a row in the delivery log.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::{self, Delivery, DeliveryOutcome, NewDelivery, Origin};
use super::service::{self, Applied, is_collision};
use crate::address;
use crate::app::AppState;
use crate::audit;
use crate::auth::CurrentUser;
use crate::db::{DbError, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, body_too_large, body_too_slow, is_late};
use crate::telephony::ProviderKind;
use crate::telephony::bracknet::{self, EventName, Note, NoteCode, Understood};
use crate::telephony::signature::Proof;

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
    ($($(#[$doc:meta])* $name:ident($path:literal) = $expected:expr;)*) => {
        /// The event each path is for; `None`: any.
        const EXPECTED: &[(&str, Option<EventName>)] = &[$(($path, $expected)),*];

        $(
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
    let since = Instant::now();
    let source = admit(state, peer, headers, path)?;
    let mut origin = Origin {
        source: Some(source),
        headers: deliveries::kept_headers(headers, &state.config.bracknet_signature_header),
        proof: None,
        since: Some(since),
    };
    let body = match axum::body::to_bytes(body, MAX_WEBHOOK).await {
        Ok(body) => body,
        Err(error) if is_late(&error) => return Err(body_too_slow()),
        Err(_) => return Err(reject_unproven(state, path, &[], &origin, body_too_large()).await),
    };
    let now = state.clock.now();
    match &state.webhook_verifier {
        Some(verifier) => match verifier.check(headers, &body, now) {
            Ok(proof) => origin.proof = Some(proof),
            Err(refusal) => {
                let problem =
                    Error::problem(StatusCode::UNAUTHORIZED, refusal.code(), refusal.to_string());
                return Err(reject_unproven(state, path, &body, &origin, problem).await);
            }
        },
        None => unsigned_allowed(state, source, headers, path)?,
    }
    let form = bracknet::is_form(headers);
    let understood = match understand(state, expected, &body, form, now) {
        Ok(understood) => understood,
        Err(problem) => return Err(reject(state, path, &body, &origin, problem).await),
    };
    take(state, Incoming { path, body, understood, origin, again: None }).await?;
    Ok(Json(Received { status: "ok" }))
}

/// Reads a body: the event it reports, and what is odd about it.
fn understand(
    state: &AppState,
    expected: Option<EventName>,
    body: &[u8],
    form: bool,
    now: DateTime<Utc>,
) -> Result<Understood> {
    let mut read = bracknet::parse(expected, body, form, now, state.clock.zone())?;
    read.event.provider = service::provider_of(state, read.event.external_call_id.as_deref());
    Ok(read)
}

/// An event that was understood, with its delivery.
#[derive(Debug)]
pub(super) struct Incoming {
    path: &'static str,
    body: Bytes,
    understood: Understood,
    origin: Origin,
    /// Who applies which kept delivery once more.
    again: Option<(UserId, i64)>,
}

/// What was done with it: the effect and, for what is applied again, its number in the log.
pub(super) type Taken = (Applied, Option<i64>);

/// Applies an event once; `None` if it was taken before.
async fn take(state: &AppState, incoming: Incoming) -> Result<Option<Taken>> {
    let incoming = Arc::new(incoming);
    let mut taken = None;
    if !state.db.is_postgres() {
        taken = state.webhook_group.take(state, &incoming).await;
    }
    let mut tries = 0;
    while taken.is_none() {
        tries += 1;
        match alone(state, &incoming).await {
            Ok(done) => taken = Some(done),
            Err(error) if is_collision(&error) => {
                if already_taken(state, &incoming).await? {
                    break;
                }
                if tries == ATTEMPTS {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some((applied, _)) = taken {
        service::settled(state, &incoming.understood.event, applied);
    }
    Ok(taken)
}

/// Whether this very delivery was taken before. The same id with another body is refused.
async fn already_taken(state: &AppState, incoming: &Incoming) -> Result<bool> {
    let Some(Proof { key, dated }) = &incoming.origin.proof else {
        return Ok(false);
    };
    if let (false, Some(verifier)) = (dated, &state.webhook_verifier) {
        let mut tx = state.db.begin().await?;
        if deliveries::outlived(&mut tx, key, state.clock.now() - verifier.window()).await? {
            tx.commit().await?;
            return Ok(false);
        }
    }
    let before = deliveries::taken(&mut state.db.read().await?, key).await?;
    match before {
        None => Ok(false),
        Some(hash) if hash == deliveries::fingerprint(incoming.path, &incoming.body) => Ok(true),
        Some(_) => {
            let problem = Error::conflict(
                "webhook_id_reused",
                "Another webhook with this id was taken before. Give each its own.",
            );
            Err(reject(state, incoming.path, &incoming.body, &incoming.origin, problem).await)
        }
    }
}

/// The event and its delivery in a transaction of their own.
async fn alone(state: &AppState, incoming: &Incoming) -> Result<Taken, DbError> {
    let mut tx = state.db.begin().await?;
    let taken = apply(state, &mut tx, incoming).await?;
    state.commit(tx).await?;
    Ok(taken)
}

/// The event and its delivery.
pub(super) async fn apply(
    state: &AppState,
    tx: &mut Tx,
    incoming: &Incoming,
) -> Result<Taken, DbError> {
    let Understood { event, notes } = &incoming.understood;
    let applied = service::apply(state, tx, event).await?;
    let mut notes = notes.clone();
    if applied.reused {
        notes.push(Note::new(NoteCode::ReusedId));
    }
    // What is applied again came long ago.
    let clock_seconds = incoming.understood.clock_seconds().filter(|_| incoming.again.is_none());
    let outcome = match applied {
        Applied { known: false, .. } => DeliveryOutcome::UnknownCall,
        Applied { changed: false, .. } => DeliveryOutcome::Duplicate,
        Applied { .. } => DeliveryOutcome::Applied,
    };
    let delivery = NewDelivery {
        provider: event.provider,
        path: incoming.path,
        body: &incoming.body,
        outcome,
        code: None,
        external_call_id: event.external_call_id.as_deref(),
        call: Some(applied.call),
        origin: &incoming.origin,
        proven: true,
        notes: &notes,
        clock_seconds,
    };
    let now = state.clock.now();
    let Some((by, of)) = incoming.again else {
        deliveries::keep(tx, now, &delivery);
        return Ok((applied, None));
    };
    let id = deliveries::keep_now(tx, now, &delivery).await?;
    let entity = Some(of);
    let what = Some(serde_json::json!({"outcome": outcome, "delivery": id}));
    let (action, kind) = ("webhook.replayed", "webhook_delivery");
    audit::record(tx, now, Some(by), action, kind, entity, None, what).await?;
    Ok((applied, Some(id)))
}

/// Keeps what could not be used; the problem to answer with.
async fn reject(
    state: &AppState,
    path: &str,
    body: &[u8],
    origin: &Origin,
    problem: Error,
) -> Error {
    refuse(state, path, body, origin, problem, true).await
}

/// The same for a sender nobody knows: only so much of it is kept.
async fn reject_unproven(
    state: &AppState,
    path: &str,
    body: &[u8],
    origin: &Origin,
    problem: Error,
) -> Error {
    let now = state.clock.now();
    let kept = origin.source.is_none_or(|source| {
        state.webhook_refusals.admit(source, now).is_ok()
            && state.webhook_refusals_in_all.admit(IpAddr::V6(Ipv6Addr::UNSPECIFIED), now).is_ok()
    });
    if kept {
        refuse(state, path, body, origin, problem, false).await
    } else {
        tracing::warn!(path, code = problem.code(), "a webhook was rejected and not kept");
        problem
    }
}

async fn refuse(
    state: &AppState,
    path: &str,
    body: &[u8],
    origin: &Origin,
    problem: Error,
    proven: bool,
) -> Error {
    let code = problem.code().to_owned();
    tracing::warn!(path, code, "a webhook was rejected");
    // Only what was taken is taken once: a corrected retry under the same id is welcome.
    let origin = Origin { proof: None, ..origin.clone() };
    let delivery = NewDelivery {
        provider: ProviderKind::Bracknet,
        path,
        body,
        outcome: DeliveryOutcome::Rejected,
        code: Some(&code),
        external_call_id: None,
        call: None,
        origin: &origin,
        proven,
        notes: &[],
        clock_seconds: None,
    };
    let kept = async {
        let mut tx = state.db.begin().await?;
        deliveries::keep(&mut tx, state.clock.now(), &delivery);
        tx.commit().await
    };
    match kept.await {
        Ok(()) => problem,
        Err(error) => error.into(),
    }
}

/// Applies a kept delivery again, as if it came now; what becomes of it this time.
pub async fn replay(state: &AppState, by: &CurrentUser, id: i64) -> Result<Delivery> {
    let known = deliveries::find(&mut state.db.read().await?, id).await?;
    let known = known.ok_or_else(|| {
        Error::not_found("delivery_not_found", "There is no such delivery (any more).")
    })?;
    let name = EXPECTED.iter().find(|(path, _)| *path == known.path);
    let unread = known.code.as_deref() == Some("body_too_large");
    let Some((path, expected)) = name.filter(|_| known.is_whole() && !unread) else {
        return Err(Error::conflict(
            "delivery_incomplete",
            "This delivery was not kept as it was sent, so it cannot be applied again.",
        ));
    };
    let body = Bytes::from(known.body);
    // When it was heard of first counts, where it says no time itself.
    let form = known.headers.is_some_and(|headers| bracknet::is_form(&named(&headers)));
    let understood = understand(state, *expected, &body, form, known.received_at)?;
    let origin = Origin { since: Some(Instant::now()), ..Origin::default() };
    let again = Some((by.id, id));
    let taken = take(state, Incoming { path, body, understood, origin, again }).await?;
    let gone = || anyhow::anyhow!("the delivery just kept is gone");
    let id = taken.and_then(|(_, id)| id).ok_or_else(gone)?;
    let kept = deliveries::find(&mut state.db.read().await?, id).await?;
    Ok(kept.ok_or_else(gone)?)
}

/// Kept headers as they came.
fn named(kept: &BTreeMap<String, String>) -> HeaderMap {
    let header = |(name, value): (&String, &String)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    };
    kept.iter().filter_map(header).collect()
}

/// The address a webhook comes from, if it may send at all and not too fast.
fn admit(state: &AppState, peer: SocketAddr, headers: &HeaderMap, path: &str) -> Result<IpAddr> {
    let config = &state.config;
    let source = address::client(peer, headers, &config.trusted_proxies);
    let welcome = source.filter(|source| {
        config.webhook_allow.is_empty() || address::is_in(&config.webhook_allow, *source)
    });
    let Some(source) = welcome else {
        tracing::warn!(%peer, path, "a webhook from an address that is not allowed was refused");
        return Err(not_allowed("Webhooks from this address are not allowed."));
    };
    state.webhook_limit.admit(source, state.clock.now()).map_err(|seconds| {
        Error::problem(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many webhooks from this address. Send them again later.",
        )
        .retry_after(seconds)
    })?;
    Ok(source)
}

fn not_allowed(detail: &str) -> Error {
    Error::problem(StatusCode::FORBIDDEN, "webhook_not_allowed", detail)
}

/// Whether a request cannot have been made by a page of another site in a browser on this machine: it
/// has no `Origin`, and a content type that browsers send across sites only after asking.
fn is_no_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let json = kind.is_some_and(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim().to_ascii_lowercase().ends_with("json"))
    });
    json && !headers.contains_key(header::ORIGIN)
}

/// Without a secret: from this machine and addressed to it, neither passed on by a proxy on it nor
/// made by a web page open on it, unless the operator said otherwise.
fn unsigned_allowed(
    state: &AppState,
    source: IpAddr,
    headers: &HeaderMap,
    path: &str,
) -> Result<()> {
    let passed_on = state.config.trusted_proxies.is_empty() && address::is_forwarded(headers);
    let local = source.is_loopback() && !passed_on && address::is_for_loopback(headers);
    if (local && is_no_page(headers)) || state.config.insecure_webhooks {
        return Ok(());
    }
    tracing::warn!(%source, path, "an unsigned webhook from another machine was refused");
    Err(not_allowed("Unsigned webhooks are accepted from this machine only."))
}
