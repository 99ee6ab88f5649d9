//! From purchase lines to pairs: pure, so that the order of arrival cannot matter.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::learned::{Params, State, day_number};
use super::stock::Stock;
use super::{Awaited, Bought, Rules, rhythm};
use crate::db::{CategoryId, CustomerId, Money, ProductId};

/// A line of a counted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Purchase {
    /// Who bought.
    pub customer_id: CustomerId,
    /// What.
    pub product_id: ProductId,
    /// Its category.
    pub category_id: CategoryId,
    /// Company day of the order.
    pub order_date: NaiveDate,
    /// How much, base units.
    pub base_qty: i64,
    /// For how much, poisha.
    pub line_total: Money,
}

/// What is remembered of a pair's purchases beside their number and days (`learned::State`).
#[derive(Clone, Copy, Debug, PartialEq, sqlx::FromRow, serde::Deserialize)]
pub struct Memory {
    /// S: sum of the gaps' logarithms, older ones fading.
    pub log_gaps: f64,
    /// W: their weight.
    pub weight: f64,
    /// A: repurchases, older ones fading.
    pub repeats: f64,
    /// B: days in which they happened, fading likewise.
    pub exposure: f64,
    /// Base units bought in all.
    pub total_qty: i64,
}

/// A customer's rhythm in one category, as stored.
#[derive(Clone, Copy, Debug, PartialEq, sqlx::FromRow, serde::Deserialize)]
pub struct Pair {
    /// Who.
    pub customer_id: CustomerId,
    /// Which category.
    pub category_id: CategoryId,
    /// Distinct days on which it was bought.
    pub purchases: i64,
    /// The first of them.
    pub first_date: NaiveDate,
    /// The last of them.
    pub last_date: NaiveDate,
    /// Base units bought on the last day.
    pub last_qty: i64,
    /// Poisha spent on it on the last day.
    pub last_value: Money,
    /// What was mostly bought on the last day.
    pub product_id: ProductId,
    /// The day to remind on.
    pub due_on: NaiveDate,
    /// The day on which it runs out.
    pub expected_on: NaiveDate,
    /// What is remembered of all of them.
    #[sqlx(flatten)]
    pub memory: Memory,
}

impl Pair {
    /// What the chance that it is bought now depends on.
    pub const fn awaited(&self) -> Awaited {
        Awaited {
            category_id: self.category_id,
            purchases: self.purchases,
            last_date: self.last_date,
            expected_on: self.expected_on,
            repeats: self.memory.repeats,
            exposure: self.memory.exposure,
        }
    }

    /// Days between its purchases, the mean rounded; `None` after a single one.
    pub fn mean_gap(&self) -> Option<i64> {
        let gaps = self.purchases - 1;
        let days = (self.last_date - self.first_date).num_days();
        (gaps > 0).then(|| (days + gaps / 2) / gaps)
    }

    /// What its dates are made from.
    pub fn bought(&self, stock: &Stock) -> Bought {
        let memory = &self.memory;
        Bought {
            category: self.category_id,
            product: self.product_id,
            quantity: self.last_qty,
            day: self.last_date,
            state: State {
                purchases: u32::try_from(self.purchases).unwrap_or(u32::MAX),
                first: day_number(self.first_date),
                last: day_number(self.last_date),
                log_gaps: memory.log_gaps,
                weight: memory.weight,
                repeats: memory.repeats,
                exposure: memory.exposure,
                quantity: memory.total_qty as f64,
                last_quantity: self.last_qty as f64,
            },
            stock_until: stock.until(self.customer_id, self.category_id, self.last_date),
        }
    }
}

/// What is known of a pair while its lines are read.
#[derive(Default)]
struct Seen {
    /// Base units by day.
    on: BTreeMap<NaiveDate, i64>,
    value: Money,
    /// Base units of the last day, by product.
    products: BTreeMap<ProductId, i64>,
}

