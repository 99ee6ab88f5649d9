//! An Asterisk, driven over ARI: REST for what is to be done, a WebSocket for what happens
//! (docs/providers/asterisk.md).
//!
//! The adapter remembers nothing: what a channel is for is in its id (`ids`), what was done to a
//! call is in channel variables (`vars`). So calls go on talking while this server is away, and
//! the server that comes back, or another instance, reads from Asterisk where they stand
//! (`board`).

mod ari;
mod board;
mod cause;
pub mod files;
mod ids;
mod legs;
mod orders;
mod react;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::ari::{Ari, AriError, Channel};
use self::legs::{Legs, headers};
use crate::clock::Clock;
use crate::config::{AsteriskConfig, DialFormat};
use crate::db::{Db, PhoneNumber};
use crate::telephony::{
    Action, CallEvent, Dial, Dialled, EventKind, Mode, News, Provider, ProviderError, ProviderKind,
    SipLogin,
};

/// Name of the application in the dialplan.
pub const APP: &str = "trustcart";
/// Domain of the agents' addresses; it never leaves the PBX.
pub const DOMAIN: &str = "trustcart.invalid";

/// Channel variables.
mod vars {
    /// Of a caller's channel, set by the dialplan: what was dialled. In ari.conf, so that every event
    /// of the channel carries it.
    pub const LINE: &str = "TRUSTCART_LINE";
    /// Of the agent's channel: the customer's number as it is dialled.
    pub const NUMBER: &str = "TRUSTCART_NUMBER";
    /// Of the agent's channel: what the customer's display shows.
    pub const CALLER_ID: &str = "TRUSTCART_CALLER_ID";
    /// Of the agent's channel: the customer has been rung.
    pub const RUNG: &str = "TRUSTCART_RUNG";
    /// Of the customer's channel: waits outside the bridge, with music.
    pub const HELD: &str = "TRUSTCART_HELD";
    /// Of the customer's channel: the agent is muted, also after a reload.
    pub const MUTED: &str = "TRUSTCART_MUTED";
    /// Of the customer's channel: who hung up, when it was not the customer. Listed in ari.conf, so
    /// that the channel's last event carries it.
    pub const ENDED_BY: &str = "TRUSTCART_ENDED_BY";
    /// Of the customer's channel: the extension that talks, to ring it again.
    pub const SPEAKER: &str = "TRUSTCART_SPEAKER";
    /// Of a colleague's channel: takes the customer over on answering.
    pub const BLIND: &str = "TRUSTCART_BLIND";
    /// Of a team leader's channel: listen, whisper or barge.
    pub const MONITORING: &str = "TRUSTCART_MONITORING";
}

/// The adapter.
#[derive(Clone)]
pub struct Asterisk(Arc<Pbx>);

/// What the adapter's parts share.
struct Pbx {
    ari: Ari,
    settings: AsteriskConfig,
    ws_url: String,
    clock: Clock,
    news: mpsc::Sender<News>,
    last_order: AtomicI64,
}

impl std::fmt::Debug for Asterisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asterisk({})", self.0.ari.url(&[]))
    }
}

impl Asterisk {
    /// Speaks with the Asterisk of the settings; says what happens through `news`.
    pub fn new(
        settings: &AsteriskConfig,
        clock: Clock,
        news: mpsc::Sender<News>,
    ) -> anyhow::Result<Self> {
        let missing = "TELEPHONY_PROVIDER=asterisk needs ASTERISK_URL and ASTERISK_PASSWORD";
        let base: Url =
            settings.url.as_deref().context(missing)?.parse().context("ASTERISK_URL")?;
        anyhow::ensure!(
            matches!(base.scheme(), "http" | "https") && base.has_host(),
            "ASTERISK_URL is no http or https address"
        );
        let password = settings.password.as_ref().context(missing)?;
        let ws_url = settings.ws_url.clone().unwrap_or_else(|| {
            let mut url = base.clone();
            let _ = url.set_scheme(if base.scheme() == "https" { "wss" } else { "ws" });
            url.set_path("/ws");
            url.to_string()
        });
        let ari = Ari::new(base, &settings.user, password.text(), clock.clone())?;
        let last_order = AtomicI64::default();
        let settings = settings.clone();
        Ok(Self(Arc::new(Pbx { ari, settings, ws_url, clock, news, last_order })))
    }
}

