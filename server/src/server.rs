//! Binding, serving, stopping.

mod body;
mod connection;
mod permits;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::{Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::app::AppState;
use crate::calls::reconcile;
use crate::router::router;
use crate::system;

pub use connection::Timeouts;
use connection::{Connection, Phase};
use permits::{ConnectionLimits, Permit, Refusal};

/// File descriptors reserved for the database, recordings and uploads.
const OTHER_FILES: u64 = 256;

/// Closes what a dead process left open, then serves on an open listener until the state's `stop` is
/// cancelled.
pub async fn serve(listener: TcpListener, state: AppState) -> anyhow::Result<()> {
    serve_with(listener, state, Timeouts::default()).await
}

/// Like [`serve`] with other timeouts (tests).
pub async fn serve_with(
    listener: TcpListener,
    state: AppState,
    timeouts: Timeouts,
) -> anyhow::Result<()> {
    reconcile::run(&state, reconcile::When::Start).await.map_err(anyhow::Error::from)?;
    state.background.spawn(system::keep_metrics_small(state.clone()));
    let config = &state.config;
    let all = usize::try_from(open_files().saturating_sub(OTHER_FILES).max(64))?;
    let each = config.connections_per_address;
    let limits = ConnectionLimits::new(each, all, config.trusted_proxies.clone());
    let (stop, abort) = (state.stop.clone(), CancellationToken::new());
    let app = router(state.clone());
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        match limits.admit(peer.ip()) {
            Ok(permit) => {
                let (app, stop, abort) = (app.clone(), stop.clone(), abort.clone());
                open.spawn(async move {
                    let served = serve_connection(stream, peer, permit, app, timeouts, stop);
                    tokio::select! {
                        () = served => {}
                        () = abort.cancelled() => {}
                    }
                });
            }
            // Dropping the stream closes it.
            Err(refusal) => log_refusal(refusal, peer, state.clock.now().timestamp()),
        }
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(timeouts.drain, open.wait()).await.is_err() {
        tracing::warn!(connections = open.len(), "shutdown timeout, closing connections");
        abort.cancel();
        open.wait().await;
    }
    Ok(())
}

/// Logs a refused connection, at most once a minute.
fn log_refusal(refusal: Refusal, peer: SocketAddr, now: i64) {
    static SAID: AtomicI64 = AtomicI64::new(0);
    if now - SAID.swap(now, Ordering::Relaxed) < 60 {
        return;
    }
    match refusal {
        Refusal::Address => tracing::warn!(
            address = %peer.ip(),
            "connection refused: TRUSTCART_CONNECTIONS_PER_ADDRESS reached"
        ),
        Refusal::Server => tracing::warn!("connection refused: limit of open files reached"),
    }
}

/// Serves HTTP/1.1 on one connection; HTTP/2 needs TLS, which the proxy terminates.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    permit: Permit,
    app: Router,
    timeouts: Timeouts,
    stop: CancellationToken,
) {
    // WebSocket frames are small and must not be delayed.
    let _ = stream.set_nodelay(true);
    let phase = Phase::new();
    let stream = TokioIo::new(Connection::new(stream, phase.clone(), timeouts, permit));
    let service = service_fn(move |request| {
        phase.busy();
        answer(app.clone(), peer, request, phase.clone(), timeouts)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.idle)
        .serve_connection(stream, service);
    let mut served = pin!(served.with_upgrades());
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "connection error");
    }
}

async fn answer(
    app: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
    phase: Phase,
    timeouts: Timeouts,
) -> Result<Response<Answer>, Infallible> {
    let mut request =
        request.map(|body| Body::new(body::ProgressBody::new(Body::new(body), timeouts.body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = app.oneshot(request).await?;
    // A WebSocket has its own timeouts.
    let phase = (response.status() != StatusCode::SWITCHING_PROTOCOLS).then_some(phase);
    Ok(response.map(|body| Answer { body, phase }))
}

/// A response body that marks the connection idle when dropped.
struct Answer {
    body: Body,
    phase: Option<Phase>,
}

impl HttpBody for Answer {
    type Data = axum::body::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(phase) = &self.phase {
            phase.idle();
        }
    }
}

/// Raises the soft limit of open files to the hard limit (services usually start with 1,024) and returns
/// it.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "raising the limit of open files failed");
            limit.current
        }
    };
    // None: unlimited.
    now.unwrap_or(1 << 20)
}

/// Cancels `stop` on Ctrl-C or SIGTERM.
pub fn stop_on_signal(state: &AppState) {
    let stop = state.stop.clone();
    tokio::spawn(async move {
        let mut terminate =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(signal) => signal,
                Err(error) => {
                    tracing::warn!(%error, "cannot listen for SIGTERM");
                    return;
                }
            };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
}
