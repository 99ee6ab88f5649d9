//! A call nobody took becomes a task, or a reason of the customer's open one (SPEC §5.3).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, json};

use super::amend::hold;
use super::cancel::drop_points;
use super::insert::NewTask;
use super::place::{Placed, place};
use super::row::find;
use crate::customers::{PurchaseStage, ValueStage};
use crate::db::{CallId, CustomerId, DbError, Sql, TaskId, Tx, UserId};
use crate::tasks::points::{Point, Reason};
use crate::tasks::{TaskKind, TaskOrigin, TaskStatus, TeamCode, team_of};

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

/// What a call needs to know of the caller.
#[derive(sqlx::FromRow)]
struct Caller {
    assigned_to: Option<UserId>,
    assigned_supervisor_id: Option<UserId>,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
}

/// A call nobody answered.
#[derive(Clone, Copy, Debug)]
pub struct Missed<'a> {
    /// The call, if there is a row of it.
    pub call: Option<CallId>,
    /// The caller's number.
    pub phone: &'a str,
    /// The caller, if known.
    pub customer: Option<CustomerId>,
    /// The agent whose telephone rang.
    pub agent: Option<UserId>,
}

/// Has a missed caller called back, by the agent of the customer's open task; without one by the
/// agent whose telephone rang, else the customer's own agent, else the agent of the customer's team
/// with the fewest tasks. The task that does it.
pub async fn missed_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    today: NaiveDate,
    missed: &Missed<'_>,
) -> Result<Option<TaskId>, DbError> {
    let Missed { call, phone, customer, agent } = *missed;
    let caller: Option<Caller> = match customer {
        Some(id) => {
            let sql = Sql::new(
                "SELECT assigned_to, assigned_supervisor_id, purchase_stage, value_stage
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
    if let Some(call) = call {
        params.insert("callId".to_owned(), json!(call));
    }
    let reason = Reason { code: "missed_call".to_owned(), params };
    let new = NewTask {
        customer,
        phone: phone.to_owned(),
        day: today,
        kind: TaskKind::MissedCall,
        origin: TaskOrigin::MissedCall,
        points: vec![Point::new(TaskKind::MissedCall, reason)],
        due_at: None,
        notes: None,
        agent,
        parent: None,
        attempts: 0,
        by: None,
    };
    Ok(place(tx, now, today, &new).await?.map(Placed::task))
}

/// The missed call was taken after all: it is no reason to call any more.
pub async fn withdraw_missed_call(
    tx: &mut Tx,
    now: DateTime<Utc>,
    task: TaskId,
    call: CallId,
) -> Result<(), DbError> {
    hold(tx, task).await?;
    let Some(row) = find(tx, task).await? else {
        return Ok(());
    };
    if row.status != TaskStatus::Pending || row.attempts > 0 {
        return Ok(());
    }
    let taken = |point: &Point| {
        let of = point.reason.params.get("callId");
        point.kind == TaskKind::MissedCall && of.is_none_or(|id| *id == json!(call))
    };
    let reason = json!({"code": "answered"});
    drop_points(tx, now, row, taken, &reason).await?;
    Ok(())
}
