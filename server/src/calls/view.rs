//! A call as the browser sees it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CallStatus, Direction};
use crate::auth::Scope;
use crate::db::{Bundle, CallId, CustomerId, DbError, Part, Sort, Sql, TaskId, Tx, UserId, absent};
use crate::telephony::{Capabilities, Mode, ProviderKind};

/// A call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Its id here.
    pub id: CallId,
    /// Who rang whom.
    pub direction: Direction,
    /// The telephone system it runs on.
    pub provider: ProviderKind,
    /// Whether a telephone really rings.
    pub mode: Mode,
    /// Its id at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_call_id: Option<String>,
    /// The customer's number: E.164 where it is one, empty when withheld.
    pub customer_phone: String,
    /// The agent's extension.
    #[sqlx(rename = "agent_phone")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_extension: Option<String>,
    /// The agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_user_id: Option<UserId>,
    /// The extension the customer was passed on to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred_to: Option<String>,
    /// The task it was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The customer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Where it stands.
    pub status: CallStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the far end rang.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ringing_at: Option<DateTime<Utc>>,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Talk time, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// Why it ended, as the provider says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// Where its recording is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_url: Option<String>,
    /// The recording's length, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_duration: Option<i64>,
    /// The customer does not hear the agent now.
    pub muted: bool,
    /// The customer is on hold now.
    pub held: bool,
    /// It is being recorded now.
    pub recording: bool,
    /// Extension of the colleague who is asked to take the customer over now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consult: Option<String>,
    /// Whether that colleague talks with the agent; before, the telephone rings.
    pub consult_answered: bool,
    /// What can be done with it.
    #[sqlx(skip)]
    #[serde(default, deserialize_with = "absent")]
    #[schema(required)]
    pub capabilities: Capabilities,
}

macro_rules! columns {
    () => {
        "id, direction, provider, mode, COALESCE(external_call_id, former_call_id) AS external_call_id,
    customer_phone, agent_phone, agent_user_id, transferred_to, task_id, customer_id,
    (SELECT c.name FROM customers c WHERE c.id = customer_id) AS customer_name, status, started_at,
    ringing_at, answered_at, ended_at, duration_seconds, end_reason, recording_url,
    recording_duration, muted, held, recording, consult, consult_answered"
    };
}

/// What a [`Call`] is made of, of a row of `telephony_calls` read or written.
pub(super) const COLUMNS: &str = columns!();

impl Call {
    /// What can be done with it follows from its telephone system.
    pub(super) fn with_capabilities(mut self) -> Self {
        self.capabilities = Capabilities::of(self.provider, self.mode);
        self
    }
}

async fn fetch(tx: &mut Tx, sql: Sql) -> Result<Vec<Call>, DbError> {
    let calls: Vec<Call> = tx.all(sql).await?;
    Ok(calls.into_iter().map(Call::with_capabilities).collect())
}

/// One call.
pub async fn one(tx: &mut Tx, id: CallId) -> Result<Option<Call>, DbError> {
    Ok(fetch(
        tx,
        Sql::new(format!("SELECT {COLUMNS} FROM telephony_calls k WHERE k.id = $1")).bind(id),
    )
    .await?
    .pop())
}

/// One call, if it is in `scope`.
pub async fn visible(tx: &mut Tx, scope: Scope, id: CallId) -> Result<Option<Call>, DbError> {
    let mut sql =
        Sql::new(format!("SELECT {COLUMNS} FROM telephony_calls k WHERE k.id = $1")).bind(id);
    scope_filter(&mut sql, scope);
    Ok(fetch(tx, sql).await?.pop())
}

/// The latest ten calls of the customer `$1`.
pub const LATEST: Part<'_> = Part {
    columns: &[
        "id",
        "direction",
        "provider",
        "mode",
        "external_call_id",
        "customer_phone",
        "agent_phone",
        "agent_user_id",
        "transferred_to",
        "task_id",
        "customer_id",
        "customer_name",
        "status",
        "started_at",
        "ringing_at",
        "answered_at",
        "ended_at",
        "duration_seconds",
        "end_reason",
        "recording_url",
        "recording_duration",
        "?muted",
        "?held",
        "?recording",
        "consult",
        "?consult_answered",
    ],
    select: concat!(
        "SELECT ",
        columns!(),
        " FROM telephony_calls k WHERE k.customer_id = $1
          ORDER BY k.started_at DESC, k.id DESC LIMIT 10"
    ),
};

