//! Call tasks: whom to call, why, and what came of it (SPEC §4, §6.6).
//!
//! - [`plan`]: who is called by whom today (pure); [`generate`]: reads the reasons and writes the plan.
//! - [`change`]: what may be said when a status changes; [`queue`]: the order of the day (both pure).
//! - [`points`]: the reasons of a call, as stored and as shown.
//! - [`uplift`]: what calling does, measured against those held out.
//! - [`promises`]: whether promised calls are made in time.
//! - [`store`]: the rows, and what other features do to them: an order cancels a reminder, a missed
//!   call becomes a task, a call moves its task into wrap-up.

pub mod api;
pub mod best_hour;
pub mod cache;
pub mod calling_hours;
pub mod change;
mod dto;
pub mod generate;
pub mod plan;
pub mod points;
pub mod promises;
pub mod queue;
mod retry;
pub mod settings;
pub mod store;
mod team;
pub mod uplift;
mod urgency;

use crate::db::text_enum;

pub use dto::Task;
pub use team::{TeamCode, team_of};

text_enum! {
    /// Why a customer is called.
    pub enum TaskKind {
        /// Something runs out.
        Reminder = "reminder",
        /// A campaign's offer.
        OfferFollowup = "offer_followup",
        /// What goes with the last purchase.
        CrossSell = "cross_sell",
        /// A membership level within reach or reached.
        MembershipUpgrade = "membership_upgrade",
        /// Birthday or anniversary.
        Birthday = "birthday",
        /// Promised on an earlier call.
        FollowUp = "follow_up",
        /// The customer rang and nobody answered.
        MissedCall = "missed_call",
        /// Has not ordered for long.
        WinBack = "win_back",
        /// Left a basket or a page.
        DropOff = "drop_off",
        /// Was not satisfied.
        Complaint = "complaint",
    }
}

text_enum! {
    /// Which of the day's three quotas a kind counts against.
    pub enum QuotaClass {
        /// Reorder reminders.
        Reminder = "reminder",
        /// Offers.
        Offer = "offer",
        /// Follow-ups and support.
        FollowUp = "follow_up",
    }
}

impl TaskKind {
    /// Which of several reasons leads a call: 0 before 1. Customers who complained or called come
    /// before what was agreed with them, and that before what the shop wants to say.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Complaint => 0,
            Self::MissedCall => 1,
            Self::FollowUp => 2,
            _ => 3,
        }
    }

    /// The quota it counts against.
    pub const fn quota_class(self) -> QuotaClass {
        match self {
            Self::Reminder => QuotaClass::Reminder,
            Self::OfferFollowup | Self::CrossSell | Self::MembershipUpgrade | Self::Birthday => {
                QuotaClass::Offer
            }
            Self::FollowUp | Self::MissedCall | Self::WinBack | Self::DropOff | Self::Complaint => {
                QuotaClass::FollowUp
            }
        }
    }
}

text_enum! {
    /// Where a task stands.
    pub enum TaskStatus {
        /// Waiting.
        Pending = "pending",
        /// Being worked on.
        InProgress = "in_progress",
        /// Done, with an outcome.
        Completed = "completed",
        /// Could not be done.
        Failed = "failed",
        /// No longer needed.
        Cancelled = "cancelled",
        /// Its day passed.
        Expired = "expired",
    }
}

text_enum! {
    /// What a call came to.
    pub enum Outcome {
        /// The customer ordered.
        Ordered = "ordered",
        /// Call again at an agreed time.
        FollowUp = "follow_up",
        /// No.
        NotInterested = "not_interested",
        /// Too expensive.
        PriceIssue = "price_issue",
        /// Nobody spoken to.
        NoResponse = "no_response",
    }
}

impl Outcome {
    /// Whether the customer was spoken to.
    pub const fn is_reached(self) -> bool {
        !matches!(self, Self::NoResponse)
    }
}

text_enum! {
    /// More exactly.
    pub enum SubReason {
        /// Somebody else's number.
        WrongNumber = "wrong_number",
        /// Phone off.
        SwitchedOff = "switched_off",
        /// Line busy.
        Busy = "busy",
        /// Wants to be called back.
        CallbackRequested = "callback_requested",
        /// Ordered by other means.
        AlreadyOrdered = "already_ordered",
        /// Has enough.
        StillHasStock = "still_has_stock",
        /// Never wants to be called again.
        DoNotCall = "do_not_call",
        /// Anything else.
        Other = "other",
    }
}

text_enum! {
    /// Who made a task.
    pub enum TaskOrigin {
        /// The daily plan.
        Plan = "plan",
        /// An agent's promise.
        Promise = "promise",
        /// Another try of a planned call nobody took.
        Retry = "retry",
        /// A call nobody answered.
        MissedCall = "missed_call",
        /// A person, by hand.
        Manual = "manual",
    }
}

impl TaskOrigin {
    /// Whose wish a task is when several made it: 0 before 1. What a person wants done never expires
    /// as the plan's work does.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Promise => 0,
            Self::MissedCall => 1,
            Self::Manual => 2,
            Self::Retry => 3,
            Self::Plan => 4,
        }
    }
}

text_enum! {
    /// What holds an agent at a task (a row in `wrap_ups`).
    pub enum WrapState {
        /// The call is under way.
        Calling = "calling",
        /// The call is over and wants its outcome.
        WrapUp = "wrap_up",
    }
}
