//! What is usual in a category: the gap between purchases and how often people come back. New pairs
//! start from it.

use serde::{Deserialize, Serialize};

use super::maths::{ln_gamma, minimum};

/// Gaps that the usual gap of all categories is worth.
const GLOBAL_GAPS: f64 = 10.0;
/// Days that the usual rate of all categories is worth.
const GLOBAL_DAYS: f64 = 200.0;
/// The gap believed before anything was seen, days.
const UNKNOWN_GAP: f64 = 30.0;
/// A rate is at least one purchase in thirty years: nothing is divided by zero.
const LEAST_RATE: f64 = 1e-4;

/// Sums over the pairs of a category: a roll-up, kept up to date by adding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Gaps completed.
    pub gaps: f64,
    /// Sum of their logarithms.
    pub log_gaps: f64,
    /// Repurchases.
    pub repeats: f64,
    /// Days from the first purchases until now.
    pub days: f64,
}

impl Sums {
    /// Of pairs whose states alone are known, S, W, n − 1 and days added up: the mean of what is
    /// remembered of the gaps stands for all of them. Exact where nothing fades (δ = 1).
    pub fn of_states(log_gaps: f64, weight: f64, repeats: f64, days: f64) -> Self {
        let mean = if weight > 0.0 { log_gaps / weight } else { 0.0 };
        Self { gaps: repeats, log_gaps: mean * repeats, repeats, days }
    }
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.gaps += other.gaps;
        self.log_gaps += other.log_gaps;
        self.repeats += other.repeats;
        self.days += other.days;
    }
}

/// What is usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priors {
    /// μ: logarithm of the usual gap, by category.
    log_gaps: Vec<f64>,
    /// r: purchases a day, by category.
    rates: Vec<f64>,
    global_log_gap: f64,
    global_rate: f64,
    /// a: how alike customers are, the shape of the gamma distribution of their rates.
    pub shape: f64,
}

impl Priors {
    /// From the roll-ups of the categories. `profile` is the configured gap in days of a category,
    /// which stands for what is usual everywhere until the category has a history of its own.
    pub fn new(sums: &[Sums], profile: impl Fn(usize) -> Option<f64>) -> Self {
        let mut all = Sums::default();
        for one in sums {
            all += *one;
        }
        let global_log_gap =
            if all.gaps > 0.0 { all.log_gaps / all.gaps } else { UNKNOWN_GAP.ln() };
        let global_rate = if all.days > 0.0 {
            (all.repeats / all.days).max(LEAST_RATE)
        } else {
            1.0 / UNKNOWN_GAP
        };
        let log_gaps = sums.iter().enumerate().map(|(category, one)| {
            let configured = profile(category).filter(|days| *days >= 1.0).map(f64::ln);
            let usual = configured.unwrap_or(global_log_gap);
            (one.log_gaps + GLOBAL_GAPS * usual) / (one.gaps + GLOBAL_GAPS)
        });
        let rates = sums.iter().map(|one| {
            ((one.repeats + GLOBAL_DAYS * global_rate) / (one.days + GLOBAL_DAYS)).max(LEAST_RATE)
        });
        Self {
            log_gaps: log_gaps.collect(),
            rates: rates.collect(),
            global_log_gap,
            global_rate,
            shape: 1.0,
        }
    }

    /// Fits the shape to pairs of (category, repurchases, days since the first purchase): negative
    /// binomial maximum likelihood, the categories' rates given.
    #[must_use]
    pub fn with_shape(mut self, pairs: &[(usize, f64, f64)]) -> Self {
        let misfit = |log_shape: f64| {
            let a = log_shape.exp();
            let at_zero = ln_gamma(a);
            -pairs
                .iter()
                .filter(|(_, _, days)| *days > 0.0)
                .map(|(category, repeats, days)| {
                    let b = a / self.rate(*category);
                    ln_gamma(a + repeats) - at_zero
                        + a * (b / (b + days)).ln()
                        + repeats * (days / (b + days)).ln()
                })
                .sum::<f64>()
        };
        if !pairs.is_empty() {
            self.shape = minimum(-4.0, 4.0, misfit).exp();
        }
        self
    }

    /// The same customers, but what is usual from these roll-ups: of everybody, where the rest was
    /// learnt from a few.
    #[must_use]
    pub fn with_sums(&self, sums: &[Sums], profile: impl Fn(usize) -> Option<f64>) -> Self {
        Self { shape: self.shape, ..Self::new(sums, profile) }
    }

    /// μ of a category; what is usual everywhere for one never seen.
    pub fn log_gap(&self, category: usize) -> f64 {
        self.log_gaps.get(category).copied().unwrap_or(self.global_log_gap)
    }

    /// r of a category.
    pub fn rate(&self, category: usize) -> f64 {
        self.rates.get(category).copied().unwrap_or(self.global_rate)
    }
}