/// The list of [`LATEST`].
pub fn latest(bundle: &mut Bundle) -> Result<Vec<Call>, DbError> {
    let calls: Vec<Call> = bundle.list()?;
    Ok(calls.into_iter().map(Call::with_capabilities).collect())
}

/// The call a person talks in now: made, taken, or passed on to that person by a colleague.
pub async fn current(tx: &mut Tx, user: UserId) -> Result<Option<Call>, DbError> {
    let sql = Sql::new(format!(
        "SELECT {COLUMNS} FROM telephony_calls k
         WHERE k.is_open
           AND ((k.agent_user_id = $1 AND k.transferred_to IS NULL
                 AND (k.direction = 'outbound' OR k.status = 'answered'))
                OR k.transferred_to = (SELECT extension FROM users WHERE id = $1))
         ORDER BY k.id DESC LIMIT 1"
    ));
    Ok(fetch(tx, sql.bind(user)).await?.pop())
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this agent.
    pub agent: Option<UserId>,
    /// In this status.
    pub status: Option<CallStatus>,
    /// Only those whose end nobody told us (SPEC §5.7).
    pub gaps: bool,
    /// Begun at or after.
    pub from: Option<DateTime<Utc>>,
    /// Begun before.
    pub before: Option<DateTime<Utc>>,
    /// Direction, by start.
    pub sort: Sort,
    /// After this row of the list: start and id.
    pub after: Option<(DateTime<Utc>, CallId)>,
}

/// Calls in `scope` by start, in the direction of the filter.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Call>, DbError> {
    let mut sql = Sql::new(format!("SELECT {COLUMNS} FROM telephony_calls k WHERE TRUE")).ad_hoc();
    scope_filter(&mut sql, scope);
    if let Some(customer) = filter.customer {
        sql.push(" AND k.customer_id = ").push_bind(customer);
    }
    if let Some(agent) = filter.agent {
        sql.push(" AND k.agent_user_id = ").push_bind(agent);
    }
    if let Some(status) = filter.status {
        sql.push(" AND k.status = ").push_bind(status);
    }
    if filter.gaps {
        sql.push(" AND k.end_reason IN ('lost', 'restart')");
    }
    if let Some(from) = filter.from {
        sql.push(" AND k.started_at >= ").push_bind(from);
    }
    if let Some(before) = filter.before {
        sql.push(" AND k.started_at < ").push_bind(before);
    }
    if let Some((at, id)) = filter.after {
        sql.push(&format!(" AND (k.started_at, k.id) {} (", filter.sort.after()));
        sql.push_bind(at).push(", ").push_bind(id).push(")");
    }
    let direction = filter.sort.direction();
    sql.push(&format!(" ORDER BY k.started_at {direction}, k.id {direction} LIMIT "));
    sql.push_bind(limit);
    fetch(tx, sql).await
}

/// Limits calls (alias `k`) to what a person may see: agents their own, those passed on to them and
/// those of their tasks; team leaders their own, their agents', and of those that no agent has the ones of
/// own coverage and of unknown callers.
pub(super) fn scope_filter(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::All => {}
        Scope::Agent(user) => {
            sql.push(" AND (k.agent_user_id = ").push_bind(user);
            sql.push(" OR k.transferred_to = (SELECT extension FROM users WHERE id = ");
            sql.push_bind(user);
            sql.push(") OR k.task_id IN (SELECT id FROM crm_call_tasks WHERE assigned_to = ");
            sql.push_bind(user).push("))");
        }
        Scope::Lead(user) => {
            sql.push(" AND (k.agent_user_id = ").push_bind(user);
            sql.push(" OR k.agent_user_id IN (SELECT id FROM users WHERE team_leader_id = ");
            sql.push_bind(user);
            sql.push(
                ") OR (k.agent_user_id IS NULL AND (k.customer_id IS NULL OR EXISTS (
                   SELECT 1 FROM customers vc WHERE vc.id = k.customer_id
                     AND (vc.assigned_supervisor_id = ",
            );
            sql.push_bind(user);
            sql.push(" OR vc.assigned_to IN (SELECT id FROM users WHERE team_leader_id = ");
            sql.push_bind(user).push("))))))");
        }
    }
}
