//! Making a day's plan (SPEC §4.2-4.5, 4.7, 4.8).
//!
//! # Two runs at once
//!
//! The reasons are read first, in a read transaction, because that is the long part and holds nobody
//! up. Then one write transaction takes the plan's lock (the row `plan.lock` in `settings`, which
//! every run updates first; SQLite has one writer anyway), reads what is on the queues *now*, plans
//! and inserts. A second run waits for the lock and then sees the first one's tasks, so that neither
//! a customer is planned twice nor an agent's limit passed. Whatever happens, the unique index on
//! (customer, day) of planned tasks refuses a second call.
//!
//! Once every agent's day is full, nobody is ranked any more: reasons only join the calls that wait.
//!
//! What changed between reading and writing is checked again on the customers chosen: a category
//! bought meanwhile is no reason any more, and do-not-call holds at once.

mod candidates;
mod catalogue;
mod floor;
mod hold_out;
mod result;
mod sources;
mod tidy;
mod undo;
mod write;

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};

use crate::app::AppState;
use crate::db::{DbError, PlanId, Sql, TaskId, Tx, UserId};
use crate::error::Result;

use super::plan::{Candidate, LeftOut, Quotas, plan};
use super::{TeamCode, settings, team_of};
use candidates::{Candidates, Customer, Found, Wanted};
use floor::{Booked, Floor, Queues};
use result::LeftOutTally;

pub use result::{
    AgentShare, KindCount, LeftOutCount, LeftOutReason, PlanResult, TeamCount, Undone,
};
pub use undo::undo;
pub use write::last_plan;

/// Which plan to make.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest {
    /// The company day.
    pub date: NaiveDate,
    /// Quotas; `None`: those of the settings.
    pub quotas: Option<Quotas>,
    /// Only count, write nothing.
    pub preview: bool,
    /// Only this team leader's agents and coverage.
    pub leader: Option<UserId>,
    /// Who asks; `None`: the daily job.
    pub by: Option<UserId>,
}

/// The candidates of a run, after the contact rules.
struct Sorted {
    /// Parallel to `found`.
    candidates: Vec<Candidate>,
    found: Vec<Found>,
    /// Reasons that join a call that waits already.
    merges: Vec<(TaskId, Found)>,
    /// Would be called, and are not.
    held: Vec<Candidate>,
    tally: LeftOutTally,
}

/// Takes the plan's lock until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO settings (key, value, updated_at) VALUES ('plan.lock', $1, $2)
             ON CONFLICT (key) DO UPDATE SET updated_at = $2",
        )
        .bind(serde_json::json!({}))
        .bind(now),
    )
    .await?;
    Ok(())
}

/// Makes the plan of a day, or counts what it would be.
pub async fn generate(state: &AppState, request: PlanRequest) -> Result<PlanResult> {
    let begun = Instant::now();
    let (now, day) = (state.clock.now(), request.date);
    let is_today = day == state.clock.today();

    let mut tx = state.db.read().await?;
    let settings = settings::plan(&mut tx).await?;
    let quotas = request.quotas.unwrap_or(settings.quotas);
    let least_days = settings.min_days_between_contacts;
    // Plans are made one after the other (the plan's lock), so a later one has a higher id.
    let seen = tx.optional_scalar("SELECT id FROM daily_plans ORDER BY id DESC LIMIT 1").await?;
    let seen = seen.unwrap_or(PlanId(0));
    let floor = Floor::read(&mut tx, day, request.leader).await?;
    let queues = Queues::read(&mut tx, day, state.clock.today(), least_days, seen).await?;
    let room = queues.room(&floor, quotas.total());
    let (leader, places) = (request.leader, &floor.places);
    let room_left = room.any;
    // Nobody is ranked for agents whose day is full.
    let only = (!room.any).then_some(room.waiting.as_slice());
    let wanted = Wanted { day, settings: &settings, leader, seen, places, only };
    let Candidates { found, planned } = candidates::read(&mut tx, &wanted).await?;
    tx.commit().await?;
    let read_ms = begun.elapsed().as_millis();

    let mut tx = if request.preview { state.db.read().await? } else { state.db.begin().await? };
    let mut expired = 0;
    if !request.preview {
        lock(&mut tx, now).await?;
        if is_today {
            expired = tidy::expire(&mut tx, now, day, &settings).await?;
            tidy::drop_bought(&mut tx, now, candidates::before(day, settings.carry_days.into()))
                .await?;
        }
    }
    let mut floor = Floor::read(&mut tx, day, request.leader).await?;
    let queues = Queues::read(&mut tx, day, state.clock.today(), least_days, seen).await?;
    for agent in &mut floor.agents {
        agent.load = queues.loads.get(&agent.id).copied().unwrap_or_default();
    }
    let leaders = leaders(&mut tx).await?;
    let contacted_since = state.clock.start_of(candidates::before(day, i64::from(least_days) - 1));
    let held_out = settings.hold_out_percent;
    let mut sorted = sort(found, &request, &queues, &leaders, contacted_since, held_out);
    sorted.tally.add_many(LeftOutReason::AlreadyPlanned, planned);
    let plan = plan(&floor.agents, &sorted.candidates, &quotas, settings.spill);
    for (_, why) in &plan.left_out {
        sorted.tally.add(match why {
            LeftOut::NoTeam => LeftOutReason::NoTeam,
            LeftOut::NoCapacity => LeftOutReason::NoCapacity,
            LeftOut::QuotaFull => LeftOutReason::QuotaFull,
        });
    }
    let plan_ms = begun.elapsed().as_millis() - read_ms;
    let result = if request.preview {
        write::counted(&request, &floor, &quotas, &sorted, &plan)
    } else {
        let zone = state.clock.zone();
        let made =
            write::Run { now, zone, request: &request, settings: &settings, quotas: &quotas };
        write::write(&mut tx, &made, &floor, sorted, &plan, expired).await?
    };
    if request.preview {
        tx.rollback().await?;
    } else {
        state.commit(tx).await?;
    }
    let took = begun.elapsed();
    tracing::info!(
        date = %day, preview = request.preview, created = result.created, merged = result.merged,
        read_ms, plan_ms, total_ms = took.as_millis(), "daily plan made"
    );
    let undoable = !request.preview && result.created > 0;
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Ok(PlanResult { took_ms, undoable, full: !room_left, ..result })
}

