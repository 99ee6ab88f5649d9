//! What to offer a customer, and why: pure.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{CategoryId, Money, ProductId, text_enum};

/// Most recommendations.
pub const MAX: usize = 5;
/// A reminder this many days ahead is already worth mentioning.
const AHEAD: Days = Days::new(7);

text_enum! {
    /// Why a product is recommended.
    pub enum RecommendationCode {
        /// The customer's own runs out.
        ReorderDue = "reorder_due",
        /// It goes with what was bought.
        CrossSell = "cross_sell",
        /// Many customers buy it.
        Popular = "popular",
    }
}

/// The reason of a recommendation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationReason {
    /// Why.
    pub code: RecommendationCode,
    /// Category recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_slug: Option<String>,
    /// Category bought before, which it goes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_category_slug: Option<String>,
    /// Days since that purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
}

/// A product to offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    /// Which.
    pub product_id: ProductId,
    /// Stock-keeping unit.
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Poisha a pack.
    pub price: Money,
    /// Why.
    pub reason: RecommendationReason,
}

/// A product on sale.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Offer {
    /// Which.
    pub id: ProductId,
    /// Stock-keeping unit.
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Its category.
    pub category_id: CategoryId,
    /// The category's stable name.
    pub slug: String,
    /// Poisha a pack.
    pub price: Money,
    /// Customers who buy it.
    pub buyers: i64,
}

/// What the customer buys: a pair as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Bought {
    /// Category.
    pub category_id: CategoryId,
    /// What was mostly bought last.
    pub product_id: ProductId,
    /// When.
    pub last_date: NaiveDate,
    /// For how much, poisha.
    pub last_value: Money,
    /// When to remind.
    pub due_on: NaiveDate,
}

/// What goes with what.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Rule {
    /// Bought this.
    pub trigger_category_id: CategoryId,
    /// Offer that.
    pub recommended_category_id: CategoryId,
    /// From this many days after the purchase.
    pub min_days: i64,
    /// To this many.
    pub max_days: i64,
    /// Purchase of at least this, poisha.
    pub min_order_value: Money,
    /// 1 high to 3 low.
    pub priority: i64,
}

/// At most [`MAX`] products, one a category: first what runs out, then what goes with the last
/// purchases, then what others like. `offers` are the products on sale.
pub fn recommend(
    today: NaiveDate,
    bought: &[Bought],
    rules: &[Rule],
    offers: &[Offer],
) -> Vec<Recommendation> {
    let soon = today + AHEAD;
    let mut picks = Picks { offers, chosen: Vec::new(), categories: Vec::new() };

    let mut due: Vec<&Bought> = bought.iter().filter(|b| b.due_on <= soon).collect();
    due.sort_by_key(|b| (b.due_on, b.category_id));
    for b in due {
        let own = offers.iter().find(|o| o.id == b.product_id);
        // The product may have gone from the range; then the best of its category.
        if let Some(offer) = own.or_else(|| picks.best_of(b.category_id)) {
            picks.add(
                offer,
                RecommendationCode::ReorderDue,
                None,
                Some((today - b.last_date).num_days()),
            );
        }
    }

    let mut matching: Vec<(&Rule, &Bought)> = rules
        .iter()
        .filter_map(|rule| {
            let b = bought.iter().find(|b| b.category_id == rule.trigger_category_id)?;
            let days = (today - b.last_date).num_days();
            let fits = (rule.min_days..=rule.max_days).contains(&days)
                && b.last_value >= rule.min_order_value;
            let stocked = bought
                .iter()
                .any(|s| s.category_id == rule.recommended_category_id && s.due_on > soon);
            (fits && !stocked).then_some((rule, b))
        })
        .collect();
    matching.sort_by_key(|(rule, b)| {
        (rule.priority, std::cmp::Reverse(b.last_date), rule.recommended_category_id)
    });
    for (rule, b) in matching {
        let trigger =
            offers.iter().find(|o| o.category_id == b.category_id).map(|o| o.slug.clone());
        if let Some(offer) = picks.best_of(rule.recommended_category_id) {
            let days = (today - b.last_date).num_days();
            picks.add(offer, RecommendationCode::CrossSell, trigger, Some(days));
        }
    }

    let mut popular: Vec<&Offer> =
        offers.iter().filter(|o| !bought.iter().any(|b| b.category_id == o.category_id)).collect();
    popular.sort_by_key(|o| (std::cmp::Reverse(o.buyers), o.id));
    for offer in popular {
        picks.add(offer, RecommendationCode::Popular, None, None);
    }
    picks.chosen
}

