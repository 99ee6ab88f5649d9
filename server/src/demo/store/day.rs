//! What makes the day lively: notes of the past, promises and missed calls for today.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::Times;
use super::staff::Staff;
use crate::customers::{LifecycleStage, PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CategoryId, CustomerId, DbError, Insert, Sql, Tx, UserId};
use crate::demo::DemoShop;
use crate::scripts::{ScriptKey, Situation, choose};
use crate::tasks::points::{Point, Reason};
use crate::tasks::store::{Missed, least_loaded, missed_call};
use crate::tasks::{TaskKind, TaskOrigin, TaskStatus, TeamCode, team_of};

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

/// A task as the demo writes it.
struct NewTask<'a> {
    customer: CustomerId,
    phone: &'a str,
    date: NaiveDate,
    point: &'a Point,
    origin: TaskOrigin,
    temperature: Temperature,
    script: ScriptKey,
    agent: Option<UserId>,
    team: TeamCode,
    due_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

async fn insert_task(tx: &mut Tx, task: NewTask<'_>) -> Result<(), DbError> {
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
        "category_id",
        "assigned_to",
        "team_code",
        "status",
        "due_at",
        "created_at",
        "updated_at",
    ];
    let mut insert = Insert::new("crm_call_tasks", &columns, "ON CONFLICT DO NOTHING");
    insert.row([
        Arg::from(task.customer),
        Arg::from(task.phone),
        Arg::from(task.date),
        Arg::from(task.point.kind),
        Arg::from(task.point.key()),
        Arg::json(&[task.point]),
        Arg::from(task.origin),
        Arg::from(if task.origin == TaskOrigin::Promise { 1i64 } else { 2 }),
        Arg::from(1.0),
        Arg::from(task.temperature),
        Arg::Json(Some(json!([]))),
        Arg::Static(task.script.as_str()),
        Arg::from(task.point.category()),
        Arg::from(task.agent),
        Arg::from(task.team),
        Arg::from(TaskStatus::Pending),
        Arg::from(task.due_at),
        Arg::from(task.created_at),
        Arg::from(task.created_at),
    ]);
    insert.execute(tx).await?;
    Ok(())
}

fn point(kind: TaskKind, code: &str, params: Value) -> Point {
    let params = if let Value::Object(params) = params { params } else { Map::new() };
    Point::new(kind, Reason { code: code.to_owned(), params })
}

/// Writes the calls promised for today, each on the queue of the customer's agent.
pub(super) async fn insert_promises(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    customers: &[CustomerId],
) -> Result<(), DbError> {
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
        let point = point(TaskKind::FollowUp, TaskKind::FollowUp.as_str(), note);
        let task = NewTask {
            customer: id,
            phone: &customer.phone,
            date: times.today,
            point: &point,
            origin: TaskOrigin::Promise,
            temperature: customer.temperature,
            script: ScriptKey::FollowUp,
            agent,
            team,
            due_at: Some(times.promised(times.today, promise.second)),
            created_at: times.at(times.days_ago(promise.days_ago), promise.second),
        };
        insert_task(tx, task).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Overdue {
    customer_id: CustomerId,
    category_id: CategoryId,
    slug: String,
    base_unit: String,
    name_bn: String,
    name_en: String,
    category_bn: String,
    category_en: String,
    product_qty: i64,
    last_date: NaiveDate,
    phone: String,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    lifecycle_stage: LifecycleStage,
    temperature: Temperature,
    assigned_to: UserId,
}

/// Leaves some of yesterday's reminders undone: the backlog.
pub(super) async fn insert_backlog(tx: &mut Tx, times: &Times<'_>) -> Result<(), DbError> {
    let yesterday = times.days_ago(1);
    let overdue: Vec<Overdue> = tx
        .all(
            Sql::new(
                "SELECT r.customer_id, r.category_id, c.slug, c.base_unit, c.name_bn AS category_bn,
                        c.name_en AS category_en, p.name_bn, p.name_en,
                        (SELECT CAST(SUM(l.base_qty) AS BIGINT)
                         FROM orders o JOIN order_lines l ON l.order_id = o.id
                         WHERE o.customer_id = r.customer_id AND o.order_date = r.last_date
                           AND o.counted AND l.product_id = r.product_id) AS product_qty,
                        r.last_date, k.phone, k.purchase_stage, k.value_stage,
                        k.lifecycle_stage, k.temperature, k.assigned_to
                 FROM reorder_pairs r
                 JOIN categories c ON c.id = r.category_id
                 JOIN products p ON p.id = r.product_id
                 JOIN customers k ON k.id = r.customer_id
                 WHERE r.due_on = $1 AND k.assigned_to IS NOT NULL AND k.consent_call
                   AND NOT k.do_not_call
                   AND NOT EXISTS (SELECT 1 FROM crm_call_tasks t WHERE t.customer_id = k.id)
                 ORDER BY r.customer_id, r.category_id LIMIT 18",
            )
            .bind(yesterday),
        )
        .await?;
    for row in overdue {
        let params = json!({
            "categoryId": row.category_id, "categorySlug": row.slug, "quantity": row.product_qty,
            "category": {"bn": row.category_bn, "en": row.category_en}, "unit": row.base_unit, "product": {"bn": row.name_bn, "en": row.name_en},
            "sinceDays": (yesterday - row.last_date).num_days(),
        });
        let point = point(TaskKind::Reminder, "reorder_due", params);
        let script = choose(&Situation {
            kind: point.kind.as_str(),
            purchase_stage: row.purchase_stage.as_str(),
            value_stage: row.value_stage.as_str(),
            lifecycle_stage: row.lifecycle_stage.as_str(),
            level: None,
        });
        let task = NewTask {
            customer: row.customer_id,
            phone: &row.phone,
            date: yesterday,
            point: &point,
            origin: TaskOrigin::Plan,
            temperature: row.temperature,
            script,
            agent: Some(row.assigned_to),
            team: team_of(row.purchase_stage, row.value_stage),
            due_at: None,
            created_at: times.at(yesterday, 8 * 3600),
        };
        insert_task(tx, task).await?;
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
        let missed = Missed { call: None, phone, customer: Some(id), agent: None };
        missed_call(tx, at, times.today, &missed).await?;
    }
    Ok(())
}