async fn leaders(tx: &mut Tx) -> Result<HashMap<UserId, UserId>, DbError> {
    let rows: Vec<(UserId, UserId)> =
        tx.all("SELECT id, team_leader_id FROM users WHERE team_leader_id IS NOT NULL").await?;
    Ok(rows.into_iter().collect())
}

/// The team leader in whose coverage a customer is: the own agent's, else the supervisor.
/// `None` if they are in nobody's; `Err` if not in the coverage of the leader who asks.
fn coverage(
    customer: &Customer,
    leaders: &HashMap<UserId, UserId>,
    asks: Option<UserId>,
) -> Result<Option<UserId>, ()> {
    let agents = customer.assigned_to.and_then(|agent| leaders.get(&agent).copied());
    let supervisor = customer.assigned_supervisor_id;
    match asks {
        None => Ok(agents.or(supervisor)),
        Some(_) if agents == asks || supervisor == asks => Ok(asks),
        Some(_) => Err(()),
    }
}

/// Applies the contact rules (SPEC §4.6) and turns the others into candidates.
fn sort(
    all: Vec<Found>,
    request: &PlanRequest,
    queues: &Queues,
    leaders: &HashMap<UserId, UserId>,
    contacted_since: DateTime<Utc>,
    hold_out_percent: u8,
) -> Sorted {
    let mut sorted = Sorted {
        candidates: Vec::with_capacity(all.len()),
        found: Vec::with_capacity(all.len()),
        merges: Vec::new(),
        held: Vec::new(),
        tally: LeftOutTally::default(),
    };
    for mut found in all {
        let customer = &found.customer;
        let Ok(leader) = coverage(customer, leaders, request.leader) else {
            continue;
        };
        if customer.do_not_call {
            sorted.tally.add(LeftOutReason::DoNotCall);
            continue;
        }
        if !customer.consent_call {
            sorted.tally.add(LeftOutReason::NoConsent);
            continue;
        }
        if found.motives.is_empty() {
            sorted.tally.add(LeftOutReason::AttemptsUsed);
            continue;
        }
        match queues.booked.get(&customer.id) {
            Some(Booked::Planned) => {
                sorted.tally.add(LeftOutReason::AlreadyPlanned);
                continue;
            }
            Some(Booked::Waiting(task)) => {
                sorted.tally.add(LeftOutReason::OpenPromise);
                sorted.merges.push((*task, found));
                continue;
            }
            Some(Booked::Spoken) => {
                sorted.tally.add(LeftOutReason::OpenPromise);
                continue;
            }
            None => {}
        }
        if customer.last_contact_at.is_some_and(|at| at >= contacted_since) {
            sorted.tally.add(LeftOutReason::RecentlyContacted);
            continue;
        }
        if hold_out::is_held_out(customer.id, request.date, hold_out_percent) {
            sorted.tally.add(LeftOutReason::HeldOut);
            sorted.held.push(candidate(&mut found, leader));
            continue;
        }
        sorted.candidates.push(candidate(&mut found, leader));
        sorted.found.push(found);
    }
    sorted
}

/// What the planner weighs, which takes the motives over.
fn candidate(found: &mut Found, leader: Option<UserId>) -> Candidate {
    let customer = &found.customer;
    let team: TeamCode = team_of(customer.purchase_stage, customer.value_stage);
    Candidate {
        customer: customer.id,
        team,
        own_agent: customer.assigned_to,
        leader,
        places: customer.places,
        senior_first: customer.temperature == crate::customers::Temperature::Hot,
        average_order: customer.avg_order_value,
        motives: std::mem::take(&mut found.motives),
    }
}

/// The daily job and its refreshes: plans today for everybody.
pub async fn daily(state: AppState) -> Result<serde_json::Value> {
    let request = PlanRequest {
        date: state.clock.today(),
        quotas: None,
        preview: false,
        leader: None,
        by: None,
    };
    let result = generate(&state, request).await?;
    Ok(serde_json::json!({
        "date": result.date, "created": result.created, "merged": result.merged,
        "expired": result.expired, "leftOut": result.left_out,
    }))
}
