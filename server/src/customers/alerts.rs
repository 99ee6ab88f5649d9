//! What an agent must know before saying hello: pure.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::LifecycleStage;
use super::read::Customer;
use super::segment::Thresholds;
use super::view::Cycle;
use crate::db::{TaskId, text_enum};

text_enum! {
    /// What an alert is about; the browser words it.
    pub enum AlertCode {
        /// Never to be called.
        DoNotCall = "do_not_call",
        /// A complaint is open.
        ComplaintOpen = "complaint_open",
        /// A category runs out; with the arithmetic.
        ReorderDue = "reorder_due",
        /// Has not ordered for long.
        Inactive = "inactive",
        /// Orders are large.
        HighAov = "high_aov",
        /// First order, or none yet.
        NewCustomer = "new_customer",
        /// Birthday within three days.
        Birthday = "birthday",
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// What it is about.
    pub code: AlertCode,
    /// Figures for its wording.
    #[schema(value_type = Object)]
    pub params: Value,
}

/// A reminder this long past its end is no news any more, days.
const STALE: i64 = 60;
/// A birthday this near is worth a word, days.
const NEAR: i64 = 3;

/// The alerts of a customer, the gravest first.
pub fn alerts(
    customer: &Customer,
    cycles: &[Cycle],
    complaint: Option<TaskId>,
    today: NaiveDate,
) -> Vec<Alert> {
    let mut found = Vec::new();
    let mut add = |code, params| found.push(Alert { code, params });
    if customer.do_not_call {
        add(
            AlertCode::DoNotCall,
            json!({"reason": customer.do_not_call_reason, "at": customer.do_not_call_at}),
        );
    }
    if let Some(task) = complaint {
        add(AlertCode::ComplaintOpen, json!({"taskId": task}));
    }
    for cycle in cycles {
        let past_end = (today - cycle.expected_on).num_days();
        if cycle.due_on <= today && past_end <= STALE {
            add(
                AlertCode::ReorderDue,
                json!({
                    "categorySlug": cycle.category_slug, "nameBn": cycle.name_bn,
                    "nameEn": cycle.name_en, "dueOn": cycle.due_on,
                    "expectedOn": cycle.expected_on, "orderDate": cycle.last_date,
                    "consumptionDays": (cycle.expected_on - cycle.last_date).num_days(),
                    "bufferDays": (cycle.expected_on - cycle.due_on).num_days(),
                }),
            );
        }
    }
    if matches!(customer.lifecycle_stage, LifecycleStage::AtRisk | LifecycleStage::Churned) {
        let days = customer.last_order_date.map(|last| (today - last).num_days());
        add(AlertCode::Inactive, json!({"days": days}));
    }
    if customer.avg_order_value >= Thresholds::default().medium_average {
        add(AlertCode::HighAov, json!({"avgOrderValue": customer.avg_order_value}));
    }
    if customer.total_orders <= 1
        && matches!(customer.lifecycle_stage, LifecycleStage::New | LifecycleStage::Prospect)
    {
        add(AlertCode::NewCustomer, json!({"totalOrders": customer.total_orders}));
    }
    if let Some(days) = customer.birthday.and_then(|day| days_to(day, today)).filter(|d| *d <= NEAR)
    {
        add(AlertCode::Birthday, json!({"inDays": days, "birthday": customer.birthday}));
    }
    found
}

/// Days until the next anniversary of `day`; a 29 February falls on 1 March in other years.
fn days_to(day: NaiveDate, today: NaiveDate) -> Option<i64> {
    let in_year = |year: i32| {
        NaiveDate::from_ymd_opt(year, day.month(), day.day())
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
    };
    let this = in_year(today.year())?;
    let next = if this < today { in_year(today.year() + 1)? } else { this };
    Some((next - today).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).expect("valid")
    }

    #[test]
    fn birthdays_come_round() {
        assert_eq!(days_to(day(1990, 11, 21), day(2026, 11, 21)), Some(0));
        assert_eq!(days_to(day(1990, 1, 2), day(2026, 12, 31)), Some(2));
        assert_eq!(days_to(day(1992, 2, 29), day(2026, 2, 28)), Some(1));
    }
}
