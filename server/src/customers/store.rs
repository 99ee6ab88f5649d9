//! Customers in the database: identity, who may see whom, the timeline. (Figures: `figures.rs`.)

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::auth::Scope;
use crate::calls::Direction;
use crate::db::{CustomerId, DbError, PhoneError, PhoneNumber, Sql, Tx, UserId, text_enum};
use crate::error::{Error, Result};

pub(crate) use super::figures::lock;
pub use super::figures::{by_rules, refresh, refresh_by, review_due};

text_enum! {
    /// What an entry of a customer's timeline is about.
    pub enum InteractionKind {
        /// A call.
        Call = "call",
        /// An order.
        Order = "order",
        /// A note somebody wrote.
        Note = "note",
        /// A message sent or received.
        Message = "message",
        /// A change of membership level.
        Level = "level",
        /// A call task.
        Task = "task",
        /// A change of agent.
        Assignment = "assignment",
        /// A change of the profile by a person: do-not-call, consent, numbers.
        Profile = "profile",
    }
}

impl InteractionKind {
    /// Whether somebody was in contact with the customer.
    const fn is_contact(self) -> bool {
        matches!(self, Self::Call | Self::Note | Self::Message)
    }
}

/// A new entry of a timeline.
#[derive(Clone, Debug)]
pub struct NewInteraction {
    /// Whose timeline.
    pub customer_id: CustomerId,
    /// What it is about.
    pub kind: InteractionKind,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it; `None`: the system or the customer.
    pub user_id: Option<UserId>,
    /// Of calls and messages.
    pub direction: Option<Direction>,
    /// Code worded by the UI, e.g. `call.completed`.
    pub summary: &'static str,
    /// Free text.
    pub text: Option<String>,
    /// Parameters of the summary.
    pub data: Value,
    /// One cause makes one entry: a second one with the same reference is ignored.
    pub reference: Option<String>,
}

/// Adds to a timeline; calls, messages and notes also move `last_contact_at` forward.
pub async fn interaction(tx: &mut Tx, new: NewInteraction) -> Result<(), DbError> {
    let contact = new.kind.is_contact();
    let (customer, at) = (new.customer_id, new.at);
    let added = tx
        .execute(
            Sql::new(
                "INSERT INTO customer_interactions
                   (customer_id, kind, at, user_id, direction, summary, text, data, ref)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (ref) DO NOTHING",
            )
            .bind(customer)
            .bind(new.kind)
            .bind(at)
            .bind(new.user_id)
            .bind(new.direction)
            .bind(new.summary)
            .bind(new.text)
            .bind(new.data)
            .bind(new.reference),
        )
        .await?;
    if contact && added == 1 {
        tx.execute(
            Sql::new(
                "UPDATE customers SET last_contact_at = $1
                 WHERE id = $2 AND (last_contact_at IS NULL OR last_contact_at < $1)",
            )
            .bind(at)
            .bind(customer),
        )
        .await?;
    }
    Ok(())
}

/// Rewrites the entry with the same reference, if there is one: its cause turned out otherwise.
pub async fn correct_interaction(tx: &mut Tx, new: &NewInteraction) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE customer_interactions SET summary = $1, data = $2, at = $3, user_id = $4,
               direction = $5
             WHERE ref = $6",
        )
        .bind(new.summary)
        .bind(new.data.clone())
        .bind(new.at)
        .bind(new.user_id)
        .bind(new.direction)
        .bind(new.reference.as_ref()),
    )
    .await?;
    Ok(())
}

/// The id of the customer with the number `$1`, as SQL.
pub const OF_PHONE: &str = "SELECT id FROM customers WHERE phone = $1
     UNION ALL SELECT customer_id FROM customer_phones WHERE phone = $1 LIMIT 1";

/// The customer with this number, as main or further phone.
pub async fn find_by_phone(
    tx: &mut Tx,
    phone: &PhoneNumber,
) -> Result<Option<CustomerId>, DbError> {
    tx.optional_scalar(Sql::new(OF_PHONE).bind(phone)).await
}

/// Appends ` AND …` that limits the rows of `customers` named `alias` to what `scope` may see
/// (SPEC §0): an agent own customers and those on the agent's queue (open tasks, and today's), a
/// team leader own coverage.
pub fn scope_filter(sql: &mut Sql, scope: Scope, today: NaiveDate, alias: &str) {
    match scope {
        Scope::All => {}
        Scope::Lead(lead) => {
            // A coverage is a large share of all customers, so it is a filter, never the way in
            // (unary plus: no index).
            sql.push(&format!(" AND (+{alias}.assigned_supervisor_id = ")).push_bind(lead);
            sql.push(&format!(
                " OR +{alias}.assigned_to IN (SELECT id FROM users WHERE team_leader_id = "
            ));
            sql.push_bind(lead).push("))");
        }
        Scope::Agent(agent) => {
            // An agent's customers are few: one list, read from two indexes.
            sql.push(&format!(
                " AND {alias}.id IN (SELECT sc.id FROM customers sc WHERE sc.assigned_to = "
            ));
            sql.push_bind(agent).push(
                " UNION ALL SELECT st.customer_id FROM crm_call_tasks st WHERE st.assigned_to = ",
            );
            sql.push_bind(agent);
            sql.push(" AND (st.status IN ('pending', 'in_progress') OR st.task_date = ");
            sql.push_bind(today).push("))");
        }
    }
}

/// 422 for a phone that is none.
pub fn phone_problem(field: &str, error: PhoneError) -> Error {
    let code = match error {
        PhoneError::Empty => "phone_required",
        PhoneError::Characters | PhoneError::Invalid => "invalid_phone",
    };
    Error::invalid(code, field, format!("{error}."))
}

/// 404.
pub fn not_found() -> Error {
    Error::not_found("customer_not_found", "There is no such customer, or none you may see.")
}

/// Whether the customer exists inside `scope`.
pub async fn is_visible(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    customer: CustomerId,
) -> Result<bool, DbError> {
    let mut sql = Sql::new("SELECT c.id FROM customers c WHERE c.id = $1").bind(customer);
    scope_filter(&mut sql, scope, today, "c");
    let found: Option<CustomerId> = tx.optional_scalar(sql).await?;
    Ok(found.is_some())
}

/// Refuses with `customer_not_found` unless the customer exists inside `scope`.
pub async fn ensure_visible(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    customer: CustomerId,
) -> Result<()> {
    if is_visible(tx, scope, today, customer).await? { Ok(()) } else { Err(not_found()) }
}
