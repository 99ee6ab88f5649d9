//! What is remembered of one customer's purchases in one category: a few numbers, whatever the
//! length of the history.

use serde::{Deserialize, Serialize};

use super::{Effect, Params, Priors, Ratios};

/// Longest gap predicted, days: more than any consumable lasts, and nothing overflows.
const LONGEST: f64 = 3_650.0;

/// In so many days a purchase counts half; `None`: it always counts whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HalfLife(pub Option<f64>);

impl HalfLife {
    /// What remains of a purchase after `days`.
    pub fn remains(self, days: f64) -> f64 {
        self.0.map_or(1.0, |half| (-days / half).exp2())
    }

    /// Days that count of the last `days`: all of them, or fewer the longer ago they are.
    pub fn exposure(self, days: f64) -> f64 {
        match self.0 {
            None => days,
            Some(half) => (1.0 - self.remains(days)) * half / std::f64::consts::LN_2,
        }
    }
}

/// The state of a pair. Same-day lines are one purchase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// n: days on which it was bought.
    pub purchases: u32,
    /// The first of them.
    pub first: i32,
    /// The last of them.
    pub last: i32,
    /// S: sum of the gaps' logarithms, older ones fading by δ.
    pub log_gaps: f64,
    /// W: their weight.
    pub weight: f64,
    /// A: repurchases, older ones fading by H.
    pub repeats: f64,
    /// B: days in which they happened, fading likewise.
    pub exposure: f64,
    /// Sum of the quantities.
    pub quantity: f64,
    /// Of the last purchase.
    pub last_quantity: f64,
}

impl State {
    /// After the first purchase.
    pub fn first(day: i32, quantity: f64) -> Self {
        Self {
            purchases: 1,
            first: day,
            last: day,
            log_gaps: 0.0,
            weight: 0.0,
            repeats: 0.0,
            exposure: 0.0,
            quantity,
            last_quantity: quantity,
        }
    }

    /// After a further purchase on a later day; one on the same day adds to its quantity.
    #[must_use]
    pub fn and(mut self, params: &Params, day: i32, quantity: f64) -> Self {
        self.quantity += quantity;
        if day <= self.last {
            self.last_quantity += quantity;
            return self;
        }
        let gap = f64::from(day - self.last);
        self.log_gaps = params.memory * self.log_gaps + gap.ln();
        self.weight = params.memory * self.weight + 1.0;
        let remains = params.half_life.remains(gap);
        self.repeats = self.repeats * remains + 1.0;
        self.exposure = self.exposure * remains + params.half_life.exposure(gap);
        self.purchases += 1;
        self.last = day;
        self.last_quantity = quantity;
        self
    }

    /// ĝ: days from the last purchase to the next, blended with the category's usual gap
    /// (`prior`, its logarithm); longer for more, as far as `effect` says.
    pub fn expected_gap(&self, params: &Params, prior: f64, effect: Effect) -> f64 {
        let ratios = self.ratios(effect.usual);
        let prior = prior + effect.habit * ratios.habit;
        let log = (params.prior_gaps * prior + self.log_gaps) / (params.prior_gaps + self.weight)
            + effect.change * ratios.change;
        let gap = log.exp();
        if gap.is_finite() { gap.clamp(1.0, LONGEST) } else { LONGEST }
    }

    /// The last quantity and the customer's mean one, against that mean and the category's usual one
    /// (`usual`, its logarithm).
    pub fn ratios(&self, usual: f64) -> Ratios {
        Ratios::new(usual, self.quantity / f64::from(self.purchases.max(1)), self.last_quantity)
    }

    /// λ: purchases a day, what was seen blended with the category's rate (a gamma prior).
    pub fn rate(&self, params: &Params, priors: &Priors, category: usize, day: i32) -> f64 {
        let since = f64::from((day - self.last).max(0));
        let remains = params.half_life.remains(since);
        let shape = priors.shape;
        let seen = self.repeats * remains + shape;
        let days = self.exposure * remains
            + params.half_life.exposure(since)
            + shape / priors.rate(category);
        seen / days
    }
}
