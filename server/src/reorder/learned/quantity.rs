//! How much longer a larger quantity lasts, by category, as far as the past proves it.
//!
//! Two exponents between 0 and 1: `habit` of what the customer usually buys against what is usual in the
//! category, `change` of the last purchase against what the customer usually buys. Each is a least
//! squares fit of the logarithms, shrunk towards the one of all categories together, and 0 where it
//! would not have predicted the later part of the past better than none.

use serde::{Deserialize, Serialize};

/// Largest ratio of quantities that is believed.
const LARGEST_RATIO: f64 = 8.0;
/// Squared log ratios that the exponent of all categories together is worth in one of them, and that
/// no effect at all is worth in all of them.
const SHRINKAGE: f64 = 40.0;
/// Share of the gaps that the exponents are fitted to before the others judge them.
const FITTED: f64 = 0.6;
/// Fewer judged gaps than this say nothing of one category.
const LEAST: u32 = 100;
/// The gain over all categories has to be so many times its standard error.
const CERTAINTY: f64 = 3.0;
/// From this exponent on a larger purchase can be said to last longer.
const LASTING: f64 = 0.5;
/// Ratios of quantities up to this one are much the same quantity.
const MUCH_THE_SAME: f64 = 1.25;

/// How the quantity acts in one category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Logarithm of the usual quantity.
    pub usual: f64,
    /// Exponent of the customer's usual quantity against that.
    pub habit: f64,
    /// Exponent of the last quantity against the customer's usual one.
    pub change: f64,
}

impl Effect {
    /// Whether the days expected after a purchase are those for which its quantity lasts. `ratios` are
    /// the logarithms of [`Ratios`], `gaps` how many the customer's own rhythm rests on.
    pub fn is_lasting(&self, ratios: Ratios, gaps: f64) -> bool {
        let same = MUCH_THE_SAME.ln();
        let is_known = ratios.habit.abs() <= same || self.habit >= LASTING || gaps >= 2.0;
        let follows = ratios.change.abs() <= same || self.change >= LASTING;
        self.habit.max(self.change) >= LASTING && is_known && follows
    }
}

/// Logarithms of quantities against each other, within limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratios {
    /// The customer's usual quantity against the category's.
    pub habit: f64,
    /// The last quantity against the customer's usual one.
    pub change: f64,
}

impl Ratios {
    /// `usual` is the logarithm of the category's usual quantity, `own` the customer's mean.
    pub fn new(usual: f64, own: f64, last: f64) -> Self {
        if own <= 0.0 || last <= 0.0 {
            return Self::default();
        }
        let limit = LARGEST_RATIO.ln();
        Self {
            habit: (own.ln() - usual).clamp(-limit, limit),
            change: (last / own).ln().clamp(-limit, limit),
        }
    }
}

/// The effects by category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantities {
    categories: Vec<Effect>,
}

/// A completed gap, as it was expected without regard to quantities.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// Its category.
    pub category: usize,
    /// Day of the purchase before it.
    pub day: i32,
    /// Ratios of that purchase; `habit` by its weight in the expectation.
    pub ratios: Ratios,
    /// Logarithm of the gap less that of the expectation.
    pub left: f64,
}

/// Sums of a regression through the origin.
#[derive(Clone, Copy, Default)]
struct Fit {
    squares: f64,
    products: f64,
}

impl Fit {
    fn add(&mut self, ratio: f64, left: f64) {
        self.squares += ratio * ratio;
        self.products += ratio * left;
    }

    /// The exponent, shrunk towards `prior`.
    fn exponent(&self, prior: f64) -> f64 {
        let shrunk = (self.products + SHRINKAGE * prior) / (self.squares + SHRINKAGE);
        shrunk.clamp(0.0, 1.0)
    }
}

/// How much nearer the predictions came, one by one.
#[derive(Clone, Copy, Default)]
struct Gain {
    count: u32,
    sum: f64,
    squares: f64,
}

impl Gain {
    fn add(&mut self, exponent: f64, ratio: f64, left: f64) {
        let gain = left.abs() - (left - exponent * ratio).abs();
        self.count += 1;
        self.sum += gain;
        self.squares += gain * gain;
    }
}

impl Quantities {
    /// Learns from completed gaps; `usual` are the logarithms of the categories' usual quantities.
    pub fn learn(gaps: &[Gap], usual: &[f64]) -> Self {
        let habit = exponents(gaps, usual.len(), |ratios| ratios.habit);
        let change = exponents(gaps, usual.len(), |ratios| ratios.change);
        let effects = usual.iter().zip(habit.into_iter().zip(change));
        let effects = effects.map(|(&usual, (habit, change))| Effect { usual, habit, change });
        Self { categories: effects.collect() }
    }

    /// Of a category; no effect for one never seen.
    pub fn of(&self, category: usize) -> Effect {
        self.categories.get(category).copied().unwrap_or_default()
    }

