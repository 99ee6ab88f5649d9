//! `Idempotency-Key` (SPEC §12.2): a write that is sent twice with the same key is carried out once,
//! and the second request gets the answer of the first.
//!
//! The key's row is inserted by the first transaction that the write commits ([`Claim`]), under a
//! primary key on user and key: it is there exactly if the write changed something. The answer is
//! added to the row afterwards. What that means for a crash is in docs/API-DESIGN.md.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};

use super::{MAX_BODY, body_too_large};
use crate::app::AppState;
use crate::auth;
use crate::db::{Claim, DbError, Sql, Tx, UserId};
use crate::error::{Error, Result};

/// The request header.
const HEADER: &str = "idempotency-key";
/// Answer header: this answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// A committed write whose answer is still missing after this was cut off by a crash.
const ANSWER_DUE: TimeDelta = TimeDelta::minutes(1);
/// How long a second request waits for the answer of the first.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks for that answer.
const POLL: Duration = Duration::from_millis(25);
/// Largest answer kept, bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// Paths whose answers hold secrets, which are not stored, and which do no harm when repeated.
const SECRET: &[&str] = &["/api/auth/", "/api/realtime/", "/api/telephony/phone"];
/// Paths whose handlers find the first request's call by its key themselves, also after a crash
/// before the answer was stored.
const RECOVERABLE: &[&str] =
    &["/api/telephony/calls/initiate", "/api/telephony/calls/by-hand", "/api/call/start"];

