//! Writing a plan: the tasks, the merged talking points, what is told and kept.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;
use sqlx::types::Json;

use super::candidates::Found;
use super::catalogue::Catalogue;
use super::floor::Floor;
use super::hold_out::HeldOut;
use super::merge::{joined_meanwhile, merge_waiting};
use super::result::{AgentShare, KindCount, LeftOutReason, LeftOutTally, PlanResult, TeamCount};
use super::sources::Source;
use super::{PlanRequest, Sorted, hold_out, messages};
use crate::auth::Scope;
use crate::customers::Temperature;
use crate::db::{Arg, CustomerId, DbError, Insert, PlanId, ProductId, Sql, Tx, UserId, packed};
use crate::live::{Audience, emit};
use crate::messages::store as requests;
use crate::scripts::{self, Situation};
use crate::tasks::plan::{Agent, Assignment, Candidate, Load, Plan, Quotas, would_call};
use crate::tasks::points::{Point, merge};
use crate::tasks::settings::PlanSettings;
use crate::tasks::{TaskKind, TeamCode, best_hour};

/// A run that writes.
pub(super) struct Run<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
    pub(super) request: &'a PlanRequest,
    pub(super) settings: &'a PlanSettings,
    pub(super) quotas: &'a Quotas,
}

/// Counts what the agents got.
struct Shares<'a> {
    floor: &'a Floor,
    given: Vec<Load>,
    kinds: BTreeMap<TaskKind, u32>,
}

impl<'a> Shares<'a> {
    fn new(floor: &'a Floor) -> Self {
        Self { floor, given: vec![Load::default(); floor.agents.len()], kinds: BTreeMap::new() }
    }

    fn add(&mut self, agent: usize, kind: TaskKind) {
        self.given[agent].add(kind.quota_class(), 1);
        *self.kinds.entry(kind).or_default() += 1;
    }

    fn result(&self, request: &PlanRequest, quotas: &Quotas, tally: &LeftOutTally) -> PlanResult {
        let mut by_class = Load::default();
        let mut by_team: BTreeMap<TeamCode, u32> = BTreeMap::new();
        let mut agents = Vec::with_capacity(self.given.len());
        for (agent, got) in self.floor.agents.iter().zip(&self.given) {
            by_class.reminder += got.reminder;
            by_class.offer += got.offer;
            by_class.follow_up += got.follow_up;
            *by_team.entry(agent.team).or_default() += got.total();
            let day = if agent.absent { 0 } else { agent.capacity.min(quotas.per_agent_limit) };
            agents.push(AgentShare {
                agent_id: agent.id,
                name: self.floor.names.get(&agent.id).cloned().unwrap_or_default(),
                team_code: agent.team,
                reminder: got.reminder,
                offer: got.offer,
                follow_up: got.follow_up,
                total: got.total(),
                capacity_left: day.saturating_sub(agent.load.total() + got.total()),
            });
        }
        PlanResult {
            plan_id: None,
            date: request.date,
            preview: request.preview,
            created: by_class.total(),
            merged: 0,
            messages: 0,
            already_planned: tally.of(LeftOutReason::AlreadyPlanned),
            by_class,
            by_team: by_team
                .into_iter()
                .map(|(team_code, count)| TeamCount { team_code, count })
                .collect(),
            by_kind: self.kinds.iter().map(|(&kind, &count)| KindCount { kind, count }).collect(),
            agents,
            left_out: tally.counts(),
            expired: 0,
            took_ms: 0,
            undone: None,
            full: false,
            undoable: false,
        }
    }
}

/// What a plan would come to.
pub(super) fn counted(
    request: &PlanRequest,
    floor: &Floor,
    settings: &PlanSettings,
    quotas: &Quotas,
    sorted: &Sorted,
    plan: &Plan,
) -> PlanResult {
    let mut shares = Shares::new(floor);
    for a in &plan.assignments {
        shares.add(a.agent, sorted.candidates[a.candidate].motives[a.main].kind);
    }
    let merged = u32::try_from(sorted.merges.len()).unwrap_or(u32::MAX);
    let messages = messages::choose(sorted, plan, settings.most_messages).len();
    let messages = u32::try_from(messages).unwrap_or(u32::MAX);
    PlanResult { merged, messages, ..shares.result(request, quotas, &sorted.tally) }
}

