//! Work that happens by itself, once however many instances run.
//!
//! A job has a schedule; the row (schedule, due time) in `job_runs` is the claim, so there is no
//! leader to elect. A run that never finished (its instance died) is claimed again. After downtime
//! the latest missed occurrence is caught up, not each of them: the jobs look at what is due, not
//! at how often they were called.

mod registry;
mod runner;

use std::future::Future;
use std::pin::Pin;

use crate::app::AppState;
use crate::error::Result;

pub use runner::{run_due, start};

/// What a run did, for the log and the `job_runs` row.
pub type Report = serde_json::Value;

/// A run under way.
pub type Run = Pin<Box<dyn Future<Output = Result<Report>> + Send>>;

/// A scheduled job.
pub struct Job {
    /// Its name, stable: the key of its claims.
    pub name: &'static str,
    /// When: cron with seconds left out, in the company's time zone.
    pub cron: &'static str,
    /// With which others it takes turns.
    pub line: Line,
    /// What.
    pub run: fn(AppState) -> Run,
}

/// The jobs of a line run one after the other, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The shop's day: each builds on those before it, also when several are caught up at once.
    Day,
    /// What calls wait for: short and often.
    Minute,
}
