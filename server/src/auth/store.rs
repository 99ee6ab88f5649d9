//! Sessions in the database.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Role, Theme, new_secret, sha256_hex};
use crate::db::{DbError, Sql, Tx, UserId};

/// Wrong passwords in a row before the account is locked.
pub const MAX_FAILURES: i64 = 5;
/// How long a locked account stays locked.
pub const LOCKOUT: TimeDelta = TimeDelta::minutes(15);
/// How long a refresh token lives.
pub const REFRESH_TTL: TimeDelta = TimeDelta::days(14);
/// A spent refresh token is still honoured this long: two tabs may refresh at the same moment.
const REUSE_GRACE: TimeDelta = TimeDelta::seconds(20);

/// What login needs to know of a user.
#[derive(Debug, sqlx::FromRow)]
pub struct Credentials {
    /// Who.
    pub id: UserId,
    /// Stored hash.
    pub password_hash: String,
    /// May log in at all.
    pub active: bool,
    /// No login before this.
    pub locked_until: Option<DateTime<Utc>>,
}

/// The user behind a login name.
pub async fn credentials(tx: &mut Tx, login: &str) -> Result<Option<Credentials>, DbError> {
    tx.optional(
        Sql::new("SELECT id, password_hash, active, locked_until FROM users WHERE login = $1")
            .bind(login),
    )
    .await
}

/// Counts a wrong password and locks the account at the limit.
pub async fn login_failed(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE users SET failed_logins = failed_logins + 1,
               locked_until = CASE WHEN failed_logins + 1 >= $1 THEN $2 ELSE locked_until END
             WHERE id = $3",
        )
        .bind(MAX_FAILURES)
        .bind(now + LOCKOUT)
        .bind(user),
    )
    .await?;
    Ok(())
}

/// Forgets earlier failures.
pub async fn login_succeeded(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute(
        Sql::new("UPDATE users SET failed_logins = 0, locked_until = NULL WHERE id = $1")
            .bind(user),
    )
    .await?;
    Ok(())
}

/// Stores a new refresh token of a login `family`; returns the token itself.
pub async fn issue_refresh(
    tx: &mut Tx,
    user: UserId,
    family: &str,
    now: DateTime<Utc>,
) -> Result<String, DbError> {
    let token = new_secret();
    tx.execute(
        Sql::new(
            "INSERT INTO refresh_tokens (user_id, family, token_hash, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(user)
        .bind(family)
        .bind(sha256_hex(&token))
        .bind(now + REFRESH_TTL)
        .bind(now),
    )
    .await?;
    Ok(token)
}

/// Why a refresh token is refused, or whose it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Go on: the user and the login family.
    Granted(UserId, String),
    /// Unknown, expired or revoked.
    Refused,
    /// Spent before: somebody copied it. The whole family is revoked now; commit that.
    Reused,
}

#[derive(sqlx::FromRow)]
struct RefreshRow {
    id: i64,
    user_id: UserId,
    family: String,
    expires_at: DateTime<Utc>,
    spent_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    active: bool,
}

/// Spends a refresh token.
pub async fn spend_refresh(
    tx: &mut Tx,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Refresh, DbError> {
    let row: Option<RefreshRow> = tx
        .optional(
            Sql::new(
                "SELECT r.id, r.user_id, r.family, r.expires_at, r.spent_at, r.revoked_at, u.active
                 FROM refresh_tokens r JOIN users u ON u.id = r.user_id WHERE r.token_hash = $1",
            )
            .bind(sha256_hex(token)),
        )
        .await?;
    let Some(row) = row else {
        return Ok(Refresh::Refused);
    };
    if row.revoked_at.is_some() || row.expires_at <= now || !row.active {
        return Ok(Refresh::Refused);
    }
    if row.spent_at.is_some_and(|at| at + REUSE_GRACE < now) {
        revoke_family(tx, &row.family, now).await?;
        return Ok(Refresh::Reused);
    }
    tx.execute(
        Sql::new("UPDATE refresh_tokens SET spent_at = COALESCE(spent_at, $1) WHERE id = $2")
            .bind(now)
            .bind(row.id),
    )
    .await?;
    Ok(Refresh::Granted(row.user_id, row.family))
}

/// Ends one login on all its tabs.
pub async fn revoke_family(tx: &mut Tx, family: &str, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE refresh_tokens SET revoked_at = $1 WHERE family = $2 AND revoked_at IS NULL",
        )
        .bind(now)
        .bind(family),
    )
    .await?;
    Ok(())
}

/// Ends every login of a user, e.g. after a password change.
pub async fn revoke_user(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE refresh_tokens SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL",
        )
        .bind(now)
        .bind(user),
    )
    .await?;
    Ok(())
}

/// Who a logged-in person is, as the browser shows it.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// User id.
    pub id: UserId,
    /// Login name.
    pub login: String,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// PBX extension.
    pub extension: Option<String>,
    /// Sales team.
    pub team_id: Option<i64>,
    /// Its code, A-E.
    pub team_code: Option<String>,
    /// Team leader.
    pub team_leader_id: Option<UserId>,
    /// UI language.
    #[schema(value_type = crate::scripts::Lang)]
    pub language: String,
    /// UI theme.
    pub theme: Theme,
}

/// The profile of an active user.
pub async fn me(tx: &mut Tx, user: UserId) -> Result<Option<Me>, DbError> {
    tx.optional(
        Sql::new(
            "SELECT u.id, u.login, u.name, u.role, u.extension, u.team_id, t.code AS team_code,
                    u.team_leader_id, u.language, u.theme
             FROM users u LEFT JOIN sales_teams t ON t.id = u.team_id
             WHERE u.id = $1 AND u.active",
        )
        .bind(user),
    )
    .await
}
