//! Whether promised calls are made in time (SPEC §4.8).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::settings;
use super::store::{self, rows, select};
use super::{Task, TaskStatus};
use crate::auth::Scope;
use crate::clock::Clock;
use crate::db::{DbError, Sql, Tx, UserId};

/// Broken promises listed at once.
const MOST_LISTED: usize = 200;

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its hour, with the minutes of grace, has not passed.
    Open,
    /// The call was begun in time.
    Kept,
    /// The call was begun, later than that.
    Late,
    /// No call was begun, and its hour has passed.
    Broken,
    /// It was no longer needed before its hour: the customer ordered, or is not to be called.
    Dropped,
}

/// What became of a promise for `due`.
pub fn fate(
    due: DateTime<Utc>,
    grace: TimeDelta,
    begun: Option<DateTime<Utc>>,
    status: TaskStatus,
    now: DateTime<Utc>,
) -> Fate {
    let last = due + grace;
    match begun {
        Some(begun) if begun <= last => Fate::Kept,
        Some(_) => Fate::Late,
        None if status == TaskStatus::Cancelled => Fate::Dropped,
        None if now <= last => Fate::Open,
        None => Fate::Broken,
    }
}

/// An agent's promises of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Who has them.
    pub agent_id: UserId,
    /// Their name.
    pub name: String,
    /// Called in time.
    pub kept: u32,
    /// Called later.
    pub late: u32,
    /// Not called.
    pub broken: u32,
    /// Their hour is still to come.
    pub open: u32,
}

/// How promises were kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromiseReport {
    /// First company day whose promises are counted; up to today.
    pub from: NaiveDate,
    /// Minutes after its hour within which a call is in time.
    pub grace_minutes: u32,
    /// By agent, the one with most broken promises first.
    pub agents: Vec<Kept>,
    /// Those still to be kept although their hour has passed, of any day, the longest overdue first;
    /// at most 200.
    pub overdue: Vec<Task>,
}

#[derive(sqlx::FromRow)]
struct Promise {
    agent: UserId,
    name: String,
    due_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    status: TaskStatus,
}

/// The promises of the agents in `scope` from `from` to the end of today, and those overdue.
pub async fn report(
    tx: &mut Tx,
    clock: &Clock,
    scope: Scope,
    from: NaiveDate,
) -> Result<PromiseReport, DbError> {
    let now = clock.now();
    let minutes = settings::plan(tx).await?.promise_grace_minutes;
    let grace = TimeDelta::minutes(minutes.into());
    let tomorrow = clock.today().succ_opt().unwrap_or(NaiveDate::MAX);
    let mut sql = Sql::new(
        // CROSS JOIN: SQLite then starts from the days and not from everything an agent ever did.
        "SELECT u.id AS agent, u.name, t.due_at, t.started_at, t.status
         FROM crm_call_tasks t CROSS JOIN users u
         WHERE u.id = t.assigned_to AND t.origin = 'promise' AND t.due_at >= $1 AND t.due_at < $2",
    )
    .bind(clock.start_of(from))
    .bind(clock.start_of(tomorrow));
    led_by(&mut sql, scope);
    let mut agents: BTreeMap<UserId, Kept> = BTreeMap::new();
    for promise in tx.all::<Promise>(sql).await? {
        let of = agents.entry(promise.agent).or_insert_with(|| Kept {
            agent_id: promise.agent,
            name: promise.name,
            kept: 0,
            late: 0,
            broken: 0,
            open: 0,
        });
        match fate(promise.due_at, grace, promise.started_at, promise.status, now) {
            Fate::Kept => of.kept += 1,
            Fate::Late => of.late += 1,
            Fate::Broken => of.broken += 1,
            Fate::Open => of.open += 1,
            Fate::Dropped => {}
        }
    }
    let mut agents: Vec<Kept> = agents.into_values().collect();
    agents.sort_by(|a, b| {
        (b.broken, b.late).cmp(&(a.broken, a.late)).then_with(|| a.name.cmp(&b.name))
    });

    // By status, of which few are open, and not by hour, of which all years are full.
    let mut sql = select(
        "t.status IN ('pending', 'in_progress') AND t.origin = 'promise' AND t.started_at IS NULL",
    );
    led_by(&mut sql, scope);
    let mut overdue = rows(tx, sql).await?;
    overdue.retain(|row| row.due_at.is_some_and(|due| due + grace < now));
    overdue.sort_by_key(|row| (row.due_at, row.id));
    overdue.truncate(MOST_LISTED);
    let overdue = store::tasks(tx, overdue).await?;
    Ok(PromiseReport { from, grace_minutes: minutes, agents, overdue })
}

/// Limits a statement with users `u` to those in `scope`.
fn led_by(sql: &mut Sql, scope: Scope) {
    match scope {
        Scope::All => {}
        Scope::Lead(lead) => {
            sql.push(" AND u.team_leader_id = ").push_bind(lead);
        }
        Scope::Agent(agent) => {
            sql.push(" AND u.id = ").push_bind(agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_promise_is_kept_within_its_grace_and_broken_only_when_that_has_passed() {
        let of = |begun: Option<i64>, status, now| {
            fate(at(600), TimeDelta::minutes(30), begun.map(at), status, at(now))
        };
        assert_eq!(of(Some(590), TaskStatus::Completed, 900), Fate::Kept, "earlier is fine");
        assert_eq!(of(Some(630), TaskStatus::InProgress, 630), Fate::Kept);
        assert_eq!(of(Some(631), TaskStatus::Completed, 900), Fate::Late);
        assert_eq!(of(None, TaskStatus::Pending, 630), Fate::Open);
        assert_eq!(of(None, TaskStatus::Pending, 631), Fate::Broken);
        assert_eq!(of(None, TaskStatus::Failed, 900), Fate::Broken);
        assert_eq!(of(None, TaskStatus::Cancelled, 900), Fate::Dropped, "ordered meanwhile");
    }
}