impl Seen {
    fn add(&mut self, line: &Purchase) {
        let last = self.on.last_key_value().map(|(day, _)| *day);
        *self.on.entry(line.order_date).or_default() += line.base_qty;
        if last.is_some_and(|last| line.order_date < last) {
            return;
        }
        if last != Some(line.order_date) {
            self.value = Money(0);
            self.products.clear();
        }
        self.value = self.value + line.line_total;
        *self.products.entry(line.product_id).or_default() += line.base_qty;
    }

    fn state(&self, params: &Params) -> Option<State> {
        let mut days = self.on.iter().map(|(day, qty)| (day_number(*day), *qty as f64));
        let (first, quantity) = days.next()?;
        Some(days.fold(State::first(first, quantity), |state, (day, quantity)| {
            state.and(params, day, quantity)
        }))
    }
}

/// The pairs of these purchases, by customer and category. All lines of a category on a day count
/// as one purchase; the profile is that of the product most of which was bought.
pub fn pairs(lines: impl IntoIterator<Item = Purchase>, rules: &Rules, stock: &Stock) -> Vec<Pair> {
    let mut found: BTreeMap<(CustomerId, CategoryId), Seen> = BTreeMap::new();
    for line in lines {
        found.entry((line.customer_id, line.category_id)).or_default().add(&line);
    }
    let params = rules.learned.as_ref().map_or(Params::START, |learned| learned.model.params);
    found
        .into_iter()
        .filter_map(|((customer_id, category_id), seen)| {
            let state = seen.state(&params)?;
            let (first_date, last_date) =
                (*seen.on.first_key_value()?.0, *seen.on.last_key_value()?.0);
            let last_qty = seen.products.values().sum();
            // Ties go to the product that was there first (the lower id).
            let (product_id, _) =
                seen.products.into_iter().rev().max_by_key(|(_, quantity)| *quantity)?;
            let mut pair = Pair {
                customer_id,
                category_id,
                purchases: seen.on.len() as i64,
                first_date,
                last_date,
                last_qty,
                last_value: seen.value,
                product_id,
                due_on: last_date,
                expected_on: last_date,
                memory: Memory {
                    log_gaps: state.log_gaps,
                    weight: state.weight,
                    repeats: state.repeats,
                    exposure: state.exposure,
                    total_qty: seen.on.values().sum(),
                },
            };
            let dates = rhythm(rules, &pair.bought(stock));
            (pair.due_on, pair.expected_on) = (dates.due_on, dates.expected_on);
            Some(pair)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reorder::{Profile, Profiles};

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).expect("valid") + chrono::Days::new(n)
    }

    fn line(product: i64, day_no: u64, base_qty: i64) -> Purchase {
        Purchase {
            customer_id: CustomerId(1),
            product_id: ProductId(product),
            category_id: CategoryId(product % 2),
            order_date: day(day_no),
            base_qty,
            line_total: Money(base_qty * 10),
        }
    }

    #[test]
    fn lines_of_one_day_are_one_purchase_with_the_main_products_profile() {
        let own = Profile { avg_consumption_days: 40, buffer_days: Some(0), ..Profile::UNKNOWN };
        let profiles = Profiles { products: [(ProductId(3), own)].into(), ..Profiles::default() };
        let rules = Rules { profiles, learned: None };
        let lines = [line(1, 5, 1_000), line(1, 20, 500), line(3, 20, 2_000)];
        let found = pairs(lines, &rules, &Stock::default());
        assert_eq!(found.len(), 1);
        let pair = found[0];
        assert_eq!((pair.purchases, pair.first_date, pair.last_date), (2, day(5), day(20)));
        assert_eq!((pair.last_qty, pair.last_value), (2_500, Money(25_000)));
        assert_eq!((pair.product_id, pair.expected_on), (ProductId(3), day(60)));
    }

    proptest! {
        #[test]
        fn the_order_of_lines_does_not_matter(
            lines in prop::collection::vec((1i64..6, 0u64..30, 1i64..5), 1..30)
                .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()))
        ) {
            let read = |lines: Vec<(i64, u64, i64)>| {
                let lines = lines.into_iter().map(|(p, d, q)| line(p, d, q));
                pairs(lines, &Rules::default(), &Stock::default())
            };
            prop_assert_eq!(read(lines.0), read(lines.1));
        }
    }
}