/// A customer chosen, as they are at the moment of writing.
#[derive(sqlx::FromRow, serde::Deserialize)]
struct Callee {
    id: CustomerId,
    phone: String,
    #[serde(deserialize_with = "packed::flag")]
    do_not_call: bool,
    #[serde(deserialize_with = "packed::flag")]
    consent_call: bool,
}

impl Callee {
    /// Why not to be called after all.
    fn left_out(&self) -> Option<LeftOutReason> {
        if self.do_not_call {
            Some(LeftOutReason::DoNotCall)
        } else if !self.consent_call {
            Some(LeftOutReason::NoConsent)
        } else if !self.phone.starts_with('+') {
            Some(LeftOutReason::NoPhone)
        } else {
            None
        }
    }
}

async fn callees(tx: &mut Tx, who: &[CustomerId]) -> Result<HashMap<CustomerId, Callee>, DbError> {
    let mut found = HashMap::with_capacity(who.len());
    for chunk in who.chunks(packed::CHUNK) {
        let mut sql = Sql::new("FROM customers WHERE id");
        sql.push_ids(chunk.iter().copied());
        let columns = "id, phone, do_not_call, consent_call";
        for row in tx.packed::<Callee>(columns, sql).await? {
            found.insert(row.id, row);
        }
    }
    Ok(found)
}

/// 1 high to 3 low: what must be said today before what can wait, hot customers first.
const fn priority(kind: TaskKind, temperature: Temperature) -> i64 {
    let base = match kind {
        TaskKind::FollowUp | TaskKind::MissedCall | TaskKind::Complaint => 1,
        TaskKind::Reminder | TaskKind::Birthday | TaskKind::MembershipUpgrade => 2,
        TaskKind::OfferFollowup | TaskKind::CrossSell | TaskKind::WinBack | TaskKind::DropOff => 3,
    };
    match temperature {
        Temperature::Hot if base > 1 => base - 1,
        _ => base,
    }
}

const COLUMNS: [&str; 21] = [
    "customer_id",
    "phone",
    "task_date",
    "kind",
    "reason",
    "talking_points",
    "origin",
    "priority",
    "score",
    "temperature",
    "recommended_products",
    "script_key",
    "category_id",
    "assigned_to",
    "team_code",
    "status",
    "plan_id",
    "best_hour",
    "created_by",
    "created_at",
    "updated_at",
];

/// One call about to be written.
struct Line<'a> {
    found: &'a Found,
    phone: &'a str,
    /// The main one.
    main: &'a Point,
    /// All of them, the main one first.
    points: &'a [Point],
    products: &'a [ProductId],
    agent: &'a Agent,
    assignment: &'a Assignment,
    /// When the customer is likeliest to answer.
    best_hour: Option<u32>,
}

/// One task's row, in the order of [`COLUMNS`].
fn row(run: &Run<'_>, plan: PlanId, line: &Line<'_>) -> [Arg; COLUMNS.len()] {
    let Line { found, phone, main, points, products, agent, assignment, .. } = *line;
    let customer = &found.customer;
    let level = found.sources.iter().find_map(|source| match source {
        Source::Membership(level) => Some(level.as_str()),
        _ => None,
    });
    let script = scripts::choose(&Situation {
        kind: main.kind.as_str(),
        purchase_stage: customer.purchase_stage.as_str(),
        value_stage: customer.value_stage.as_str(),
        lifecycle_stage: customer.lifecycle_stage.as_str(),
        level,
    });
    [
        customer.id.into(),
        phone.into(),
        run.request.date.into(),
        main.kind.into(),
        main.key().into(),
        Arg::json(&points),
        Arg::Static("plan"),
        priority(main.kind, customer.temperature).into(),
        assignment.value.into(),
        customer.temperature.into(),
        Arg::json(&products),
        Arg::Static(script.as_str()),
        main.category().into(),
        agent.id.into(),
        agent.team.into(),
        Arg::Static("pending"),
        plan.into(),
        line.best_hour.into(),
        run.request.by.into(),
        run.now.into(),
        run.now.into(),
    ]
}

/// Those deliberately left out, with whether there would have been room.
fn held_out(candidates: &[Candidate], plan: &Plan, held: &[Candidate]) -> Vec<HeldOut> {
    let room = would_call(candidates, plan, held);
    held.iter()
        .zip(room)
        .map(|(held, would_call)| HeldOut {
            customer: held.customer,
            kinds: held.motives.iter().map(|motive| motive.kind).collect(),
            would_call,
        })
        .collect()
}

