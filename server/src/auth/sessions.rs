//! Logins: one row each, its chain of refresh tokens, and how they end. Access tokens carry the
//! session's id; a session that ended is refused at once, on every instance and after a restart.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::token::ACCESS_TTL;
use super::{AccessKeys, CurrentUser, new_secret, sha256_hex};
use crate::db::{DbError, SessionId, Sql, Tx, UserId};
use crate::live::{self, Audience, SESSION_ENDED};

/// How long a refresh token lives.
const REFRESH_TTL: TimeDelta = TimeDelta::days(14);
/// How long a session lives, however often it is renewed.
pub const SESSION_TTL: TimeDelta = TimeDelta::days(30);
/// A spent refresh token is still answered this long, with the same successor: two tabs may refresh
/// at the same moment. Whoever uses a token later that somebody else has spent ends the session.
const REUSE_GRACE: TimeDelta = TimeDelta::seconds(20);

/// Begins a session; its id and first refresh token.
pub async fn begin(
    tx: &mut Tx,
    user: UserId,
    network: &str,
    now: DateTime<Utc>,
) -> Result<(SessionId, String), DbError> {
    let session: SessionId = tx
        .scalar(
            Sql::new(
                "INSERT INTO sessions (user_id, began_at, network) VALUES ($1, $2, $3) RETURNING id",
            )
            .bind(user)
            .bind(now)
            .bind(network),
        )
        .await?;
    let token = new_secret();
    insert_token(tx, session, &token, now + REFRESH_TTL, now).await?;
    Ok((session, token))
}

async fn insert_token(
    tx: &mut Tx,
    session: SessionId,
    token: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO refresh_tokens (session_id, token_hash, expires_at, created_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT (token_hash) DO NOTHING",
        )
        .bind(session)
        .bind(sha256_hex(token))
        .bind(expires_at)
        .bind(now),
    )
    .await?;
    Ok(())
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refresh {
    /// Go on with the next token.
    Granted {
        /// Who.
        user: UserId,
        /// The session.
        session: SessionId,
        /// The next refresh token.
        token: String,
    },
    /// Unknown, expired, or of a session that has ended.
    Refused,
    /// Spent before: somebody copied it. The session is ended; commit that.
    Reused {
        /// Whose it was.
        user: UserId,
        /// The session.
        ended: Ended,
    },
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    session_id: SessionId,
    user_id: UserId,
    began_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    spent_at: Option<DateTime<Utc>>,
    active: bool,
}

async fn find_token(tx: &mut Tx, token: &str) -> Result<Option<TokenRow>, DbError> {
    let hash = sha256_hex(token);
    // Locks the session: what ends it at the same moment waits, or is seen below.
    tx.execute(
        Sql::new(
            "UPDATE sessions SET user_id = user_id
             WHERE id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)",
        )
        .bind(&hash),
    )
    .await?;
    tx.optional(
        Sql::new(
            "SELECT r.id, r.session_id, s.user_id, s.began_at, s.ended_at, r.expires_at, r.spent_at,
                    u.active
             FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
             JOIN users u ON u.id = s.user_id WHERE r.token_hash = $1",
        )
        .bind(&hash),
    )
    .await
}