struct Picks<'a> {
    offers: &'a [Offer],
    chosen: Vec<Recommendation>,
    categories: Vec<CategoryId>,
}

impl<'a> Picks<'a> {
    /// What most customers buy of a category.
    fn best_of(&self, category: CategoryId) -> Option<&'a Offer> {
        self.offers
            .iter()
            .filter(|o| o.category_id == category)
            .min_by_key(|o| (std::cmp::Reverse(o.buyers), o.id))
    }

    fn add(
        &mut self,
        offer: &Offer,
        code: RecommendationCode,
        trigger_category_slug: Option<String>,
        days: Option<i64>,
    ) {
        if self.chosen.len() >= MAX || self.categories.contains(&offer.category_id) {
            return;
        }
        self.categories.push(offer.category_id);
        self.chosen.push(Recommendation {
            product_id: offer.id,
            sku: offer.sku.clone(),
            name_bn: offer.name_bn.clone(),
            name_en: offer.name_en.clone(),
            price: offer.price,
            reason: RecommendationReason {
                code,
                category_slug: Some(offer.slug.clone()),
                trigger_category_slug,
                days,
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).expect("valid") + Days::new(n)
    }

    fn offer(id: i64, category: i64, buyers: i64) -> Offer {
        Offer {
            id: ProductId(id),
            sku: format!("S{id}"),
            name_bn: String::new(),
            name_en: String::new(),
            category_id: CategoryId(category),
            slug: format!("c{category}"),
            price: Money(100),
            buyers,
        }
    }

    fn bought(category: i64, product: i64, last: u64, due: u64) -> Bought {
        Bought {
            category_id: CategoryId(category),
            product_id: ProductId(product),
            last_date: day(last),
            last_value: Money(50_000),
            due_on: day(due),
        }
    }

    fn rule(from: i64, to: i64, priority: i64) -> Rule {
        Rule {
            trigger_category_id: CategoryId(from),
            recommended_category_id: CategoryId(to),
            min_days: 3,
            max_days: 30,
            min_order_value: Money(0),
            priority,
        }
    }

    fn codes(found: &[Recommendation]) -> Vec<(i64, &'static str)> {
        found.iter().map(|r| (r.product_id.0, r.reason.code.as_str())).collect()
    }

    #[test]
    fn what_runs_out_comes_first_then_what_goes_with_it_then_what_others_like() {
        let offers =
            [offer(1, 1, 5), offer(2, 1, 9), offer(3, 2, 1), offer(4, 3, 2), offer(5, 4, 8)];
        let found =
            recommend(day(30), &[bought(1, 1, 10, 32)], &[rule(1, 3, 2), rule(1, 2, 1)], &offers);
        assert_eq!(
            codes(&found),
            [(1, "reorder_due"), (3, "cross_sell"), (4, "cross_sell"), (5, "popular"),]
        );
        assert_eq!(found[1].reason.trigger_category_slug.as_deref(), Some("c1"));
        assert_eq!(found[1].reason.days, Some(20));
    }

    #[test]
    fn nobody_is_offered_what_they_have_at_home() {
        let offers = [offer(1, 1, 5), offer(3, 2, 1)];
        let home = [bought(1, 1, 10, 60), bought(2, 3, 25, 90)];
        assert_eq!(codes(&recommend(day(30), &home, &[rule(1, 2, 1)], &offers)), []);
    }

    #[test]
    fn a_product_gone_from_the_range_is_replaced_by_the_best_of_its_kind() {
        let offers = [offer(1, 1, 5), offer(2, 1, 9)];
        let found = recommend(day(30), &[bought(1, 77, 10, 30)], &[], &offers);
        assert_eq!(codes(&found), [(2, "reorder_due")]);
    }

    #[test]
    fn a_rule_waits_for_its_days_and_value() {
        let offers = [offer(1, 1, 5), offer(3, 2, 0)];
        let fresh = [bought(1, 1, 29, 60)];
        let mut dear = rule(1, 2, 1);
        let cross = |bought: &[Bought], rule: Rule| {
            recommend(day(30), bought, &[rule], &offers)[0].reason.code
        };
        assert_eq!(cross(&fresh, dear), RecommendationCode::Popular);
        let week = [bought(1, 1, 20, 60)];
        assert_eq!(cross(&week, dear), RecommendationCode::CrossSell);
        dear.min_order_value = Money(50_001);
        assert_eq!(cross(&week, dear), RecommendationCode::Popular);
    }
}