/// Writes the plan; what it came to.
pub(super) async fn write(
    tx: &mut Tx,
    run: &Run<'_>,
    floor: &Floor,
    sorted: Sorted,
    plan: &Plan,
    expired: u32,
) -> Result<PlanResult, DbError> {
    let letters = messages::choose(&sorted, plan, run.settings.most_messages);
    let held = held_out(&sorted.candidates, plan, &sorted.held);
    hold_out::record(tx, run.now, run.request.date, held).await?;
    let Sorted { found, merges, tally, .. } = &sorted;
    let mut tally = tally.clone();
    let chosen: Vec<CustomerId> =
        plan.assignments.iter().map(|a| found[a.candidate].customer.id).collect();
    let mut worded = chosen.clone();
    worded.extend(merges.iter().map(|(_, found)| found.customer.id));
    worded.extend(letters.iter().map(|letter| letter.found.customer.id));
    let catalogue = Catalogue::read(tx, run.request.date, run.settings, &worded).await?;
    let callees = callees(tx, &chosen).await?;
    let usual = best_hour::usual(tx).await?;
    let own = best_hour::own(tx, &chosen, run.now, run.zone).await?;

    let plan_id = insert_plan(tx, run).await?;
    // An agent's tasks lie together on disk: the queue is read far more often than written.
    let mut in_queues: Vec<&Assignment> = plan.assignments.iter().collect();
    in_queues.sort_by_key(|assignment| assignment.agent);
    let rows = in_queues.into_iter().filter_map(|assignment| {
        let found = &found[assignment.candidate];
        let callee = callees.get(&found.customer.id)?;
        if let Some(why) = callee.left_out() {
            tally.add(why);
            return None;
        }
        let mut points = catalogue.points(found);
        let motives = &sorted.candidates[assignment.candidate].motives;
        let order = catalogue.order(found, motives, assignment.main);
        let kind = motives[assignment.main].kind;
        // If every reason of the main kind is gone (bought a moment ago), the others wait for the next
        // run, which weighs them against the right quota.
        let lead = order.iter().find(|&&at| motives[at].kind == kind && points[at].is_some());
        let main = points[*lead?].take()?;
        let mut said = vec![main.clone()];
        merge(&mut said, order.iter().filter_map(|&at| points[at].take()));
        let best_hour = usual.as_ref().and_then(|usual| {
            let own = own.get(&found.customer.id).copied().unwrap_or_default();
            usual.best(found.customer.purchase_stage, &own, &run.settings.calling_hours.hours)
        });
        let line = Line {
            found,
            phone: &callee.phone,
            main: &main,
            points: &said,
            products: &catalogue.recommended(found, &order),
            agent: &floor.agents[assignment.agent],
            assignment,
            best_hour,
        };
        Some(row(run, plan_id, &line))
    });
    let tail = "ON CONFLICT DO NOTHING RETURNING customer_id, assigned_to, kind";
    let insert = Insert::new("crm_call_tasks", &COLUMNS, tail);
    let made: Vec<(CustomerId, UserId, TaskKind)> =
        insert.stream_returning(tx, Box::new(rows)).await?;

    let index: HashMap<UserId, usize> =
        floor.agents.iter().enumerate().map(|(i, agent)| (agent.id, i)).collect();
    let mut shares = Shares::new(floor);
    for (_, agent, kind) in &made {
        shares.add(index[agent], *kind);
    }
    let lost = joined_meanwhile(tx, run, found, plan, &made).await?;
    let merged = merge_waiting(tx, run, &catalogue, merges.iter().chain(&lost)).await?;
    let asked = messages::wording(&letters, &catalogue);
    let messages = requests::ask(tx, run.now, run.request.date, plan_id, &asked).await?;
    let today = run.now.with_timezone(&run.zone).date_naive();
    requests::tidy(tx, run.now, today, run.request.date).await?;
    let mut result = PlanResult {
        merged,
        messages,
        expired,
        plan_id: Some(plan_id),
        ..shares.result(run.request, run.quotas, &tally)
    };
    keep(tx, run, &mut result).await?;
    tell(tx, run, floor, &shares, &result);
    Ok(result)
}

