//! The handlers of call tasks.

pub mod plan;
pub mod queue;
pub mod work;
