//! What an admin may change about the daily plan (`settings` row `plan`).

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::plan::Quotas;
use crate::db::{DbError, Tx};

/// Settings of the daily plan; whatever the stored document leaves out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanSettings {
    /// Calls a day and agent.
    pub quotas: Quotas,
    /// Whether the unused quota of one class goes to the others.
    pub spill: bool,
    /// Least days between two contacts with a customer (SPEC §4.6); promises and missed calls are
    /// exempt.
    pub min_days_between_contacts: u32,
    /// A reminder is planned from its day until this many days later.
    pub reminder_window_days: u32,
    /// An unfinished planned task stays on the queue this many days, then it expires.
    pub carry_days: u32,
    /// Of a hundred customers who would be called, so many are not, to measure what calling does (SPEC
    /// §4.9).
    pub hold_out_percent: u8,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            quotas: Quotas::default(),
            spill: true,
            min_days_between_contacts: 3,
            reminder_window_days: 14,
            carry_days: 3,
            hold_out_percent: 5,
        }
    }
}

/// The settings in force.
pub async fn plan(tx: &mut Tx) -> Result<PlanSettings, DbError> {
    let stored: Option<Json<PlanSettings>> =
        tx.optional_scalar("SELECT value FROM settings WHERE key = 'plan'").await?;
    Ok(stored.map(|json| json.0).unwrap_or_default())
}
