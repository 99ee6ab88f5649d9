//! The learned reorder rhythm: when a customer will buy a category again, and how likely it is
//! now. Pure; the formulae, their sources and what they achieve are in docs/REORDER.md.
//!
//! A purchase changes a pair's [`State`] in constant time. What all pairs have in common, a
//! [`Model`], is trained from history now and then ([`train`]).

mod alive;
mod hazard;
mod maths;
mod offsets;
mod priors;
mod quantity;
mod state;
mod train;

pub use alive::{VisitModel, Visits};
pub use hazard::Hazard;
pub use offsets::Offsets;
pub use priors::{Priors, Sums};
pub use quantity::{Effect, Quantities, Ratios};
pub use state::{HalfLife, State};
pub use train::{PairHistory, train};

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

/// Days in which a call or a reminder has to prove right.
pub const WINDOW: i32 = 7;

/// How the states are kept and blended, tuned on the shop's own history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// δ: how much of what was learnt from gaps remains with each new one, 0.6…1.
    pub memory: f64,
    /// κ: of how many gaps the category's usual gap is worth.
    pub prior_gaps: f64,
    /// H: in so many days a purchase counts half.
    pub half_life: HalfLife,
}

impl Params {
    /// Before anything was tuned.
    pub const START: Self = Self { memory: 1.0, prior_gaps: 4.0, half_life: HalfLife(None) };
}

/// Everything learnt that pairs have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// How states are kept.
    pub params: Params,
    /// Usual gaps and rates of the categories.
    pub priors: Priors,
    /// How much longer more of a category lasts; none in a model of before it was learned.
    #[serde(default)]
    pub quantities: Quantities,
    /// How long after a purchase to remind.
    pub offsets: Offsets,
    /// When customers stay away for good.
    pub visits: VisitModel,
    /// How the chance to buy changes with the time since the last purchase.
    pub hazard: Hazard,
}

impl Model {
    /// Days until the next purchase, counted from the last one.
    pub fn expected_gap(&self, category: usize, state: &State) -> f64 {
        let effect = self.quantities.of(category);
        state.expected_gap(&self.params, self.priors.log_gap(category), effect)
    }

    /// Days after the last purchase on which to remind.
    pub fn offset(&self, category: usize, state: &State) -> i32 {
        self.offsets.best(state.purchases, self.expected_gap(category, state))
    }

    /// Purchases to be expected of this pair on `day` and the six days after it, if the customer
    /// still comes. `gap` is the gap expected; `day` is counted like the state's days.
    pub fn week_rate(&self, category: usize, state: &State, gap: f64, day: i32) -> f64 {
        let lambda = state.rate(&self.params, &self.priors, category, day);
        let ratio = f64::from(day - state.last) / gap;
        lambda * self.hazard.factor(state.purchases, ratio) * f64::from(WINDOW)
    }

    /// The chance that this pair is bought on `day` or in the six days after it.
    pub fn chance(&self, category: usize, state: &State, visits: &Visits, day: i32) -> f64 {
        let gap = self.expected_gap(category, state);
        chance(self.week_rate(category, state, gap, day) * self.visits.alive(visits, day))
    }
}

/// The chance of at least one purchase where `rate` are expected.
pub fn chance(rate: f64) -> f64 {
    -(-rate).exp_m1()
}

/// A day as the model counts them.
pub fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// Bins of the number of purchases: 1, 2, 3-5, 6 and more.
pub const COUNT_BINS: usize = 4;

/// The bin of a number of purchases.
pub fn count_bin(purchases: u32) -> usize {
    match purchases {
        0 | 1 => 0,
        2 => 1,
        3..=5 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests;
