//! Training a [`Model`] on the purchases until a day.

use super::hazard::{Hazard, Snapshot};
use super::offsets::{Offsets, Outcome};
use super::priors::{Priors, Sums};
use super::quantity::{Gap, Quantities};
use super::{Effect, HalfLife, Model, Params, Ratios, State, VisitModel, Visits, WINDOW};

/// δ, how gaps fade.
const MEMORIES: [f64; 4] = [0.6, 0.8, 0.9, 1.0];
/// κ, what the usual gap is worth.
const PRIOR_GAPS: [f64; 6] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// H, how purchases fade, days.
const HALF_LIVES: [HalfLife; 4] =
    [HalfLife(Some(60.0)), HalfLife(Some(120.0)), HalfLife(Some(240.0)), HalfLife(None)];
/// Days between the snapshots trained on.
const STEP: i32 = 7;
/// Snapshots at most: the latest.
const SNAPSHOTS: i32 = 13;

/// The days on which a customer bought a category, ascending, with the quantity of each.
#[derive(Clone, Debug)]
pub struct PairHistory {
    /// Whose, an index.
    pub customer: usize,
    /// What, an index.
    pub category: usize,
    /// Days and quantities.
    pub purchases: Vec<(i32, f64)>,
}

impl PairHistory {
    /// The state after each purchase.
    pub fn states(&self, params: Params) -> impl Iterator<Item = State> + '_ {
        let mut state: Option<State> = None;
        self.purchases.iter().map(move |(day, quantity)| {
            let next = match state {
                None => State::first(*day, *quantity),
                Some(state) => state.and(&params, *day, *quantity),
            };
            state = Some(next);
            next
        })
    }

    /// Days from the purchase at `index` to the next one; `None` for the last.
    pub fn gap(&self, index: usize) -> Option<i32> {
        let (next, _) = self.purchases.get(index + 1)?;
        Some(next - self.purchases[index].0)
    }
}

/// Trains on purchases on or before `now`. `customers`: each one's visits, ascending days;
/// `profile`: the configured gap of a category.
pub fn train(
    pairs: &[PairHistory],
    customers: &[Vec<i32>],
    categories: usize,
    now: i32,
    profile: impl Fn(usize) -> Option<f64>,
) -> Model {
    let mut sums = vec![Sums::default(); categories];
    let mut exposures = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let first = pair.purchases.first().map_or(now, |(day, _)| *day);
        let repeats = pair.purchases.len().saturating_sub(1) as f64;
        let days = f64::from(now - first);
        let log_gaps = pair.purchases.windows(2).map(|two| f64::from(two[1].0 - two[0].0).ln());
        sums[pair.category] += Sums { gaps: repeats, log_gaps: log_gaps.sum(), repeats, days };
        exposures.push((pair.category, repeats, days));
    }
    let priors = Priors::new(&sums, profile).with_shape(&exposures);
    let visits: Vec<Visits> = customers
        .iter()
        .filter_map(|days| {
            let (first, last) = (*days.first()?, *days.last()?);
            Some(Visits { count: days.len() as u32, first, last })
        })
        .collect();
    let visits = VisitModel::fit(&visits, now);
    let mut params = tune_gaps(pairs, &priors);
    let quantities = quantities(pairs, &priors, params, categories);
    let usual = Usual { priors: &priors, quantities: &quantities };
    params.half_life = tune_half_life(pairs, customers, &usual, &visits, params, now);
    let offsets = Offsets::learn(pairs.iter().flat_map(|pair| {
        pair.states(params).enumerate().map(|(index, state)| Outcome {
            purchases: state.purchases,
            expected: usual.expected_gap(&params, pair.category, &state),
            gap: pair.gap(index),
            watched: now - state.last,
        })
    }));
    let snapshots = snapshots(pairs, customers, &usual, &visits, params, now);
    let hazard = Hazard::learn(snapshots.into_iter());
    Model { params, priors, quantities, offsets, visits, hazard }
}

/// What is usual in the categories.
struct Usual<'a> {
    priors: &'a Priors,
    quantities: &'a Quantities,
}

impl Usual<'_> {
    fn expected_gap(&self, params: &Params, category: usize, state: &State) -> f64 {
        let effect = self.quantities.of(category);
        state.expected_gap(params, self.priors.log_gap(category), effect)
    }
}

