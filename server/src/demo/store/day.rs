//! What makes the day lively: notes of the past, promises and missed calls for today.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Times;
use super::staff::Staff;
use crate::customers::{PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Insert, Sql, Tx, UserId};
use crate::demo::DemoShop;
use crate::scripts::ScriptKey;
use crate::tasks::points::{Point, Reason};
use crate::tasks::store::{least_loaded, missed_call};
use crate::tasks::{TaskKind, TaskOrigin, TaskStatus, team_of};

/// Writes the notes, with the last contact they mean.
pub(super) async fn insert_notes(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    staff: &Staff,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    let author = staff.agents.get("D").and_then(|agents| agents.first()).copied();
    let columns = ["customer_id", "kind", "at", "user_id", "summary", "text", "data", "ref"];
    let mut insert = Insert::new("customer_interactions", &columns, "");
    let mut contacts: BTreeMap<CustomerId, DateTime<Utc>> = BTreeMap::new();
    for (i, note) in shop.notes.iter().enumerate() {
        let at = times.at(times.days_ago(note.days_ago), note.second);
        let customer = customers[note.customer];
        insert.row([
            Arg::from(customer),
            Arg::Static("note"),
            Arg::from(at),
            Arg::from(author),
            Arg::Static("note.added"),
            Arg::Static(note.text),
            Arg::Json(Some(json!({}))),
            Arg::from(format!("demo-note:{i}")),
        ]);
        let last = contacts.entry(customer).or_insert(at);
        *last = (*last).max(at);
    }
    insert.execute(tx).await?;
    for (customer, at) in contacts {
        let sql = Sql::new("UPDATE customers SET last_contact_at = $1 WHERE id = $2");
        tx.execute(sql.bind(at).bind(customer)).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Promised {
    phone: String,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    temperature: Temperature,
    assigned_to: Option<UserId>,
}

/// Writes the calls promised for today, each on the queue of the customer's agent.
pub(super) async fn insert_promises(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    let columns = [
        "customer_id",
        "phone",
        "task_date",
        "kind",
        "reason",
        "talking_points",
        "origin",
        "priority",
        "score",
        "temperature",
        "recommended_products",
        "script_key",
        "assigned_to",
        "team_code",
        "status",
        "due_at",
        "created_at",
        "updated_at",
    ];
    for promise in &shop.promises {
        let id = customers[promise.customer];
        let sql = "SELECT phone, purchase_stage, value_stage, temperature, assigned_to
                   FROM customers WHERE id = $1";
        let customer: Promised = tx.one(Sql::new(sql).bind(id)).await?;
        let team = team_of(customer.purchase_stage, customer.value_stage);
        let agent = match customer.assigned_to {
            Some(agent) => Some(agent),
            None => least_loaded(tx, times.today, team, None).await?,
        };
        let note = json!({"note": promise.text});
        let point = Point {
            kind: TaskKind::FollowUp,
            reason: Reason {
                code: TaskKind::FollowUp.to_string(),
                params: note.as_object().cloned().unwrap_or_default(),
            },
        };
        let created = times.at(times.days_ago(promise.days_ago), promise.second);
        let mut insert = Insert::new("crm_call_tasks", &columns, "");
        insert.row([
            Arg::from(id),
            Arg::from(&customer.phone),
            Arg::from(times.today),
            Arg::from(point.kind),
            Arg::from(point.key()),
            Arg::json(&[&point]),
            Arg::from(TaskOrigin::Promise),
            Arg::from(1i64),
            Arg::from(1.0),
            Arg::from(customer.temperature),
            Arg::Json(Some(json!([]))),
            Arg::Static(ScriptKey::FollowUp.as_str()),
            Arg::from(agent),
            Arg::from(team),
            Arg::from(TaskStatus::Pending),
            Arg::from(times.promised(times.today, promise.second)),
            Arg::from(created),
            Arg::from(created),
        ]);
        insert.execute(tx).await?;
    }
    Ok(())
}

/// Has yesterday evening's unanswered callers called back today.
pub(super) async fn insert_missed_calls(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    for missed in &shop.missed_calls {
        let at = times.at(times.days_ago(1), missed.second);
        let (id, phone) = (customers[missed.customer], &shop.customers[missed.customer].phone);
        missed_call(tx, at, times.today, phone, Some(id), None).await?;
    }
    Ok(())
}
