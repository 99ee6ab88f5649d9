//! The daily plan: which customer goes to which agent today (SPEC §4.3-4.5). Pure.
//!
//! Candidates are served by expected value, highest first. A candidate belongs to one team (decided
//! by the segment) and, inside the team, goes to the customer's own agent, else to an agent mapped to
//! the customer's district, VIP and hot ones to a senior, else to whoever is least loaded. One
//! customer is one call: the most urgent reason is the main one and decides the quota, the others
//! become talking points.
//!
//! Quotas are per agent. First every class fills its own quota; then, if `spill` is on, what the
//! other classes left unused goes to whoever is left, again by value. The sum of the quotas, the
//! limit and the agent's capacity are never passed.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{QuotaClass, TaskKind, TeamCode};
use crate::db::{CustomerId, Money, UserId};

/// Most tasks a day and agent that a setting may allow (SPEC §0: 144 seconds a task).
pub const MOST_PER_AGENT: u32 = 200;

/// Calls a day and agent, in all and by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Quotas {
    /// In all.
    #[schema(required)]
    pub per_agent_limit: u32,
    /// Reorder reminders.
    #[schema(required)]
    pub reminder: u32,
    /// Offers.
    #[schema(required)]
    pub offer: u32,
    /// Follow-ups and support.
    #[schema(required)]
    pub followup: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { per_agent_limit: MOST_PER_AGENT, reminder: 120, offer: 50, followup: 30 }
    }
}

impl Quotas {
    /// The quota of a class.
    pub const fn of(&self, class: QuotaClass) -> u32 {
        match class {
            QuotaClass::Reminder => self.reminder,
            QuotaClass::Offer => self.offer,
            QuotaClass::FollowUp => self.followup,
        }
    }

    /// Most calls of all classes.
    pub const fn total(&self) -> u32 {
        let sum = self.reminder.saturating_add(self.offer).saturating_add(self.followup);
        if sum < self.per_agent_limit { sum } else { self.per_agent_limit }
    }
}

/// Tasks by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// Reorder reminders.
    pub reminder: u32,
    /// Offers.
    pub offer: u32,
    /// Follow-ups and support.
    pub follow_up: u32,
}

impl Load {
    /// Tasks of a class.
    pub const fn of(&self, class: QuotaClass) -> u32 {
        match class {
            QuotaClass::Reminder => self.reminder,
            QuotaClass::Offer => self.offer,
            QuotaClass::FollowUp => self.follow_up,
        }
    }

    /// Adds tasks of a class.
    pub const fn add(&mut self, class: QuotaClass, tasks: u32) {
        match class {
            QuotaClass::Reminder => self.reminder += tasks,
            QuotaClass::Offer => self.offer += tasks,
            QuotaClass::FollowUp => self.follow_up += tasks,
        }
    }

    /// Tasks of all classes.
    pub const fn total(&self) -> u32 {
        self.reminder + self.offer + self.follow_up
    }
}

/// A district or city, as a number that stands for its name.
pub type Place = u32;

/// An agent who may get work.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Who.
    pub id: UserId,
    /// Their team leader.
    pub leader: Option<UserId>,
    /// Their team.
    pub team: TeamCode,
    /// Whether VIP and hot customers go to them first.
    pub senior: bool,
    /// Most tasks a day.
    pub capacity: u32,
    /// Where their customers live.
    pub places: Vec<Place>,
    /// What is on their queue for the day already, carried-over tasks included.
    pub load: Load,
    /// Not there on the day: gets nothing.
    pub absent: bool,
}

/// A reason to call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motive {
    /// Kind of call.
    pub kind: TaskKind,
    /// Chance that this call sells something now, 0 to 1.
    pub urgency: f64,
}

/// A customer with reasons to be called.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Who.
    pub customer: CustomerId,
    /// Where the segment routes them.
    pub team: TeamCode,
    /// Their own agent.
    pub own_agent: Option<UserId>,
    /// The team leader in whose coverage they are; `None`: anybody's.
    pub leader: Option<UserId>,
    /// District and city.
    pub places: [Option<Place>; 2],
    /// VIP or hot.
    pub senior_first: bool,
    /// Mean value of their orders.
    pub average_order: Money,
    /// At least one.
    pub motives: Vec<Motive>,
}

