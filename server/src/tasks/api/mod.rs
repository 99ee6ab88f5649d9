//! The handlers of call tasks.

pub mod plan;
