//! What providers say about the end of a call, brought to a few classes.

/// Classes of end reasons, weakest first: of two reasons given for one call the stronger counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndClass {
    /// We lost sight of the call: a restart, or the provider forgot it.
    Lost,
    /// Words we do not know.
    Other,
    /// Hung up, by whichever side; says nothing about an answer.
    Cancelled,
    /// Could not be connected, or was refused.
    Failed,
    /// Nobody took it.
    NoAnswer,
    /// Busy.
    Busy,
    /// Taken and over.
    Completed,
}

impl EndClass {
    /// The class of a provider's words (Bracknet's, Asterisk's dispositions, Q.850 causes).
    pub fn of(reason: &str) -> Self {
        let word: String = reason
            .trim()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        match word.as_str() {
            "completed" | "complete" | "answered" | "answer" | "success" => Self::Completed,
            "busy" | "user_busy" | "line_busy" | "17" => Self::Busy,
            "no_answer" | "noanswer" | "not_answered" | "unanswered" | "no_user_response"
            | "ring_timeout" | "timeout" | "missed" | "18" | "19" => Self::NoAnswer,
            "failed" | "failure" | "rejected" | "declined" | "call_rejected" | "unallocated"
            | "unallocated_number" | "invalid_number" | "congestion" | "chanunavail"
            | "switched_off" | "unreachable" | "subscriber_absent" | "error" | "provider_error"
            | "1" | "20" | "21" | "27" | "28" | "34" | "38" => Self::Failed,
            "cancelled" | "canceled" | "cancel" | "originator_cancel" | "hangup"
            | "agent_hangup" | "caller_hangup" | "customer_hangup" | "normal"
            | "normal_clearing" | "16" => Self::Cancelled,
            "restart" | "lost" => Self::Lost,
            _ => Self::Other,
        }
    }
}

/// The stronger of two reasons; of equally strong ones the later in the alphabet, so that the
/// order of arrival does not matter.
pub fn stronger(a: Option<String>, b: Option<String>) -> Option<String> {
    let strength =
        |reason: &Option<String>| reason.as_ref().map(|text| (EndClass::of(text), text.clone()));
    if strength(&b) > strength(&a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::{EndClass, stronger};

    #[test]
    fn providers_words_are_understood_in_any_spelling() {
        for (word, class) in [
            ("completed", EndClass::Completed),
            ("ANSWERED", EndClass::Completed),
            ("NO ANSWER", EndClass::NoAnswer),
            ("no-answer", EndClass::NoAnswer),
            ("Busy", EndClass::Busy),
            ("CHANUNAVAIL", EndClass::Failed),
            ("normal_clearing", EndClass::Cancelled),
            ("restart", EndClass::Lost),
            ("gremlins", EndClass::Other),
        ] {
            assert_eq!(EndClass::of(word), class, "{word}");
        }
    }

    #[test]
    fn a_real_reason_replaces_a_guess_whatever_the_order() {
        let (real, guess) = (Some("busy".to_owned()), Some("restart".to_owned()));
        assert_eq!(stronger(real.clone(), guess.clone()), real);
        assert_eq!(stronger(guess, real.clone()), real);
        assert_eq!(stronger(None, real.clone()), real);
        assert_eq!(stronger(real.clone(), None), real);
    }
}
