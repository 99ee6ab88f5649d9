//! How long after a purchase to remind: the day that most often proved to be right before, within a
//! week after it, for pairs alike in the number of purchases and the expected gap.

use serde::{Deserialize, Serialize};

use super::{COUNT_BINS, WINDOW, count_bin};

/// Upper edges of the bins of the expected gap, days.
const EDGES: [f64; 12] = [3.0, 5.0, 7.0, 9.0, 12.0, 16.0, 21.0, 28.0, 38.0, 52.0, 72.0, 100.0];
const GAP_BINS: usize = EDGES.len() + 1;
/// Latest reminder considered, days.
const LATEST: usize = 200;
/// Days that purchases are followed.
const DAYS: usize = LATEST + WINDOW as usize;
/// Observations that the wider bin is worth.
const SMOOTHING: f64 = 50.0;
/// Days before the expected purchase to remind, where nothing was learnt.
const BUFFER: f64 = 7.0;
/// Fewer observations than this teach nothing.
const LEAST: f64 = 50.0;

/// The bin of an expected gap.
fn gap_bin(gap: f64) -> usize {
    EDGES.iter().position(|edge| gap < *edge).unwrap_or(EDGES.len())
}

/// What was seen of one purchase afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Purchases up to and with this one.
    pub purchases: u32,
    /// The gap expected then, days.
    pub expected: f64,
    /// The next purchase came after so many days; `None`: not within `watched`.
    pub gap: Option<i32>,
    /// For so many days it is known.
    pub watched: i32,
}

/// Purchases by days since the one before, and how many could have come then: a life table, so that
/// purchases whose follow-up is not known yet count as long as it is (Kaplan and Meier, 1958).
#[derive(Clone)]
struct LifeTable {
    came: Vec<f64>,
    /// Of how many it was known on that day whether they came.
    at_risk: Vec<f64>,
}

impl LifeTable {
    fn new() -> Self {
        Self { came: vec![0.0; DAYS + 1], at_risk: vec![0.0; DAYS + 2] }
    }

    fn add(&mut self, outcome: &Outcome) {
        let day = |days: i32| days.clamp(0, DAYS as i32) as usize;
        let last = match outcome.gap {
            Some(gap) => {
                if gap as usize <= DAYS {
                    self.came[day(gap.max(1))] += 1.0;
                }
                day(gap.max(1))
            }
            None => day(outcome.watched),
        };
        // Differences; the sums from the end on are the counts.
        self.at_risk[last] += 1.0;
    }

    fn count(&self) -> f64 {
        self.at_risk.iter().sum()
    }

    /// The chance to come on each day after having stayed away until then; `wider`'s counts as so
    /// many observations.
    fn hazards(&self, wider: Option<&[f64]>) -> Vec<f64> {
        let mut at_risk = 0.0;
        let mut hazards = vec![0.0; DAYS + 1];
        for day in (1..=DAYS).rev() {
            at_risk += self.at_risk[day];
            let (prior, weight) = wider.map_or((0.0, 1.0), |wider| (wider[day], SMOOTHING));
            hazards[day] = (self.came[day] + weight * prior) / (at_risk + weight);
        }
        hazards
    }
}

/// The day that is right most often, by the chances to come on each day.
fn best_day(hazards: &[f64]) -> i32 {
    let mut away = vec![1.0; DAYS + 1];
    for day in 1..=DAYS {
        away[day] = away[day - 1] * (1.0 - hazards[day]);
    }
    let right = |day: usize| away[day - 1] - away[(day + WINDOW as usize).min(DAYS)];
    // Of equally good days the first.
    let best = (1..=LATEST).rev().max_by(|a, b| right(*a).total_cmp(&right(*b)));
    best.map_or(1, |day| day as i32)
}

/// The learnt offsets, days; `None` where nothing was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offsets {
    best: Vec<Vec<Option<i32>>>,
}

impl Offsets {
    /// Learns from what became of earlier purchases.
    pub fn learn(outcomes: impl Iterator<Item = Outcome>) -> Self {
        let mut cells = vec![vec![LifeTable::new(); GAP_BINS]; COUNT_BINS];
        let mut bins = vec![LifeTable::new(); GAP_BINS];
        let mut all = LifeTable::new();
        for outcome in outcomes {
            let bin = gap_bin(outcome.expected);
            cells[count_bin(outcome.purchases)][bin].add(&outcome);
            bins[bin].add(&outcome);
            all.add(&outcome);
        }
        let overall = all.hazards(None);
        let wide: Vec<Vec<f64>> = bins.iter().map(|bin| bin.hazards(Some(&overall))).collect();
        let best = cells
            .iter()
            .map(|row| {
                row.iter()
                    .zip(bins.iter().zip(&wide))
                    .map(|(cell, (bin, wide))| {
                        (bin.count() >= LEAST).then(|| best_day(&cell.hazards(Some(wide))))
                    })
                    .collect()
            })
            .collect();
        Self { best }
    }

    /// Days after the purchase on which to remind.
    pub fn best(&self, purchases: u32, expected: f64) -> i32 {
        let learnt = self.best.get(count_bin(purchases)).and_then(|row| row[gap_bin(expected)]);
        learnt.unwrap_or_else(|| (expected - BUFFER).round().max(1.0) as i32)
    }
}