/// How much longer more lasts: what the quantities explain of the gaps that `params` leave.
fn quantities(
    pairs: &[PairHistory],
    priors: &Priors,
    params: Params,
    categories: usize,
) -> Quantities {
    let mut sums = vec![(0.0, 0.0); categories];
    for pair in pairs {
        let (logs, count) = &mut sums[pair.category];
        for (_, quantity) in pair.purchases.iter().filter(|(_, quantity)| *quantity > 0.0) {
            *logs += quantity.ln();
            *count += 1.0;
        }
    }
    let usual: Vec<f64> = sums.iter().map(|(logs, count)| logs / f64::max(*count, 1.0)).collect();
    let mut gaps = Vec::new();
    for pair in pairs {
        let prior = priors.log_gap(pair.category);
        for (index, state) in pair.states(params).enumerate() {
            let Some(gap) = pair.gap(index) else { break };
            let ratios = state.ratios(usual[pair.category]);
            // The usual gap is only so much of the expectation.
            let share = params.prior_gaps / (params.prior_gaps + state.weight);
            let expected = state.expected_gap(&params, prior, Effect::default());
            gaps.push(Gap {
                category: pair.category,
                day: state.last,
                ratios: Ratios { habit: share * ratios.habit, ..ratios },
                left: f64::from(gap).ln() - expected.ln(),
            });
        }
    }
    Quantities::learn(&gaps, &usual)
}

/// δ and κ with the smallest error of ln ĝ one purchase ahead.
fn tune_gaps(pairs: &[PairHistory], priors: &Priors) -> Params {
    let mut best = (f64::INFINITY, Params::START);
    for memory in MEMORIES {
        let trials = PRIOR_GAPS.map(|prior_gaps| Params { memory, prior_gaps, ..Params::START });
        let mut errors = [0.0; PRIOR_GAPS.len()];
        for pair in pairs {
            let prior = priors.log_gap(pair.category);
            let remembered = Params { memory, ..Params::START };
            for (index, state) in pair.states(remembered).enumerate() {
                let Some(gap) = pair.gap(index) else { break };
                let log_gap = f64::from(gap).ln();
                for (error, trial) in errors.iter_mut().zip(&trials) {
                    let expected = state.expected_gap(trial, prior, Effect::default());
                    *error += (expected.ln() - log_gap).abs();
                }
            }
        }
        for (error, trial) in errors.into_iter().zip(trials) {
            if error < best.0 {
                best = (error, trial);
            }
        }
    }
    best.1
}

/// H under which what was bought on training days was likeliest.
fn tune_half_life(
    pairs: &[PairHistory],
    customers: &[Vec<i32>],
    usual: &Usual<'_>,
    visits: &VisitModel,
    params: Params,
    now: i32,
) -> HalfLife {
    let mut best = (f64::INFINITY, HalfLife(None));
    for half_life in HALF_LIVES {
        let params = Params { half_life, ..params };
        let rows = snapshots(pairs, customers, usual, visits, params, now);
        let hazard = Hazard::learn(rows.iter().copied());
        let misfit: f64 = rows
            .iter()
            .map(|row| {
                let rate = -(-row.expected).ln_1p() * hazard.factor(row.purchases, row.ratio);
                let chance = (-(-rate).exp_m1()).clamp(1e-9, 1.0 - 1e-9);
                if row.bought { -chance.ln() } else { -(-chance).ln_1p() }
            })
            .sum();
        if misfit < best.0 {
            best = (misfit, half_life);
        }
    }
    best.1
}

/// Every pair on some days of the past whose following week is known.
fn snapshots(
    pairs: &[PairHistory],
    customers: &[Vec<i32>],
    usual: &Usual<'_>,
    visits: &VisitModel,
    params: Params,
    now: i32,
) -> Vec<Snapshot> {
    let mut rows = Vec::new();
    // Day `t` is judged before its own purchases: the window is t…t+6.
    let days: Vec<i32> = (0..SNAPSHOTS).map(|k| now - WINDOW + 1 - k * STEP).rev().collect();
    for pair in pairs {
        let states: Vec<State> = pair.states(params).collect();
        let seen = &customers[pair.customer];
        for day in &days {
            let known = states.partition_point(|state| state.last < *day);
            let Some(state) = known.checked_sub(1).and_then(|last| states.get(last)) else {
                continue;
            };
            let before = seen.partition_point(|visit| visit < day);
            let (Some(first), Some(last)) = (seen.first(), seen.get(before.wrapping_sub(1))) else {
                continue;
            };
            let customer = Visits { count: before as u32, first: *first, last: *last };
            let rate = state.rate(&params, usual.priors, pair.category, *day)
                * visits.alive(&customer, *day);
            rows.push(Snapshot {
                purchases: state.purchases,
                ratio: f64::from(day - state.last)
                    / usual.expected_gap(&params, pair.category, state),
                expected: -(-rate * f64::from(WINDOW)).exp_m1(),
                bought: states.get(known).is_some_and(|next| next.last < day + WINDOW),
            });
        }
    }
    rows
}
