//! Reorder rhythm: when a customer will need a category again, and when to remind them.
//!
//! A *pair* is a customer and a category they buy. Its dates come from [`rhythm`], the one place
//! that decides how a date is made: by the configured table ([`table`], SPEC §3.1-3.2), or by the
//! model learned from the shop's own history ([`learned`]) once that beats the table ([`learn`]).
//! What a customer says of the stock at home overrules both until the next purchase.

pub mod api;
pub mod backtest;
pub mod cli;
pub mod learn;
pub mod learned;
pub mod pairs;
pub mod quality;
pub mod stock;
pub mod store;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{CategoryId, ProductId, text_enum};
use learned::{Effect, Model, State, Sums, Visits, day_number};
pub use pairs::{Pair, Purchase, pairs};
pub use table::{Arithmetic, Profile, Profiles, ScaledFrom};

text_enum! {
    /// What a pair's dates rest on.
    pub enum Basis {
        /// The configured consumption profile.
        Table = "table",
        /// The customer's own purchases.
        Learned = "learned",
        /// What the customer said is left.
        Stock = "stock",
    }
}

/// What dates are made from.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What the admin configured.
    pub profiles: Profiles,
    /// What was learned, if it beats that.
    pub learned: Option<Learned>,
}

/// A model with the categories it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
pub struct Learned {
    /// Categories in the order in which the model numbers them, ascending.
    pub categories: Vec<CategoryId>,
    /// The model.
    pub model: Model,
}

impl Learned {
    /// The model's number of a category; `None` for one it never saw.
    pub fn index(&self, category: CategoryId) -> Option<usize> {
        self.categories.binary_search(&category).ok()
    }

    /// The same model, but what is usual from these sums over everybody's pairs, which also know the
    /// categories that nobody bought of those it was trained on.
    #[must_use]
    pub fn with_roll_ups(self, roll_ups: &BTreeMap<CategoryId, Sums>, profiles: &Profiles) -> Self {
        let categories: BTreeSet<CategoryId> =
            self.categories.iter().chain(roll_ups.keys()).copied().collect();
        let categories: Vec<CategoryId> = categories.into_iter().collect();
        let sums: Vec<Sums> = categories
            .iter()
            .map(|category| roll_ups.get(category).copied().unwrap_or_default())
            .collect();
        let profile = |category: usize| {
            profiles.categories.get(&categories[category]).map(|p| p.avg_consumption_days as f64)
        };
        let priors = self.model.priors.with_sums(&sums, profile);
        let before = categories.iter().map(|category| self.index(*category));
        let quantities = self.model.quantities.renumbered(before);
        Self { categories, model: Model { priors, quantities, ..self.model } }
    }
}

/// How a learned date came about, so that anybody can check it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearnedArithmetic {
    /// The customer's own days between purchases (geometric mean, later ones counting more); null
    /// after a single purchase.
    pub own_gap_days: Option<f64>,
    /// Days usual in the category.
    pub usual_gap_days: f64,
    /// How much the customer's own gaps count, 0 to 1; the rest is what is usual.
    pub own_share: f64,
    /// How much longer (above 1) or shorter for the quantity, learned for the category; 1 where it says
    /// nothing.
    pub quantity_factor: f64,
    /// Days until the next purchase: the two blended, within the limits.
    pub days: i64,
    /// Days after the purchase on which a reminder was right most often.
    pub remind_after_days: i64,
    /// Whether the blend lay outside the limits.
    pub clamped: bool,
    /// Lower limit of the days.
    pub min_days: i64,
    /// Upper limit of the days.
    pub max_days: i64,
}

/// The dates of a pair, with the arithmetic behind them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// What the dates rest on.
    pub basis: Basis,
    /// The day to remind on.
    pub due_on: NaiveDate,
    /// The day on which it runs out.
    pub expected_on: NaiveDate,
    /// By the configured table, whether it rules or not.
    pub arithmetic: Arithmetic,
    /// By the model, where there is one that knows the category.
    pub learned: Option<LearnedArithmetic>,
}

/// The latest purchase of a pair and what is remembered of those before.
#[derive(Clone, Copy, Debug)]
pub struct Bought {
    /// What.
    pub category: CategoryId,
    /// What was mostly bought last.
    pub product: ProductId,
    /// Base units bought last.
    pub quantity: i64,
    /// On which day.
    pub day: NaiveDate,
    /// All purchases.
    pub state: State,
    /// The day until which the stock lasts, as the customer said after it.
    pub stock_until: Option<NaiveDate>,
}