impl Pbx {
    /// Grows with each use, also over restarts.
    fn order(&self) -> i64 {
        let now = self.clock.now().timestamp_micros();
        let next = |last: i64| now.max(last + 1);
        self.last_order
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)))
            .map_or(now, next)
    }

    fn event(&self, call: &str, at: Option<DateTime<Utc>>, kind: EventKind) -> CallEvent {
        CallEvent {
            provider: ProviderKind::Asterisk,
            external_call_id: Some(call.to_owned()),
            reference: None,
            at,
            received_at: self.clock.now(),
            kind,
            raw: None,
        }
    }

    /// Says what happened. A process that is stopping no longer listens.
    async fn say(&self, call: &str, at: Option<DateTime<Utc>>, kind: EventKind) {
        let _ = self.news.send(News::Event(self.event(call, at, kind))).await;
    }

    /// The number as the trunk wants it.
    fn written(&self, number: &PhoneNumber) -> String {
        let international = number.as_str();
        match self.settings.dial_format {
            DialFormat::E164 => international.to_owned(),
            DialFormat::National => match international.strip_prefix("+880") {
                Some(rest) => format!("0{rest}"),
                None => international.replacen('+', "00", 1),
            },
        }
    }

    /// Rings the agent's telephone; when it answers, the customer's is rung (see `react`).
    async fn dial(&self, dial: Dial) -> Result<Dialled, ProviderError> {
        let Some(extension) = &dial.extension else {
            return Err(ProviderError::Refused("the agent has no extension".to_owned()));
        };
        let call = dial.external_call_id.unwrap_or_else(ids::new_call);
        let number = self.written(&dial.number);
        let channel = ids::first_agent(&call);
        let mut variables = headers(&call, true);
        variables[vars::NUMBER] = json!(number);
        if let Some(shown) = dial.caller_id.as_ref().or(self.settings.caller_id.as_ref()) {
            variables[vars::CALLER_ID] = json!(shown);
        }
        match self.ring(&channel, extension, &number, variables).await {
            Ok(()) => Ok(Dialled { external_call_id: call }),
            Err(AriError::Unsure(why)) => {
                // It has the id we chose, so it can be asked whether it came to be.
                match self.ari.get::<Channel>(&["channels", &channel], &[]).await {
                    Ok(_) => Ok(Dialled { external_call_id: call }),
                    Err(AriError::NotFound) => Err(ProviderError::Unavailable(why)),
                    Err(_) => Err(ProviderError::Unsure(why)),
                }
            }
            Err(error) => Err(unreachable_extension(error, extension)),
        }
    }
}

/// Asterisk refuses to ring a telephone that is not connected with no more than "Allocation failed".
fn unreachable_extension(error: AriError, extension: &str) -> ProviderError {
    match ProviderError::from(error) {
        ProviderError::Refused(_) => ProviderError::NoTelephone(extension.to_owned()),
        other => other,
    }
}

impl Provider for Asterisk {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Asterisk
    }

    fn mode(&self) -> Mode {
        Mode::Live
    }

    fn choose_id(&self) -> Option<String> {
        Some(ids::new_call())
    }

    fn dial(&self, dial: Dial) -> BoxFuture<'_, Result<Dialled, ProviderError>> {
        self.0.dial(dial).boxed()
    }

    fn act<'a>(
        &'a self,
        external_call_id: &'a str,
        action: Action,
    ) -> BoxFuture<'a, Result<Vec<CallEvent>, ProviderError>> {
        self.0.obey(external_call_id, action).boxed()
    }

    fn follow(&self, db: Db, stop: CancellationToken) -> BoxFuture<'static, ()> {
        stream::follow(self.0.clone(), db, stop).boxed()
    }

    fn running<'a>(&'a self, calls: &'a [String]) -> BoxFuture<'a, HashMap<String, bool>> {
        async {
            let Ok(channels) = self.0.ari.get::<Vec<Channel>>(&["channels"], &[]).await else {
                return HashMap::new();
            };
            let alive = |call: &String| (call.clone(), Legs::of(call, &channels).is_alive());
            calls.iter().map(alive).collect()
        }
        .boxed()
    }

    fn forget(&self, _: &str) {}

    fn browser_phones(&self) -> Option<String> {
        Some(self.0.ws_url.clone())
    }

    fn phone<'a>(
        &'a self,
        extension: &'a str,
    ) -> BoxFuture<'a, Result<Option<SipLogin>, ProviderError>> {
        self.0.phone(extension).map(|login| login.map(Some)).boxed()
    }

    fn revoke_phone<'a>(&'a self, extension: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
        self.0.revoke(extension).boxed()
    }
}
