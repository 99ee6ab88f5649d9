//! The configured table: how long a pack lasts, per product or category (SPEC §3.1-3.2).

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{CategoryId, ProductId};

/// Longest time a purchase may last, days.
pub const MAX_DAYS: i64 = 730;

/// How fast one typical pack is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Days one typical pack lasts.
    pub avg_consumption_days: i64,
    /// Remind this many days before it runs out; takes precedence over `buffer_pct`.
    pub buffer_days: Option<i64>,
    /// Or remind this share (percent) of the consumption days before.
    pub buffer_pct: Option<i64>,
    /// Consumption days are never below.
    pub min_days: i64,
    /// Nor above.
    pub max_days: i64,
    /// The typical pack, in the category's base unit; 0: quantity does not matter.
    pub typical_base_qty: i64,
}

impl Profile {
    /// For a category nobody configured: a month, five days' notice, whatever the quantity.
    pub const UNKNOWN: Self = Self {
        avg_consumption_days: 30,
        buffer_days: Some(5),
        buffer_pct: None,
        min_days: 7,
        max_days: 120,
        typical_base_qty: 0,
    };
}

/// All configured profiles.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Per product.
    pub products: HashMap<ProductId, Profile>,
    /// Per category.
    pub categories: HashMap<CategoryId, Profile>,
}

impl Profiles {
    /// Sets the profile of a product, or else of a category.
    pub fn set(
        &mut self,
        product: Option<ProductId>,
        category: Option<CategoryId>,
        profile: Profile,
    ) {
        if let Some(product) = product {
            self.products.insert(product, profile);
        } else if let Some(category) = category {
            self.categories.insert(category, profile);
        }
    }

    /// The profile that rules: the product's own, else the category's, else
    /// [`Profile::UNKNOWN`].
    pub fn choose(&self, product: ProductId, category: CategoryId) -> &Profile {
        self.products
            .get(&product)
            .or_else(|| self.categories.get(&category))
            .unwrap_or(&Profile::UNKNOWN)
    }
}

/// The quantities behind a scaled date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaledFrom {
    /// The profile's typical pack, base units.
    pub typical_base_qty: i64,
    /// What was bought, base units.
    pub base_qty: i64,
}

/// How a date came about, so that anybody can check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Arithmetic {
    /// Day of the purchase.
    pub order_date: NaiveDate,
    /// Days it lasts, scaled and clamped.
    pub consumption_days: i64,
    /// Days before the end on which to remind.
    pub buffer_days: i64,
    /// Set when another quantity than the typical pack was bought.
    pub scaled_from: Option<ScaledFrom>,
    /// Whether the scaled days lay outside `min_days..=max_days`.
    pub clamped: bool,
    /// Lower limit of the consumption days.
    pub min_days: i64,
    /// Upper limit of the consumption days.
    pub max_days: i64,
}

impl Arithmetic {
    /// The day on which it runs out.
    pub fn expected_on(&self) -> NaiveDate {
        after(self.order_date, self.consumption_days)
    }

    /// The reminder: `orderDate + consumptionDays − bufferDays`, at the earliest the day after the
    /// purchase.
    pub fn due_on(&self) -> NaiveDate {
        after(self.order_date, (self.consumption_days - self.buffer_days).max(1))
    }
}

pub(super) fn after(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0))).unwrap_or(NaiveDate::MAX)
}

/// The quotient rounded half up; 0 for a divisor that is none.
fn rounded(numerator: i64, denominator: i64) -> i64 {
    if denominator <= 0 {
        return 0;
    }
    let (n, d) = (i128::from(numerator), i128::from(denominator));
    i64::try_from((2 * n + d).div_euclid(2 * d)).unwrap_or(i64::MAX)
}