/// When a purchase is used up, and when to remind.
pub fn rhythm(rules: &Rules, bought: &Bought) -> Rhythm {
    let profile = rules.profiles.choose(bought.product, bought.category);
    let arithmetic = table::arithmetic(profile, bought.day, bought.quantity);
    let learned = rules.learned.as_ref().and_then(|learned| {
        let category = learned.index(bought.category)?;
        Some(learned_arithmetic(&learned.model, category, &bought.state, &arithmetic))
    });
    let (basis, due_on, expected_on) = match (bought.stock_until, learned) {
        (Some(until), _) => {
            let due_on = until - chrono::Days::new(arithmetic.buffer_days.unsigned_abs());
            (Basis::Stock, due_on.max(table::after(bought.day, 1)), until)
        }
        (None, Some(learned)) => (
            Basis::Learned,
            table::after(bought.day, learned.remind_after_days),
            table::after(bought.day, learned.days),
        ),
        (None, None) => (Basis::Table, arithmetic.due_on(), arithmetic.expected_on()),
    };
    Rhythm { basis, due_on, expected_on, arithmetic, learned }
}

/// What can truly be said to a customer of the rhythm of a pair, days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// How long the last purchase lasts; `None` where the date does not follow the quantity, or not
    /// beyond a limit: two kilos and fifteen cannot last equally long.
    pub lasts: Option<i64>,
    /// How often the customer buys the category, after three purchases or more.
    pub every: Option<i64>,
}

/// What can be said of a pair.
pub fn spoken(rules: &Rules, pair: &Pair) -> Spoken {
    let bought = pair.bought(&stock::Stock::default());
    let rhythm = rhythm(rules, &bought);
    let profile = rules.profiles.choose(pair.product_id, pair.category_id);
    let table = &rhythm.arithmetic;
    let effect = rules
        .learned
        .as_ref()
        .and_then(|learned| Some(learned.model.quantities.of(learned.index(pair.category_id)?)));
    let lasts = match (rhythm.learned, effect) {
        (Some(learned), Some(effect)) => {
            let ratios = bought.state.ratios(effect.usual);
            let is_lasting = effect.is_lasting(ratios, bought.state.weight);
            (is_lasting && !learned.clamped).then_some(learned.days)
        }
        _ => (profile.typical_base_qty > 0 && pair.last_qty > 0 && !table.clamped)
            .then_some(table.consumption_days),
    };
    Spoken { lasts, every: pair.mean_gap().filter(|days| pair.purchases > 2 && *days > 1) }
}

/// The admin's limits hold for the model too.
fn learned_arithmetic(
    model: &Model,
    category: usize,
    state: &State,
    limits: &Arithmetic,
) -> LearnedArithmetic {
    let expected = model.expected_gap(category, state);
    let plain =
        state.expected_gap(&model.params, model.priors.log_gap(category), Effect::default());
    let gap = expected.round() as i64;
    let days = gap.clamp(limits.min_days, limits.max_days);
    LearnedArithmetic {
        own_gap_days: (state.weight > 0.0).then(|| (state.log_gaps / state.weight).exp()),
        usual_gap_days: model.priors.log_gap(category).exp(),
        own_share: state.weight / (state.weight + model.params.prior_gaps),
        quantity_factor: expected / plain,
        days,
        remind_after_days: i64::from(model.offset(category, state)).clamp(1, days),
        clamped: days != gap,
        min_days: limits.min_days,
        max_days: limits.max_days,
    }
}

/// What the chance that a pair is bought now depends on, without how likely the customer still comes.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Awaited {
    /// What.
    pub category_id: CategoryId,
    /// Days on which it was bought.
    pub purchases: i64,
    /// The last of them.
    pub last_date: NaiveDate,
    /// When it is expected again.
    pub expected_on: NaiveDate,
    /// A of the state.
    pub repeats: f64,
    /// B of the state.
    pub exposure: f64,
}

impl Learned {
    /// Purchases to be expected in the week from `day` of a customer who still comes; `None` for a
    /// category the model does not know.
    pub fn week_rate(&self, pair: &Awaited, day: NaiveDate) -> Option<f64> {
        let category = self.index(pair.category_id)?;
        let state = State {
            purchases: u32::try_from(pair.purchases).unwrap_or(u32::MAX),
            last: day_number(pair.last_date),
            repeats: pair.repeats,
            exposure: pair.exposure,
            ..State::first(day_number(pair.last_date), 1.0)
        };
        let gap = (pair.expected_on - pair.last_date).num_days().max(1) as f64;
        Some(self.model.week_rate(category, &state, gap, day_number(day)))
    }

