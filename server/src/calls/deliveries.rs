//! What telephone systems sent, kept for people to look at.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderName};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};

use super::view;
use crate::auth::{Scope, sha256_hex};
use crate::db::{Arg, CallId, Db, DbError, Insert, Sql, Tx, text_enum};
use crate::telephony::bracknet::{LATE, Note};
use crate::telephony::signature::Proof;
use crate::telephony::{MAX_CLOCK_AHEAD, ProviderKind};

/// Of a body, this much is kept, bytes.
const MAX_KEPT: usize = 16 * 1024;
/// Of the body of somebody who did not prove who they are, this much.
const MAX_UNPROVEN: usize = 1024;
/// Rows deleted in one transaction: others write meanwhile.
const PRUNED_AT_ONCE: i64 = 5_000;

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
    /// How long it took, microseconds, from its headers until its row was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_us: Option<i64>,
    /// What was odd about it, though it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Note>>)]
    pub notes: Option<Json<Vec<Note>>>,
    /// Its own time minus that of its arrival, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_seconds: Option<i64>,
    /// Its body, as received, cut to 16 KiB; to 1 KiB where the sender was not believed.
    pub body: String,
    /// SHA-256 of path and whole body.
    #[serde(skip)]
    body_hash: String,
}

impl Delivery {
    /// Whether its body is kept as it was sent: neither cut nor mended.
    pub fn is_whole(&self) -> bool {
        fingerprint(&self.path, self.body.as_bytes()) == self.body_hash
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
    pub proof: Option<Proof>,
    /// When we began to read it.
    pub since: Option<Instant>,
}

/// Longest header value kept, bytes.
const MAX_HEADER: usize = 256;

/// The headers that help to find a fault; credentials and signatures are left out, also the one the
/// operator named.
pub fn kept_headers(headers: &HeaderMap, signature: &HeaderName) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| {
            let secret = *name == signature;
            let name = name.as_str();
            !secret
                && !["authorization", "cookie", "proxy-authorization"].contains(&name)
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
    /// Whether its sender was believed.
    pub proven: bool,
    /// What was odd about it.
    pub notes: &'a [Note],
    /// Its own time minus that of its arrival, seconds.
    pub clock_seconds: Option<i64>,
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

/// Forgets that something was taken under this key before `before`: what comes now is another one
/// that reads alike. Whether there was such a thing.
pub async fn outlived(
    tx: &mut Tx,
    replay_key: &str,
    before: DateTime<Utc>,
) -> Result<bool, DbError> {
    let freed = tx
        .execute(
            Sql::new(
                "UPDATE webhook_deliveries SET replay_key = NULL
                 WHERE replay_key = $1 AND received_at < $2",
            )
            .bind(replay_key)
            .bind(before),
        )
        .await?;
    Ok(freed > 0)
}

const COLUMNS: [&str; 15] = [
    "received_at",
    "provider",
    "path",
    "body_hash",
    "body",
    "outcome",
    "code",
    "external_call_id",
    "call_id",
    "headers",
    "source",
    "replay_key",
    "took_us",
    "notes",
    "clock_seconds",
];

fn row(now: DateTime<Utc>, delivery: &NewDelivery<'_>, tail: &'static str) -> Insert {
    let most = if delivery.proven { MAX_KEPT } else { MAX_UNPROVEN };
    let kept = &delivery.body[..delivery.body.len().min(most)];
    let took = delivery.origin.since.map(|since| since.elapsed().as_micros() as i64);
    // PostgreSQL's text has no NUL.
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    let mut insert = Insert::new("webhook_deliveries", &COLUMNS, tail);
    insert.row([
        now.into(),
        delivery.provider.into(),
        delivery.path.into(),
        fingerprint(delivery.path, delivery.body).into(),
        text.into(),
        delivery.outcome.into(),
        delivery.code.into(),
        delivery.external_call_id.into(),
        delivery.call.into(),
        Arg::json(&delivery.origin.headers),
        delivery.origin.source.map(|address| address.to_string()).into(),
        delivery.origin.proof.as_ref().map(|proof| proof.key.clone()).into(),
        took.into(),
        if delivery.notes.is_empty() { Arg::Json(None) } else { Arg::json(&delivery.notes) },
        delivery.clock_seconds.into(),
    ]);
    insert
}

/// Keeps a delivery, at the commit. One signed that was kept before is a unique violation there.
pub fn keep(tx: &mut Tx, now: DateTime<Utc>, delivery: &NewDelivery<'_>) {
    tx.insert_later(row(now, delivery, ""));
}

/// Keeps a delivery; its number.
pub async fn keep_now(
    tx: &mut Tx,
    now: DateTime<Utc>,
    delivery: &NewDelivery<'_>,
) -> Result<i64, DbError> {
    let ids: Vec<(i64,)> = row(now, delivery, "RETURNING id").returning(tx).await?;
    ids.first().map(|row| row.0).ok_or(DbError::RowNotFound)
}

/// Deletes deliveries before `too_old`; beyond the newest `most` also those before `lately` and all rejected
/// ones, which are not needed to detect duplicates. Returns their number.
pub async fn prune(
    db: &Db,
    too_old: DateTime<Utc>,
    lately: DateTime<Utc>,
    most: u32,
) -> Result<u64, DbError> {
    let last: Option<i64> = db
        .read()
        .await?
        .optional_scalar(
            Sql::new("SELECT id FROM webhook_deliveries ORDER BY id DESC LIMIT 1 OFFSET $1")
                .bind(i64::from(most)),
        )
        .await?;
    let old = "SELECT id FROM webhook_deliveries WHERE received_at < $1
               ORDER BY received_at, id LIMIT $2";
    let many = "SELECT id FROM webhook_deliveries WHERE id <= $3 AND (received_at < $1 OR outcome = 'rejected')
                ORDER BY id LIMIT $2";
    let mut pruned = 0;
    for (which, before, last) in [(old, too_old, None), (many, lately, last)] {
        if which == many && last.is_none() {
            continue;
        }
        loop {
            let mut tx = db.begin().await?;
            let mut sql = Sql::new(format!("DELETE FROM webhook_deliveries WHERE id IN ({which})"))
                .bind(before)
                .bind(PRUNED_AT_ONCE);
            if let Some(last) = last {
                sql = sql.bind(last);
            }
            let deleted = tx.execute(sql).await?;
            tx.commit().await?;
            pruned += deleted;
            if deleted < PRUNED_AT_ONCE as u64 {
                break;
            }
        }
    }
    Ok(pruned)
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only what became this of.
    pub outcome: Option<DeliveryOutcome>,
}

const SELECT: &str =
    "SELECT d.id, d.received_at, d.path, d.outcome, d.code, d.call_id, d.external_call_id, d.source,
       d.headers, d.took_us, d.notes, d.clock_seconds, d.body, d.body_hash FROM webhook_deliveries d";

/// A delivery.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<Delivery>, DbError> {
    tx.optional(Sql::new(format!("{SELECT} WHERE d.id = $1")).bind(id)).await
}

/// Deliveries in `scope`, newest first, before `before`. Bodies hold telephone numbers: a team
/// leader sees those of calls a team leader sees, and not what belongs to no call.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    let mut sql = Sql::new(format!("{SELECT} WHERE d.id < $1")).bind(before.unwrap_or(i64::MAX));
    if let Some(outcome) = filter.outcome {
        sql.push(" AND d.outcome = ").push_bind(outcome);
    }
    if scope != Scope::All {
        sql.push(" AND EXISTS (SELECT 1 FROM telephony_calls k WHERE k.id = d.call_id");
        view::scope_filter(&mut sql, scope);
        sql.push(")");
    }
    sql.push(" ORDER BY d.id DESC LIMIT ").push_bind(limit);
    tx.all(sql).await
}

/// Deliveries that the sender's clock is judged by.
const JUDGED: i64 = 21;
/// How far back they are looked for.
const JUDGED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// How far the telephone system's clock is off, seconds, positive when it is ahead: the middle of its
/// latest deliveries, so that a single wrong or late one does not count. `None`: it is right, or
/// there is nothing to judge by.
pub async fn clock_off(tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<i64>, DbError> {
    let latest: Vec<(i64,)> = tx
        .all(
            Sql::new(
                "SELECT clock_seconds FROM webhook_deliveries
                 WHERE received_at > $1 AND clock_seconds IS NOT NULL
                 ORDER BY received_at DESC, id DESC LIMIT $2",
            )
            .bind(now - JUDGED_WITHIN)
            .bind(JUDGED),
        )
        .await?;
    let mut seconds: Vec<i64> = latest.into_iter().map(|row| row.0).collect();
    seconds.sort_unstable();
    let middle = seconds.get(seconds.len() / 2).copied();
    let (behind, ahead) = (-LATE.num_seconds(), MAX_CLOCK_AHEAD.num_seconds());
    Ok(middle.filter(|off| *off < behind || *off > ahead))
}
