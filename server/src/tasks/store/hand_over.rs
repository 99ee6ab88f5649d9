//! What waits for an agent who is not there (SPEC §4.8): colleagues keep the promises.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, json};

use super::missed::least_loaded;
use super::row::{find, tasks};
use super::{emit_queue_changed, emit_updated};
use crate::audit;
use crate::db::{Arg, DbError, Sql, TaskId, Tx, UserId};
use crate::tasks::points::{Point, Reason};
use crate::tasks::{TaskKind, TeamCode};

/// A task whose agent is not there.
#[derive(sqlx::FromRow)]
struct Orphan {
    id: TaskId,
    agent: UserId,
    name: String,
    leader: Option<UserId>,
    team: Option<TeamCode>,
}

/// Gives the promises, missed calls and tasks by hand that wait for `today` or longer, and whose agent
/// is away today or has left, to colleagues: in the team of the customer whoever has least to do,
/// else anybody of the same team leader. How many were given; where there is no colleague, they stay.
/// The plan's own work stays too: a team leader moves it, or it expires.
pub async fn hand_over(tx: &mut Tx, now: DateTime<Utc>, today: NaiveDate) -> Result<u32, DbError> {
    let orphans: Vec<Orphan> = tx
        .all(
            Sql::new(
                "SELECT t.id, u.id AS agent, u.name, u.team_leader_id AS leader, t.team_code AS team
                 FROM crm_call_tasks t JOIN users u ON u.id = t.assigned_to
                 WHERE t.status IN ('pending', 'in_progress') AND t.status = 'pending'
                   AND t.task_date <= $1
                   AND t.origin IN ('promise', 'missed_call', 'manual')
                   AND (NOT u.active OR EXISTS (SELECT 1 FROM agent_absences a
                                                WHERE a.user_id = u.id AND a.day = $1))
                 ORDER BY t.due_at, t.id",
            )
            .bind(today),
        )
        .await?;
    let mut given = 0;
    for orphan in orphans {
        let team = orphan.team.unwrap_or(TeamCode::A);
        let colleague = least_loaded(tx, today, team, orphan.leader).await?;
        let Some(colleague) = colleague.filter(|colleague| *colleague != orphan.agent) else {
            continue;
        };
        given += u32::from(give(tx, now, today, &orphan, colleague).await?);
    }
    Ok(given)
}

/// Whether it still waited.
async fn give(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    orphan: &Orphan,
    colleague: UserId,
) -> Result<bool, DbError> {
    let Some(row) = find(tx, orphan.id).await? else {
        return Ok(false);
    };
    let mut params = Map::new();
    params.insert("from".to_owned(), orphan.name.as_str().into());
    let reason = Reason { code: "handed_over".to_owned(), params };
    let mut points = row.talking_points.0;
    // Given on a second time, it is said once, of whoever had it last.
    points.retain(|point| point.reason.code != "handed_over");
    points.push(Point::new(TaskKind::FollowUp, reason));
    let moved = tx
        .execute(
            Sql::new(
                "UPDATE crm_call_tasks SET assigned_to = $1, talking_points = $2, updated_at = $3
                 WHERE id = $4 AND status = 'pending' AND assigned_to = $5",
            )
            .bind(colleague)
            .bind(Arg::json(&points))
            .bind(now)
            .bind(orphan.id)
            .bind(orphan.agent),
        )
        .await?;
    if moved == 0 {
        return Ok(false);
    }
    audit::record(
        tx,
        now,
        None,
        "task.handed_over",
        "task",
        Some(orphan.id.0),
        Some(json!({"agentId": orphan.agent})),
        Some(json!({"agentId": colleague})),
    )
    .await?;
    for agent in [orphan.agent, colleague] {
        emit_queue_changed(tx, now, agent, today, "task_moved");
    }
    let row = find(tx, orphan.id).await?;
    for task in tasks(tx, row.into_iter().collect()).await? {
        emit_updated(tx, now, &task, Some(&json!({"code": "moved"})));
    }
    Ok(true)
}
