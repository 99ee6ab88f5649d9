//! Whether a customer still comes: BG/NBD (Fader, Hardie and Lee, "Counting Your Customers the Easy
//! Way", Marketing Science 24, 2005) on the customer's visits.

use serde::{Deserialize, Serialize};

use super::maths::{ln_gamma, lowest};

/// A customer's visits, days on which anything was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visits {
    /// How many.
    pub count: u32,
    /// The first.
    pub first: i32,
    /// The last.
    pub last: i32,
}

/// The fitted parameters; `None`: everybody counts as coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VisitModel {
    fit: Option<Fit>,
}

/// r, α: how often customers come; β₁, β₂: how soon they stay away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Fit {
    r: f64,
    alpha: f64,
    beta1: f64,
    beta2: f64,
}

impl VisitModel {
    /// Fits the model to customers seen until `now`.
    pub fn fit(customers: &[Visits], now: i32) -> Self {
        let data: Vec<(f64, f64, f64)> = customers
            .iter()
            .filter(|visits| visits.first < now)
            .map(|visits| {
                let age = |day: i32| f64::from(day - visits.first);
                (f64::from(visits.count.saturating_sub(1)), age(visits.last), age(now))
            })
            .collect();
        if data.len() < 50 || data.iter().all(|(x, _, _)| *x == 0.0) {
            return Self::default();
        }
        // A mild pull towards 1 keeps the fit from running away where data say little.
        let misfit = |log: &[f64; 4]| {
            let [r, alpha, b, a] = log.map(f64::exp);
            if log.iter().any(|l| l.abs() > 12.0) {
                return f64::INFINITY;
            }
            let constant = r * alpha.ln() - ln_gamma(r);
            let sum: f64 = data
                .iter()
                .map(|(x, last, age)| {
                    let common = ln_gamma(r + x) + constant + ln_gamma(a + b) + ln_gamma(b + x)
                        - ln_gamma(b)
                        - ln_gamma(a + b + x);
                    let stays = -(r + x) * (alpha + age).ln();
                    if *x == 0.0 {
                        return common + stays;
                    }
                    let left = a.ln() - (b + x - 1.0).ln() - (r + x) * (alpha + last).ln();
                    let high = stays.max(left);
                    common + high + ((stays - high).exp() + (left - high).exp()).ln()
                })
                .sum();
            let mean = -sum / data.len() as f64;
            mean + 0.001 * log.iter().map(|l| l * l).sum::<f64>() / 4.0
        };
        let fit = lowest([0.0, 2.0, 0.5, -0.5], misfit).map(|log| {
            let [r, alpha, beta1, beta2] = log.map(f64::exp);
            Fit { r, alpha, beta1, beta2 }
        });
        Self { fit }
    }

    /// The probability that a customer still comes, as of `day`.
    pub fn alive(&self, visits: &Visits, day: i32) -> f64 {
        let (Some(Fit { r, alpha, beta1, beta2 }), true) = (self.fit, visits.count > 1) else {
            return 1.0;
        };
        let x = f64::from(visits.count - 1);
        let age = f64::from((day - visits.first).max(0));
        let last = f64::from(visits.last - visits.first);
        let odds = beta2 / (beta1 + x - 1.0).max(1e-6)
            * ((r + x) * ((alpha + age) / (alpha + last)).ln()).exp();
        let alive = 1.0 / (1.0 + odds);
        if alive.is_finite() { alive } else { 0.0 }
    }
}