/// Applies a profile to a purchase of `base_qty` on `order_date`.
pub fn arithmetic(profile: &Profile, order_date: NaiveDate, base_qty: i64) -> Arithmetic {
    let typical = profile.typical_base_qty;
    let scales = typical > 0 && base_qty > 0 && base_qty != typical;
    let raw = if scales {
        let (average, qty) = (i128::from(profile.avg_consumption_days), i128::from(base_qty));
        rounded(i64::try_from(average * qty).unwrap_or(i64::MAX), typical)
    } else {
        profile.avg_consumption_days
    };
    let min_days = profile.min_days.clamp(1, MAX_DAYS);
    let max_days = profile.max_days.clamp(min_days, MAX_DAYS);
    let consumption_days = raw.clamp(min_days, max_days);
    let buffer_days = profile
        .buffer_days
        .or_else(|| profile.buffer_pct.map(|pct| rounded(consumption_days * pct, 100)))
        .unwrap_or(0)
        .clamp(0, consumption_days);
    Arithmetic {
        order_date,
        consumption_days,
        buffer_days,
        scaled_from: scales.then_some(ScaledFrom { typical_base_qty: typical, base_qty }),
        clamped: consumption_days != raw,
        min_days,
        max_days,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::products::defaults;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).expect("valid") + Days::new(n)
    }

    fn reminder_day(slug: &str, base_qty: i64) -> i64 {
        let profile = defaults::profile(slug).expect("a default");
        (arithmetic(&profile, day(0), base_qty).due_on() - day(0)).num_days()
    }

    #[test]
    fn the_defaults_remind_on_the_days_the_guides_name() {
        assert_eq!(reminder_day("rice", 5_000), 22);
        assert_eq!(reminder_day("oil", 1_000), 18);
        assert_eq!(reminder_day("spice", 200), 28);
        assert_eq!(reminder_day("honey", 500), 40);
    }

    #[test]
    fn twice_the_rice_lasts_twice_as_long_inside_the_clamp() {
        let rice = defaults::profile("rice").expect("a default");
        let one = arithmetic(&rice, day(0), 5_000);
        let two = arithmetic(&rice, day(0), 10_000);
        assert_eq!(two.consumption_days, 2 * one.consumption_days);
        assert_eq!(two.scaled_from, Some(ScaledFrom { typical_base_qty: 5_000, base_qty: 10_000 }));
        assert!(!two.clamped);
        let sack = arithmetic(&rice, day(0), 500_000);
        assert_eq!((sack.consumption_days, sack.clamped), (rice.max_days, true));
        let spoon = arithmetic(&rice, day(0), 10);
        assert_eq!((spoon.consumption_days, spoon.clamped), (rice.min_days, true));
    }

    #[test]
    fn the_product_wins_over_its_category() {
        let own = Profile { avg_consumption_days: 9, ..Profile::UNKNOWN };
        let category = Profile { avg_consumption_days: 90, ..Profile::UNKNOWN };
        let profiles = Profiles {
            products: [(ProductId(1), own)].into(),
            categories: [(CategoryId(1), category)].into(),
        };
        assert_eq!(*profiles.choose(ProductId(1), CategoryId(1)), own);
        assert_eq!(*profiles.choose(ProductId(2), CategoryId(1)), category);
        assert_eq!(*profiles.choose(ProductId(2), CategoryId(2)), Profile::UNKNOWN);
    }

    #[test]
    fn a_buffer_in_percent_is_of_the_scaled_days() {
        let profile = Profile {
            avg_consumption_days: 20,
            buffer_days: None,
            buffer_pct: Some(25),
            min_days: 1,
            max_days: 365,
            typical_base_qty: 1_000,
        };
        assert_eq!(arithmetic(&profile, day(0), 1_000).buffer_days, 5);
        assert_eq!(arithmetic(&profile, day(0), 2_000).buffer_days, 10);
    }

    proptest! {
        #[test]
        fn a_reminder_lies_after_the_purchase_and_not_after_the_end(
            average in -5i64..2_000, buffer in -5i64..2_000, pct in -5i64..300, by_days: bool,
            min in -5i64..1_000, max in -5i64..1_000, typical in -5i64..100_000,
            qty in -5i64..i64::MAX
        ) {
            let profile = Profile {
                avg_consumption_days: average,
                buffer_days: by_days.then_some(buffer),
                buffer_pct: (!by_days).then_some(pct),
                min_days: min,
                max_days: max,
                typical_base_qty: typical,
            };
            let a = arithmetic(&profile, day(0), qty);
            prop_assert!(a.due_on() > day(0));
            prop_assert!(a.due_on() <= a.expected_on());
            prop_assert!((a.min_days..=a.max_days).contains(&a.consumption_days));
        }
    }
}
