//! Telephone systems behind one interface. Knows no feature of the product: it is told to dial and
//! act, and says what happened as [`CallEvent`]s, which the calls feature consumes.

pub mod bracknet;
mod breaker;
mod event;
pub mod play;
pub mod signature;
pub mod simulator;

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::PhoneNumber;

pub use event::{CallEvent, Control, EventKind, Mode, ProviderKind, RecordingPlace};
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
    /// Send tones.
    pub dtmf: bool,
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
        dtmf: false,
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
                reason: None,
            },
            // What the contract has; the rest is done on the agent's telephone.
            (ProviderKind::Bracknet, Mode::Live) => Self {
                hangup: true,
                transfer: true,
                reason: Some("not_in_contract"),
                ..Self::NOTHING
            },
            (_, Mode::Live) => Self { reason: Some("provider_not_controllable"), ..Self::NOTHING },
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
            Action::Dtmf(_) => self.dtmf,
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
    /// Pass the customer on to an extension.
    Transfer(String),
    /// Send tones.
    Dtmf(String),
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
    /// Whether a call is still running; `None` if it cannot tell.
    fn is_running<'a>(&'a self, external_call_id: &'a str) -> BoxFuture<'a, Option<bool>>;
    /// The call is over by another source: stop playing it, if it is played.
    fn forget(&self, external_call_id: &str);
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

/// Events from the provider, to be consumed by one reader.
pub type Events = mpsc::Receiver<CallEvent>;

impl Telephony {
    /// Picks and starts the provider of the configuration.
    pub fn start(config: &Config, clock: &Clock) -> anyhow::Result<(Self, Events)> {
        use crate::config::Provider as Configured;
        let (sender, events) = mpsc::channel(1024);
        let credentials = (&config.bracknet_api_base_url, &config.bracknet_api_key);
        let kind = match (config.telephony_provider, credentials) {
            (Configured::Bracknet, (Some(base), Some(key))) => {
                let timeout = Duration::from_millis(config.bracknet_timeout_ms);
                let live = bracknet::Live::new(base, key.text(), timeout, clock.clone())?;
                return Ok((Self(Arc::new(live)), events));
            }
            (Configured::Bracknet, (None, None)) => ProviderKind::Bracknet,
            (Configured::Simulator, (None, None)) => ProviderKind::Simulator,
            (Configured::Simulator, _) => bail!(
                "BRACKNET_API_BASE_URL or BRACKNET_API_KEY is set, but TELEPHONY_PROVIDER is not \
                 bracknet: set it, or unset them to let the simulator play the calls"
            ),
            (Configured::Bracknet, _) => bail!(
                "BRACKNET_API_BASE_URL and BRACKNET_API_KEY belong together: set both to drive the \
                 PBX, or neither to let the simulator play the calls (mode \"mock\")"
            ),
        };
        let simulator = Simulator::new(kind, clock.clone(), config, sender);
        Ok((Self(Arc::new(simulator)), events))
    }
}
