//! Reorder rhythm: when a customer will need a category again, and when to remind them.
//!
//! A *pair* is a customer and a category they buy. Its dates come from [`rhythm`], the one place
//! that decides how a date is made: today by the configured table ([`table`], SPEC §3.1-3.2); a
//! learned rhythm takes its place here once it exists, and says so in [`Basis`].

pub mod backtest;
pub mod cli;
pub mod learned;
pub mod pairs;
pub mod store;
pub mod table;

use chrono::NaiveDate;

use crate::db::text_enum;
pub use pairs::{Pair, Purchase, pairs};
pub use table::{Arithmetic, Profile, Profiles, ScaledFrom};

text_enum! {
    /// What a pair's dates rest on.
    pub enum Basis {
        /// The configured consumption profile.
        Table = "table",
        /// The customer's own purchases.
        Learned = "learned",
    }
}

/// The dates of a pair, with the arithmetic behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// What the dates rest on.
    pub basis: Basis,
    /// The day to remind on.
    pub due_on: NaiveDate,
    /// The day on which it runs out.
    pub expected_on: NaiveDate,
    /// How they came about.
    pub arithmetic: Arithmetic,
}

/// When the purchase of `base_qty` of a category on `day` is used up, and when to remind.
pub fn rhythm(profile: &Profile, day: NaiveDate, base_qty: i64) -> Rhythm {
    let arithmetic = table::arithmetic(profile, day, base_qty);
    Rhythm {
        basis: Basis::Table,
        due_on: arithmetic.due_on(),
        expected_on: arithmetic.expected_on(),
        arithmetic,
    }
}
