//! The agents' day as it stands now: what is done, who speaks with whom, the plan made last.
//!
//! Everything that changes it writes a live event in its own transaction. So each request reads
//! the sequence of events first, and only when that has moved on does one request read the floor
//! anew, for everybody who looks at it: many pages that all refetch at an event cost one reading.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Scope;
use crate::calls::CallStatus;
use crate::calls::agent_status::Presence;
use crate::db::{CallId, Db, DbError, Sql, Tx, UserId};
use crate::tasks::generate::{PlanResult, last_plan};
use crate::tasks::{Outcome, TaskStatus};

/// Read anew after this long even without an event: hours pass, and promises become late.
const KEPT: TimeDelta = TimeDelta::seconds(2);

/// The floor of one team leader, or of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Every live event up to this one is in the figures.
    pub seq: i64,
    /// The active agents, by team and name.
    pub agents: Vec<AgentDay>,
    /// Today's plan, as made last.
    pub last_plan: Option<PlanResult>,
}

/// When a floor was read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Changes with every event.
    events: i64,
    /// The latest of them.
    seq: i64,
    today: NaiveDate,
    at: DateTime<Utc>,
}

impl Reading {
    /// Where things stand now. An event's id is given before its commit, so a lower one may appear
    /// after a higher one: the sum over the last ids changes with both.
    async fn now(tx: &mut Tx, today: NaiveDate, at: DateTime<Utc>) -> Result<Self, DbError> {
        let (events, seq) = tx
            .one(
                "SELECT COALESCE(CAST(SUM(id) AS BIGINT), 0), COALESCE(MAX(id), 0)
                 FROM (SELECT id FROM live_events ORDER BY id DESC LIMIT 200) recent",
            )
            .await?;
        Ok(Self { events, seq, today, at })
    }

    /// Whether what was read then is still so.
    fn holds(&self, now: &Self) -> bool {
        self.events == now.events
            && self.today == now.today
            && (TimeDelta::zero()..=KEPT).contains(&(now.at - self.at))
    }
}

#[derive(Debug, Default)]
struct Entry {
    last: Mutex<Option<(Reading, Arc<Floor>)>>,
    reading: tokio::sync::Mutex<()>,
}

impl Entry {
    fn still(&self, now: &Reading) -> Option<Arc<Floor>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(then, _)| then.holds(now)).map(|(_, floor)| floor.clone())
    }
}

/// The floors read last, by team leader (`None`: all agents).
#[derive(Debug, Default)]
pub struct Floors(Mutex<BTreeMap<Option<UserId>, Arc<Entry>>>);

