//! `cdm/segments`: filters over customers that people keep under a name (SPEC §2.5). A segment says
//! which customers are looked for, not which may be seen: everybody finds own ones by it.

use axum::extract::State;
use axum::http::StatusCode;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use sqlx::types::Json as Stored;
use utoipa::ToSchema;

use super::filter::{CustomerFilter, CustomerQuery};
use crate::app::AppState;
use crate::auth::{Allow, Anyone, CurrentUser, Leads, RoleSet as _};
use crate::db::{Arg, DbError, SegmentId, Sql, Tx, is_unique_violation};
use crate::error::{Error, Result};
use crate::http::{Json, Path};

/// Most segments a person keeps.
const MOST: i64 = 100;
/// Longest name, characters.
const LONGEST: usize = 80;

/// A filter with a name.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct Segment {
    /// Its id.
    id: SegmentId,
    /// Its name.
    name: String,
    /// What it narrows by.
    #[schema(value_type = CustomerQuery)]
    filter: Stored<CustomerQuery>,
    /// Everybody may use it.
    shared: bool,
    /// Whose it is.
    owner: String,
    /// It is one's own: only then may one change it.
    own: bool,
}

/// Segments.
#[derive(Serialize, ToSchema)]
pub struct Segments {
    /// Own and shared ones, by name.
    items: Vec<Segment>,
}

/// A segment to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentEntry {
    /// 1 to 80 characters, no two alike for one person.
    name: String,
    /// What to narrow by: at least one thing, and nothing unknown.
    #[schema(value_type = CustomerQuery)]
    #[serde(deserialize_with = "known")]
    filter: CustomerQuery,
    /// Whether everybody may use it; only those who lead may share.
    #[serde(default)]
    shared: bool,
}

/// A filter without a field that nobody knows: mistyped, it would keep a wider segment.
fn known<'de, D: Deserializer<'de>>(sent: D) -> std::result::Result<CustomerQuery, D::Error> {
    let mut sent = serde_json::Map::deserialize(sent)?;
    sent.retain(|_, value| !value.is_null());
    let query = CustomerQuery::deserialize(serde_json::Value::Object(sent.clone()))
        .map_err(D::Error::custom)?;
    let known = serde_json::to_value(&query).map_err(D::Error::custom)?;
    match sent.keys().find(|key| known.get(key).is_none()) {
        Some(unknown) => Err(D::Error::custom(format!("unknown field `{unknown}`"))),
        None => Ok(query),
    }
}

impl SegmentEntry {
    /// The name, if everything is allowed.
    fn checked(&self, state: &AppState, user: &CurrentUser) -> Result<&str> {
        let name = self.name.trim();
        if !(1..=LONGEST).contains(&name.chars().count()) {
            return Err(Error::invalid("invalid_name", "name", "A name has 1 to 80 characters."));
        }
        if self.filter == CustomerQuery::default() {
            return Err(Error::invalid("empty_filter", "filter", "Narrow by something first."));
        }
        CustomerFilter::new(self.filter.clone(), &state.clock)
            .map_err(|error| error.field("filter"))?;
        if self.shared && !Leads::ROLES.contains(&user.role) {
            return Err(Error::forbidden());
        }
        Ok(name)
    }
}

fn not_found() -> Error {
    Error::not_found("segment_not_found", "There is no such segment of yours.")
}

/// A name somebody has already is told as such.
fn taken(error: DbError) -> Error {
    if is_unique_violation(&error) {
        Error::conflict("name_taken", "You keep a segment of this name.").field("name")
    } else {
        error.into()
    }
}

async fn shown(tx: &mut Tx, user: &CurrentUser, id: SegmentId) -> Result<Segment> {
    visible(tx, user, Some(id)).await?.pop().ok_or_else(not_found)
}

/// Own and shared ones; with an id, only that one.
async fn visible(
    tx: &mut Tx,
    user: &CurrentUser,
    id: Option<SegmentId>,
) -> Result<Vec<Segment>, DbError> {
    let mut sql = Sql::new(
        "SELECT s.id, s.name, s.filter, s.shared, u.name AS owner, s.owner_id = $1 AS own
         FROM segments s JOIN users u ON u.id = s.owner_id
         WHERE (s.owner_id = $1 OR s.shared)",
    )
    .bind(user.id);
    if let Some(id) = id {
        sql.push(" AND s.id = ").push_bind(id);
    }
    sql.push(" ORDER BY s.name, s.id");
    tx.all(sql).await
}

/// The segments one may use.
#[utoipa::path(get, path = "/api/cdm/segments", tag = "customers", operation_id = "list_segments", responses((status = 200, body = Segments)))]
pub async fn list(State(state): State<AppState>, user: Allow<Anyone>) -> Result<Json<Segments>> {
    let mut tx = state.db.read().await?;
    Ok(Json(Segments { items: visible(&mut tx, &user, None).await? }))
}

/// Keep a filter under a name.
#[utoipa::path(post, path = "/api/cdm/segments", tag = "customers", operation_id = "create_segment", request_body = SegmentEntry, responses((status = 201, body = Segment)))]
pub async fn create(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Json(entry): Json<SegmentEntry>,
) -> Result<(StatusCode, Json<Segment>)> {
    let name = entry.checked(&state, &user)?;
    let mut tx = state.db.begin().await?;
    let kept = "SELECT COUNT(*) FROM segments WHERE owner_id = $1";
    let kept: i64 = tx.scalar(Sql::new(kept).bind(user.id)).await?;
    if kept >= MOST {
        let detail = format!("You keep {MOST} segments; delete one first.");
        return Err(Error::conflict("too_many_segments", detail));
    }
    let sql = Sql::new(
        "INSERT INTO segments (name, filter, owner_id, shared, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
    );
    let sql = sql.bind(name).bind(Arg::json(&entry.filter)).bind(user.id);
    let id: SegmentId =
        tx.scalar(sql.bind(entry.shared).bind(state.clock.now())).await.map_err(taken)?;
    let segment = shown(&mut tx, &user, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(segment)))
}

/// Replace an own segment.
#[utoipa::path(put, path = "/api/cdm/segments/{id}", tag = "customers", operation_id = "replace_segment", params(("id" = SegmentId, Path)), request_body = SegmentEntry, responses((status = 200, body = Segment)))]
pub async fn replace(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<SegmentId>,
    Json(entry): Json<SegmentEntry>,
) -> Result<Json<Segment>> {
    let name = entry.checked(&state, &user)?;
    let mut tx = state.db.begin().await?;
    let sql = Sql::new(
        "UPDATE segments SET name = $1, filter = $2, shared = $3, updated_at = $4
         WHERE id = $5 AND owner_id = $6",
    );
    let sql = sql.bind(name).bind(Arg::json(&entry.filter)).bind(entry.shared);
    let changed =
        tx.execute(sql.bind(state.clock.now()).bind(id).bind(user.id)).await.map_err(taken)?;
    if changed == 0 {
        return Err(not_found());
    }
    let segment = shown(&mut tx, &user, id).await?;
    tx.commit().await?;
    Ok(Json(segment))
}

/// Delete an own segment; the customers stay as they are.
#[utoipa::path(delete, path = "/api/cdm/segments/{id}", tag = "customers", operation_id = "delete_segment", params(("id" = SegmentId, Path)), responses((status = 204)))]
pub async fn delete(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<SegmentId>,
) -> Result<StatusCode> {
    let mut tx = state.db.begin().await?;
    let sql = Sql::new("DELETE FROM segments WHERE id = $1 AND owner_id = $2");
    if tx.execute(sql.bind(id).bind(user.id)).await? == 0 {
        return Err(not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