/// Why a candidate is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// Nobody serves that team.
    NoTeam,
    /// Everybody there has a full day or is absent.
    NoCapacity,
    /// Somebody has time, but the class's quota is full.
    QuotaFull,
}

/// One call of the plan; indices are into the slices given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assignment {
    /// Which candidate.
    pub candidate: usize,
    /// Which agent.
    pub agent: usize,
    /// Which motive is the main reason.
    pub main: usize,
    /// Expected value, poisha.
    pub value: f64,
}

/// Who is called by whom, and who is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The calls, most valuable first.
    pub assignments: Vec<Assignment>,
    /// The others.
    pub left_out: Vec<(usize, LeftOut)>,
}

/// Expected value of calling a customer now, poisha: the chance that at least one of the reasons
/// leads to an order × what the customer usually spends. A customer of whom no order is known counts
/// as `UNKNOWN_ORDER`.
///
/// This is the one place that ranks candidates. A learned model of the chance to buy takes the place
/// of the configured urgencies here.
pub fn value(motives: &[Motive], average_order: Money) -> f64 {
    let none: f64 = motives.iter().map(|motive| 1.0 - motive.urgency.clamp(0.0, 1.0)).product();
    let basket = if average_order.0 > 0 { average_order } else { UNKNOWN_ORDER };
    (1.0 - none) * basket.0 as f64
}

/// Whether each of `held`, who were kept out of `plan`, would have been called: whoever is worth more
/// than everybody of the same team and class who was left out for want of room.
pub fn would_call(candidates: &[Candidate], plan: &Plan, held: &[Candidate]) -> Vec<bool> {
    let place = |c: &Candidate| {
        let class = c.motives.get(main_motive(&c.motives)).map(|motive| motive.kind.quota_class());
        (c.leader, c.team, class)
    };
    let worth = |c: &Candidate| value(&c.motives, c.average_order);
    let mut best_left: HashMap<_, f64> = HashMap::new();
    for &(candidate, why) in &plan.left_out {
        let left = &candidates[candidate];
        let best = best_left.entry(place(left)).or_insert(f64::NEG_INFINITY);
        *best = if why == LeftOut::NoTeam { f64::INFINITY } else { best.max(worth(left)) };
    }
    held.iter().map(|c| best_left.get(&place(c)).is_none_or(|best| worth(c) > *best)).collect()
}

/// What a first order is worth.
const UNKNOWN_ORDER: Money = Money::taka(500);

/// The main reason: the most urgent; of equally urgent ones the first.
pub fn main_motive(motives: &[Motive]) -> usize {
    let mut best = 0;
    for (i, motive) in motives.iter().enumerate() {
        if motive.urgency > motives[best].urgency {
            best = i;
        }
    }
    best
}

/// The agents one kind of customer can go to.
#[derive(Debug, Default)]
struct Pool {
    present: Vec<usize>,
}

struct Floor<'a> {
    agents: &'a [Agent],
    loads: Vec<Load>,
    caps: Vec<u32>,
    quotas: &'a Quotas,
    pools: HashMap<(Option<UserId>, TeamCode), Pool>,
}

impl<'a> Floor<'a> {
    fn new(agents: &'a [Agent], quotas: &'a Quotas) -> Self {
        let mut pools: HashMap<_, Pool> = HashMap::new();
        for (i, agent) in agents.iter().enumerate() {
            // Customers without a leader may go to anybody's team.
            let mut keys = vec![(None, agent.team)];
            keys.extend(agent.leader.map(|leader| (Some(leader), agent.team)));
            for key in keys {
                let pool = pools.entry(key).or_default();
                if !agent.absent {
                    pool.present.push(i);
                }
            }
        }
        Self {
            agents,
            loads: agents.iter().map(|agent| agent.load).collect(),
            caps: agents.iter().map(|agent| agent.capacity.min(quotas.total())).collect(),
            quotas,
            pools,
        }
    }

