//! Segmentation: pure rules from a customer's figures and a date. (Defaults of the product; the
//! thresholds are parameters.)

use chrono::{Days, NaiveDate};

use super::pins::Pinned;
use super::{
    CustomerType, LifecycleStage, MembershipLevel, PurchaseStage, Temperature, ValueStage,
};
use crate::db::Money;

/// Thresholds of the value stages and membership levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Spend that makes a VIP, poisha.
    pub vip_spend: Money,
    /// Average order that makes a VIP, poisha.
    pub vip_average: Money,
    /// Spend that makes a medium customer, poisha.
    pub medium_spend: Money,
    /// Average order that makes a medium customer, poisha.
    pub medium_average: Money,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            vip_spend: Money::taka(20_000),
            vip_average: Money::taka(3_000),
            medium_spend: Money::taka(8_000),
            medium_average: Money::taka(1_500),
        }
    }
}

/// What a customer's counted orders add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Counted orders.
    pub orders: i64,
    /// Their sum, poisha.
    pub spend: Money,
    /// Day of the first.
    pub first: Option<NaiveDate>,
    /// Day of the last.
    pub last: Option<NaiveDate>,
    /// Distinct days on which there was a counted order.
    pub days: i64,
}

impl Figures {
    /// Mean value of an order, rounded down.
    pub const fn average(&self) -> Money {
        if self.orders > 0 { Money(self.spend.0 / self.orders) } else { Money(0) }
    }

    /// Own mean gap between order days, rounded up; needs two of them.
    pub fn cycle_days(&self) -> Option<i64> {
        let (first, last) = (self.first?, self.last?);
        let gaps = self.days - 1;
        (gaps > 0).then(|| {
            let span = (last - first).num_days();
            (span + gaps - 1) / gaps
        })
    }
}

/// Everything the rules say of a customer on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// By number of orders.
    pub purchase_stage: PurchaseStage,
    /// By money.
    pub value_stage: ValueStage,
    /// By time.
    pub lifecycle_stage: LifecycleStage,
    /// The coarse type.
    pub customer_type: CustomerType,
    /// The warmth.
    pub temperature: Temperature,
    /// The membership level the figures entitle to.
    pub membership_level: Option<MembershipLevel>,
    /// First day after `today` on which the date alone changes something.
    pub review_on: Option<NaiveDate>,
}

/// Purchase stage of a number of counted orders.
pub const fn purchase_stage(orders: i64) -> PurchaseStage {
    match orders {
        ..=1 => PurchaseStage::New,
        2 => PurchaseStage::Repeat2,
        3 => PurchaseStage::Repeat3,
        4..=7 => PurchaseStage::Regular,
        8.. => PurchaseStage::Permanent,
    }
}

/// Value stage of spend and average order.
pub fn value_stage(spend: Money, average: Money, t: &Thresholds) -> ValueStage {
    if spend >= t.vip_spend || average >= t.vip_average {
        ValueStage::Vip
    } else if spend >= t.medium_spend || average >= t.medium_average {
        ValueStage::Medium
    } else {
        ValueStage::Normal
    }
}

/// Membership level of orders and spend.
pub const fn membership_level(orders: i64, spend: Money) -> Option<MembershipLevel> {
    if orders >= 12 || spend.0 >= Money::taka(25_000).0 {
        Some(MembershipLevel::Permanent)
    } else if orders >= 6 || spend.0 >= Money::taka(12_000).0 {
        Some(MembershipLevel::Gold)
    } else if orders >= 3 || spend.0 >= Money::taka(5_000).0 {
        Some(MembershipLevel::Silver)
    } else {
        None
    }
}

fn day_after(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0))).unwrap_or(NaiveDate::MAX)
}

/// Lifecycle on `today`, and the first later day on which it changes if nobody orders.
fn lifecycle(f: &Figures, today: NaiveDate) -> (LifecycleStage, Option<NaiveDate>) {
    let (Some(first), Some(last)) = (f.first, f.last) else {
        return (LifecycleStage::Prospect, None);
    };
    let new_until = day_after(first, 30);
    // 1.5 own cycles, but never past the day on which a customer is given up.
    let active_days = f.cycle_days().map_or(30, |c| (c + c.div_euclid(2)).clamp(30, 90));
    let active_until = day_after(last, active_days);
    let at_risk_until = day_after(last, 90);
    let (stage, until) = if today <= new_until {
        (LifecycleStage::New, new_until)
    } else if today <= active_until {
        (LifecycleStage::Active, active_until)
    } else if today <= at_risk_until {
        (LifecycleStage::AtRisk, at_risk_until)
    } else {
        return (LifecycleStage::Churned, None);
    };
    (stage, until.succ_opt())
}

/// The segment of a customer with these figures on `today`, by the rules alone.
pub fn segment(f: &Figures, today: NaiveDate, thresholds: &Thresholds) -> Segment {
    pinned_segment(f, today, thresholds, &Pinned::default())
}

