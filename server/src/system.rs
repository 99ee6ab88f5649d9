//! Health and the request log.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::AppState;

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok"
}

/// The process can serve: the database answers.
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let answer = async { state.db.read().await?.scalar::<i64>("SELECT CAST(1 AS BIGINT)").await };
    match answer.await {
        Ok(_) if !state.stop.is_cancelled() => (StatusCode::OK, "ok"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "database")
        }
    }
}

/// One line a request: method, path without query (it may hold a phone number or a ticket),
/// status, duration.
pub async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let ms = begun.elapsed().as_millis() as u64;
    if path.starts_with("/api/") {
        tracing::info!(%method, path, status, ms, request_id = id, "request");
    } else {
        tracing::debug!(%method, path, status, ms, request_id = id, "request");
    }
    response
}
