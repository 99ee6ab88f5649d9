//! Message requests in the database.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::{Channel, MessageStatus};
use crate::auth::Scope;
use crate::calls::Direction;
use crate::customers::profile::{Greeting, Language};
use crate::customers::store::{InteractionKind, scope_filter};
use crate::db::{Arg, CustomerId, DbError, Insert, MessageId, PhoneNumber, PlanId, Sql, Tx};
use crate::scripts::{Lang, message_text};
use crate::tasks::TaskKind;

/// A message that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// To whom.
    pub customer_id: CustomerId,
    /// Their name.
    pub name: String,
    /// Their number.
    pub phone: PhoneNumber,
    /// How it goes.
    pub channel: Channel,
    /// Why.
    pub kind: TaskKind,
    /// What is written, in the customer's language.
    pub text: String,
    /// What became of it.
    pub status: MessageStatus,
    /// Since when.
    pub updated_at: DateTime<Utc>,
}

/// A message to ask for.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// To whom.
    pub customer: CustomerId,
    /// How.
    pub channel: Channel,
    /// Why.
    pub kind: TaskKind,
    /// What the text speaks of, as of a talking point.
    pub params: Map<String, Value>,
}

/// Who was asked to be written to on a day, whatever became of it.
pub async fn of_day(tx: &mut Tx, day: NaiveDate) -> Result<HashSet<CustomerId>, DbError> {
    let sql = Sql::new("FROM message_requests WHERE day = $1").bind(day);
    let rows: Vec<(CustomerId,)> = tx.packed("customer_id", sql).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Asks for messages on a day; a customer gets one a day, the first. How many are new.
pub async fn ask(
    tx: &mut Tx,
    now: DateTime<Utc>,
    day: NaiveDate,
    plan: PlanId,
    messages: &[NewMessage],
) -> Result<u32, DbError> {
    let mut insert = Insert::new(
        "message_requests",
        &[
            "customer_id",
            "day",
            "channel",
            "kind",
            "params",
            "status",
            "plan_id",
            "created_at",
            "updated_at",
        ],
        "ON CONFLICT DO NOTHING",
    );
    for message in messages {
        insert.row([
            message.customer.into(),
            day.into(),
            message.channel.into(),
            message.kind.into(),
            Arg::json(&message.params),
            MessageStatus::Waiting.into(),
            plan.into(),
            now.into(),
            now.into(),
        ]);
    }
    Ok(u32::try_from(insert.execute(tx).await?).unwrap_or(u32::MAX))
}

/// Asks for a WhatsApp message of today to a customer who was just called, about what `params` say: if
/// they agreed to it, no message was asked for today, and there are fewer than `most`.
pub async fn follow_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    most: u32,
    customer: CustomerId,
    params: &Map<String, Value>,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO message_requests
               (customer_id, day, channel, kind, params, status, created_at, updated_at)
             SELECT c.id, $2, 'whatsapp', 'follow_up', $3, 'waiting', $4, $4 FROM customers c
             WHERE c.id = $1 AND c.consent_whatsapp AND NOT c.do_not_call AND c.phone LIKE '+%'
               AND (SELECT COUNT(*) FROM message_requests WHERE day = $2) < $5
             ON CONFLICT DO NOTHING",
        )
        .bind(customer)
        .bind(today)
        .bind(Arg::json(params))
        .bind(now)
        .bind(most),
    )
    .await?;
    Ok(())
}

/// What was to follow a call of today is not needed any more.
pub async fn call_settled(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    customer: CustomerId,
) -> Result<(), DbError> {
    let sql = "UPDATE message_requests SET status = 'cancelled', updated_at = $1
               WHERE customer_id = $2 AND day = $3 AND status = 'waiting' AND kind = 'follow_up'";
    tx.execute(Sql::new(sql).bind(now).bind(customer).bind(today)).await?;
    Ok(())
}

/// Those of days before `today` that nobody took are given up, and those to whoever is called on `day`
/// after all are not needed.
pub async fn tidy(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    day: NaiveDate,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE message_requests SET status = 'expired', updated_at = $1
             WHERE status = 'waiting' AND day < $2",
        )
        .bind(now)
        .bind(today),
    )
    .await?;
    // One list after the other: a join of two tables just filled is planned by what they held before.
    let waiting = customers(
        tx,
        Sql::new(
            "SELECT customer_id FROM message_requests
             WHERE status = 'waiting' AND day = $1 AND kind <> 'follow_up'",
        )
        .bind(day),
    )
    .await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "SELECT customer_id FROM crm_call_tasks
         WHERE task_date = $1 AND status IN ('pending', 'in_progress') AND customer_id",
    )
    .bind(day);
    sql.push_ids(waiting);
    let called = customers(tx, sql).await?;
    let mut sql = Sql::new(
        "UPDATE message_requests SET status = 'cancelled', updated_at = $1
         WHERE status = 'waiting' AND day = $2 AND kind <> 'follow_up' AND customer_id",
    )
    .bind(now)
    .bind(day);
    sql.push_ids(called);
    tx.execute(sql).await?;
    Ok(())
}

