//! The rows of `telephony_calls`: locking, merging, writing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::state::{Derived, Facts};
use super::view::{self, Call};
use super::{CallStatus, Direction};
use crate::customers::store::OF_PHONE;
use crate::db::{Arg, CallId, CustomerId, DbError, Insert, PhoneNumber, Sql, TaskId, Tx, UserId};
use crate::telephony::{Mode, ProviderKind, caller};

/// Raw payloads kept with a call; every delivery is in `webhook_deliveries` anyway.
const MAX_PAYLOADS: usize = 20;

/// What else is kept with a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// Raw payloads: a set, so that their order and repetition do not matter.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub payloads: BTreeSet<String>,
    /// The task made because nobody took the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_task: Option<TaskId>,
}

impl Meta {
    /// Adds what `other` has. The smallest payloads are kept, whatever came first.
    pub fn join(&mut self, other: Self) {
        self.payloads.extend(other.payloads);
        while self.payloads.len() > MAX_PAYLOADS {
            self.payloads.pop_last();
        }
        self.missed_task = self.missed_task.or(other.missed_task);
    }

    /// From one payload.
    pub fn of(raw: Option<&serde_json::Value>) -> Self {
        let payloads = raw.map(ToString::to_string).into_iter().collect();
        Self { payloads, missed_task: None }
    }
}

/// A row, as far as rules need it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CallRow {
    /// Its id; [`CallRow::UNWRITTEN`] before it is written first.
    pub id: CallId,
    /// The telephone system.
    pub provider: ProviderKind,
    /// Whether a telephone really rings.
    pub mode: Mode,
    /// Id at the provider, which nothing later has.
    pub external_call_id: Option<String>,
    /// Id at the provider, which has used it again for a later call.
    pub former_call_id: Option<String>,
    /// The customer's number.
    pub customer_phone: String,
    /// The agent's extension.
    pub agent_phone: Option<String>,
    /// The agent.
    pub agent_user_id: Option<UserId>,
    /// The extension the customer was passed on to.
    pub transferred_to: Option<String>,
    /// The task it was made for.
    pub task_id: Option<TaskId>,
    /// The customer.
    pub customer_id: Option<CustomerId>,
    /// Where it stands.
    pub status: CallStatus,
    /// What is known.
    pub facts: Json<Facts>,
    /// What else is kept.
    pub meta: Json<Meta>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str =
    "id, provider, mode, external_call_id, former_call_id, customer_phone, agent_phone,
    agent_user_id, transferred_to, task_id, customer_id, status, facts, meta, created_at";

impl CallRow {
    /// The id of a row that is not in the table yet.
    pub const UNWRITTEN: CallId = CallId(0);

    /// A call not heard of before; the events to come fill it, in whatever order.
    pub fn blank(provider: ProviderKind, mode: Mode, external: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: Self::UNWRITTEN,
            provider,
            mode,
            external_call_id: Some(external.to_owned()),
            former_call_id: None,
            customer_phone: String::new(),
            agent_phone: None,
            agent_user_id: None,
            transferred_to: None,
            task_id: None,
            customer_id: None,
            status: CallStatus::Initiated,
            facts: Json(Facts::default()),
            meta: Json(Meta::default()),
            created_at: now,
        }
    }

    /// The columns that follow from the facts.
    pub fn derive(&self) -> Derived {
        self.facts.derive(self.created_at)
    }

    /// Whether this is an inbound call that nobody took, from a number that can be called back: not
    /// withheld, no extension, no short code.
    pub fn is_missed(&self) -> bool {
        self.status == CallStatus::Missed && caller::can_be_called_back(&self.customer_phone)
    }
}

/// The row, kept from others until the transaction ends.
pub async fn lock(tx: &mut Tx, id: CallId) -> Result<Option<CallRow>, DbError> {
    let locked = tx.for_update();
    let sql = format!("SELECT {COLUMNS} FROM telephony_calls WHERE id = $1{locked}");
    tx.optional(Sql::new(sql).bind(id)).await
}

/// The row of a provider's call, kept from others until the transaction ends.
pub async fn lock_external(
    tx: &mut Tx,
    provider: ProviderKind,
    external: &str,
) -> Result<Option<CallRow>, DbError> {
    let locked = tx.for_update();
    let sql = Sql::new(format!(
        "SELECT {COLUMNS} FROM telephony_calls
         WHERE provider = $1 AND external_call_id = $2{locked}"
    ));
    tx.optional(sql.bind(provider).bind(external)).await
}

