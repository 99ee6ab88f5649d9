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
mod merge;
mod messages;
mod result;
mod sources;
mod tidy;
mod undo;
mod write;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};

use crate::app::AppState;
use crate::db::{CustomerId, DbError, PlanId, Sql, TaskId, Tx, UserId};
use crate::error::Result;
use crate::messages::{instead_of_call, store};

use super::plan::{Candidate, LeftOut, Quotas, main_motive, plan};
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
    /// Are not called whoever has room: they get a message.
    written: Vec<(Found, Candidate)>,
    /// Were asked to be written to that day.
    asked: HashSet<CustomerId>,
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
    let rules = Rules {
        leaders: &leaders,
        contacted_since,
        hold_out_percent: settings.hold_out_percent,
        writes: settings.most_messages > 0,
        asked: store::of_day(&mut tx, day).await?,
    };
    let mut sorted = sort(found, &request, &queues, rules);
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
        write::counted(&request, &floor, &settings, &quotas, &sorted, &plan)
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
    let undoable = !request.preview && result.created + result.messages > 0;
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

/// What decides who of the found are candidates.
struct Rules<'a> {
    leaders: &'a HashMap<UserId, UserId>,
    /// Whoever was contacted since is left alone.
    contacted_since: DateTime<Utc>,
    hold_out_percent: u8,
    /// Whoever is not called may get a message.
    writes: bool,
    /// Were asked to be written to that day.
    asked: HashSet<CustomerId>,
}

/// Applies the contact rules (SPEC §4.6) and turns the others into candidates.
fn sort(all: Vec<Found>, request: &PlanRequest, queues: &Queues, rules: Rules<'_>) -> Sorted {
    let mut sorted = Sorted {
        candidates: Vec::with_capacity(all.len()),
        found: Vec::with_capacity(all.len()),
        merges: Vec::new(),
        held: Vec::new(),
        written: Vec::new(),
        asked: rules.asked,
        tally: LeftOutTally::default(),
    };
    for mut found in all {
        let customer = &found.customer;
        let Ok(leader) = coverage(customer, rules.leaders, request.leader) else {
            continue;
        };
        if customer.do_not_call {
            sorted.tally.add(LeftOutReason::DoNotCall);
            continue;
        }
        // Whoever does not want calls may have agreed to messages.
        let callable = customer.consent_call;
        let writable = rules.writes && customer.channel.is_some();
        if !callable {
            sorted.tally.add(LeftOutReason::NoConsent);
            if !writable {
                continue;
            }
        }
        let mut leave_out = |why| {
            if callable {
                sorted.tally.add(why);
            }
        };
        if found.motives.is_empty() {
            leave_out(LeftOutReason::AttemptsUsed);
            continue;
        }
        match queues.booked.get(&customer.id) {
            Some(Booked::Planned) => {
                leave_out(LeftOutReason::AlreadyPlanned);
                continue;
            }
            Some(Booked::Waiting(task)) => {
                leave_out(LeftOutReason::OpenPromise);
                if callable {
                    sorted.merges.push((*task, found));
                }
                continue;
            }
            Some(Booked::Spoken) => {
                leave_out(LeftOutReason::OpenPromise);
                continue;
            }
            None => {}
        }
        if customer.last_contact_at.is_some_and(|at| at >= rules.contacted_since) {
            leave_out(LeftOutReason::RecentlyContacted);
            continue;
        }
        let kind = found.motives[main_motive(&found.motives)].kind;
        let instead = instead_of_call(customer.temperature, customer.value_stage, kind);
        let written = writable && (instead || !callable);
        if hold_out::is_held_out(customer.id, request.date, rules.hold_out_percent) {
            leave_out(LeftOutReason::HeldOut);
            if !written {
                sorted.held.push(candidate(&mut found, leader));
            }
            continue;
        }
        if written {
            leave_out(LeftOutReason::MessageInstead);
            let candidate = candidate(&mut found, leader);
            sorted.written.push((found, candidate));
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
