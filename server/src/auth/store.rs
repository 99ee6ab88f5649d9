//! People who log in, in the database.

use super::{Role, Theme};
use crate::db::{DbError, Sql, Tx, UserId};

/// What login needs to know of a user.
#[derive(Debug, sqlx::FromRow)]
pub struct Credentials {
    /// Who.
    pub id: UserId,
    /// Login name.
    pub login: String,
    /// Stored hash.
    pub password_hash: String,
    /// May log in at all.
    pub active: bool,
}

/// The user behind a login name.
pub async fn credentials(tx: &mut Tx, login: &str) -> Result<Option<Credentials>, DbError> {
    tx.optional(
        Sql::new("SELECT id, login, password_hash, active FROM users WHERE login = $1").bind(login),
    )
    .await
}

/// The same, by id.
pub async fn credentials_of(tx: &mut Tx, user: UserId) -> Result<Option<Credentials>, DbError> {
    tx.optional(
        Sql::new("SELECT id, login, password_hash, active FROM users WHERE id = $1").bind(user),
    )
    .await
}

/// Locks the user's row, so that a change of role or activity at the same moment comes before or
/// after this transaction, not in between.
pub async fn lock(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute(Sql::new("UPDATE users SET id = id WHERE id = $1").bind(user)).await?;
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