async fn insert_plan(tx: &mut Tx, run: &Run<'_>) -> Result<PlanId, DbError> {
    tx.scalar(
        Sql::new(
            "INSERT INTO daily_plans (plan_date, created_at, created_by, params, result)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(run.request.date)
        .bind(run.now)
        .bind(run.request.by)
        .bind(json!({
            "quotas": run.quotas, "spill": run.settings.spill, "leader": run.request.leader,
        }))
        .bind(json!({})),
    )
    .await
}

/// Keeps what the plan came to. A run that found nothing to do leaves no trace, unless it was the
/// day's first.
async fn keep(tx: &mut Tx, run: &Run<'_>, result: &mut PlanResult) -> Result<(), DbError> {
    let Some(plan) = result.plan_id else {
        return Ok(());
    };
    if result.created == 0 && result.merged == 0 && result.messages == 0 {
        let dropped = tx
            .execute(
                Sql::new(
                    "DELETE FROM daily_plans WHERE id = $1 AND EXISTS (
                       SELECT 1 FROM daily_plans o WHERE o.plan_date = $2 AND o.id < $1)",
                )
                .bind(plan)
                .bind(run.request.date),
            )
            .await?;
        if dropped == 1 {
            result.plan_id = None;
            return Ok(());
        }
    }
    tx.execute(
        Sql::new("UPDATE daily_plans SET result = $1 WHERE id = $2")
            .bind(Arg::json(result))
            .bind(plan),
    )
    .await?;
    Ok(())
}

fn tell(tx: &mut Tx, run: &Run<'_>, floor: &Floor, shares: &Shares<'_>, result: &PlanResult) {
    if result.created == 0 && result.messages == 0 {
        return;
    }
    let date = run.request.date;
    for (agent, got) in floor.agents.iter().zip(&shares.given) {
        if got.total() > 0 {
            let audience = Audience::Agent(agent.id);
            let data = json!({"agentId": agent.id, "date": date, "reason": "plan"});
            emit(tx, run.now, audience, "queue.changed", &data);
        }
    }
    let audience = run.request.leader.map_or(Audience::Everyone, Audience::TeamLeader);
    let data = json!({"date": date, "created": result.created});
    emit(tx, run.now, audience, "plan.generated", &data);
}

/// The last plan of a day that `scope` may see: a team leader own plans and those made for
/// everybody, with own agents only.
pub async fn last_plan(
    tx: &mut Tx,
    scope: Scope,
    day: NaiveDate,
) -> Result<Option<PlanResult>, DbError> {
    let mut sql = Sql::new(
        "SELECT p.result, p.created_by FROM daily_plans p LEFT JOIN users u ON u.id = p.created_by
         WHERE p.plan_date = $1",
    )
    .bind(day);
    if let Scope::Lead(lead) | Scope::Agent(lead) = scope {
        sql.push(" AND (p.created_by = ").push_bind(lead);
        sql.push(" OR p.created_by IS NULL OR u.role IN ('admin', 'sales_manager'))");
    }
    sql.push(" ORDER BY p.id DESC LIMIT 1");
    let found: Option<(Json<PlanResult>, Option<UserId>)> = tx.optional(sql).await?;
    let Some((Json(mut result), by)) = found else {
        return Ok(None);
    };
    let own = match scope {
        Scope::All => true,
        Scope::Lead(lead) | Scope::Agent(lead) => by == Some(lead),
    };
    result.undoable = own && result.undone.is_none() && result.created + result.messages > 0;
    if let Scope::Lead(lead) | Scope::Agent(lead) = scope {
        let own: Vec<(UserId,)> =
            tx.all(Sql::new("SELECT id FROM users WHERE team_leader_id = $1").bind(lead)).await?;
        result.agents.retain(|share| own.contains(&(share.agent_id,)));
    }
    Ok(Some(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_called_is_asked_again_when_the_call_is_written() {
        let callee = |phone: &str, do_not_call, consent_call| {
            let phone = phone.to_owned();
            Callee { id: CustomerId(1), phone, do_not_call, consent_call }.left_out()
        };
        assert_eq!(callee("+8801711111111", false, true), None);
        assert_eq!(callee("+8801711111111", true, true), Some(LeftOutReason::DoNotCall));
        assert_eq!(callee("+8801711111111", true, false), Some(LeftOutReason::DoNotCall));
        assert_eq!(callee("+8801711111111", false, false), Some(LeftOutReason::NoConsent));
        assert_eq!(callee("no number", false, true), Some(LeftOutReason::NoPhone));
    }
}