impl Floors {
    /// The floor as it is now.
    pub async fn get(
        &self,
        db: &Db,
        leader: Option<UserId>,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Arc<Floor>, DbError> {
        let entry = {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.entry(leader).or_default().clone()
        };
        let mut tx = db.read().await?;
        let reading = Reading::now(&mut tx, today, now).await?;
        if let Some(floor) = entry.still(&reading) {
            return Ok(floor);
        }
        // Whoever holds the turn has a connection already, so waiting with one is safe.
        let _turn = entry.reading.lock().await;
        if let Some(floor) = entry.still(&reading) {
            return Ok(floor);
        }
        let floor = Arc::new(Floor {
            seq: reading.seq,
            agents: agents(&mut tx, leader, today, now).await?,
            last_plan: last_plan(&mut tx, leader.map_or(Scope::All, Scope::Lead), today).await?,
        });
        let kept = (reading, floor.clone());
        *entry.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(floor)
    }

    /// Read anew next time.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// One agent's day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentDay {
    /// User id.
    pub agent_id: UserId,
    /// Display name.
    pub name: String,
    /// Team, A-E.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_code: Option<String>,
    /// PBX extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// What the agent is doing.
    pub status: Presence,
    /// Since when; null for somebody who never came online.
    pub status_since: Option<DateTime<Utc>>,
    /// Most call tasks a day.
    pub capacity: i64,
    /// Today's tasks.
    pub today: TodayCounts,
    /// The call in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_call: Option<CurrentCall>,
}

/// Today's tasks of one agent, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TodayCounts {
    /// All but the cancelled and expired.
    pub total: i64,
    /// Done, and the customer was reached.
    pub completed: i64,
    /// Done, and the customer was not reached: nobody answered, or the call could not be made.
    pub failed: i64,
    /// Waiting.
    pub pending: i64,
    /// Being worked on.
    pub in_progress: i64,
    /// Orders taken by the agent today, without cancelled and returned ones.
    pub ordered: i64,
    /// Open promises, of today or before, whose hour has passed.
    pub promises_late: i64,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentCall {
    /// Call id.
    pub call_id: CallId,
    /// `initiated`, `ringing` or `answered`.
    pub status: CallStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// With whom, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    #[serde(skip)]
    agent_user_id: UserId,
}

#[derive(sqlx::FromRow)]
struct AgentRow {
    id: UserId,
    name: String,
    team_code: Option<String>,
    extension: Option<String>,
    status: Presence,
    since: Option<DateTime<Utc>>,
    capacity: i64,
}

#[derive(sqlx::FromRow)]
struct TaskRow {
    assigned_to: UserId,
    status: TaskStatus,
    outcome: Option<Outcome>,
    tasks: i64,
}

impl TodayCounts {
    fn add(&mut self, row: &TaskRow) {
        match row.status {
            TaskStatus::Completed | TaskStatus::Failed => {
                if row.outcome.is_some_and(Outcome::is_reached) {
                    self.completed += row.tasks;
                } else {
                    self.failed += row.tasks;
                }
            }
            TaskStatus::Pending => self.pending += row.tasks,
            TaskStatus::InProgress => self.in_progress += row.tasks,
            TaskStatus::Cancelled | TaskStatus::Expired => return,
        }
        self.total += row.tasks;
    }
}

/// `text AND x IN (the agents of leader)`, all agents without one.
fn of_agents(text: &str, column: &str, leader: Option<UserId>, args: &[crate::db::Arg]) -> Sql {
    let mut sql = args.iter().cloned().fold(Sql::new(text), Sql::bind);
    sql.push(&format!(" AND {column} IN (SELECT id FROM users WHERE role = 'agent'"));
    if let Some(leader) = leader {
        sql.push(" AND team_leader_id = ").push_bind(leader);
    }
    sql.push(")");
    sql
}

/// The day of the active agents of `leader` (`None`: of all), by team and name.
pub async fn agents(
    tx: &mut Tx,
    leader: Option<UserId>,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<AgentDay>, DbError> {
    let mut sql = Sql::new(
        "SELECT u.id, u.name, t.code AS team_code, u.extension,
                COALESCE(s.status, 'offline') AS status, s.since, u.capacity
         FROM users u LEFT JOIN sales_teams t ON t.id = u.team_id
           LEFT JOIN agent_status s ON s.user_id = u.id
         WHERE u.role = 'agent' AND u.active",
    );
    if let Some(leader) = leader {
        sql.push(" AND u.team_leader_id = ").push_bind(leader);
    }
    let mut rows = tx.all::<AgentRow>(sql).await?;
    // Here rather than in SQL, where the databases differ on where nulls go.
    rows.sort_by(|a, b| {
        let key = |r: &AgentRow| (r.team_code.is_none(), r.team_code.clone(), r.name.clone(), r.id);
        key(a).cmp(&key(b))
    });

    let mut counts: HashMap<UserId, TodayCounts> = HashMap::new();
    let mut sql = of_agents(
        "SELECT assigned_to, status, outcome, COUNT(*) AS tasks FROM crm_call_tasks
         WHERE task_date = $1",
        "assigned_to",
        leader,
        &[today.into()],
    );
    sql.push(" GROUP BY assigned_to, status, outcome");
    for row in tx.all::<TaskRow>(sql).await? {
        counts.entry(row.assigned_to).or_default().add(&row);
    }
    let mut sql = of_agents(
        "SELECT assigned_to, COUNT(*) FROM crm_call_tasks
         WHERE status IN ('pending', 'in_progress') AND due_at < $1 AND origin <> 'retry'",
        "assigned_to",
        leader,
        &[now.into()],
    );
    sql.push(" GROUP BY assigned_to");
    for (agent, late) in tx.all::<(UserId, i64)>(sql).await? {
        counts.entry(agent).or_default().promises_late = late;
    }

    let mut sql = of_agents(
        "SELECT created_by, COUNT(*) FROM orders WHERE order_date = $1 AND counted",
        "created_by",
        leader,
        &[today.into()],
    );
    sql.push(" GROUP BY created_by");
    for (agent, orders) in tx.all::<(UserId, i64)>(sql).await? {
        counts.entry(agent).or_default().ordered = orders;
    }

    let mut sql = of_agents(
        "SELECT k.id AS call_id, k.status, k.started_at, c.name AS customer_name, k.agent_user_id
         FROM telephony_calls k LEFT JOIN customers c ON c.id = k.customer_id
         WHERE k.is_open",
        "k.agent_user_id",
        leader,
        &[],
    );
    sql.push(" ORDER BY k.started_at, k.id");
    // Should events have been lost and an old call still look open, the latest is the current one.
    let mut calls: HashMap<UserId, CurrentCall> =
        tx.all::<CurrentCall>(sql).await?.into_iter().map(|c| (c.agent_user_id, c)).collect();

    Ok(rows
        .into_iter()
        .map(|row| AgentDay {
            today: counts.remove(&row.id).unwrap_or_default(),
            current_call: calls.remove(&row.id),
            agent_id: row.id,
            name: row.name,
            team_code: row.team_code,
            extension: row.extension,
            status: row.status,
            status_since: row.since,
            capacity: row.capacity,
        })
        .collect())
}