/// The key of a request, if it has one: 1-200 visible ASCII characters.
pub fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > 200 {
        return Err(Error::invalid(
            "invalid_idempotency_key",
            "Idempotency-Key",
            "An Idempotency-Key has 1-200 visible characters.",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// Whether the header has a meaning on this path and method.
pub fn applies(method: &Method, path: &str) -> bool {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    writes && !SECRET.iter().any(|secret| path.starts_with(secret))
}

/// The layer around the API: carries out each keyed write of a logged-in user once.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(HEADER) || !applies(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    // Anybody else is refused by the handler.
    let Some(user) = auth::current_user(&state, request.headers()) else {
        return next.run(request).await;
    };
    once(&state, user.id, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

/// A keyed write.
#[derive(Clone, Debug)]
struct Write {
    user: UserId,
    key: String,
    fingerprint: String,
}

async fn once(state: &AppState, user: UserId, request: Request, next: Next) -> Result<Response> {
    let Some(key) = key(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let path = request.uri().path().to_owned();
    let (request, fingerprint) = fingerprint(state, request).await?;
    let write = Write { user, key, fingerprint };
    match write.find(state).await? {
        None => {}
        Some(Found::Answered(answer)) => return Ok(answer),
        Some(Found::Unanswered(begun)) => {
            return match write.wait(state, begun).await {
                Err(_) if RECOVERABLE.contains(&path.as_str()) => Ok(next.run(request).await),
                answer => answer,
            };
        }
    }
    let claim = Claim::new(write.insert(state.clock.now()));
    let running = {
        let (state, write) = (state.clone(), write.clone());
        // Runs to the end, also when the client hangs up: a retry then finds the answer.
        state.background.clone().spawn(async move {
            let response = claim.scope(next.run(request)).await?;
            Some(write.keep(&state, response, claim.is_committed()).await)
        })
    };
    match running.await {
        Ok(Some(response)) => Ok(response),
        // The same request was faster.
        Ok(None) => write.wait(state, state.clock.now()).await,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Internal(anyhow::anyhow!("a keyed write was cancelled"))),
        },
    }
}

/// What makes two requests the same one. A keyed hash, since bodies may hold passwords. Of a file
/// that is streamed to disk the length stands for the content.
async fn fingerprint(state: &AppState, request: Request) -> Result<(Request, String)> {
    let (parts, body) = request.into_parts();
    let text = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    };
    let streamed = text(header::CONTENT_TYPE).starts_with("multipart/");
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let (content, body): (Bytes, Body) = if streamed {
        (text(header::CONTENT_LENGTH).to_owned().into(), body)
    } else {
        let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| body_too_large())?;
        (bytes.clone(), bytes.into())
    };
    let hash = state.keys.keyed_hash(&[
        b"idempotency",
        parts.method.as_str().as_bytes(),
        target.as_bytes(),
        &content,
    ]);
    Ok((Request::from_parts(parts, body), hash))
}

#[derive(sqlx::FromRow)]
struct Row {
    fingerprint: String,
    created_at: DateTime<Utc>,
    status: Option<i64>,
    content_type: Option<String>,
    body: Option<String>,
}

/// What is known of a key.
enum Found {
    /// The first answer.
    Answered(Response),
    /// Something was committed at this instant, the answer is not stored (yet).
    Unanswered(DateTime<Utc>),
}

impl Write {
    fn insert(&self, now: DateTime<Utc>) -> Sql {
        Sql::new(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(self.user)
        .bind(&self.key)
        .bind(&self.fingerprint)
        .bind(now)
    }

    async fn find(&self, state: &AppState) -> Result<Option<Found>> {
        let row: Option<Row> = state
            .db
            .read()
            .await?
            .optional(
                Sql::new(
                    "SELECT fingerprint, created_at, status, content_type, body
                     FROM idempotency_keys WHERE user_id = $1 AND key = $2",
                )
                .bind(self.user)
                .bind(&self.key),
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let oldest = state.clock.now() - KEPT;
        if row.created_at <= oldest {
            let mut tx = state.db.begin().await?;
            forget(&mut tx, oldest, Some(self)).await?;
            tx.commit().await?;
            return Ok(None);
        }
        if row.fingerprint != self.fingerprint {
            return Err(Error::invalid(
                "idempotency_key_reused",
                "Idempotency-Key",
                "This key belongs to another request. Send a new key for a new request.",
            ));
        }
        let Some(status) = row.status.and_then(|s| u16::try_from(s).ok()) else {
            return Ok(Some(Found::Unanswered(row.created_at)));
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let mut response = (status, row.body.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if let Some(kind) = row.content_type.and_then(|kind| HeaderValue::try_from(kind).ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(Some(Found::Answered(response)))
    }

    /// Waits for the answer of the first request, which committed something at `begun`.
    async fn wait(&self, state: &AppState, begun: DateTime<Utc>) -> Result<Response> {
        if begun + ANSWER_DUE <= state.clock.now() {
            return Err(Error::conflict(
                "request_interrupted",
                "This request was begun before and interrupted: it may have been carried out in \
                 full. Look at the result; send a new key to do it again.",
            ));
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.find(state).await? {
                Some(Found::Answered(answer)) => return Ok(answer),
                Some(Found::Unanswered(_)) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(POLL).await;
                }
                Some(Found::Unanswered(_)) | None => break,
            }
        }
        Err(Error::conflict(
            "request_in_progress",
            "The same request is being carried out. Wait a moment and send it again.",
        )
        .retry_after(1))
    }

    /// Stores the answer, if the write changed something or succeeded: an error that changed nothing
    /// leaves the key free, so that the request can be sent again.
    async fn keep(&self, state: &AppState, response: Response, committed: bool) -> Response {
        let status = response.status();
        if status.is_server_error() || !(committed || status.is_success()) {
            return response;
        }
        let (parts, body) = response.into_parts();
        let bytes = match to_bytes(body, usize::MAX).await {
            Ok(bytes) => bytes,
            Err(error) => return Error::Internal(error.into()).into_response(),
        };
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        match std::str::from_utf8(&bytes) {
            Ok(text) if text.len() <= MAX_ANSWER => {
                if let Err(error) = self.store(state, status, kind, text).await {
                    tracing::warn!(%error, "storing the answer of a keyed write");
                }
            }
            _ => tracing::warn!(bytes = bytes.len(), "answer of a keyed write not stored"),
        }
        Response::from_parts(parts, bytes.into())
    }

    async fn store(
        &self,
        state: &AppState,
        status: StatusCode,
        kind: Option<&str>,
        body: &str,
    ) -> Result<(), DbError> {
        let mut tx = state.db.begin().await?;
        tx.execute(
            Sql::new(
                "INSERT INTO idempotency_keys
                   (user_id, key, fingerprint, created_at, status, content_type, body)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (user_id, key) DO UPDATE
                   SET status = excluded.status, content_type = excluded.content_type,
                       body = excluded.body
                   WHERE idempotency_keys.status IS NULL",
            )
            .bind(self.user)
            .bind(&self.key)
            .bind(&self.fingerprint)
            .bind(state.clock.now())
            .bind(i64::from(status.as_u16()))
            .bind(kind)
            .bind(body),
        )
        .await?;
        tx.commit().await
    }
}

/// Deletes keys from before `oldest`: all of them, or that of one write. How many there were.
async fn forget(tx: &mut Tx, oldest: DateTime<Utc>, only: Option<&Write>) -> Result<u64, DbError> {
    let mut sql = Sql::new("DELETE FROM idempotency_keys WHERE created_at <= $1").bind(oldest);
    if let Some(write) = only {
        sql.push(" AND user_id = ").push_bind(write.user);
        sql.push(" AND key = ").push_bind(&write.key);
    }
    tx.execute(sql).await
}

/// Deletes the keys that are older than [`KEPT`]; how many there were.
pub async fn prune(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, DbError> {
    forget(tx, now - KEPT, None).await
}
