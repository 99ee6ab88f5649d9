//! Calls: one row each, whatever order its events came in.

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
