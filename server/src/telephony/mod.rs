//! Telephone systems behind one interface. Knows no feature of the product: it is told to dial and
//! act, and says what happened as [`CallEvent`]s, which the calls feature consumes.

pub mod asterisk;
pub mod bracknet;
mod breaker;
pub mod caller;
mod event;
pub mod play;
pub mod signature;
pub mod simulator;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, PhoneNumber};
use crate::storage::Storage;

pub use event::{
    CallEvent, Consult, Control, EventKind, MAX_CLOCK_AHEAD, Mode, ProviderKind, RecordingPlace,
};
use simulator::Simulator;

/// What a telephone system can do during a call. What it cannot is disabled on the screen, with the
/// reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Capabilities {
    /// Hang up.
    pub hangup: bool,
    /// Hold and unhold.
    pub hold: bool,
    /// Mute and unmute.
    pub mute: bool,
    /// Start and stop recording.
    pub record: bool,
    /// Pass the customer on.
    pub transfer: bool,
    /// Speak with the colleague before passing the customer on.
    pub consult: bool,
    /// Send tones.
    pub dtmf: bool,
    /// A team leader can listen, whisper and join.
    pub monitor: bool,
    /// The agent's telephone is in the browser, and can be put back into the call.
    pub rejoin: bool,
    /// Code of why something is not possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl Capabilities {
    const NOTHING: Self = Self {
        hangup: false,
        hold: false,
        mute: false,
        record: false,
        transfer: false,
        consult: false,
        dtmf: false,
        monitor: false,
        rejoin: false,
        reason: None,
    };

    /// What can be done with a call on `provider`.
    pub const fn of(provider: ProviderKind, mode: Mode) -> Self {
        match (provider, mode) {
            (_, Mode::Mock) => Self {
                hangup: true,
                hold: true,
                mute: true,
                record: true,
                transfer: true,
                dtmf: true,
                reason: Some("not_simulated"),
                ..Self::NOTHING
            },
            (ProviderKind::Asterisk, Mode::Live) => Self {
                hangup: true,
                hold: true,
                mute: true,
                record: true,
                transfer: true,
                consult: true,
                dtmf: true,
                monitor: true,
                rejoin: true,
                reason: None,
            },
            // What the contract has; the rest is done on the agent's telephone.
            (ProviderKind::Bracknet, Mode::Live) => Self {
                hangup: true,
                transfer: true,
                reason: Some("not_in_contract"),
                ..Self::NOTHING
            },
            (ProviderKind::Simulator | ProviderKind::ByHand, Mode::Live) => {
                Self { reason: Some("provider_not_controllable"), ..Self::NOTHING }
            }
        }
    }

    /// Whether `action` is possible.
    pub const fn allow(&self, action: &Action) -> bool {
        match action {
            Action::Hangup => self.hangup,
            Action::Switch(Control::Hold, _) => self.hold,
            Action::Switch(Control::Mute, _) => self.mute,
            Action::Switch(Control::Record, _) => self.record,
            Action::Transfer(_) => self.transfer,
            Action::Consult(_) | Action::CompleteTransfer | Action::CancelTransfer => self.consult,
            Action::Dtmf(_) => self.dtmf,
            Action::Offer(_) | Action::Rejoin(_) => self.rejoin,
            Action::Monitor { .. } | Action::StopMonitor(_) => self.monitor,
        }
    }
}

/// An order to ring a customer.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Given back in events where the provider can.
    pub reference: i64,
    /// The call's id at the provider, as chosen by [`Provider::choose_id`].
    pub external_call_id: Option<String>,
    /// Whom.
    pub number: PhoneNumber,
    /// The agent's extension, which rings first on a real PBX.
    pub extension: Option<String>,
    /// Who the agent is, for the PBX's records.
    pub agent_id: i64,
    /// What the customer's display shows.
    pub caller_id: Option<String>,
}

/// The provider took the order.
#[derive(Clone, Debug)]
pub struct Dialled {
    /// Its id of the call.
    pub external_call_id: String,
}

/// Something to do to a running call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End it.
    Hangup,
    /// Switch something on or off.
    Switch(Control, bool),
    /// Pass the customer on to an extension: at once when it answers.
    Transfer(String),
    /// Ring a colleague to speak with before passing the customer on.
    Consult(String),
    /// Pass the customer on to the colleague spoken with.
    CompleteTransfer,
    /// Take the customer back.
    CancelTransfer,
    /// Send tones.
    Dtmf(String),
    /// Ring a waiting caller at this extension.
    Offer(String),
    /// Ring the agent's telephone again, which lost the call, and put it back in.
    Rejoin(String),
    /// A team leader at this extension hears the call.
    Monitor {
        /// The team leader's extension.
        extension: String,
        /// Who hears the team leader.
        mode: Monitoring,
    },
    /// The team leader at this extension leaves.
    StopMonitor(String),
}

/// Who hears a team leader who is on an agent's call (SPEC §10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitoring {
    /// Nobody.
    Listen,
    /// The agent.
    Whisper,
    /// Both.
    Barge,
}

/// What a browser needs to be an agent's telephone. The password is good until the next one is
/// made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SipLogin {
    /// Where to connect: `ws://…` or `wss://…`.
    pub ws_url: String,
    /// Address of record, `sip:201@…`.
    pub uri: String,
    /// For the digest.
    pub username: String,
    /// For the digest.
    pub password: String,
}