    /// The chance, 0 to 1, of a purchase in that week; `visits` are the customer's.
    pub fn chance(&self, week_rate: f64, visits: &Visits, day: NaiveDate) -> f64 {
        learned::chance(week_rate * self.model.visits.alive(visits, day_number(day)))
    }
}

/// The days on which a customer came, as the model counts them; `None` for one who never did.
pub fn visits(orders: i64, first: Option<NaiveDate>, last: Option<NaiveDate>) -> Option<Visits> {
    Some(Visits {
        count: u32::try_from(orders).ok().filter(|count| *count > 0)?,
        first: day_number(first?),
        last: day_number(last?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::learned::{PairHistory, train};
    use super::*;

    fn model() -> Learned {
        let pairs: Vec<PairHistory> = (0..80)
            .map(|customer| {
                let purchases = (0..9).map(|k| (customer as i32 % 13 + k * 17, 1_000.0)).collect();
                PairHistory { customer, category: 0, purchases }
            })
            .collect();
        let visits: Vec<Vec<i32>> =
            pairs.iter().map(|pair| pair.purchases.iter().map(|(day, _)| *day).collect()).collect();
        let model = train(&pairs, &visits, 1, 150, |_| None);
        Learned { categories: vec![CategoryId(1)], model }
    }

    fn bought(category: i64, state: State, stock_until: Option<NaiveDate>) -> Bought {
        Bought {
            category: CategoryId(category),
            product: ProductId(1),
            quantity: 1_000,
            day: NaiveDate::from_num_days_from_ce_opt(state.last).expect("a day"),
            state,
            stock_until,
        }
    }

    #[test]
    fn the_stock_rules_over_what_was_learnt_and_that_over_the_table() {
        let rules = Rules { profiles: Profiles::default(), learned: Some(model()) };
        let day = 739_000;
        let often = (1..6).fold(State::first(day, 1_000.0), |state, k| {
            state.and(&rules.learned.as_ref().expect("a model").model.params, day + 17 * k, 1_000.0)
        });
        let learned = rhythm(&rules, &bought(1, often, None));
        assert_eq!((learned.basis, learned.learned.map(|l| l.days)), (Basis::Learned, Some(17)));
        let never_seen = rhythm(&rules, &bought(2, often, None));
        assert_eq!((never_seen.basis, never_seen.learned), (Basis::Table, None));
        let until = NaiveDate::from_num_days_from_ce_opt(often.last + 40).expect("a day");
        let said = rhythm(&rules, &bought(1, often, Some(until)));
        assert_eq!((said.basis, said.expected_on), (Basis::Stock, until));
        let short = Profile { max_days: 9, ..Profile::UNKNOWN };
        let mut limited = rules;
        limited.profiles.set(None, Some(CategoryId(1)), short);
        let clamped = rhythm(&limited, &bought(1, often, None)).learned.expect("learned");
        assert_eq!((clamped.days, clamped.clamped), (9, true), "the admin's limits hold");
    }

    proptest! {
        #[test]
        fn a_reminder_lies_after_the_purchase_and_not_after_the_end_and_a_chance_is_one(
            gaps in prop::collection::vec(1_i32..900, 0..20), quantity in 0.0_f64..1e9,
            min in -5_i64..900, max in -5_i64..900, since in 0_i32..5_000
        ) {
            let learned = model();
            let mut profiles = Profiles::default();
            let profile = Profile { min_days: min, max_days: max, ..Profile::UNKNOWN };
            profiles.set(None, Some(CategoryId(1)), profile);
            let state = gaps.iter().fold(State::first(739_000, quantity), |state, gap| {
                state.and(&learned.model.params, state.last + gap, quantity)
            });
            let pair = bought(1, state, None);
            let rules = Rules { profiles, learned: Some(learned) };
            let dates = rhythm(&rules, &pair);
            prop_assert!(pair.day < dates.due_on && dates.due_on <= dates.expected_on, "{dates:?}");
            let learned = rules.learned.as_ref().expect("a model");
            let awaited = Awaited {
                category_id: pair.category,
                purchases: i64::from(state.purchases),
                last_date: pair.day,
                expected_on: dates.expected_on,
                repeats: state.repeats,
                exposure: state.exposure,
            };
            let day = pair.day + chrono::Days::new(u64::from(since.unsigned_abs()));
            let rate = learned.week_rate(&awaited, day).expect("a known category");
            let visits = visits(i64::from(state.purchases), Some(pair.day), Some(pair.day));
            let chance = learned.chance(rate, &visits.expect("visits"), day);
            prop_assert!((0.0..=1.0).contains(&chance), "{chance}");
        }
    }
}
