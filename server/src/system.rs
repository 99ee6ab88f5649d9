//! Health, metrics, the request log, and what every page needs to know of the company.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::address;
use crate::app::AppState;
use crate::auth::sha256_hex;
use crate::error::{Error, Result};

/// Settings of the company that pages need before anybody has logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    /// IANA name of the time zone in which days and hours are meant, e.g. `Asia/Dhaka`
    /// (`TRUSTCART_TIME_ZONE`).
    time_zone: &'static str,
}

/// The company's settings.
#[utoipa::path(get, path = "/api/settings/company", tag = "settings", responses((status = 200, body = Company)), security(()))]
pub async fn company(State(state): State<AppState>) -> Json<Company> {
    Json(Company { time_zone: state.clock.zone().name() })
}

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok"
}

/// Timeout of the read check.
const READY: Duration = Duration::from_secs(2);

/// Readiness: the database answers and accepts writes.
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let reads = async { state.db.read().await?.scalar::<i64>("SELECT CAST(1 AS BIGINT)").await };
    let reads = tokio::time::timeout(READY, reads);
    match futures::join!(reads, state.db.check_writable()) {
        (Ok(Ok(_)), Ok(())) => (StatusCode::OK, "ok"),
        (Ok(Ok(_)), Err(error)) => {
            tracing::warn!(%error, "readyz: the database accepts no writes");
            (StatusCode::SERVICE_UNAVAILABLE, "database accepts no writes")
        }
        (reads, _) => {
            let error = reads.map_or_else(|late| late.to_string(), |_| "an error".to_owned());
            tracing::warn!(error, "readyz: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "database")
        }
    }
}

/// Request counts and durations in Prometheus' text format. Requires the configured token; without one,
/// only direct loopback requests are allowed, not those forwarded by a proxy.
pub async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<String> {
    let allowed = match &state.config.metrics_token {
        Some(token) => {
            let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
            // Compares hashes to avoid a timing side channel.
            bearer.is_some_and(|given| sha256_hex(given) == sha256_hex(token.text()))
        }
        None => peer.ip().to_canonical().is_loopback() && !address::is_forwarded(&headers),
    };
    if !allowed {
        return Err(Error::problem(
            StatusCode::FORBIDDEN,
            "metrics_not_allowed",
            "Ask from this machine, or send TRUSTCART_METRICS_TOKEN as a bearer token.",
        ));
    }
    state.metrics.run_upkeep();
    Ok(state.metrics.render())
}

/// Aggregates recorded durations regularly: the recorder keeps each sample until then.
pub async fn keep_metrics_small(state: AppState) {
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = tokio::time::sleep(UPKEEP) => state.metrics.run_upkeep(),
        }
    }
}

const UPKEEP: Duration = Duration::from_secs(5);

/// Buckets of the request duration, seconds.
const BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The process's metrics: made once, whoever asks first.
pub fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets(BUCKETS)
                .and_then(PrometheusBuilder::install_recorder)
                .expect("constant buckets, and nobody else installs a recorder")
        })
        .clone()
}

/// Timeout of a request.
const REQUEST: Duration = Duration::from_mins(1);
/// Routes without this timeout: uploads (minimum transfer rate instead) and learning (runs in the
/// background).
const UNLIMITED: &[&str] =
    &["/api/cdm/imports", "/api/cdm/imports/inspect", "/api/cdm/reorder/learn"];

/// Answers 503 after the request timeout.
pub async fn limit_time(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| UNLIMITED.contains(&route.as_str())) {
        return next.run(request).await;
    }
    tokio::time::timeout(REQUEST, next.run(request)).await.unwrap_or_else(|_| {
        Error::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "request_timeout",
            "This took too long. Try again in a moment, and check whether it was saved.",
        )
        .retry_after(5)
        .into_response()
    })
}

const REQUEST_ID: &str = "x-request-id";

/// Removes an invalid client request id: it would be logged and echoed.
pub async fn drop_odd_request_id(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    let fits = headers.get(REQUEST_ID).is_some_and(|id| {
        let id = id.as_bytes();
        (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    });
    if !fits {
        headers.remove(REQUEST_ID);
    }
    next.run(request).await
}

/// Maximum length of a logged path, bytes.
const MAX_PATH: usize = 256;

fn cut(path: &str) -> &str {
    &path[..path.floor_char_boundary(MAX_PATH)]
}

/// The method as a metric label: a closed set, because labels are kept for ever.
fn counted_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// One line a request: method, path without query (it may hold a phone number or a ticket),
/// status, duration.
pub async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = counted_method(request.method());
    let path = cut(request.uri().path()).to_owned();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = begun.elapsed();
    let ms = took.as_millis() as u64;
    let labels = [
        ("method", method.to_owned()),
        // The pattern, never the path: a path may hold a number that is somebody's.
        ("route", route.unwrap_or_else(|| "other".to_owned())),
        ("status", status.to_string()),
    ];
    metrics::histogram!("http_request_duration_seconds", &labels).record(took);
    if path.starts_with("/api/") {
        tracing::info!(method, path, status, ms, request_id = id, "request");
    } else {
        tracing::debug!(method, path, status, ms, request_id = id, "request");
    }
    response
}