/// The rows of earlier calls of an id that the provider has used again, latest first, kept from
/// others until the transaction ends.
pub async fn lock_former(
    tx: &mut Tx,
    provider: ProviderKind,
    external: &str,
) -> Result<Vec<CallRow>, DbError> {
    let locked = tx.for_update();
    let sql = Sql::new(format!(
        "SELECT {COLUMNS} FROM telephony_calls
         WHERE provider = $1 AND former_call_id = $2 ORDER BY id DESC LIMIT 4{locked}"
    ));
    tx.all(sql.bind(provider).bind(external)).await
}

/// Whether there is a row of a provider's call.
pub async fn is_known(
    tx: &mut Tx,
    provider: ProviderKind,
    external: &str,
) -> Result<bool, DbError> {
    let found: Option<CallId> = tx
        .optional_scalar(
            Sql::new(
                "SELECT id FROM telephony_calls WHERE provider = $1 AND external_call_id = $2",
            )
            .bind(provider)
            .bind(external),
        )
        .await?;
    Ok(found.is_some())
}

/// What the provider calls this call now.
pub async fn current_id(tx: &mut Tx, id: CallId) -> Result<Option<String>, DbError> {
    let sql = Sql::new("SELECT external_call_id FROM telephony_calls WHERE id = $1").bind(id);
    Ok(tx.optional_scalar::<Option<String>>(sql).await?.flatten())
}

/// Takes the row of the same call away and returns what it knew; deliveries point to `into` then.
pub async fn absorb(tx: &mut Tx, other: CallId, into: CallId) -> Result<Option<CallRow>, DbError> {
    let Some(row) = lock(tx, other).await? else {
        return Ok(None);
    };
    // Those that wait for the commit too.
    tx.insert_waiting().await?;
    tx.execute(
        Sql::new("UPDATE webhook_deliveries SET call_id = $1 WHERE call_id = $2")
            .bind(into)
            .bind(other),
    )
    .await?;
    tx.execute(Sql::new("DELETE FROM telephony_calls WHERE id = $1").bind(other)).await?;
    Ok(Some(row))
}

/// The columns that are written anew with each change, in the order of [`changed`].
const CHANGED: [&str; 25] = [
    "direction",
    "external_call_id",
    "former_call_id",
    "customer_phone",
    "agent_phone",
    "agent_user_id",
    "transferred_to",
    "customer_id",
    "status",
    "started_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "duration_seconds",
    "end_reason",
    "recording_url",
    "recording_duration",
    "muted",
    "held",
    "recording",
    "consult",
    "consult_answered",
    "facts",
    "meta",
    "updated_at",
];

fn changed(row: &CallRow, now: DateTime<Utc>) -> [Arg; CHANGED.len()] {
    let derived = row.derive();
    let recording = row.facts.recording.as_ref();
    // Where an Asterisk keeps it is nobody's business but ours.
    let ours = row.provider == ProviderKind::Asterisk;
    let url = recording.map(|r| {
        if ours || r.file().is_some() {
            format!("/api/telephony/calls/{}/recording", row.id)
        } else {
            r.place.clone()
        }
    });
    [
        derived.direction.into(),
        row.external_call_id.as_ref().into(),
        row.former_call_id.as_ref().into(),
        (&row.customer_phone).into(),
        row.agent_phone.as_ref().into(),
        row.agent_user_id.into(),
        row.transferred_to.as_ref().into(),
        row.customer_id.into(),
        derived.status.into(),
        derived.started_at.into(),
        derived.ringing_at.into(),
        derived.answered_at.into(),
        derived.ended_at.into(),
        derived.duration_seconds.into(),
        row.facts.end_reason().into(),
        url.into(),
        recording.and_then(|r| r.duration).into(),
        derived.muted.into(),
        derived.held.into(),
        derived.recording.into(),
        derived.consult.as_ref().map(|c| c.extension.as_str()).into(),
        derived.consult.as_ref().is_some_and(|c| c.answered).into(),
        Arg::json(&row.facts.0),
        Arg::json(&row.meta.0),
        now.into(),
    ]
}

