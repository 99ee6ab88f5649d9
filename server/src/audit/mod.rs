//! The audit log: who changed what, from what, to what (SPEC §12.1).
//!
//! A row is written in the transaction of the change itself, so that there is never one without
//! the other. States are the wire form of the row concerned and never hold a secret.

pub mod api;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::db::{Arg, DbError, Sql, Tx, UserId};

/// Writes that `user` (`None`: the system) did `action` to `entity` number `id`.
#[expect(clippy::too_many_arguments, reason = "one argument a column; every caller names them all")]
pub async fn record(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: Option<UserId>,
    action: &'static str,
    entity: &'static str,
    id: Option<i64>,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), DbError> {
    record_from(tx, now, None, user, action, entity, id, before, after).await
}

/// The same, with the address of the request: for logins and what concerns them.
#[expect(clippy::too_many_arguments, reason = "one argument a column; every caller names them all")]
pub async fn record_from(
    tx: &mut Tx,
    now: DateTime<Utc>,
    address: Option<IpAddr>,
    user: Option<UserId>,
    action: &'static str,
    entity: &'static str,
    id: Option<i64>,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO audit_log (at, user_id, action, entity, entity_id, before, after, address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(now)
        .bind(user)
        .bind(Arg::Static(action))
        .bind(Arg::Static(entity))
        .bind(id)
        .bind(before)
        .bind(after)
        .bind(address.map(|address| address.to_string())),
    )
    .await?;
    Ok(())
}

/// A state for [`record`].
pub fn state<T: serde::Serialize>(row: &T) -> Option<Value> {
    serde_json::to_value(row).ok()
}
