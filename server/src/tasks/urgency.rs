//! How urgent a reason to call is: the chance, 0 to 1, that a call for it sells something now.
//!
//! Configured estimates until they are measured; [`super::plan::value`] is where a learned chance
//! takes over.

use crate::customers::{MembershipLevel, Temperature};

/// Something runs out: best on its day, a little less each day after; a rhythm of three purchases or
/// more is worth trusting.
pub fn reminder(days_late: i64, purchases: i64) -> f64 {
    let base = if purchases >= 3 { 0.38 } else { 0.28 };
    base - 0.012 * days_late.clamp(0, 14) as f64
}

/// What goes with the last purchase; `priority` of the rule, 1 to 3.
pub const fn cross_sell(priority: i64) -> f64 {
    match priority {
        ..=1 => 0.14,
        2 => 0.11,
        3.. => 0.08,
    }
}

/// A birthday today.
pub const BIRTHDAY: f64 = 0.25;

/// A membership level just reached.
pub const fn membership(level: MembershipLevel) -> f64 {
    match level {
        MembershipLevel::Silver => 0.18,
        MembershipLevel::Gold => 0.22,
        MembershipLevel::Permanent => 0.30,
    }
}

/// No order for long: the longer, the less likely.
pub const fn win_back(days: i64) -> f64 {
    match days {
        ..=45 => 0.18,
        46..=75 => 0.11,
        76.. => 0.07,
    }
}

/// How much the customer's warmth adds or takes away (SPEC §3.5: hot ones are called, warm ones if
/// capacity is left, cold ones last).
pub const fn warmth(temperature: Temperature) -> f64 {
    match temperature {
        Temperature::Hot => 1.3,
        Temperature::Warm => 1.0,
        Temperature::Cold => 0.6,
    }
}