/// Writes a row after its facts changed; how the browser sees it now. A call written for the first
/// time gets its id; somebody else having written it meanwhile is a unique violation.
pub async fn write(tx: &mut Tx, row: &mut CallRow, now: DateTime<Utc>) -> Result<Call, DbError> {
    if row.id == CallRow::UNWRITTEN {
        let columns = [&["provider", "mode", "created_at"], &CHANGED[..]].concat();
        let mut insert = Insert::new("telephony_calls", &columns, &RETURNING);
        let first = [row.provider.into(), row.mode.into(), row.created_at.into()];
        insert.row(first.into_iter().chain(changed(row, now)));
        let call: Call = insert.returning(tx).await?.pop().ok_or(DbError::RowNotFound)?;
        row.id = call.id;
        // The address of a recording here has the call's id.
        if row.facts.recording.is_none() {
            return Ok(call.with_capabilities());
        }
    }
    let mut sql = Sql::new("UPDATE telephony_calls SET ");
    for (n, (column, value)) in CHANGED.iter().zip(changed(row, now)).enumerate() {
        sql.push(if n == 0 { "" } else { ", " }).push(column).push(" = ").push_bind(value);
    }
    sql.push(" WHERE id = ").push_bind(row.id).push(&RETURNING);
    let call: Call = tx.one(sql).await?;
    Ok(call.with_capabilities())
}

/// A written row as the browser sees it.
static RETURNING: LazyLock<String> = LazyLock::new(|| format!(" RETURNING {}", view::COLUMNS));

/// A call about to be made.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// Who makes it.
    pub agent: UserId,
    /// From this extension.
    pub extension: Option<String>,
    /// To this number.
    pub phone: PhoneNumber,
    /// For this task.
    pub task: Option<TaskId>,
    /// To this customer, if the agent may know.
    pub customer: Option<CustomerId>,
    /// The customer who has the number or the task, whoever may know.
    pub owner: Option<CustomerId>,
    /// On this telephone system.
    pub provider: ProviderKind,
    /// Whether a telephone really rings.
    pub mode: Mode,
    /// Its id there, where the telephone system lets us choose it.
    pub external_call_id: Option<String>,
    /// Of the request.
    pub idempotency_key: Option<String>,
}

/// Writes a new outbound call begun at `at`; `None` if the database holds something against it: the same request
/// came before, or the agent or the customer is on a call.
pub async fn insert(
    tx: &mut Tx,
    new: &NewCall,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<CallId>, DbError> {
    tx.optional_scalar(
        Sql::new(
            "INSERT INTO telephony_calls (direction, provider, mode, customer_phone, agent_phone,
               agent_user_id, task_id, customer_id, status, started_at, idempotency_key, facts,
               meta, external_call_id, created_at, updated_at)
             VALUES ('outbound', $1, $2, $3, $4, $5, $6, $7, 'initiated', $8, $9, $10, $11, $12,
                     $13, $13)
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(new.provider)
        .bind(new.mode)
        .bind(&new.phone)
        .bind(new.extension.as_ref())
        .bind(new.agent)
        .bind(new.task)
        .bind(new.customer)
        .bind(at)
        .bind(new.idempotency_key.as_ref())
        .bind(Arg::json(&Facts::requested(at)))
        .bind(Arg::json(&Meta::default()))
        .bind(new.external_call_id.as_ref())
        .bind(now),
    )
    .await
}

/// How many calls an agent has made since then that have neither a task nor a customer, or (`by_hand`)
/// that were logged by hand.
pub async fn made_since(
    tx: &mut Tx,
    agent: UserId,
    by_hand: bool,
    since: DateTime<Utc>,
) -> Result<i64, DbError> {
    let mut sql = Sql::new(
        "SELECT COUNT(*) FROM telephony_calls
         WHERE agent_user_id = $1 AND direction = 'outbound' AND created_at > $2",
    )
    .bind(agent)
    .bind(since);
    if by_hand {
        sql.push(" AND provider = ").push_bind(ProviderKind::ByHand);
    } else {
        sql.push(" AND task_id IS NULL AND customer_id IS NULL");
    }
    tx.scalar(sql).await
}

/// The call an agent's request with this key started.
pub async fn by_key(tx: &mut Tx, agent: UserId, key: &str) -> Result<Option<CallId>, DbError> {
    tx.optional_scalar(
        Sql::new(
            "SELECT id FROM telephony_calls WHERE agent_user_id = $1 AND idempotency_key = $2",
        )
        .bind(agent)
        .bind(key),
    )
    .await
}

/// Whether somebody speaks with, or rings, this number or customer.
pub async fn customer_is_on_call(
    tx: &mut Tx,
    phone: &PhoneNumber,
    customer: Option<CustomerId>,
    since: DateTime<Utc>,
) -> Result<bool, DbError> {
    let open: i64 = tx
        .scalar(
            Sql::new(
                "SELECT COUNT(*) FROM telephony_calls
                 WHERE is_open AND started_at > $3
                   AND (customer_phone = $1 OR customer_id = $2 OR customer_phone IN (
                     SELECT phone FROM customers WHERE id = $2
                     UNION ALL SELECT phone FROM customer_phones WHERE customer_id = $2))
                   AND (direction = 'outbound' OR status = 'answered')",
            )
            .bind(phone)
            .bind(customer)
            .bind(since),
        )
        .await?;
    Ok(open > 0)
}

/// The person with this extension.
pub async fn user_of_extension(tx: &mut Tx, extension: &str) -> Result<Option<UserId>, DbError> {
    Ok(parties(tx, Some(extension), None).await?.agent)
}

/// The two ends of a call.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Parties {
    /// The person with the extension.
    pub agent: Option<UserId>,
    /// The customer with the number.
    pub customer: Option<CustomerId>,
}

