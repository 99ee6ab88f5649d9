//! Users in the database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{DirectoryEntry, User};
use crate::auth::{Role, Scope};
use crate::db::{Arg, DbError, Insert, Sql, Tx, UserId, violates_unique};
use crate::error::{Error, Result};

const SELECT: &str = "SELECT u.id, u.login, u.name, u.role, u.phone, u.extension, u.team_id,
    t.code AS team_code, u.team_leader_id, u.seniority, u.capacity, u.active
  FROM users u LEFT JOIN sales_teams t ON t.id = u.team_id WHERE ";

/// Limits the rows of `users` named `u`: a team leader sees own agents, an agent nobody else.
fn push_scope(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::All => {}
        Scope::Lead(lead) => {
            sql.push(" AND u.team_leader_id = ").push_bind(lead);
            sql.push(" AND u.role = 'agent'");
        }
        Scope::Agent(agent) => {
            sql.push(" AND u.id = ").push_bind(agent);
        }
    }
}

/// The users in `scope`, by name; only those of `role` if given. `today`: from when absences count.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    role: Option<Role>,
    today: NaiveDate,
) -> Result<Vec<User>, DbError> {
    let mut sql = Sql::new(format!("{SELECT} 1 = 1"));
    push_scope(&mut sql, scope);
    if let Some(role) = role {
        sql.push(" AND u.role = ").push_bind(role);
    }
    sql.push(" ORDER BY u.name, u.id");
    let mut users = tx.all::<User>(sql).await?;
    complete(tx, &mut users, today).await?;
    Ok(users)
}

/// One user in `scope`.
pub async fn find(
    tx: &mut Tx,
    scope: Scope,
    id: UserId,
    today: NaiveDate,
) -> Result<Option<User>, DbError> {
    let mut sql = Sql::new(format!("{SELECT} u.id = $1")).bind(id);
    push_scope(&mut sql, scope);
    let Some(mut user) = tx.optional::<User>(sql).await? else {
        return Ok(None);
    };
    complete(tx, std::slice::from_mut(&mut user), today).await?;
    Ok(Some(user))
}

/// 404.
pub fn not_found() -> Error {
    Error::not_found("user_not_found", "There is no such user, or none you may see.")
}

/// Fills in districts and absences.
async fn complete(tx: &mut Tx, users: &mut [User], today: NaiveDate) -> Result<(), DbError> {
    let one = if let [user] = &*users { Some(user.id) } else { None };
    let mut districts = Sql::new("SELECT user_id, district FROM agent_districts");
    let mut absences =
        Sql::new("SELECT user_id, day FROM agent_absences WHERE day >= $1").bind(today);
    if let Some(id) = one {
        districts.push(" WHERE user_id = ").push_bind(id);
        absences.push(" AND user_id = ").push_bind(id);
    }
    districts.push(" ORDER BY user_id, district");
    absences.push(" ORDER BY user_id, day");
    let mut by_user: HashMap<UserId, (Vec<String>, Vec<NaiveDate>)> = HashMap::new();
    for (user, district) in tx.all::<(UserId, String)>(districts).await? {
        by_user.entry(user).or_default().0.push(district);
    }
    for (user, day) in tx.all::<(UserId, NaiveDate)>(absences).await? {
        by_user.entry(user).or_default().1.push(day);
    }
    for user in users {
        (user.districts, user.absent_on) = by_user.remove(&user.id).unwrap_or_default();
    }
    Ok(())
}

/// Everybody who ever worked here, so that names of the past can be shown.
pub async fn directory(tx: &mut Tx) -> Result<Vec<DirectoryEntry>, DbError> {
    tx.all(
        "SELECT u.id, u.name, u.role, u.extension, t.code AS team_code
         FROM users u LEFT JOIN sales_teams t ON t.id = u.team_id ORDER BY u.name, u.id",
    )
    .await
}

