//! Messages the day's plan asks for, to whoever a call does not go to, and those that follow a call to
//! the customers worth most (SPEC §3.5): kept, shown, and handed over as a list to whatever sends them.

pub mod api;
pub mod store;

use crate::customers::{Temperature, ValueStage};
use crate::db::text_enum;
use crate::tasks::{Outcome, SubReason, TaskKind};

text_enum! {
    /// How a message goes.
    pub enum Channel {
        /// A text message.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
    }
}

text_enum! {
    /// What became of a message that was asked for.
    pub enum MessageStatus {
        /// Nobody has taken it yet.
        Waiting = "waiting",
        /// It was handed over to be sent.
        HandedOver = "handed_over",
        /// It is not needed any more, or no longer allowed.
        Cancelled = "cancelled",
        /// Its day passed.
        Expired = "expired",
    }
}

/// Whether a customer gets a message and no call (SPEC §3.5): cold and of low value, and there is
/// nothing that should be said in person.
pub const fn instead_of_call(temperature: Temperature, value: ValueStage, kind: TaskKind) -> bool {
    matches!(temperature, Temperature::Cold)
        && matches!(value, ValueStage::Normal)
        && matches!(kind, TaskKind::Reminder | TaskKind::CrossSell | TaskKind::WinBack)
}

/// How a message goes to a customer who agreed to these ways: the cold by SMS, the others by WhatsApp,
/// by the other way if they agreed to that alone.
pub const fn channel(temperature: Temperature, sms: bool, whatsapp: bool) -> Option<Channel> {
    match (temperature, sms, whatsapp) {
        (_, false, false) => None,
        (Temperature::Cold, true, _) | (_, true, false) => Some(Channel::Sms),
        (_, _, true) => Some(Channel::Whatsapp),
    }
}

/// Whether the customers who are worth most are also written to after a call (SPEC §3.5): of what was
/// bought or is offered, when neither an order nor a no came of it.
pub const fn follows_call(
    temperature: Temperature,
    value: ValueStage,
    kind: TaskKind,
    outcome: Outcome,
    more: Option<SubReason>,
) -> bool {
    let dear = matches!(temperature, Temperature::Hot) || matches!(value, ValueStage::Vip);
    let about = matches!(
        kind,
        TaskKind::Reminder | TaskKind::CrossSell | TaskKind::OfferFollowup | TaskKind::WinBack
    );
    dear && about && leaves_open(outcome, more)
}

/// Whether a call's outcome leaves open what was spoken of.
pub const fn leaves_open(outcome: Outcome, more: Option<SubReason>) -> bool {
    let settled = matches!(
        more,
        Some(
            SubReason::WrongNumber
                | SubReason::DoNotCall
                | SubReason::AlreadyOrdered
                | SubReason::StillHasStock
        )
    );
    matches!(outcome, Outcome::FollowUp | Outcome::PriceIssue | Outcome::NoResponse) && !settled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_call_only_the_dear_are_written_to_and_nobody_who_said_no() {
        let after = |t, v, outcome, more| follows_call(t, v, TaskKind::Reminder, outcome, more);
        let (hot, warm) = (Temperature::Hot, Temperature::Warm);
        let (vip, normal) = (ValueStage::Vip, ValueStage::Normal);
        assert!(after(hot, normal, Outcome::NoResponse, Some(SubReason::Busy)));
        assert!(after(warm, vip, Outcome::PriceIssue, None));
        assert!(!after(warm, normal, Outcome::NoResponse, None));
        for outcome in [Outcome::Ordered, Outcome::NotInterested] {
            assert!(!after(hot, vip, outcome, None));
        }
        for more in [SubReason::DoNotCall, SubReason::WrongNumber, SubReason::StillHasStock] {
            assert!(!after(hot, vip, Outcome::FollowUp, Some(more)));
        }
        let complaint = TaskKind::Complaint;
        assert!(!follows_call(hot, vip, complaint, Outcome::FollowUp, None), "not about a sale");
    }

    #[test]
    fn nobody_gets_a_message_by_a_way_they_did_not_agree_to() {
        for &temperature in Temperature::ALL {
            assert_eq!(channel(temperature, false, false), None);
            assert_eq!(channel(temperature, true, false), Some(Channel::Sms));
            assert_eq!(channel(temperature, false, true), Some(Channel::Whatsapp));
        }
        assert_eq!(channel(Temperature::Cold, true, true), Some(Channel::Sms));
        assert_eq!(channel(Temperature::Warm, true, true), Some(Channel::Whatsapp));
    }

    #[test]
    fn only_the_cold_and_cheap_are_never_called() {
        let instead = |t, v, k| instead_of_call(t, v, k);
        assert!(instead(Temperature::Cold, ValueStage::Normal, TaskKind::Reminder));
        assert!(!instead(Temperature::Cold, ValueStage::Normal, TaskKind::Birthday));
        assert!(!instead(Temperature::Cold, ValueStage::Medium, TaskKind::Reminder));
        assert!(!instead(Temperature::Warm, ValueStage::Normal, TaskKind::WinBack));
    }
}
