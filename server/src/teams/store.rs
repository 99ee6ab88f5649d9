//! Teams in the database.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Team, TeamAgent};
use crate::auth::Scope;
use crate::db::{DbError, Sql, TeamId, Tx, UserId, is_unique_violation};
use crate::error::{Error, Result};

/// A row of `sales_teams`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TeamRow {
    /// Team id.
    pub id: TeamId,
    /// `A` … `E`.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Who leads it.
    pub team_leader_id: UserId,
}

/// The teams in `scope` (a team leader's own), only `id` if given.
async fn rows(tx: &mut Tx, scope: Scope, id: Option<TeamId>) -> Result<Vec<TeamRow>, DbError> {
    let mut sql = Sql::new("SELECT id, code, name, team_leader_id FROM sales_teams WHERE 1 = 1");
    match scope {
        Scope::All => {}
        Scope::Lead(lead) => {
            sql.push(" AND team_leader_id = ").push_bind(lead);
        }
        Scope::Agent(agent) => {
            sql.push(" AND id = (SELECT team_id FROM users WHERE id = ").push_bind(agent).push(")");
        }
    }
    if let Some(id) = id {
        sql.push(" AND id = ").push_bind(id);
    }
    sql.push(" ORDER BY code, id");
    tx.all(sql).await
}

/// A team's own row, if in `scope`.
pub async fn find(tx: &mut Tx, scope: Scope, id: TeamId) -> Result<Option<TeamRow>, DbError> {
    Ok(rows(tx, scope, Some(id)).await?.pop())
}

/// The teams in `scope` with their agents, by code.
pub async fn list(tx: &mut Tx, scope: Scope, id: Option<TeamId>) -> Result<Vec<Team>, DbError> {
    let teams = rows(tx, scope, id).await?;
    let mut sql = Sql::new(
        "SELECT id, name, extension, seniority, capacity, active, team_id FROM users
         WHERE team_id IS NOT NULL",
    );
    if let Some(id) = id {
        sql.push(" AND team_id = ").push_bind(id);
    }
    sql.push(" ORDER BY name, id");
    let mut districts: HashMap<UserId, Vec<String>> = HashMap::new();
    let all = tx
        .all::<(UserId, String)>(
            "SELECT user_id, district FROM agent_districts ORDER BY user_id, district",
        )
        .await?;
    for (user, district) in all {
        districts.entry(user).or_default().push(district);
    }
    let mut members: HashMap<TeamId, Vec<TeamAgent>> = HashMap::new();
    for mut agent in tx.all::<TeamAgent>(sql).await? {
        agent.districts = districts.remove(&agent.id).unwrap_or_default();
        members.entry(agent.team_id).or_default().push(agent);
    }
    Ok(teams
        .into_iter()
        .map(|team| {
            let agents = members.remove(&team.id).unwrap_or_default();
            Team {
                id: team.id,
                code: team.code,
                name: team.name,
                team_leader_id: team.team_leader_id,
                agent_count: agents.len(),
                agents,
            }
        })
        .collect())
}

/// 404.
pub fn not_found() -> Error {
    Error::not_found("team_not_found", "There is no such team, or none you may see.")
}

/// One team in `scope` with its agents, or 404.
pub async fn team(tx: &mut Tx, scope: Scope, id: TeamId) -> Result<Team> {
    list(tx, scope, Some(id)).await?.pop().ok_or_else(not_found)
}

/// A team leader has each code once.
fn taken(error: DbError) -> Error {
    if is_unique_violation(&error) {
        Error::conflict("team_code_taken", "This team leader has a team of this code already.")
            .field("code")
    } else {
        Error::Db(error)
    }
}

/// Makes a team.
pub async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    code: &str,
    name: &str,
    leader: UserId,
) -> Result<TeamId> {
    tx.scalar(
        Sql::new(
            "INSERT INTO sales_teams (code, name, team_leader_id, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4) RETURNING id",
        )
        .bind(code)
        .bind(name)
        .bind(leader)
        .bind(now),
    )
    .await
    .map_err(taken)
}

/// Writes a team's row; its agents report to its leader from then on.
pub async fn update(tx: &mut Tx, now: DateTime<Utc>, team: &TeamRow) -> Result<()> {
    tx.execute(
        Sql::new(
            "UPDATE sales_teams SET code = $1, name = $2, team_leader_id = $3, updated_at = $4
             WHERE id = $5",
        )
        .bind(&team.code)
        .bind(&team.name)
        .bind(team.team_leader_id)
        .bind(now)
        .bind(team.id),
    )
    .await
    .map_err(taken)?;
    tx.execute(
        Sql::new(
            "UPDATE users SET team_leader_id = $1, updated_at = $2
             WHERE team_id = $3 AND (team_leader_id IS NULL OR team_leader_id <> $1)",
        )
        .bind(team.team_leader_id)
        .bind(now)
        .bind(team.id),
    )
    .await?;
    Ok(())
}

/// Deletes a team without agents; `false` if it has some.
pub async fn delete(tx: &mut Tx, id: TeamId) -> Result<bool, DbError> {
    let deleted = tx
        .execute(
            Sql::new(
                "DELETE FROM sales_teams
                 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE team_id = $1)",
            )
            .bind(id),
        )
        .await?;
    Ok(deleted == 1)
}

/// Puts an agent into a team (and under its leader), or out of any.
pub async fn set_team(
    tx: &mut Tx,
    now: DateTime<Utc>,
    agent: UserId,
    team: Option<&TeamRow>,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE users SET team_id = $1, team_leader_id = COALESCE($2, team_leader_id),
               updated_at = $3
             WHERE id = $4",
        )
        .bind(team.map(|t| t.id))
        .bind(team.map(|t| t.team_leader_id))
        .bind(now)
        .bind(agent),
    )
    .await?;
    Ok(())
}
