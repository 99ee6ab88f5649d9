//! Reading tasks: the row with what belongs to it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::types::Json;

use crate::calls::CallStatus;
use crate::calls::summary::Summary;
use crate::customers::{PurchaseStage, Temperature, ValueStage};
use crate::db::{
    Bundle, CallId, CategoryId, CustomerId, DbError, OrderId, Part, ProductId, Sql, TaskId, Tx,
    UserId,
};
use crate::error::{Error, Result};
use crate::products::{ProductName, ProductNames};
use crate::tasks::points::Point;
use crate::tasks::{Outcome, SubReason, Task, TaskKind, TaskOrigin, TaskStatus};

/// All columns of a [`TaskRow`], and where they come from.
macro_rules! select {
    () => {
        "SELECT t.id, t.customer_id, t.phone, t.task_date, t.kind, t.reason, t.talking_points,
       t.origin, t.priority, t.score, t.temperature, t.recommended_products, t.script_key,
       t.offer_code, t.category_id, t.assigned_to, t.team_code, t.status, t.attempts, t.due_at,
       t.best_hour, t.outcome, t.sub_reason, t.notes, t.order_id, t.cancel_reason, t.created_at,
       t.started_at, t.completed_at, c.name AS customer_name, c.purchase_stage, c.value_stage,
       u.name AS agent_name
     FROM crm_call_tasks t
     LEFT JOIN customers c ON c.id = t.customer_id
     LEFT JOIN users u ON u.id = t.assigned_to
     WHERE "
    };
}

/// The ids of the latest ten tasks of the customer `$1`, from the two indexes by customer.
macro_rules! latest_ids {
    () => {
        "SELECT id FROM (
           SELECT id, task_date FROM crm_call_tasks
             WHERE customer_id = $1 AND status IN ('pending', 'in_progress')
           UNION ALL
           SELECT id, task_date FROM crm_call_tasks
             WHERE customer_id = $1 AND status NOT IN ('pending', 'in_progress')
         ) AS both_indexes ORDER BY task_date DESC, id DESC LIMIT 10"
    };
}

/// The columns of a [`TaskCall`].
macro_rules! call_columns {
    () => {
        "k.task_id, k.id, k.status, k.started_at, k.duration_seconds, k.end_reason"
    };
}

/// A call made for a task; the fields in the order of the columns, as a [`Bundle`] reads them.
#[derive(serde::Deserialize, sqlx::FromRow)]
struct TaskCall {
    task_id: TaskId,
    id: CallId,
    status: CallStatus,
    started_at: DateTime<Utc>,
    duration_seconds: Option<i64>,
    end_reason: Option<String>,
}

/// A row of `crm_call_tasks` with the names around it.
#[derive(Clone, Debug, serde::Deserialize, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are commented in the schema")]
pub struct TaskRow {
    pub id: TaskId,
    pub customer_id: Option<CustomerId>,
    pub phone: String,
    pub task_date: NaiveDate,
    pub kind: TaskKind,
    pub reason: String,
    pub talking_points: Json<Vec<Point>>,
    pub origin: TaskOrigin,
    pub priority: i64,
    pub score: f64,
    pub temperature: Temperature,
    pub recommended_products: Json<Vec<ProductId>>,
    pub script_key: String,
    pub offer_code: Option<String>,
    pub category_id: Option<CategoryId>,
    pub assigned_to: Option<UserId>,
    pub team_code: Option<String>,
    pub status: TaskStatus,
    pub attempts: i64,
    pub due_at: Option<DateTime<Utc>>,
    pub best_hour: Option<i64>,
    pub outcome: Option<Outcome>,
    pub sub_reason: Option<SubReason>,
    pub notes: Option<String>,
    pub order_id: Option<OrderId>,
    pub cancel_reason: Option<Json<Value>>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub customer_name: Option<String>,
    pub purchase_stage: Option<PurchaseStage>,
    pub value_stage: Option<ValueStage>,
    pub agent_name: Option<String>,
}

/// The latest ten tasks of the customer `$1` and, next, the calls made for them.
pub const LATEST: [Part<'_>; 2] = [
    Part {
        columns: &[
            "id",
            "customer_id",
            "phone",
            "task_date",
            "kind",
            "reason",
            "{}talking_points",
            "origin",
            "priority",
            "score",
            "temperature",
            "{}recommended_products",
            "script_key",
            "offer_code",
            "category_id",
            "assigned_to",
            "team_code",
            "status",
            "attempts",
            "due_at",
            "best_hour",
            "outcome",
            "sub_reason",
            "notes",
            "order_id",
            "{}cancel_reason",
            "created_at",
            "started_at",
            "completed_at",
            "customer_name",
            "purchase_stage",
            "value_stage",
            "agent_name",
        ],
        select: concat!(
            select!(),
            "t.id IN (",
            latest_ids!(),
            ") ORDER BY t.task_date DESC, t.id DESC"
        ),
    },
    Part {
        columns: &["task_id", "id", "status", "started_at", "duration_seconds", "end_reason"],
        select: concat!(
            "SELECT ",
            call_columns!(),
            " FROM telephony_calls k WHERE k.task_id IN (",
            latest_ids!(),
            ") ORDER BY k.id"
        ),
    },
];

/// The lists of [`LATEST`], with the names of products.
pub fn latest(bundle: &mut Bundle, names: &ProductNames) -> Result<Vec<Task>, DbError> {
    let rows: Vec<TaskRow> = bundle.list()?;
    let calls: Vec<TaskCall> = bundle.list()?;
    Ok(whole(rows, by_task(calls), names))
}

