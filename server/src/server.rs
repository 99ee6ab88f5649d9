//! Binding, serving, stopping.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::app::AppState;
use crate::calls::reconcile;
use crate::router::router;

/// Closes what a dead process left open, then serves on an open listener until the state's `stop` is
/// cancelled.
pub async fn serve(listener: TcpListener, state: AppState) -> anyhow::Result<()> {
    reconcile::run(&state, reconcile::When::Start).await.map_err(anyhow::Error::from)?;
    let stop = state.stop.clone();
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await?;
    Ok(())
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
