//! What a telephone system says about a call, in this product's words.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::db::text_enum;

text_enum! {
    /// The telephone system a call runs on.
    pub enum ProviderKind {
        /// A Bracknet PBX, or the simulator standing in for one.
        Bracknet = "bracknet",
        /// An Asterisk.
        Asterisk = "asterisk",
        /// The built-in far end.
        Simulator = "simulator",
        /// None of them: the agent wrote the call down.
        ByHand = "by_hand",
    }
}

text_enum! {
    /// Whether a telephone really rings.
    pub enum Mode {
        /// It does.
        Live = "live",
        /// The simulator plays the far end.
        Mock = "mock",
    }
}

/// Something that happened to a call. Events may arrive twice, late, or in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct CallEvent {
    /// Who says so.
    pub provider: ProviderKind,
    /// The provider's id of the call; absent where the provider gives none (Bracknet's
    /// `call_missed`).
    pub external_call_id: Option<String>,
    /// What [`super::Dial::reference`] was, where the provider gives it back.
    pub reference: Option<i64>,
    /// When it happened, by the provider's clock; absent where it does not say.
    pub at: Option<DateTime<Utc>>,
    /// When we heard of it.
    pub received_at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
    /// The payload as it came, for the record.
    pub raw: Option<serde_json::Value>,
}

/// A telephone system's clock further ahead of ours than this is wrong: its times are not used.
pub const MAX_CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(5);

impl CallEvent {
    /// How far the stated time is in the future, if it is too far to be believed.
    pub fn clock_ahead(&self) -> Option<TimeDelta> {
        self.at.map(|at| at - self.received_at).filter(|ahead| *ahead > MAX_CLOCK_AHEAD)
    }

    /// When it happened by the provider's clock; `None` if it does not say, or its clock is wrong.
    pub fn stated_at(&self) -> Option<DateTime<Utc>> {
        self.at.filter(|_| self.clock_ahead().is_none())
    }

    /// The best known instant: never in the future.
    pub fn happened_at(&self) -> DateTime<Utc> {
        self.stated_at().map_or(self.received_at, |at| at.min(self.received_at))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// A customer rings us.
    Incoming {
        /// Caller's number: E.164 where it is one, else as sent; `None` when withheld.
        from: Option<String>,
        /// The extension that rings.
        to_extension: Option<String>,
    },
    /// The far end rings.
    Ringing,
    /// Somebody took the call.
    Answered {
        /// The extension that talks.
        agent_extension: Option<String>,
    },
    /// The call is over.
    Ended {
        /// Talk time, seconds.
        duration: Option<i64>,
        /// Why, as the provider says it.
        reason: Option<String>,
    },
    /// Its end was not reported: reconciliation closes it.
    Lost {
        /// `lost` or `restart`.
        reason: String,
    },
    /// A recording can be fetched.
    Recorded {
        /// Where it is.
        place: RecordingPlace,
        /// Its length, seconds.
        duration: Option<i64>,
    },
    /// Nobody took an inbound call.
    Missed {
        /// Caller's number, as in `Incoming`.
        from: Option<String>,
        /// The extension that rang.
        to_extension: Option<String>,
    },
    /// Mute, hold or recording is now on or off.
    Control {
        /// Which.
        control: Control,
        /// Its state now.
        on: bool,
        /// Grows with each change of a call, so that the latest wins whatever arrives last.
        order: i64,
    },
    /// A waiting caller rings at this extension, or (`None`) at nobody's for now.
    Offered {
        /// Whose telephone rings.
        extension: Option<String>,
        /// As in `Control`.
        order: i64,
    },
    /// A colleague is asked to take the customer over, or (`None`) not any more.
    Consulting {
        /// Whom.
        consult: Option<Consult>,
        /// As in `Control`.
        order: i64,
    },
    /// The customer was passed on.
    Transferred {
        /// To this extension.
        extension: String,
        /// As in `Control`.
        order: i64,
    },
    /// Tones were sent. The digits themselves may be secret and are not kept.
    Dtmf {
        /// How many.
        digits: i64,
        /// As in `Control`.
        order: i64,
    },
}

/// A colleague who is asked to take a customer over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Consult {
    /// The colleague's extension.
    pub extension: String,
    /// Talks with the agent; before that the telephone rings.
    pub answered: bool,
}

/// What can be switched during a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The customer does not hear the agent.
    Mute,
    /// The customer hears music.
    Hold,
    /// The call is recorded.
    Record,
}

/// Where a recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingPlace {
    /// A file in our recordings folder.
    File(String),
    /// At the provider.
    Url(String),
}
