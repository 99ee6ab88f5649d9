//! What an admin may change about the daily plan (`settings` row `plan`).

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::calling_hours::CallingHours;
use super::plan::{MOST_PER_AGENT, Quotas};
use chrono::{DateTime, Utc};

use crate::db::{Arg, DbError, Sql, Tx};

/// Settings of the daily plan; whatever the stored document leaves out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PlanSettings {
    /// Calls a day and agent.
    #[schema(required)]
    pub quotas: Quotas,
    /// Whether the unused quota of one class goes to the others.
    #[schema(required)]
    pub spill: bool,
    /// Least days between two contacts with a customer (SPEC §4.6); promises and missed calls are
    /// exempt.
    #[schema(required)]
    pub min_days_between_contacts: u32,
    /// A reminder is planned from its day until this many days later.
    #[schema(required)]
    pub reminder_window_days: u32,
    /// An unfinished planned task stays on the queue this many days, then it expires.
    #[schema(required)]
    pub carry_days: u32,
    /// Of a hundred customers who would be called, so many are not, to measure what calling does (SPEC
    /// §4.9).
    #[schema(required)]
    pub hold_out_percent: u8,
    /// So many calls for one reason that nobody took are enough for [`ATTEMPT_DAYS`] days.
    #[schema(required)]
    pub most_attempts: u32,
    /// A promised call begun later than so many minutes after its hour is late; one not begun by then
    /// is broken.
    #[schema(required)]
    pub promise_grace_minutes: u32,
    /// Most messages a day to customers who are not called (SPEC §3.5); 0: none, and the cold are called
    /// like everybody.
    #[schema(required)]
    pub most_messages: u32,
    /// When customers may be rung.
    #[schema(required)]
    pub calling_hours: CallingHours,
}

/// Days after which a reason that nobody could be reached for is tried again.
pub const ATTEMPT_DAYS: i64 = 30;

impl PlanSettings {
    /// The first field whose value is not allowed, and what is.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let quotas = &self.quotas;
        let limit = quotas.per_agent_limit;
        let ranges = [
            ("quotas.perAgentLimit", limit, 1, MOST_PER_AGENT),
            ("quotas.reminder", quotas.reminder, 0, limit),
            ("quotas.offer", quotas.offer, 0, limit),
            ("quotas.followup", quotas.followup, 0, limit),
            ("minDaysBetweenContacts", self.min_days_between_contacts, 0, 90),
            ("reminderWindowDays", self.reminder_window_days, 1, 60),
            ("carryDays", self.carry_days, 0, 30),
            ("holdOutPercent", self.hold_out_percent.into(), 0, 50),
            ("mostAttempts", self.most_attempts, 1, 20),
            ("promiseGraceMinutes", self.promise_grace_minutes, 1, 1440),
            ("mostMessages", self.most_messages, 0, 5000),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Some((field, format!("A whole number from {least} to {most}.")));
            }
        }
        let field = self.calling_hours.problem()?;
        let allowed = "From before until, at least an hour; a month of at most 31 days.";
        Some((field, allowed.to_owned()))
    }
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
            most_attempts: 3,
            promise_grace_minutes: 30,
            most_messages: 500,
            calling_hours: CallingHours::default(),
        }
    }
}

/// The settings in force.
pub async fn plan(tx: &mut Tx) -> Result<PlanSettings, DbError> {
    let stored: Option<Json<PlanSettings>> =
        tx.optional_scalar("SELECT value FROM settings WHERE key = 'plan'").await?;
    Ok(stored.map(|json| json.0).unwrap_or_default())
}

/// Sets them.
pub async fn set_plan(
    tx: &mut Tx,
    now: DateTime<Utc>,
    settings: &PlanSettings,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO settings (key, value, updated_at) VALUES ('plan', $1, $2)
             ON CONFLICT (key) DO UPDATE SET value = $1, updated_at = $2",
        )
        .bind(Arg::json(settings))
        .bind(now),
    )
    .await?;
    Ok(())
}
