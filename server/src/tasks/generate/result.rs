//! What a plan came to, as answered and kept.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{PlanId, UserId, text_enum};
use crate::tasks::plan::Load;
use crate::tasks::{TaskKind, TeamCode};

text_enum! {
    /// Why a customer with a reason to be called is not planned.
    pub enum LeftOutReason {
        /// Asked never to be called.
        DoNotCall = "do_not_call",
        /// Has not agreed to calls.
        NoConsent = "no_consent",
        /// Was contacted too few days ago.
        RecentlyContacted = "recently_contacted",
        /// Every agent who could has a full day or is absent.
        NoCapacity = "no_capacity",
        /// Somebody has time, but the quota of the class is full.
        QuotaFull = "quota_full",
        /// Nobody serves the customer's team.
        NoTeam = "no_team",
        /// Nobody took the calls for this reason in the last days, as often as is enough.
        AttemptsUsed = "attempts_used",
        /// Is planned already.
        AlreadyPlanned = "already_planned",
        /// Is deliberately not called, to measure what calling does.
        HeldOut = "held_out",
        /// Is cold and of low value, and gets a message, or another day one.
        MessageInstead = "message_instead",
        /// Will be called for a promise or a missed call; the reasons join that call.
        OpenPromise = "open_promise",
        /// The stored number is none.
        NoPhone = "no_phone",
    }
}

/// How many were left out for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOutCount {
    /// Why.
    pub reason: LeftOutReason,
    /// How many customers.
    pub count: u32,
}

/// How many calls a team got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamCount {
    /// Which team.
    pub team_code: TeamCode,
    /// How many calls.
    pub count: u32,
}

/// How many calls are made for a kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KindCount {
    /// Kind of the main reason.
    pub kind: TaskKind,
    /// How many calls.
    pub count: u32,
}

/// What an agent got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentShare {
    /// Who.
    pub agent_id: UserId,
    /// Their name.
    pub name: String,
    /// Their team.
    pub team_code: TeamCode,
    /// New reorder reminders.
    pub reminder: u32,
    /// New offers.
    pub offer: u32,
    /// New follow-ups.
    pub follow_up: u32,
    /// New calls in all.
    pub total: u32,
    /// Calls the agent could still take that day.
    pub capacity_left: u32,
}

/// A plan that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// When.
    pub at: DateTime<Utc>,
    /// Calls that nobody had touched: they are off the queues.
    pub taken_back: u64,
    /// Calls that somebody had begun, moved or changed: they stay.
    pub kept: u64,
    /// Messages that nobody had taken: they are not asked for any more.
    #[serde(default)]
    #[schema(required)]
    pub messages: u64,
}

/// What a plan came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanResult {
    /// Its id; null in a preview.
    pub plan_id: Option<PlanId>,
    /// The company day planned.
    pub date: NaiveDate,
    /// Nothing was written.
    pub preview: bool,
    /// New calls.
    pub created: u32,
    /// Promises and missed calls that got further talking points.
    pub merged: u32,
    /// Customers who were planned before.
    pub already_planned: u32,
    /// New calls by class.
    pub by_class: Load,
    /// New calls by team.
    pub by_team: Vec<TeamCount>,
    /// New calls by kind of the main reason.
    pub by_kind: Vec<KindCount>,
    /// New calls by agent.
    pub agents: Vec<AgentShare>,
    /// Who was left out, and why.
    pub left_out: Vec<LeftOutCount>,
    /// Messages asked for, to customers who are not called.
    #[serde(default)]
    #[schema(required)]
    pub messages: u32,
    /// Earlier days' planned tasks that were given up.
    pub expired: u32,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// It was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
    /// Every agent's day was full before: nobody but those planned already was looked at.
    #[serde(default)]
    pub full: bool,
    /// The asker may take it back.
    #[serde(default)]
    pub undoable: bool,
}

/// Counts customers by reason.
#[derive(Clone, Debug, Default)]
pub struct LeftOutTally(BTreeMap<LeftOutReason, u32>);

impl LeftOutTally {
    /// One more.
    pub fn add(&mut self, reason: LeftOutReason) {
        self.add_many(reason, 1);
    }

    /// So many more.
    pub fn add_many(&mut self, reason: LeftOutReason, customers: u32) {
        if customers > 0 {
            *self.0.entry(reason).or_default() += customers;
        }
    }

    /// How many so far.
    pub fn of(&self, reason: LeftOutReason) -> u32 {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// The counts, largest first.
    pub fn counts(&self) -> Vec<LeftOutCount> {
        let mut counts: Vec<LeftOutCount> =
            self.0.iter().map(|(&reason, &count)| LeftOutCount { reason, count }).collect();
        counts.sort_by_key(|c| std::cmp::Reverse(c.count));
        counts
    }
}