async fn customers(tx: &mut Tx, sql: Sql) -> Result<Vec<CustomerId>, DbError> {
    let rows: Vec<(CustomerId,)> = tx.all(sql).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Takes back what a plan asked for and nobody took; how many.
pub async fn take_back(tx: &mut Tx, plan: PlanId, day: NaiveDate) -> Result<u64, DbError> {
    let sql = Sql::new(
        "DELETE FROM message_requests WHERE day = $1 AND status = 'waiting' AND plan_id = $2",
    );
    tx.execute(sql.bind(day).bind(plan)).await
}

#[derive(sqlx::FromRow)]
struct Row {
    id: MessageId,
    customer_id: CustomerId,
    name: String,
    phone: PhoneNumber,
    greeting: Option<Greeting>,
    language: Language,
    channel: Channel,
    kind: TaskKind,
    params: Json<Map<String, Value>>,
    status: MessageStatus,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        let lang = match row.language {
            Language::Bn => Lang::Bn,
            Language::En => Lang::En,
        };
        let greeting = row.greeting.map(Greeting::as_str);
        let text = message_text(row.kind.as_str(), &row.params.0, &row.name, greeting, lang);
        Self {
            id: row.id,
            customer_id: row.customer_id,
            name: row.name,
            phone: row.phone,
            channel: row.channel,
            kind: row.kind,
            text,
            status: row.status,
            updated_at: row.updated_at,
        }
    }
}

/// A day's messages to customers in `scope`, in the order they were asked for.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    day: NaiveDate,
) -> Result<Vec<Message>, DbError> {
    let mut sql = Sql::new(
        "SELECT m.id, m.customer_id, c.name, c.phone, c.greeting, c.language, m.channel, m.kind,
                m.params, m.status, m.updated_at
         FROM message_requests m JOIN customers c ON c.id = m.customer_id WHERE m.day = $1",
    )
    .bind(day);
    scope_filter(&mut sql, scope, today, "c");
    sql.push(" ORDER BY m.id");
    Ok(tx.all::<Row>(sql).await?.into_iter().map(Message::from).collect())
}

/// Hands a channel's waiting messages of `day` over: from now on they count as contact. Whoever has
/// ordered since, must not be contacted or took the consent back gets none. Done twice, the second
/// finds none.
pub async fn hand_over(
    tx: &mut Tx,
    now: DateTime<Utc>,
    day: NaiveDate,
    channel: Channel,
) -> Result<Vec<Message>, DbError> {
    let consent = match channel {
        Channel::Sms => "consent_sms",
        Channel::Whatsapp => "consent_whatsapp",
    };
    tx.execute(
        Sql::new(format!(
            "UPDATE message_requests SET status = 'cancelled', updated_at = $1
             WHERE day = $2 AND status = 'waiting' AND channel = $3 AND EXISTS (
               SELECT 1 FROM customers c WHERE c.id = message_requests.customer_id
                 AND (c.do_not_call OR NOT c.{consent} OR c.last_order_date >= $2
                      OR c.phone NOT LIKE '+%'))"
        ))
        .bind(now)
        .bind(day)
        .bind(channel),
    )
    .await?;
    let taken: Vec<(MessageId, CustomerId)> = tx
        .all(
            Sql::new(
                "UPDATE message_requests SET status = 'handed_over', updated_at = $1
                 WHERE day = $2 AND status = 'waiting' AND channel = $3
                 RETURNING id, customer_id",
            )
            .bind(now)
            .bind(day)
            .bind(channel),
        )
        .await?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let ids: HashSet<MessageId> = taken.iter().map(|(id, _)| *id).collect();
    let mut messages = list(tx, Scope::All, day, day).await?;
    messages.retain(|message| ids.contains(&message.id));
    let mut insert = Insert::new(
        "customer_interactions",
        &["customer_id", "kind", "at", "direction", "summary", "text", "data", "ref"],
        "ON CONFLICT (ref) DO NOTHING",
    );
    for message in &messages {
        insert.row([
            message.customer_id.into(),
            InteractionKind::Message.into(),
            now.into(),
            Direction::Outbound.into(),
            Arg::Static("message.handed_over"),
            Arg::from(message.text.as_str()),
            json!({"channel": channel}).into(),
            Arg::from(format!("message:{}", message.id)),
        ]);
    }
    insert.execute(tx).await?;
    let mut sql = Sql::new("UPDATE customers SET last_contact_at = ");
    sql.push_bind(now).push(" WHERE (last_contact_at IS NULL OR last_contact_at < ");
    sql.push_bind(now).push(") AND id IN ").push_list(taken.iter().map(|(_, who)| *who));
    tx.execute(sql).await?;
    Ok(messages)
}
