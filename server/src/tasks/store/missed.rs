//! A call nobody took becomes a task, once (SPEC §5.3).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, json};

use super::emit_queue_changed;
use super::row::{find, tasks};
use crate::customers::{PurchaseStage, Temperature, ValueStage};
use crate::db::{Arg, CustomerId, DbError, Sql, TaskId, Tx, UserId};
use crate::scripts::ScriptKey;
use crate::tasks::points::{Point, Reason};
use crate::tasks::{TaskKind, TeamCode, team_of};

/// The agent to whom a further task of `team` does least harm: active, there on `day`, with the
/// fewest tasks that day; anybody if the team has nobody. With `leader`, only that leader's agents.
pub async fn least_loaded(
    tx: &mut Tx,
    day: NaiveDate,
    team: TeamCode,
    leader: Option<UserId>,
) -> Result<Option<UserId>, DbError> {
    for only_team in [true, false] {
        let mut sql = Sql::new(
            "SELECT u.id FROM users u LEFT JOIN sales_teams s ON s.id = u.team_id
             WHERE u.role = 'agent' AND u.active
               AND NOT EXISTS (SELECT 1 FROM agent_absences a WHERE a.user_id = u.id AND a.day = ",
        );
        sql.push_bind(day).push(")");
        if only_team {
            sql.push(" AND s.code = ").push_bind(team);
        }
        if let Some(leader) = leader {
            sql.push(" AND u.team_leader_id = ").push_bind(leader);
        }
        sql.push(
            " ORDER BY (SELECT count(*) FROM crm_call_tasks t WHERE t.assigned_to = u.id
               AND t.task_date = ",
        );
        sql.push_bind(day).push("), u.id LIMIT 1");
        if let Some(agent) = tx.optional_scalar(sql).await? {
            return Ok(Some(agent));
        }
    }
    Ok(None)
}

/// What a missed call needs to know of the caller.
#[derive(sqlx::FromRow)]
struct Caller {
    assigned_to: Option<UserId>,
    assigned_supervisor_id: Option<UserId>,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    temperature: Temperature,
}

/// Makes the task that calls a missed caller back, for `agent`, else the customer's own agent, else
/// whoever of the customer's team has least to do. `None`: one is waiting already.
pub async fn missed_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    phone: &str,
    customer: Option<CustomerId>,
    agent: Option<UserId>,
) -> Result<Option<TaskId>, DbError> {
    let caller: Option<Caller> = match customer {
        Some(id) => {
            let sql = Sql::new(
                "SELECT assigned_to, assigned_supervisor_id, purchase_stage, value_stage, temperature
                 FROM customers WHERE id = $1",
            );
            tx.optional(sql.bind(id)).await?
        }
        None => None,
    };
    let team = caller.as_ref().map_or(TeamCode::A, |c| team_of(c.purchase_stage, c.value_stage));
    let wanted = agent.or_else(|| caller.as_ref().and_then(|c| c.assigned_to));
    let present: Option<UserId> = match wanted {
        Some(id) => {
            let sql = Sql::new(
                "SELECT u.id FROM users u WHERE u.id = $1 AND u.active
                   AND NOT EXISTS (SELECT 1 FROM agent_absences a
                                   WHERE a.user_id = u.id AND a.day = $2)",
            );
            tx.optional_scalar(sql.bind(id).bind(today)).await?
        }
        None => None,
    };
    let leader = caller.as_ref().and_then(|c| c.assigned_supervisor_id);
    let agent = match present {
        Some(agent) => Some(agent),
        None => match least_loaded(tx, today, team, leader).await? {
            Some(agent) => Some(agent),
            None => least_loaded(tx, today, team, None).await?,
        },
    };
    let mut params = Map::new();
    params.insert("at".to_owned(), json!(now));
    let point = Point {
        kind: TaskKind::MissedCall,
        reason: Reason { code: "missed_call".to_owned(), params },
    };
    let made: Option<TaskId> = tx
        .optional_scalar(
            Sql::new(
                "INSERT INTO crm_call_tasks
                   (customer_id, phone, task_date, kind, reason, talking_points, origin, priority,
                    score, temperature, recommended_products, script_key, assigned_to, team_code,
                    status, created_at, updated_at)
                 VALUES ($1, $2, $3, 'missed_call', 'missed_call', $4, 'missed_call', 1, 1.0, $5,
                         $6, $7, $8, $9, 'pending', $10, $10)
                 ON CONFLICT DO NOTHING RETURNING id",
            )
            .bind(customer)
            .bind(phone)
            .bind(today)
            .bind(Arg::json(&[&point]))
            .bind(caller.as_ref().map_or(Temperature::Warm, |c| c.temperature))
            .bind(json!([]))
            .bind(ScriptKey::MissedCall.as_str())
            .bind(agent)
            .bind(team)
            .bind(now),
        )
        .await?;
    let Some(id) = made else {
        return Ok(None);
    };
    let row = find(tx, id).await?;
    for task in tasks(tx, row.into_iter().collect()).await? {
        super::emit_updated(tx, now, &task, None);
    }
    if let Some(agent) = agent {
        emit_queue_changed(tx, now, agent, today, "missed_call");
    }
    Ok(Some(id))
}
