//! A call task as clients see it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::points::TalkingPoint;
use super::{Outcome, QuotaClass, SubReason, TaskKind, TaskOrigin, TaskStatus};
use crate::customers::{Temperature, ValueStage};
use crate::db::{CallId, CustomerId, OrderId, TaskId, UserId};
use crate::products::ProductName;

/// A call to make, or made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whom to call; null: an unknown number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Number to call, E.164 where it is one.
    pub phone: String,
    /// Company day it belongs to.
    pub task_date: NaiveDate,
    /// Kind of its main reason.
    pub kind: TaskKind,
    /// Quota the kind counts against.
    pub quota_class: QuotaClass,
    /// Stable key of the main reason, e.g. `reminder:rice`.
    pub reason: String,
    /// Every reason to speak about, the main one first.
    pub talking_points: Vec<TalkingPoint>,
    /// 1 high, 2, 3 low.
    pub priority: i64,
    /// Hour, company time, at which the customer is likeliest to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_hour: Option<i64>,
    /// How warm the customer was when it was made.
    pub temperature: Temperature,
    /// What to recommend.
    pub recommended_products: Vec<ProductName>,
    /// Script to read.
    pub script_key: String,
    /// Offer to mention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_code: Option<String>,
    /// Agent whose queue it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<UserId>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Team it was routed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_code: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Calls begun.
    pub attempts: i64,
    /// Promised hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Whether an agent promised it.
    pub promised: bool,
    /// Who made it.
    pub origin: TaskOrigin,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// More exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_reason: Option<SubReason>,
    /// What people wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Order the call made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// `{code, params}` of a cancelled one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub cancel_reason: Option<Value>,
    /// Purchase and value stage, e.g. `repeat_3+medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_label: Option<String>,
    /// Value stage of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_stage: Option<ValueStage>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When work on it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Its calls, oldest first.
    pub call_ids: Vec<CallId>,
    /// What its calls came to, a line each, e.g.
    /// `[call 55] 2026-01-03T10:30:00Z completed 2:15 (completed)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_summary: Option<String>,
}