/// Turns a violated constraint into the answer about it.
fn taken(error: DbError) -> Error {
    if violates_unique(&error, "users", "login") {
        Error::conflict("login_taken", "Somebody else has this login.").field("login")
    } else if violates_unique(&error, "users", "extension") {
        Error::conflict("extension_taken", "Somebody else has this extension.").field("extension")
    } else {
        Error::Db(error)
    }
}

/// Inserts a user; `id`, `team_code` and `absent_on` of `user` are not read.
pub async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: &User,
    password_hash: &str,
) -> Result<UserId> {
    let id = tx
        .scalar(
            Sql::new(
                "INSERT INTO users (login, name, role, password_hash, phone, extension, team_id,
                   team_leader_id, seniority, capacity, active, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id",
            )
            .bind(&user.login)
            .bind(&user.name)
            .bind(user.role)
            .bind(password_hash)
            .bind(user.phone.clone())
            .bind(user.extension.clone())
            .bind(user.team_id)
            .bind(user.team_leader_id)
            .bind(user.seniority)
            .bind(user.capacity)
            .bind(user.active)
            .bind(now),
        )
        .await
        .map_err(taken)?;
    set_districts(tx, id, &user.districts).await?;
    Ok(id)
}

/// Writes the changeable fields of `user`, districts included; the password only if given.
pub async fn update(
    tx: &mut Tx,
    now: DateTime<Utc>,
    user: &User,
    password_hash: Option<String>,
) -> Result<()> {
    tx.execute(
        Sql::new(
            "UPDATE users SET name = $1, role = $2, phone = $3, extension = $4, team_id = $5,
               team_leader_id = $6, seniority = $7, capacity = $8, active = $9, updated_at = $10,
               password_hash = COALESCE($11, password_hash)
             WHERE id = $12",
        )
        .bind(&user.name)
        .bind(user.role)
        .bind(user.phone.clone())
        .bind(user.extension.clone())
        .bind(user.team_id)
        .bind(user.team_leader_id)
        .bind(user.seniority)
        .bind(user.capacity)
        .bind(user.active)
        .bind(now)
        .bind(password_hash)
        .bind(user.id),
    )
    .await
    .map_err(taken)?;
    set_districts(tx, user.id, &user.districts).await?;
    Ok(())
}

async fn set_districts(tx: &mut Tx, id: UserId, districts: &[String]) -> Result<(), DbError> {
    tx.execute(Sql::new("DELETE FROM agent_districts WHERE user_id = $1").bind(id)).await?;
    let mut insert = Insert::new("agent_districts", &["user_id", "district"], "");
    for district in districts {
        insert.row([Arg::from(id), Arg::from(district)]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// Replaces the days of absence from `today` on; earlier ones are history and stay.
pub async fn set_absences(
    tx: &mut Tx,
    id: UserId,
    today: NaiveDate,
    days: &[NaiveDate],
) -> Result<(), DbError> {
    tx.execute(
        Sql::new("DELETE FROM agent_absences WHERE user_id = $1 AND day >= $2")
            .bind(id)
            .bind(today),
    )
    .await?;
    let mut insert = Insert::new("agent_absences", &["user_id", "day"], "");
    for day in days {
        insert.row([Arg::from(id), Arg::from(*day)]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// Whether `id` is an active user of `role`.
pub async fn is_active(tx: &mut Tx, id: UserId, role: Role) -> Result<bool, DbError> {
    let found: Option<UserId> = tx
        .optional_scalar(
            Sql::new("SELECT id FROM users WHERE id = $1 AND role = $2 AND active")
                .bind(id)
                .bind(role),
        )
        .await?;
    Ok(found.is_some())
}

/// Whether agents report to `leader` or teams are led by `leader`.
pub async fn leads_somebody(tx: &mut Tx, leader: UserId) -> Result<bool, DbError> {
    let count: i64 = tx
        .scalar(
            Sql::new(
                "SELECT (SELECT COUNT(*) FROM users WHERE team_leader_id = $1)
                      + (SELECT COUNT(*) FROM sales_teams WHERE team_leader_id = $1)",
            )
            .bind(leader),
        )
        .await?;
    Ok(count > 0)
}
