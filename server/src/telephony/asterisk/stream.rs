//! The application's socket: one instance at a time holds it, and connects again whenever it is
//! lost.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use futures::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_util::sync::CancellationToken;

use super::ari::Event;
use super::{APP, Pbx};
use crate::db::Db;
use crate::db::lease::Lease;

/// Calls are spread over so many queues: what happens to one call waits only for itself.
const LANES: usize = 16;
/// Pause before connecting again, doubled up to the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How often Asterisk is asked for a sign of life; without one for three times as long the socket
/// counts as dead.
const PING: Duration = Duration::from_secs(10);
/// Longest message read, bytes.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// Follows the Asterisk until `stop`.
pub async fn follow(pbx: Arc<Pbx>, db: Db, stop: CancellationToken) {
    let mut lease = Lease::new(db, pbx.clock.clone(), "asterisk");
    let mut pause = PAUSE.0;
    while !stop.is_cancelled() {
        let held = tokio::select! {
            () = stop.cancelled() => break,
            held = lease.hold() => held,
        };
        if held {
            let ended = tokio::select! {
                () = stop.cancelled() => break,
                () = lease.lost() => "another instance follows it",
                ended = listen(&pbx) => match ended {
                    Ok(()) => {
                        pause = PAUSE.0;
                        "closed"
                    }
                    Err(error) => {
                        tracing::warn!(error = %format_args!("{error:#}"), "the Asterisk is not connected");
                        "failed"
                    }
                },
            };
            tracing::info!(ended, "the socket to the Asterisk");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSE.1);
    }
    lease.release().await;
}

/// Connects, catches up, and follows until the socket ends; `Ok` if it was connected.
async fn listen(pbx: &Arc<Pbx>) -> anyhow::Result<()> {
    let mut url = pbx.ari.url(&["events"]);
    url.query_pairs_mut().append_pair("app", APP);
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let _ = url.set_scheme(scheme);
    let mut request = url.as_str().into_client_request()?;
    let password = pbx.settings.password.as_ref().map_or("", |p| p.text());
    let login = base64::engine::general_purpose::STANDARD
        .encode(format!("{}:{password}", pbx.settings.user));
    request.headers_mut().insert("authorization", format!("Basic {login}").parse()?);
    let limits = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE));
    let connecting = tokio_tungstenite::connect_async_with_config(request, Some(limits), false);
    let (mut socket, _) = tokio::time::timeout(Duration::from_secs(5), connecting).await??;
    pbx.ari.is_back();
    pbx.read_board().await?;
    let lanes: Vec<mpsc::Sender<Event>> = (0..LANES).map(|_| lane(pbx)).collect();
    let mut ping = tokio::time::interval(PING);
    let mut heard = tokio::time::Instant::now();
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = ping.tick() => {
                if heard.elapsed() > PING * 3 {
                    tracing::warn!("the Asterisk says nothing any more");
                    return Ok(());
                }
                socket.send(Message::Ping(Vec::new().into())).await?;
                continue;
            }
        };
        heard = tokio::time::Instant::now();
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::warn!(%error, "the socket to the Asterisk broke");
                return Ok(());
            }
            None => return Ok(()),
        };
        let Message::Text(text) = message else {
            continue;
        };
        let event: Event = match serde_json::from_str(&text) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "an event of the Asterisk was not understood");
                continue;
            }
        };
        let Some(call) = Pbx::call_of(&event) else {
            pbx.react(&event).await;
            continue;
        };
        let mut hasher = DefaultHasher::new();
        call.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        if let Some(lane) = lanes.get(lane) {
            lane.send(event).await?;
        }
    }
}

/// Treats the events of some calls in their order.
fn lane(pbx: &Arc<Pbx>) -> mpsc::Sender<Event> {
    let (sender, mut events) = mpsc::channel::<Event>(256);
    let pbx = pbx.clone();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            pbx.react(&event).await;
        }
    });
    sender
}
