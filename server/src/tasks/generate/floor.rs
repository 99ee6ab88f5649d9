//! Who is there to call, and what is on the queues already.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use crate::db::{CustomerId, DbError, PlanId, Sql, TaskId, Tx, UserId};
use crate::districts;
use crate::tasks::plan::{Agent, Load, Place};
use crate::tasks::{TaskKind, TaskOrigin, TaskStatus, TeamCode};

/// Numbers for the names of districts and cities.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<String, Place>);

impl Places {
    /// The number of a name to be known from now on.
    fn learn(&mut self, name: &str) -> Place {
        let name = name.trim().to_lowercase();
        if let Some(known) = self.find(&name) {
            return known;
        }
        let place = self.0.len() as Place;
        for name in districts::names(&name) {
            self.0.insert(name.to_owned(), place);
            self.0.insert(name.to_lowercase(), place);
        }
        place
    }

    /// The number of a name some agent is mapped to.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        // Nearly always there is nothing to trim.
        self.0.get(name).or_else(|| self.0.get(&name.trim().to_lowercase())).copied()
    }
}

#[derive(sqlx::FromRow)]
struct AgentRow {
    id: UserId,
    name: String,
    team_leader_id: Option<UserId>,
    code: TeamCode,
    seniority: String,
    capacity: i64,
    absent: bool,
}

/// The agents with a team, as the planner wants them.
pub(super) struct Floor {
    pub(super) agents: Vec<Agent>,
    pub(super) names: HashMap<UserId, String>,
    pub(super) places: Places,
}

impl Floor {
    /// Reads the active agents; with `leader`, only that leader's.
    pub(super) async fn read(
        tx: &mut Tx,
        day: NaiveDate,
        leader: Option<UserId>,
    ) -> Result<Self, DbError> {
        let mut sql = Sql::new(
            "SELECT u.id, u.name, u.team_leader_id, s.code, u.seniority, u.capacity,
                    EXISTS (SELECT 1 FROM agent_absences a
                            WHERE a.user_id = u.id AND a.day = $1) AS absent
             FROM users u JOIN sales_teams s ON s.id = u.team_id
             WHERE u.role = 'agent' AND u.active AND s.code IN ('A', 'B', 'C', 'D', 'E')",
        )
        .bind(day);
        if let Some(leader) = leader {
            sql.push(" AND u.team_leader_id = ").push_bind(leader);
        }
        sql.push(" ORDER BY u.id");
        let rows: Vec<AgentRow> = tx.all(sql).await?;
        let districts: Vec<(UserId, String)> =
            tx.all("SELECT user_id, district FROM agent_districts").await?;
        let mut places = Places::default();
        let mut of_agent: HashMap<UserId, Vec<Place>> = HashMap::new();
        for (agent, district) in districts {
            of_agent.entry(agent).or_default().push(places.learn(&district));
        }
        let mut names = HashMap::new();
        let agents = rows
            .into_iter()
            .map(|row| {
                names.insert(row.id, row.name);
                Agent {
                    id: row.id,
                    leader: row.team_leader_id,
                    team: row.code,
                    senior: row.seniority == "senior",
                    capacity: u32::try_from(row.capacity).unwrap_or(0),
                    places: of_agent.remove(&row.id).unwrap_or_default(),
                    load: Load::default(),
                    absent: row.absent,
                }
            })
            .collect();
        Ok(Self { agents, names, places })
    }
}

#[derive(sqlx::FromRow, Deserialize)]
struct QueueRow {
    id: TaskId,
    customer_id: Option<CustomerId>,
    task_date: NaiveDate,
    kind: TaskKind,
    origin: TaskOrigin,
    status: TaskStatus,
    assigned_to: Option<UserId>,
    plan_id: Option<PlanId>,
}

/// What stands on a customer's account that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Booked {
    /// A planned call: of the day, or carried over and unfinished.
    Planned,
    /// A promise, a missed call or a manual task that waits today: further reasons join it.
    Waiting(TaskId),
    /// One that is being worked on, or a promise for one of the next days.
    Spoken,
}

/// What is on the queues of the day.
#[derive(Debug, Default)]
pub(super) struct Queues {
    pub(super) booked: HashMap<CustomerId, Booked>,
    pub(super) loads: HashMap<UserId, Load>,
}

/// Whom calls wait for that further reasons would join, and whether anybody has room for more.
pub(super) struct Room {
    /// Somebody does, or nobody is there at all.
    pub(super) any: bool,
    /// Customers with such a call.
    pub(super) waiting: Vec<CustomerId>,
}

