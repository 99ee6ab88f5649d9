//! What telephone systems sent, kept for people to look at.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::sha256_hex;
use crate::db::{CallId, DbError, Sql, Tx, text_enum};
use crate::telephony::ProviderKind;

/// Of a body, this much is kept, bytes.
const MAX_KEPT: usize = 16 * 1024;

text_enum! {
    /// What became of a delivery.
    pub enum DeliveryOutcome {
        /// It told something new about a call.
        Applied = "applied",
        /// It told nothing new.
        Duplicate = "duplicate",
        /// About a call not heard of before; kept until the rest of its story arrives.
        UnknownCall = "unknown_call",
        /// Not understood.
        Rejected = "rejected",
    }
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// To which path.
    pub path: String,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The call it was applied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// The call it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_call_id: Option<String>,
    /// Its body, as received, cut to 16 KiB.
    pub body: String,
}

/// A delivery to be kept.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// From whom.
    pub provider: ProviderKind,
    /// To which path.
    pub path: &'static str,
    /// What was sent.
    pub body: &'a [u8],
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why it was rejected.
    pub code: Option<&'a str>,
    /// The call it names.
    pub external_call_id: Option<&'a str>,
    /// The call it was applied to.
    pub call: Option<CallId>,
}

/// Keeps a delivery.
pub async fn keep(
    tx: &mut Tx,
    now: DateTime<Utc>,
    delivery: &NewDelivery<'_>,
) -> Result<(), DbError> {
    let kept = &delivery.body[..delivery.body.len().min(MAX_KEPT)];
    // PostgreSQL's text has no NUL.
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    let whole = format!("{}\n{}", delivery.path, String::from_utf8_lossy(delivery.body));
    tx.execute(
        Sql::new(
            "INSERT INTO webhook_deliveries (received_at, provider, path, body_hash, body, outcome,
               code, external_call_id, call_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(now)
        .bind(delivery.provider)
        .bind(delivery.path)
        .bind(sha256_hex(&whole))
        .bind(text)
        .bind(delivery.outcome)
        .bind(delivery.code)
        .bind(delivery.external_call_id)
        .bind(delivery.call),
    )
    .await?;
    Ok(())
}

/// Deliveries, newest first, before `before`.
pub async fn list(tx: &mut Tx, before: Option<i64>, limit: i64) -> Result<Vec<Delivery>, DbError> {
    tx.all(
        Sql::new(
            "SELECT id, received_at, path, outcome, code, call_id, external_call_id, body
             FROM webhook_deliveries WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit),
    )
    .await
}
