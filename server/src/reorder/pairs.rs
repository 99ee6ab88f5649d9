//! From purchase lines to pairs: pure, so that the order of arrival cannot matter.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Profiles, rhythm};
use crate::db::{CategoryId, CustomerId, Money, ProductId};

/// A line of a counted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
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

/// A customer's rhythm in one category, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
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
}

/// What is known of a pair while its lines are read.
#[derive(Default)]
struct Seen {
    on: std::collections::BTreeSet<NaiveDate>,
    value: Money,
    /// Base units of the last day, by product.
    products: BTreeMap<ProductId, i64>,
}

/// The pairs of these purchases, by customer and category. All lines of a category on a day count
/// as one purchase; the profile is that of the product most of which was bought.
pub fn pairs(lines: impl IntoIterator<Item = Purchase>, profiles: &Profiles) -> Vec<Pair> {
    let mut found: BTreeMap<(CustomerId, CategoryId), Seen> = BTreeMap::new();
    for line in lines {
        let seen = found.entry((line.customer_id, line.category_id)).or_default();
        let last = seen.on.last().copied();
        seen.on.insert(line.order_date);
        if last.is_some_and(|last| line.order_date < last) {
            continue;
        }
        if last != Some(line.order_date) {
            seen.value = Money(0);
            seen.products.clear();
        }
        seen.value = seen.value + line.line_total;
        *seen.products.entry(line.product_id).or_default() += line.base_qty;
    }
    found
        .into_iter()
        .filter_map(|((customer_id, category_id), seen)| {
            let (first_date, last_date) = (*seen.on.first()?, *seen.on.last()?);
            let last_qty = seen.products.values().sum();
            // Ties go to the product that was there first (the lower id).
            let (product_id, _) =
                seen.products.into_iter().rev().max_by_key(|(_, quantity)| *quantity)?;
            let dates = rhythm(profiles.choose(product_id, category_id), last_date, last_qty);
            Some(Pair {
                customer_id,
                category_id,
                purchases: seen.on.len() as i64,
                first_date,
                last_date,
                last_qty,
                last_value: seen.value,
                product_id,
                due_on: dates.due_on,
                expected_on: dates.expected_on,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reorder::Profile;

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
        let found = pairs([line(1, 5, 1_000), line(1, 20, 500), line(3, 20, 2_000)], &profiles);
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
                pairs(lines.into_iter().map(|(p, d, q)| line(p, d, q)), &Profiles::default())
            };
            prop_assert_eq!(read(lines.0), read(lines.1));
        }
    }
}
