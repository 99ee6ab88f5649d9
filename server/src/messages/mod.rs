//! Messages the day's plan asks for, to whoever a call does not go to (SPEC §3.5): kept, shown, and
//! handed over as a list to whatever sends them.

pub mod api;
pub mod store;

use crate::customers::{Temperature, ValueStage};
use crate::db::text_enum;
use crate::tasks::TaskKind;

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

#[cfg(test)]
mod tests {
    use super::*;

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
