//! Reading tasks: the row with what belongs to it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::types::Json;

use crate::customers::{PurchaseStage, Temperature, ValueStage};
use crate::db::{
    CallId, CategoryId, CustomerId, DbError, OrderId, ProductId, Sql, TaskId, Tx, UserId,
};
use crate::error::{Error, Result};
use crate::tasks::points::Point;
use crate::tasks::{Outcome, ProductName, SubReason, Task, TaskKind, TaskOrigin, TaskStatus};

/// A row of `crm_call_tasks` with the names around it.
#[derive(Clone, Debug, sqlx::FromRow)]
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

const SELECT: &str = "SELECT t.id, t.customer_id, t.phone, t.task_date, t.kind, t.reason,
       t.talking_points, t.origin, t.priority, t.score, t.temperature, t.recommended_products,
       t.script_key, t.offer_code, t.category_id, t.assigned_to, t.team_code, t.status, t.attempts,
       t.due_at, t.best_hour, t.outcome, t.sub_reason, t.notes, t.order_id, t.cancel_reason, t.created_at,
       t.started_at, t.completed_at, c.name AS customer_name, c.purchase_stage, c.value_stage,
       u.name AS agent_name
     FROM crm_call_tasks t
     LEFT JOIN customers c ON c.id = t.customer_id
     LEFT JOIN users u ON u.id = t.assigned_to
     WHERE ";

/// The one way to read tasks; `condition` follows the `WHERE` (aliases `t` task, `c` customer, `u`
/// agent).
pub fn select(condition: &str) -> Sql {
    Sql::new(format!("{SELECT}{condition}"))
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
    let mut calls = calls_of(tx, &rows).await?;
    let names = names_of(tx, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let call_ids = calls.remove(&row.id).unwrap_or_default();
            shown(row, call_ids, &names)
        })
        .collect())
}

async fn calls_of(tx: &mut Tx, rows: &[TaskRow]) -> Result<HashMap<TaskId, Vec<CallId>>, DbError> {
    // A task nobody has called for has no calls to look up.
    let begun: Vec<TaskId> = rows
        .iter()
        .filter(|row| row.status != TaskStatus::Pending || row.attempts > 0)
        .map(|row| row.id)
        .collect();
    let mut calls: HashMap<TaskId, Vec<CallId>> = HashMap::new();
    for chunk in begun.chunks(500) {
        let mut sql = Sql::new("SELECT task_id, id FROM telephony_calls WHERE task_id IN ");
        sql.push_list(chunk.iter().copied()).push(" ORDER BY id");
        for (task, call) in tx.all::<(TaskId, CallId)>(sql).await? {
            calls.entry(task).or_default().push(call);
        }
    }
    Ok(calls)
}

async fn names_of(
    tx: &mut Tx,
    rows: &[TaskRow],
) -> Result<HashMap<ProductId, ProductName>, DbError> {
    let mut ids: Vec<ProductId> =
        rows.iter().flat_map(|row| row.recommended_products.0.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::new();
    for chunk in ids.chunks(500) {
        let mut sql =
            Sql::new("SELECT id AS product_id, name_bn, name_en FROM products WHERE id IN ");
        sql.push_list(chunk.iter().copied());
        for name in tx.all::<ProductName>(sql).await? {
            names.insert(name.product_id, name);
        }
    }
    Ok(names)
}

fn shown(row: TaskRow, call_ids: Vec<CallId>, names: &HashMap<ProductId, ProductName>) -> Task {
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
            .filter_map(|id| names.get(id).cloned())
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
        call_ids,
    }
}