    /// The same for categories numbered anew: each with its number before, if it had one.
    #[must_use]
    pub fn renumbered(&self, before: impl Iterator<Item = Option<usize>>) -> Self {
        let effects = before.map(|old| old.map(|old| self.of(old)).unwrap_or_default());
        Self { categories: effects.collect() }
    }
}

/// One exponent for each category.
fn exponents(gaps: &[Gap], categories: usize, of: impl Fn(Ratios) -> f64) -> Vec<f64> {
    let mut days: Vec<i32> = gaps.iter().map(|gap| gap.day).collect();
    days.sort_unstable();
    let Some(&fold) = days.get((days.len() as f64 * FITTED) as usize) else {
        return vec![0.0; categories];
    };
    let (mut first, mut whole) =
        (vec![Fit::default(); categories], vec![Fit::default(); categories]);
    let (mut first_of_all, mut whole_of_all) = (Fit::default(), Fit::default());
    for gap in gaps {
        let ratio = of(gap.ratios);
        whole[gap.category].add(ratio, gap.left);
        whole_of_all.add(ratio, gap.left);
        if gap.day < fold {
            first[gap.category].add(ratio, gap.left);
            first_of_all.add(ratio, gap.left);
        }
    }
    let general = first_of_all.exponent(0.0);
    let tried: Vec<f64> = first.iter().map(|fit| fit.exponent(general)).collect();
    let (mut gains, mut gain_of_all) = (vec![Gain::default(); categories], Gain::default());
    for gap in gaps.iter().filter(|gap| gap.day >= fold) {
        let ratio = of(gap.ratios);
        gains[gap.category].add(tried[gap.category], ratio, gap.left);
        gain_of_all.add(general, ratio, gap.left);
    }
    let is_general = gain_of_all.sum > CERTAINTY * gain_of_all.squares.sqrt();
    let prior = if is_general { whole_of_all.exponent(0.0) } else { 0.0 };
    let of_category = |(fit, gain): (&Fit, &Gain)| match gain.count {
        ..LEAST => prior,
        _ if gain.sum > 0.0 => fit.exponent(prior),
        _ => 0.0,
    };
    whole.iter().zip(&gains).map(of_category).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gaps of two categories: in the first they grow with `power` of the quantity, in the second they
    /// do not.
    fn gaps(power: f64) -> Vec<Gap> {
        (0..2_000)
            .map(|n| {
                // Pseudo-random, but the same each time.
                let noise = f64::from(n * 7_919 % 101) / 101.0 - 0.5;
                let habit = f64::from(n * 31 % 7) / 3.0 - 1.0;
                let category = (n % 2) as usize;
                let effect = if category == 0 { power * habit } else { 0.0 };
                Gap {
                    category,
                    day: n,
                    ratios: Ratios { habit, change: 0.0 },
                    left: effect + noise,
                }
            })
            .collect()
    }

    #[test]
    fn an_effect_is_found_where_there_is_one_and_only_there() {
        for power in [0.4, 0.9] {
            let found = Quantities::learn(&gaps(power), &[0.0, 0.0]);
            assert!((found.of(0).habit - power).abs() < 0.1, "{found:?}");
            assert!(found.of(1).habit < 0.05, "{found:?}");
            assert!(found.of(0).change.max(found.of(1).change) < 1e-12, "{found:?}");
        }
        let none = Quantities::learn(&gaps(0.0), &[0.0, 0.0]);
        assert!(none.of(0).habit < 0.05, "{none:?}");
        let contrary = Quantities::learn(&gaps(-0.5), &[0.0, 0.0]);
        assert!(contrary.of(0).habit < 1e-12, "more never lasts shorter");
        assert_eq!(Quantities::learn(&[], &[0.0]).of(0), Effect::default());
    }

    #[test]
    fn an_effect_that_ended_is_not_believed() {
        let mut gaps = gaps(0.8);
        for gap in &mut gaps {
            if gap.day >= 1_200 {
                gap.left -= 0.8 * gap.ratios.habit * f64::from(u8::from(gap.category == 0)) * 2.0;
            }
        }
        assert!(Quantities::learn(&gaps, &[0.0, 0.0]).of(0).habit < 1e-12);
    }

    #[test]
    fn it_lasts_only_where_the_days_follow_the_quantity() {
        let ratios = |habit: f64, change: f64| Ratios { habit, change };
        let strong = Effect { usual: 0.0, habit: 0.8, change: 0.0 };
        assert!(strong.is_lasting(ratios(1.0, 0.0), 0.0));
        assert!(!strong.is_lasting(ratios(1.0, 0.7), 0.0), "twice the usual, but the same days");
        let weak = Effect { habit: 0.2, ..strong };
        assert!(!weak.is_lasting(ratios(0.0, 0.0), 9.0));
        let change = Effect { habit: 0.0, change: 0.7, ..strong };
        assert!(!change.is_lasting(ratios(1.0, 0.7), 0.0));
        assert!(change.is_lasting(ratios(1.0, 0.7), 5.0), "his own rhythm is known");
    }
}
