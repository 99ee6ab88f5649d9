//! Health, metrics, the request log, and what every page needs to know of the company.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;

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

/// Longest wait for the database to answer a question.
const READY: Duration = Duration::from_secs(2);

/// The process can serve: the database answers and takes writes.
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let reads = async { state.db.read().await?.scalar::<i64>("SELECT CAST(1 AS BIGINT)").await };
    let reads = tokio::time::timeout(READY, reads);
    match futures::join!(reads, state.db.prove_writable()) {
        (Ok(Ok(_)), Ok(())) => (StatusCode::OK, "ok"),
        (Ok(Ok(_)), Err(error)) => {
            tracing::warn!(%error, "the database takes no writes");
            (StatusCode::SERVICE_UNAVAILABLE, "database takes no writes")
        }
        (reads, _) => {
            let error = reads.map_or_else(|late| late.to_string(), |_| "an error".to_owned());
            tracing::warn!(error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "database")
        }
    }
}

/// Request counts and durations in Prometheus' text format.
pub async fn metrics(State(state): State<AppState>) -> String {
    state.metrics.run_upkeep();
    state.metrics.render()
}

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
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = begun.elapsed();
    let ms = took.as_millis() as u64;
    let labels = [
        ("method", method.to_string()),
        // The pattern, never the path: a path may hold a number that is somebody's.
        ("route", route.unwrap_or_else(|| "other".to_owned())),
        ("status", status.to_string()),
    ];
    metrics::histogram!("http_request_duration_seconds", &labels).record(took);
    if path.starts_with("/api/") {
        tracing::info!(%method, path, status, ms, request_id = id, "request");
    } else {
        tracing::debug!(%method, path, status, ms, request_id = id, "request");
    }
    response
}