    fn has_room(&self, agent: usize, class: QuotaClass, spill: bool) -> bool {
        let load = &self.loads[agent];
        load.total() < self.caps[agent] && (spill || load.of(class) < self.quotas.of(class))
    }

    /// The agent a candidate goes to, if anybody has room.
    fn choose(&self, candidate: &Candidate, class: QuotaClass, spill: bool) -> Option<usize> {
        let pool = self.pools.get(&(candidate.leader, candidate.team))?;
        let mut best: Option<(bool, bool, usize)> = None;
        for &agent in &pool.present {
            if !self.has_room(agent, class, spill) {
                continue;
            }
            let who = &self.agents[agent];
            if candidate.own_agent == Some(who.id) {
                return Some(agent);
            }
            let near = candidate.places.iter().flatten().any(|place| who.places.contains(place));
            let fits = candidate.senior_first && who.senior;
            let better = best.is_none_or(|(best_near, best_fits, other)| {
                (near, fits)
                    .cmp(&(best_near, best_fits))
                    .then_with(|| self.less_loaded(agent, other))
                    == Ordering::Greater
            });
            if better {
                best = Some((near, fits, agent));
            }
        }
        best.map(|(_, _, agent)| agent)
    }

    /// `Greater` if `a` has relatively less to do than `b`; ties go to the lower id.
    fn less_loaded(&self, a: usize, b: usize) -> Ordering {
        let share = |agent: usize, of: usize| {
            u64::from(self.loads[agent].total()) * u64::from(self.caps[of])
        };
        share(b, a).cmp(&share(a, b)).then_with(|| self.agents[b].id.cmp(&self.agents[a].id))
    }

    /// Why nobody took a candidate.
    fn refusal(&self, candidate: &Candidate) -> LeftOut {
        match self.pools.get(&(candidate.leader, candidate.team)) {
            None => LeftOut::NoTeam,
            Some(pool) => {
                let day =
                    |agent: usize| self.agents[agent].capacity.min(self.quotas.per_agent_limit);
                if pool.present.iter().any(|&agent| self.loads[agent].total() < day(agent)) {
                    LeftOut::QuotaFull
                } else {
                    LeftOut::NoCapacity
                }
            }
        }
    }
}

/// Plans a day. Every candidate ends up in `assignments` or, with a reason, in `left_out`.
pub fn plan(agents: &[Agent], candidates: &[Candidate], quotas: &Quotas, spill: bool) -> Plan {
    let mut ranked: Vec<(f64, usize, usize)> = candidates
        .iter()
        .enumerate()
        .map(|(i, c)| (value(&c.motives, c.average_order), i, main_motive(&c.motives)))
        .collect();
    ranked.sort_unstable_by(|(a, i, _), (b, j, _)| {
        b.total_cmp(a).then_with(|| candidates[*i].customer.cmp(&candidates[*j].customer))
    });

    let mut floor = Floor::new(agents, quotas);
    let mut assignments = Vec::with_capacity(ranked.len().min(agents.len() * 200));
    let mut waiting = ranked;
    for spilling in [false, true] {
        if spilling && !spill {
            break;
        }
        waiting.retain(|&(value, candidate, main)| {
            let who = &candidates[candidate];
            let Some(motive) = who.motives.get(main) else {
                return true;
            };
            let class = motive.kind.quota_class();
            let Some(agent) = floor.choose(who, class, spilling) else {
                return true;
            };
            floor.loads[agent].add(class, 1);
            assignments.push(Assignment { candidate, agent, main, value });
            false
        });
    }
    let left_out = waiting
        .into_iter()
        .map(|(_, candidate, _)| (candidate, floor.refusal(&candidates[candidate])))
        .collect();
    assignments.sort_by(|a, b| b.value.total_cmp(&a.value));
    Plan { assignments, left_out }
}