impl Queues {
    /// Reads the day's tasks, the unfinished ones of earlier days and the promises of the next
    /// `ahead` days. Unfinished ones weigh on the day only if it is `today`: on a later day they
    /// will be done or given up. Whom plans up to `seen` have for the day is known: those calls
    /// only weigh on their agents.
    pub(super) async fn read(
        tx: &mut Tx,
        day: NaiveDate,
        today: NaiveDate,
        ahead: u32,
        seen: PlanId,
    ) -> Result<Self, DbError> {
        const COLUMNS: &str =
            "id, customer_id, task_date, kind, origin, status, assigned_to, plan_id";
        const KNOWN: &str = "SELECT assigned_to, kind, COUNT(*) FROM crm_call_tasks
             WHERE task_date = $1 AND origin = 'plan' AND plan_id <= $2
               AND status NOT IN ('cancelled', 'expired') AND assigned_to IS NOT NULL
             GROUP BY assigned_to, kind";
        let mut queues = Self::default();
        let known: Vec<(UserId, TaskKind, i64)> =
            tx.all(Sql::new(KNOWN).bind(day).bind(seen)).await?;
        for (agent, kind, tasks) in known {
            let tasks = u32::try_from(tasks).unwrap_or(u32::MAX);
            queues.loads.entry(agent).or_default().add(kind.quota_class(), tasks);
        }
        let until = day.checked_add_days(Days::new(ahead.into())).unwrap_or(day);
        let mut rows: Vec<QueueRow> = tx
            .packed(
                COLUMNS,
                Sql::new(
                    "FROM crm_call_tasks
                     WHERE task_date = $1 AND (origin <> 'plan' OR plan_id IS NULL OR plan_id > $2)",
                )
                .bind(day)
                .bind(seen),
            )
            .await?;
        rows.extend(
            tx.packed::<QueueRow>(
                COLUMNS,
                Sql::new(
                    "FROM crm_call_tasks
                     WHERE status IN ('pending', 'in_progress')
                       AND (task_date < $1 OR (task_date > $1 AND task_date <= $2))",
                )
                .bind(day)
                .bind(until),
            )
            .await?,
        );
        for row in rows {
            queues.count(&row, day, today);
        }
        Ok(queues)
    }

    /// What is left of the day; `most` is an agent's limit.
    pub(super) fn room(&self, floor: &Floor, most: u32) -> Room {
        let mut present = floor.agents.iter().filter(|agent| !agent.absent).peekable();
        // Where nobody is there, everybody left out is told why.
        let any = present.peek().is_none()
            || present.any(|agent| {
                let load = self.loads.get(&agent.id).copied().unwrap_or_default();
                load.total() < agent.capacity.min(most)
            });
        let waits = |(customer, booked): (&CustomerId, &Booked)| {
            matches!(booked, Booked::Waiting(_)).then_some(*customer)
        };
        Room { any, waiting: self.booked.iter().filter_map(waits).collect() }
    }

    fn count(&mut self, row: &QueueRow, day: NaiveDate, today: NaiveDate) {
        let gone = matches!(row.status, TaskStatus::Cancelled | TaskStatus::Expired);
        if let Some(agent) = row.assigned_to
            && !gone
            && (row.task_date == day || (day == today && row.task_date < day))
        {
            self.loads.entry(agent).or_default().add(row.kind.quota_class(), 1);
        }
        let Some(customer) = row.customer_id else {
            return;
        };
        let booked = match (row.origin, row.status) {
            // Also when it was cancelled: nobody is planned twice for a day.
            (TaskOrigin::Plan, _) => Booked::Planned,
            (_, TaskStatus::Pending) if row.task_date <= day => Booked::Waiting(row.id),
            (_, TaskStatus::Pending | TaskStatus::InProgress) => Booked::Spoken,
            // Planned, and then wanted by a person too.
            _ if row.plan_id.is_some() && row.task_date == day => Booked::Planned,
            _ => return,
        };
        let known = self.booked.entry(customer).or_insert(booked);
        // A plan of the day outweighs the rest; a call that waits outweighs one under way.
        if booked == Booked::Planned || (*known == Booked::Spoken && booked != Booked::Spoken) {
            *known = booked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_district_is_one_place_under_all_its_names() {
        let mut places = Places::default();
        let chattogram = places.learn("Chittagong");
        let tongi = places.learn(" টঙ্গী");
        assert_eq!(places.learn("চট্টগ্রাম"), chattogram);
        for name in ["Chattogram", "chattogram", "চট্টগ্রাম", "Chittagong", " CHITTAGONG "]
        {
            assert_eq!(places.find(name), Some(chattogram), "{name}");
        }
        assert_eq!(places.find("টঙ্গী "), Some(tongi));
        assert_eq!(places.find("Dhaka"), None);
    }
}
