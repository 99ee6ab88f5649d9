//! `GET audit`: the audit log, for admins.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{AdminOnly, Allow};
use crate::db::{Cursor, Page, PageQuery, Sql, UserId};
use crate::error::Result;
use crate::http::{Json, Query};

/// A row of the audit log.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id.
    id: i64,
    /// When.
    at: DateTime<Utc>,
    /// Who; absent: the system, or somebody who failed to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    /// That person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    /// IP address of the request, where it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What was done, e.g. `customer.updated`.
    action: String,
    /// To what, e.g. `customer`.
    entity: String,
    /// To which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<i64>,
    /// The state before.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<sqlx::types::Json<Value>>,
    /// The state after.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<sqlx::types::Json<Value>>,
}

/// What the log is narrowed to.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct AuditQuery {
    /// Done by this person.
    user_id: Option<i64>,
    /// This action, or all that begin so (`login` also finds `login.failed`).
    action: Option<String>,
    /// To things of this kind.
    entity: Option<String>,
    /// To this one.
    entity_id: Option<i64>,
    /// On this company day or later.
    from: Option<NaiveDate>,
    /// On this company day or earlier.
    to: Option<NaiveDate>,
    /// Rows a page, 1-200, default 50.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(AuditQuery), responses((status = 200, body = Page<AuditEntry>)))]
pub async fn list(
    State(state): State<AppState>,
    _admin: Allow<AdminOnly>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let before = page.cursor()?.map_or(i64::MAX, |cursor| cursor.id);
    let mut sql = Sql::new(
        "SELECT a.id, a.at, a.user_id, u.name AS user_name, a.address, a.action, a.entity,
                a.entity_id, a.before, a.after
         FROM audit_log a LEFT JOIN users u ON u.id = a.user_id WHERE a.id < $1",
    )
    .bind(before)
    .ad_hoc();
    if let Some(user) = query.user_id {
        sql.push(" AND a.user_id = ").push_bind(user);
    }
    if let Some(action) = query.action {
        sql.push(" AND (a.action = ").push_bind(&action);
        // `.` to `/`: all that go on after a dot.
        sql.push(" OR (a.action >= ").push_bind(format!("{action}."));
        sql.push(" AND a.action < ").push_bind(format!("{action}/")).push("))");
    }
    if let Some(entity) = query.entity {
        sql.push(" AND a.entity = ").push_bind(entity);
    }
    if let Some(id) = query.entity_id {
        sql.push(" AND a.entity_id = ").push_bind(id);
    }
    if let Some(from) = query.from {
        sql.push(" AND a.at >= ").push_bind(state.clock.start_of(from));
    }
    if let Some(after) = query.to.and_then(|day| day.succ_opt()) {
        sql.push(" AND a.at < ").push_bind(state.clock.start_of(after));
    }
    sql.push(" ORDER BY a.id DESC LIMIT ").push_bind(page.limit() + 1);
    let rows: Vec<AuditEntry> = state.db.read().await?.all(sql).await?;
    Ok(Json(Page::new(rows, page.limit(), |row| Cursor { key: String::new(), id: row.id })))
}
