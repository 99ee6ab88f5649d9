//! Why a channel ended, in the words of `calls::end_reason` (ITU-T Q.850 cause values, as Asterisk
//! gives them; RFC 3398 says which SIP answers become which).

/// No media came from the far end for `rtp_timeout` seconds, or its transport broke.
const LOST: [i64; 4] = [27, 38, 41, 44];

/// The reason for a call that was not answered.
pub fn reason(cause: i64) -> String {
    match cause {
        1 | 2 | 3 | 22 => "unallocated_number",
        16 => "normal_clearing",
        17 => "busy",
        18 | 19 => "no_answer",
        20 => "subscriber_absent",
        21 => "rejected",
        27 => "unreachable",
        28 => "invalid_number",
        34 | 38 | 41 | 42 => "congestion",
        other => return format!("q850_{other}"),
    }
    .to_owned()
}

/// Whether a telephone went away without anybody hanging up: a reload, a crash, a lost network.
pub fn is_lost(cause: i64) -> bool {
    LOST.contains(&cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_is_no_hang_up() {
        assert!(is_lost(44));
        assert!(!is_lost(16));
        assert_eq!(reason(17), "busy");
        assert_eq!(reason(99), "q850_99");
    }
}