/// Whose extension and whose number these are.
pub async fn parties(
    tx: &mut Tx,
    extension: Option<&str>,
    phone: Option<&PhoneNumber>,
) -> Result<Parties, DbError> {
    tx.one(
        Sql::new(format!(
            "SELECT ({OF_PHONE}) AS customer,
                    (SELECT id FROM users WHERE extension = $2 AND active) AS agent"
        ))
        .bind(phone.cloned().map_or(Arg::Text(None), Arg::from))
        .bind(extension),
    )
    .await
}

/// A call that is not over, as far as reconciliation needs it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OpenCall {
    /// Its id.
    pub id: CallId,
    /// Who rang whom.
    pub direction: Direction,
    /// Whether a telephone really rings.
    pub mode: Mode,
    /// The telephone system.
    pub provider: ProviderKind,
    /// Id at the provider.
    pub external_call_id: Option<String>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// The instants before which open calls are worth asking about.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// Any call made before.
    pub stale: DateTime<Utc>,
    /// An outbound call made before, not answered.
    pub dialled: DateTime<Utc>,
    /// An inbound call of which nothing was reported since, not answered.
    pub rang: DateTime<Utc>,
    /// A call of an Asterisk, which can be asked, made before.
    pub settled: DateTime<Utc>,
}

/// Calls that are not over and worth asking about; all outbound ones the simulator plays.
pub async fn open_calls(tx: &mut Tx, since: Since) -> Result<Vec<OpenCall>, DbError> {
    tx.all(
        Sql::new(
            "SELECT id, direction, mode, provider, external_call_id, created_at, updated_at
             FROM telephony_calls
             WHERE is_open AND ((direction = 'outbound' AND mode = 'mock') OR created_at < $1
                OR (direction = 'outbound' AND status <> 'answered' AND created_at < $2)
                OR (direction = 'inbound' AND status <> 'answered' AND updated_at < $3)
                OR (provider = 'asterisk' AND mode = 'live' AND created_at < $4))
             ORDER BY id",
        )
        .bind(since.stale)
        .bind(since.dialled)
        .bind(since.rang)
        .bind(since.settled),
    )
    .await
}

/// Whether a call was not changed after `updated_at`; nothing changes it before this transaction
/// ends.
pub async fn is_unchanged(
    tx: &mut Tx,
    id: CallId,
    updated_at: DateTime<Utc>,
) -> Result<bool, DbError> {
    let locked = tx.for_update();
    let sql = format!("SELECT updated_at FROM telephony_calls WHERE id = $1{locked}");
    let now: Option<DateTime<Utc>> = tx.optional_scalar(Sql::new(sql).bind(id)).await?;
    Ok(now == Some(updated_at))
}

/// A call's recording.
pub async fn recording(
    tx: &mut Tx,
    id: CallId,
) -> Result<Option<super::state::Recording>, DbError> {
    let facts: Option<Json<Facts>> = tx
        .optional_scalar(Sql::new("SELECT facts FROM telephony_calls WHERE id = $1").bind(id))
        .await?;
    Ok(facts.and_then(|facts| facts.0.recording))
}
