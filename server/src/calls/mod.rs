//! Calls: one row each, whatever order its events came in.

pub mod agent_status;
pub mod api;
pub mod by_hand;
pub mod colleagues;
pub mod contract;
pub mod control;
pub mod deliveries;
pub mod effects;
pub mod end_reason;
pub mod group;
pub mod line;
pub mod missed;
pub mod pbx;
pub mod phones;
pub mod reconcile;
pub mod recording;
pub mod reuse;
pub mod service;
pub mod start;
pub mod state;
pub mod store;
pub mod summary;
pub mod view;
pub mod webhooks;

use crate::db::text_enum;

text_enum! {
    /// Who rang whom.
    pub enum Direction {
        /// We rang the customer.
        Outbound = "outbound",
        /// The customer rang us.
        Inbound = "inbound",
    }
}

text_enum! {
    /// Where a call stands.
    pub enum CallStatus {
        /// Asked for.
        Initiated = "initiated",
        /// Rings.
        Ringing = "ringing",
        /// People talk.
        Answered = "answered",
        /// Was answered and is over.
        Completed = "completed",
        /// An inbound call nobody took.
        Missed = "missed",
        /// An outbound call nobody took.
        NoAnswer = "no_answer",
        /// Busy.
        Busy = "busy",
        /// Could not be made.
        Failed = "failed",
        /// Given up before it was answered.
        Cancelled = "cancelled",
    }
}

impl CallStatus {
    /// Whether it is not over; as SQL, the column `is_open`.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Initiated | Self::Ringing | Self::Answered)
    }
}