/// Why a provider did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It knows no such call (any more).
    #[error("the telephone system knows no such call")]
    UnknownCall,
    /// Not in this state of the call.
    #[error("the call is not answered")]
    NotAnswered,
    /// No telephone is connected for this extension.
    #[error("no telephone is connected for extension {0}")]
    NoTelephone(String),
    /// It says no.
    #[error("the telephone system refused: {0}")]
    Refused(String),
    /// Nobody knows whether it did: it may have, and must not be told again.
    #[error("the telephone system did not confirm: {0}")]
    Unsure(String),
    /// It cannot be reached or answered nonsense; nothing happened.
    #[error("the telephone system is not available: {0}")]
    Unavailable(String),
}

/// A telephone system.
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Which.
    fn kind(&self) -> ProviderKind;
    /// Whether a telephone really rings.
    fn mode(&self) -> Mode;
    /// An id for the next call, where the provider lets the caller choose.
    fn choose_id(&self) -> Option<String>;
    /// Rings a customer. Events may come before this answers.
    fn dial(&self, dial: Dial) -> BoxFuture<'_, Result<Dialled, ProviderError>>;
    /// Acts on a running call; returns what is already known to have happened, to be treated like
    /// the events that arrive by themselves.
    fn act<'a>(
        &'a self,
        external_call_id: &'a str,
        action: Action,
    ) -> BoxFuture<'a, Result<Vec<CallEvent>, ProviderError>>;
    /// Follows the telephone system until `stop`; only the serving process does, and of several
    /// instances one at a time.
    fn follow(&self, db: Db, stop: CancellationToken) -> BoxFuture<'static, ()> {
        let _ = (db, stop);
        async {}.boxed()
    }
    /// Whether each of these calls is still running; those it cannot tell of are left out.
    fn running<'a>(&'a self, calls: &'a [String]) -> BoxFuture<'a, HashMap<String, bool>>;
    /// The call is over by another source: stop playing it, if it is played.
    fn forget(&self, external_call_id: &str);
    /// WebSocket URL that browser phones connect to; `None` if agents use other devices.
    fn browser_phones(&self) -> Option<String> {
        None
    }
    /// A fresh login for a telephone in the browser; `None` where agents have devices of their own.
    fn phone<'a>(
        &'a self,
        extension: &'a str,
    ) -> BoxFuture<'a, Result<Option<SipLogin>, ProviderError>> {
        let _ = extension;
        async { Ok(None) }.boxed()
    }
    /// Takes an extension's login away.
    fn revoke_phone<'a>(&'a self, extension: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
        let _ = extension;
        async { Ok(()) }.boxed()
    }
}

/// The configured telephone system.
#[derive(Clone, Debug)]
pub struct Telephony(Arc<dyn Provider>);

impl std::ops::Deref for Telephony {
    type Target = dyn Provider;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// What a provider tells.
#[derive(Clone, Debug)]
pub enum News {
    /// Something happened to a call.
    Event(CallEvent),
    /// It was out of reach and is back: what happened meanwhile has to be asked.
    Back,
}

/// News from the provider, to be consumed by one reader.
pub type Events = mpsc::Receiver<News>;

impl Telephony {
    /// Picks and starts the provider of the configuration.
    pub fn start(
        config: &Config,
        clock: &Clock,
        recordings: &Storage,
    ) -> anyhow::Result<(Self, Events)> {
        use crate::config::Provider as Configured;
        let (sender, events) = mpsc::channel(1024);
        if config.telephony_provider == Configured::Asterisk {
            let pbx = asterisk::Asterisk::new(&config.asterisk, clock.clone(), sender)?;
            return Ok((Self(Arc::new(pbx)), events));
        }
        if config.asterisk.url.is_some() {
            bail!(
                "ASTERISK_URL is set, but TELEPHONY_PROVIDER is not asterisk: set it, or unset the \
                 address to let another provider make the calls"
            );
        }
        let credentials = (&config.bracknet_api_base_url, &config.bracknet_api_key);
        let kind = match (config.telephony_provider, credentials) {
            (Configured::Bracknet, (Some(base), Some(key))) => {
                let timeout = Duration::from_millis(config.bracknet_timeout_ms);
                let shown = config.bracknet_caller_id.as_deref();
                let live = bracknet::Live::new(base, key.text(), shown, timeout, clock.clone())?;
                return Ok((Self(Arc::new(live)), events));
            }
            (Configured::Bracknet, (None, None)) => ProviderKind::Bracknet,
            (Configured::Simulator | Configured::Asterisk, (None, None)) => ProviderKind::Simulator,
            (Configured::Simulator | Configured::Asterisk, _) => bail!(
                "BRACKNET_API_BASE_URL or BRACKNET_API_KEY is set, but TELEPHONY_PROVIDER is not \
                 bracknet: set it, or unset them to let the simulator play the calls"
            ),
            (Configured::Bracknet, _) => bail!(
                "BRACKNET_API_BASE_URL and BRACKNET_API_KEY belong together: set both to drive the \
                 PBX, or neither to let the simulator play the calls (mode \"mock\")"
            ),
        };
        let simulator = Simulator::new(kind, clock.clone(), config, recordings.clone(), sender);
        Ok((Self(Arc::new(simulator)), events))
    }
}