/// The segment of whom people have said something against the rules: the type and the warmth follow
/// from what is pinned, unless the warmth itself is.
pub fn pinned_segment(
    f: &Figures,
    today: NaiveDate,
    thresholds: &Thresholds,
    pinned: &Pinned,
) -> Segment {
    let purchase_stage = pinned.purchase_stage.unwrap_or_else(|| purchase_stage(f.orders));
    let value_stage =
        pinned.value_stage.unwrap_or_else(|| value_stage(f.spend, f.average(), thresholds));
    let (lifecycle_stage, review_on) = lifecycle(f, today);
    let customer_type = if lifecycle_stage == LifecycleStage::Churned {
        CustomerType::Inactive
    } else if value_stage == ValueStage::Vip {
        CustomerType::Vip
    } else if f.orders >= 2 {
        CustomerType::Repeat
    } else {
        CustomerType::New
    };
    let temperature = if value_stage == ValueStage::Vip
        || purchase_stage == PurchaseStage::Permanent
        || (lifecycle_stage == LifecycleStage::Active && f.orders >= 3)
    {
        Temperature::Hot
    } else if matches!(lifecycle_stage, LifecycleStage::Churned | LifecycleStage::Prospect) {
        Temperature::Cold
    } else {
        Temperature::Warm
    };
    Segment {
        purchase_stage,
        value_stage,
        lifecycle_stage,
        customer_type,
        temperature: pinned.temperature.unwrap_or(temperature),
        membership_level: membership_level(f.orders, f.spend),
        review_on: review_on.into_iter().chain(pinned.ends_on).min(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn day(n: i64) -> NaiveDate {
        day_after(NaiveDate::from_ymd_opt(2026, 1, 1).expect("valid"), n)
    }

    fn figures(orders: i64, taka: i64, first: i64, last: i64) -> Figures {
        Figures {
            orders,
            spend: Money::taka(taka),
            first: Some(day(first)),
            last: Some(day(last)),
            days: orders,
        }
    }

    #[test]
    fn stages_follow_the_number_of_orders() {
        use PurchaseStage::*;
        let stages: Vec<_> = [0, 1, 2, 3, 4, 7, 8, 30].map(purchase_stage).to_vec();
        assert_eq!(stages, [New, New, Repeat2, Repeat3, Regular, Regular, Permanent, Permanent]);
    }

    #[test]
    fn value_is_by_spend_or_average() {
        let t = Thresholds::default();
        let value = |spend, average| value_stage(Money::taka(spend), Money::taka(average), &t);
        assert_eq!(value(20_000, 100), ValueStage::Vip);
        assert_eq!(value(3_000, 3_000), ValueStage::Vip);
        assert_eq!(value(8_000, 100), ValueStage::Medium);
        assert_eq!(value(1_500, 1_500), ValueStage::Medium);
        assert_eq!(value(7_999, 1_499), ValueStage::Normal);
    }

    #[test]
    fn a_silent_customer_cools_down_by_date_alone() {
        let f = figures(2, 1_000, 0, 40);
        let stage = |n| segment(&f, day(n), &Thresholds::default()).lifecycle_stage;
        // Own cycle 40 days, so active for 60.
        assert_eq!(stage(41), LifecycleStage::Active);
        assert_eq!(stage(100), LifecycleStage::Active);
        assert_eq!(stage(101), LifecycleStage::AtRisk);
        assert_eq!(stage(130), LifecycleStage::AtRisk);
        assert_eq!(stage(131), LifecycleStage::Churned);
    }

    #[test]
    fn a_lost_vip_is_inactive_but_stays_hot() {
        let s = segment(&figures(4, 40_000, 0, 10), day(300), &Thresholds::default());
        assert_eq!(s.customer_type, CustomerType::Inactive);
        assert_eq!(s.temperature, Temperature::Hot);
    }

    #[test]
    fn nobody_without_an_order_is_more_than_a_cold_prospect() {
        let s = segment(&Figures::default(), day(0), &Thresholds::default());
        assert_eq!(s.lifecycle_stage, LifecycleStage::Prospect);
        assert_eq!(s.temperature, Temperature::Cold);
        assert_eq!(s.review_on, None);
    }

    proptest! {
        /// The daily job looks only at customers whose review day has come: so until that day
        /// nothing may change, and on it something does.
        #[test]
        fn nothing_changes_before_the_review_day(
            orders in 1i64..20, taka in 0i64..60_000, first in 0i64..400, span in 0i64..400, after in 0i64..200
        ) {
            let f = figures(orders, taka, first, first + if orders > 1 { span } else { 0 });
            let t = Thresholds::default();
            let today = day(first + span + after);
            let now = segment(&f, today, &t);
            let strip = |s: Segment| Segment { review_on: None, ..s };
            if let Some(review) = now.review_on {
                    prop_assert!(review > today);
                    let eve = review.pred_opt().expect("valid");
                    prop_assert_eq!(strip(segment(&f, eve, &t)), strip(now));
                    prop_assert_ne!(segment(&f, review, &t).lifecycle_stage, now.lifecycle_stage);
            } else {
                prop_assert_eq!(strip(segment(&f, day(5_000), &t)), strip(now));
            }
        }
    }
}
