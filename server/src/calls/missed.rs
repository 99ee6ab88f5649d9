//! Missed-call events without an id (Bracknet's `call_missed` has none): which call are they about?
//! Looked at from both sides, so that it does not matter whether the ringing or the miss is heard of
//! first.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{CallId, DbError, Sql, Tx};

/// How the ids begin that we make up for missed calls whose event has none.
pub const MADE_UP: &str = "missed:";

/// How far a missed call's own time may be from that of the ringing it belongs to.
const BEFORE: TimeDelta = TimeDelta::minutes(1);
const AFTER: TimeDelta = TimeDelta::minutes(10);

/// The inbound call from `phone` that a missed-call event without an id is about.
pub async fn ringing_of_missed(
    tx: &mut Tx,
    phone: &str,
    extension: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Option<CallId>, DbError> {
    nearest(tx, phone, extension, (at - AFTER, at + BEFORE), "<>").await
}

/// The row made up by an earlier missed-call event without an id that `phone`'s ringing belongs to.
pub async fn missed_of_ringing(
    tx: &mut Tx,
    phone: &str,
    extension: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Option<CallId>, DbError> {
    nearest(tx, phone, extension, (at - BEFORE, at + AFTER), "=").await
}

async fn nearest(
    tx: &mut Tx,
    phone: &str,
    extension: Option<&str>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    made_up: &str,
) -> Result<Option<CallId>, DbError> {
    tx.optional_scalar(
        Sql::new(format!(
            "SELECT id FROM telephony_calls
             WHERE started_at BETWEEN $1 AND $2 AND customer_phone = $3 AND direction = 'inbound'
               AND COALESCE(agent_phone, '') = $4 AND status IN ('initiated', 'ringing', 'missed')
               AND substr(external_call_id, 1, 7) {made_up} '{MADE_UP}'
             ORDER BY started_at DESC, id DESC LIMIT 1"
        ))
        .bind(from)
        .bind(to)
        .bind(phone)
        .bind(extension.unwrap_or_default()),
    )
    .await
}