/// Spends a refresh token.
pub async fn spend(
    tx: &mut Tx,
    keys: &AccessKeys,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Refresh, DbError> {
    let Some(row) = find_token(tx, token).await? else {
        return Ok(Refresh::Refused);
    };
    let last = row.began_at + SESSION_TTL;
    if row.ended_at.is_some() || row.expires_at <= now || last <= now || !row.active {
        return Ok(Refresh::Refused);
    }
    if row.spent_at.is_some_and(|at| at + REUSE_GRACE < now) {
        let ended = end(tx, row.user_id, row.session_id, now).await?;
        return Ok(Refresh::Reused { user: row.user_id, ended });
    }
    // Computed, so that a second use in the grace gets the same one.
    let next = keys.keyed_hash(&[b"refresh token", token.as_bytes()]);
    insert_token(tx, row.session_id, &next, last.min(now + REFRESH_TTL), now).await?;
    tx.execute(
        Sql::new("UPDATE refresh_tokens SET spent_at = COALESCE(spent_at, $1) WHERE id = $2")
            .bind(now)
            .bind(row.id),
    )
    .await?;
    Ok(Refresh::Granted { user: row.user_id, session: row.session_id, token: next })
}

/// The live session a refresh token belongs to, spent or not.
pub async fn of_token(tx: &mut Tx, token: &str) -> Result<Option<(UserId, SessionId)>, DbError> {
    let row = find_token(tx, token).await?;
    Ok(row.filter(|row| row.ended_at.is_none()).map(|row| (row.user_id, row.session_id)))
}

/// Sessions that a transaction has ended. After the commit: [`Ended::refuse`].
#[derive(Debug)]
#[must_use = "access tokens of ended sessions are refused by `refuse`"]
pub struct Ended(Vec<SessionId>);

impl Ended {
    /// Refuses the sessions' access tokens on this instance at once; the others learn of it by the
    /// event in the transaction.
    pub fn refuse(&self, keys: &AccessKeys, now: DateTime<Utc>) {
        keys.end(&self.0, now);
    }

    /// Whether any session was ended.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Tells sockets and other instances.
    fn announce(self, tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Self {
        if self.any() {
            let data = json!({"userId": user, "sessions": self.0});
            live::emit(tx, now, Audience::Person(user), SESSION_ENDED, &data);
        }
        self
    }
}

/// Ends one session of `user`.
pub async fn end(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Ended, DbError> {
    let sql = "UPDATE sessions SET ended_at = $1
               WHERE user_id = $2 AND id = $3 AND ended_at IS NULL RETURNING id";
    let ended: Vec<(SessionId,)> = tx.all(Sql::new(sql).bind(now).bind(user).bind(session)).await?;
    Ok(Ended(ended.into_iter().map(|row| row.0).collect()).announce(tx, user, now))
}

/// Ends every session of `user`.
pub async fn end_all(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<Ended, DbError> {
    let sql = "UPDATE sessions SET ended_at = $1
               WHERE user_id = $2 AND ended_at IS NULL RETURNING id";
    let ended: Vec<(SessionId,)> = tx.all(Sql::new(sql).bind(now).bind(user)).await?;
    Ok(Ended(ended.into_iter().map(|row| row.0).collect()).announce(tx, user, now))
}

/// Sessions that ended so short a time ago that access tokens of theirs have not expired, and when.
pub async fn ended_lately(
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<Vec<(SessionId, DateTime<Utc>)>, DbError> {
    let sql = "SELECT id, ended_at FROM sessions WHERE ended_at IS NOT NULL AND ended_at >= $1";
    tx.all(Sql::new(sql).bind(now - ACCESS_TTL)).await
}

/// Whether the session lives and the person still has the role it was opened with.
pub async fn is_live(tx: &mut Tx, user: &CurrentUser, now: DateTime<Utc>) -> Result<bool, DbError> {
    let found: Option<i64> = tx
        .optional_scalar(
            Sql::new(
                "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
                 WHERE s.id = $1 AND s.ended_at IS NULL AND s.began_at > $2 AND u.active
                   AND u.role = $3",
            )
            .bind(user.session)
            .bind(now - SESSION_TTL)
            .bind(user.role),
        )
        .await?;
    Ok(found.is_some())
}

/// Deletes expired tokens, and sessions that can neither be renewed nor be needed to know a network
/// again; how many sessions.
pub async fn prune(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, DbError> {
    let oldest = now - SESSION_TTL - ACCESS_TTL;
    tx.execute(Sql::new("DELETE FROM socket_tickets WHERE expires_at < $1").bind(now)).await?;
    tx.execute(
        Sql::new(
            "DELETE FROM refresh_tokens WHERE expires_at < $1
               OR session_id IN (SELECT id FROM sessions WHERE began_at < $2)",
        )
        .bind(now)
        .bind(oldest),
    )
    .await?;
    tx.execute(Sql::new("DELETE FROM sessions WHERE began_at < $1").bind(oldest)).await
}