/// The one way to read tasks; `condition` follows the `WHERE` (aliases `t` task, `c` customer, `u`
/// agent).
pub fn select(condition: &str) -> Sql {
    Sql::new(format!("{}{condition}", select!()))
}

/// The rows of a statement begun with [`select`].
pub async fn rows(tx: &mut Tx, sql: Sql) -> Result<Vec<TaskRow>, DbError> {
    tx.all(sql).await
}

/// The row of a task; `None` if there is none.
pub async fn find(tx: &mut Tx, id: TaskId) -> Result<Option<TaskRow>, DbError> {
    Ok(rows(tx, select("t.id = $1").bind(id)).await?.pop())
}

/// A task, whole; 404 if there is none.
pub async fn get(tx: &mut Tx, id: TaskId) -> Result<Task> {
    let row = find(tx, id).await?;
    tasks(tx, row.into_iter().collect()).await?.pop().ok_or_else(not_found)
}

/// 404.
pub fn not_found() -> Error {
    Error::not_found("task_not_found", "There is no such task, or none you may see.")
}

/// The rows as clients see them, in their order.
pub async fn tasks(tx: &mut Tx, rows: Vec<TaskRow>) -> Result<Vec<Task>, DbError> {
    let names = names_of(tx, &rows).await?;
    named(tx, rows, &names).await
}

/// The same with names of products that are known already.
pub async fn named(
    tx: &mut Tx,
    rows: Vec<TaskRow>,
    names: &ProductNames,
) -> Result<Vec<Task>, DbError> {
    let calls = calls_of(tx, &rows).await?;
    Ok(whole(rows, calls, names))
}

fn whole(
    rows: Vec<TaskRow>,
    mut calls: HashMap<TaskId, Vec<Summary>>,
    names: &ProductNames,
) -> Vec<Task> {
    let whole = |row: TaskRow| {
        let calls = calls.remove(&row.id).unwrap_or_default();
        shown(row, &calls, names)
    };
    rows.into_iter().map(whole).collect()
}

fn by_task(found: Vec<TaskCall>) -> HashMap<TaskId, Vec<Summary>> {
    let mut calls: HashMap<TaskId, Vec<Summary>> = HashMap::new();
    for TaskCall { task_id, id, status, started_at, duration_seconds, end_reason } in found {
        let call = Summary { id, status, started_at, duration_seconds, end_reason };
        calls.entry(task_id).or_default().push(call);
    }
    calls
}

async fn calls_of(tx: &mut Tx, rows: &[TaskRow]) -> Result<HashMap<TaskId, Vec<Summary>>, DbError> {
    // A task nobody has called for has no calls to look up.
    let begun: Vec<TaskId> = rows
        .iter()
        .filter(|row| row.status != TaskStatus::Pending || row.attempts > 0)
        .map(|row| row.id)
        .collect();
    let mut found = Vec::new();
    for chunk in begun.chunks(500) {
        let mut sql = Sql::new(concat!(
            "SELECT ",
            call_columns!(),
            " FROM telephony_calls k WHERE k.task_id IN "
        ));
        sql.push_list(chunk.iter().copied()).push(" ORDER BY k.id");
        found.extend(tx.all::<TaskCall>(sql).await?);
    }
    Ok(by_task(found))
}

async fn names_of(tx: &mut Tx, rows: &[TaskRow]) -> Result<ProductNames, DbError> {
    let mut ids: Vec<ProductId> =
        rows.iter().flat_map(|row| row.recommended_products.0.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut sql = Sql::new(format!("{} WHERE id", ProductName::SELECT));
    sql.push_ids(ids);
    Ok(tx.all::<ProductName>(sql).await?.into_iter().collect())
}

fn shown(row: TaskRow, calls: &[Summary], names: &ProductNames) -> Task {
    let segment_label = row
        .purchase_stage
        .zip(row.value_stage)
        .map(|(purchase, value)| format!("{purchase}+{value}"));
    Task {
        id: row.id,
        customer_id: row.customer_id,
        customer_name: row.customer_name,
        phone: row.phone,
        task_date: row.task_date,
        kind: row.kind,
        quota_class: row.kind.quota_class(),
        reason: row.reason,
        talking_points: row.talking_points.0.iter().map(Point::shown).collect(),
        priority: row.priority,
        best_hour: row.best_hour,
        temperature: row.temperature,
        recommended_products: row
            .recommended_products
            .0
            .iter()
            .filter_map(|id| names.get(*id).cloned())
            .collect(),
        script_key: row.script_key,
        offer_code: row.offer_code,
        assigned_to: row.assigned_to,
        agent_name: row.agent_name,
        team_code: row.team_code,
        status: row.status,
        attempts: row.attempts,
        due_at: row.due_at,
        promised: row.origin == TaskOrigin::Promise,
        origin: row.origin,
        outcome: row.outcome,
        sub_reason: row.sub_reason,
        notes: row.notes,
        order_id: row.order_id,
        cancel_reason: row.cancel_reason.map(|reason| reason.0),
        segment_label,
        value_stage: row.value_stage,
        created_at: row.created_at,
        started_at: row.started_at,
        completed_at: row.completed_at,
        call_ids: calls.iter().map(|call| call.id).collect(),
        call_summary: Some(calls.iter().filter_map(Summary::line).collect::<Vec<_>>().join("\n"))
            .filter(|lines| !lines.is_empty()),
    }
}
