//! What telephone systems sent, kept for people to look at.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};

use crate::auth::sha256_hex;
use crate::db::{Arg, CallId, DbError, Sql, Tx, text_enum};
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
    /// The address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its headers; what is secret in them is left out.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub headers: Option<Json<BTreeMap<String, String>>>,
    /// Its body, as received, cut to 16 KiB.
    pub body: String,
}

impl Delivery {
    /// Whether all of its body is kept.
    pub fn is_whole(&self) -> bool {
        self.body.len() < MAX_KEPT
    }
}

/// Where a delivery came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Address.
    pub source: Option<IpAddr>,
    /// Headers worth keeping.
    pub headers: BTreeMap<String, String>,
    /// What identifies a signed delivery.
    pub replay_key: Option<String>,
}

/// Longest header value kept, bytes.
const MAX_HEADER: usize = 256;

/// The headers that help to find a fault; credentials and signatures are left out.
pub fn kept_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !["authorization", "cookie", "proxy-authorization"].contains(&name)
                && !["signature", "secret", "token", "key"].iter().any(|word| name.contains(word))
        })
        .take(32)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), text.chars().filter(|c| *c != '\0').take(MAX_HEADER).collect())
        })
        .collect()
}

/// A delivery to be kept.
#[derive(Debug)]
pub struct NewDelivery<'a> {
    /// From whom.
    pub provider: ProviderKind,
    /// To which path.
    pub path: &'a str,
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
    /// Where it came from.
    pub origin: &'a Origin,
}

/// What a body is known by again.
pub fn fingerprint(path: &str, body: &[u8]) -> String {
    sha256_hex([path.as_bytes(), b"\n", body].concat())
}

/// The fingerprint of what was taken under this key before.
pub async fn taken(tx: &mut Tx, replay_key: &str) -> Result<Option<String>, DbError> {
    tx.optional_scalar(
        Sql::new("SELECT body_hash FROM webhook_deliveries WHERE replay_key = $1").bind(replay_key),
    )
    .await
}

/// Keeps a delivery. A signed one that was kept before is a unique violation.
pub async fn keep(
    tx: &mut Tx,
    now: DateTime<Utc>,
    delivery: &NewDelivery<'_>,
) -> Result<(), DbError> {
    let kept = &delivery.body[..delivery.body.len().min(MAX_KEPT)];
    // PostgreSQL's text has no NUL.
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    tx.execute(
        Sql::new(
            "INSERT INTO webhook_deliveries (received_at, provider, path, body_hash, body, outcome,
               code, external_call_id, call_id, headers, source, replay_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(now)
        .bind(delivery.provider)
        .bind(delivery.path)
        .bind(fingerprint(delivery.path, delivery.body))
        .bind(text)
        .bind(delivery.outcome)
        .bind(delivery.code)
        .bind(delivery.external_call_id)
        .bind(delivery.call)
        .bind(Arg::json(&delivery.origin.headers))
        .bind(delivery.origin.source.map(|address| address.to_string()))
        .bind(delivery.origin.replay_key.as_deref()),
    )
    .await?;
    Ok(())
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only what became this of.
    pub outcome: Option<DeliveryOutcome>,
}

const SELECT: &str =
    "SELECT id, received_at, path, outcome, code, call_id, external_call_id, source,
       headers, body FROM webhook_deliveries";

/// A delivery.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<Delivery>, DbError> {
    tx.optional(Sql::new(format!("{SELECT} WHERE id = $1")).bind(id)).await
}

/// Deliveries, newest first, before `before`.
pub async fn list(
    tx: &mut Tx,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    let mut sql = Sql::new(format!("{SELECT} WHERE id < $1")).bind(before.unwrap_or(i64::MAX));
    if let Some(outcome) = filter.outcome {
        sql.push(" AND outcome = ").push_bind(outcome);
    }
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    tx.all(sql).await
}
