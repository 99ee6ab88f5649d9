//! Colleagues a customer can be passed on to, and whether they are free.

use serde::Serialize;
use utoipa::ToSchema;

use super::agent_status::Presence;
use crate::auth::Role;
use crate::db::{DbError, Sql, Tx, UserId};

/// A colleague with a telephone.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Colleague {
    /// User id.
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Extension to pass the customer on to.
    pub extension: String,
    /// What the colleague is doing; `on_call` also while the telephone rings.
    pub status: Presence,
}

/// Everybody but `user` who has an extension: those who are free first, then by name.
pub async fn list(tx: &mut Tx, user: UserId) -> Result<Vec<Colleague>, DbError> {
    let mut colleagues: Vec<Colleague> = tx
        .all(
            Sql::new(
                "SELECT u.id, u.name, u.role, u.extension,
                   CASE WHEN EXISTS (SELECT 1 FROM telephony_calls k
                                     WHERE k.is_open AND (k.transferred_to = u.extension
                                       OR (k.agent_user_id = u.id AND k.transferred_to IS NULL)))
                     THEN 'on_call' ELSE COALESCE(s.status, 'offline') END AS status
                 FROM users u LEFT JOIN agent_status s ON s.user_id = u.id
                 WHERE u.active AND u.extension IS NOT NULL AND u.id <> $1
                 ORDER BY u.name, u.id",
            )
            .bind(user),
        )
        .await?;
    colleagues.sort_by_key(|colleague| match colleague.status {
        Presence::Online => 0,
        Presence::WrapUp => 1,
        Presence::OnCall => 2,
        Presence::Break => 3,
        Presence::Offline => 4,
    });
    Ok(colleagues)
}
