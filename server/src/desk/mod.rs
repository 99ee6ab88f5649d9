//! The agent's desk: what waits for an outcome, and how the day goes (SPEC §6.6, §6.11).
//!
//! A wrap-up is a row, not a dialog: whatever is typed is saved here as it is typed, so that a
//! reload, a second tab or a crash of either side brings all of it back.

pub mod api;
pub mod pace;
pub mod store;
