//! Why somebody is called on a day. Every source is a range read of an index; the whole table of
//! customers is never read.

use std::collections::HashSet;

use chrono::{Datelike as _, NaiveDate};
use serde::Deserialize;

use super::candidates::before;
use crate::customers::MembershipLevel;
use crate::customers::segment::membership_level;
use crate::db::{CategoryId, CustomerId, DbError, Money, Sql, Tx};
use crate::reorder::{Awaited, Learned};
use crate::tasks::settings::PlanSettings;
use crate::tasks::{TaskKind, urgency};

/// A day that was missed (holiday, downtime) is caught up this many days later.
const CATCH_UP_DAYS: i64 = 2;
/// Days without order after which a customer is won back.
const WIN_BACK_DAYS: [i64; 3] = [30, 60, 90];

/// A reason with what is needed to word it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A category runs out.
    Reminder {
        /// Which.
        category: CategoryId,
        /// The learned chance, percent, that it is bought within a week.
        percent: Option<u8>,
    },
    /// A rule: what goes with what was bought.
    CrossSell {
        /// Bought.
        trigger: CategoryId,
        /// To offer.
        recommended: CategoryId,
    },
    /// Birthday.
    Birthday,
    /// A level was reached.
    Membership(MembershipLevel),
    /// Days since the last order.
    WinBack(i64),
}

/// How likely a call sells something now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chance {
    /// A configured estimate; the customer's warmth comes in addition.
    Estimated(f64),
    /// Learned: purchases expected within a week, if the customer still comes.
    Learned(f64),
}

/// A reason to call somebody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reason {
    pub(super) customer: CustomerId,
    pub(super) source: Source,
    pub(super) kind: TaskKind,
    pub(super) chance: Chance,
    /// As many calls for it as are enough were not taken lately.
    pub(super) tried: bool,
}

impl Reason {
    const fn new(customer: CustomerId, source: Source, kind: TaskKind, chance: Chance) -> Self {
        Self { customer, source, kind, chance, tried: false }
    }
}

/// A pair whose reminder is due.
#[derive(sqlx::FromRow, Deserialize)]
struct DuePair {
    customer_id: CustomerId,
    category_id: CategoryId,
    due_on: NaiveDate,
    purchases: i64,
    last_date: NaiveDate,
    expected_on: NaiveDate,
    repeats: f64,
    exposure: f64,
}

/// Every reason there is on `day`; `only`: to call these customers.
pub(super) async fn read(
    tx: &mut Tx,
    day: NaiveDate,
    settings: &PlanSettings,
    learned: Option<&Learned>,
    only: Option<&[CustomerId]>,
) -> Result<Vec<Reason>, DbError> {
    let mut reasons = Vec::new();
    if only.is_some_and(<[CustomerId]>::is_empty) {
        return Ok(reasons);
    }
    reminders(tx, day, settings, learned, only, &mut reasons).await?;
    cross_sells(tx, day, only, &mut reasons).await?;
    birthdays(tx, day, only, &mut reasons).await?;
    levels_reached(tx, day, only, &mut reasons).await?;
    win_backs(tx, day, only, &mut reasons).await?;
    Ok(reasons)
}

/// Limits a statement to these customers.
fn limit(mut sql: Sql, column: &str, only: Option<&[CustomerId]>) -> Sql {
    match only {
        Some(only) => {
            sql.push(" AND ").push(column).push_ids(only.iter().copied());
            sql
        }
        None => sql,
    }
}

/// What runs out, read from one index alone.
async fn reminders(
    tx: &mut Tx,
    day: NaiveDate,
    settings: &PlanSettings,
    learned: Option<&Learned>,
    only: Option<&[CustomerId]>,
    reasons: &mut Vec<Reason>,
) -> Result<(), DbError> {
    let due = Sql::new("FROM reorder_pairs WHERE due_on > $1 AND due_on <= $2")
        .bind(before(day, settings.reminder_window_days.into()))
        .bind(day);
    let due = limit(due, "customer_id", only);
    let columns = "customer_id, category_id, due_on, purchases, last_date, expected_on, repeats,
                   exposure";
    let due: Vec<DuePair> = tx.packed(columns, due).await?;
    reasons.reserve(due.len());
    for pair in due {
        let awaited = Awaited {
            category_id: pair.category_id,
            purchases: pair.purchases,
            last_date: pair.last_date,
            expected_on: pair.expected_on,
            repeats: pair.repeats,
            exposure: pair.exposure,
        };
        let late = (day - pair.due_on).num_days();
        let chance = learned.and_then(|learned| learned.week_rate(&awaited, day)).map_or_else(
            || Chance::Estimated(urgency::reminder(late, awaited.purchases)),
            Chance::Learned,
        );
        let source = Source::Reminder { category: awaited.category_id, percent: None };
        reasons.push(Reason::new(pair.customer_id, source, TaskKind::Reminder, chance));
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Rule {
    trigger_category_id: CategoryId,
    recommended_category_id: CategoryId,
    min_days: i64,
    max_days: i64,
    min_order_value: Money,
    priority: i64,
}

async fn cross_sells(
    tx: &mut Tx,
    day: NaiveDate,
    only: Option<&[CustomerId]>,
    reasons: &mut Vec<Reason>,
) -> Result<(), DbError> {
    let rules: Vec<Rule> = tx
        .all(
            "SELECT trigger_category_id, recommended_category_id, min_days, max_days,
                    min_order_value, priority
             FROM product_recommendation_rules WHERE active ORDER BY priority, id",
        )
        .await?;
    let mut suggested = HashSet::new();
    for rule in rules {
        // On the first day the rule allows, with a little catching up, but not after its last.
        let last = rule.max_days.min(rule.min_days + CATCH_UP_DAYS);
        let sql = Sql::new(
            "FROM reorder_pairs p
             WHERE p.category_id = $1 AND p.last_date >= $2 AND p.last_date <= $3
               AND NOT EXISTS (SELECT 1 FROM reorder_pairs r
                               WHERE r.customer_id = p.customer_id AND r.category_id = $4
                                 AND r.last_date >= p.last_date)
               AND ($5 = 0 OR EXISTS (SELECT 1 FROM orders o
                               WHERE o.customer_id = p.customer_id
                                 AND o.order_date = p.last_date AND o.counted
                                 AND o.total - o.refunded >= $5))",
        )
        .bind(rule.trigger_category_id)
        .bind(before(day, last))
        .bind(before(day, rule.min_days))
        .bind(rule.recommended_category_id)
        .bind(rule.min_order_value);
        let buyers: Vec<(CustomerId,)> =
            tx.packed("p.customer_id", limit(sql, "p.customer_id", only)).await?;
        let source = Source::CrossSell {
            trigger: rule.trigger_category_id,
            recommended: rule.recommended_category_id,
        };
        let chance = Chance::Estimated(urgency::cross_sell(rule.priority));
        for (customer,) in buyers {
            // One suggestion a call: the rules come by priority.
            if suggested.insert(customer) {
                reasons.push(Reason::new(customer, source, TaskKind::CrossSell, chance));
            }
        }
    }
    Ok(())
}

async fn birthdays(
    tx: &mut Tx,
    day: NaiveDate,
    only: Option<&[CustomerId]>,
    reasons: &mut Vec<Reason>,
) -> Result<(), DbError> {
    let month_day = i64::from(day.month() * 100 + day.day());
    let mut sql = Sql::new("FROM customers WHERE birthday_md IN (");
    sql.push_bind(month_day);
    sql.push(if month_day == 228 && !day.leap_year() { ", 229)" } else { ")" });
    for (customer,) in tx.packed::<(CustomerId,)>("id", limit(sql, "id", only)).await? {
        let chance = Chance::Estimated(urgency::BIRTHDAY);
        reasons.push(Reason::new(customer, Source::Birthday, TaskKind::Birthday, chance));
    }
    Ok(())
}

/// Customers whose last order, made in the last days, brought them to a membership level.
async fn levels_reached(
    tx: &mut Tx,
    day: NaiveDate,
    only: Option<&[CustomerId]>,
    reasons: &mut Vec<Reason>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "FROM (SELECT c.id, c.total_orders, c.total_spend, CAST(count(*) AS BIGINT) AS last_orders,
                      CAST(sum(o.total - o.refunded) AS BIGINT) AS last_spend
               FROM customers c
               JOIN orders o ON o.customer_id = c.id AND o.order_date = c.last_order_date
                            AND o.counted
               WHERE c.last_order_date >= $1 AND c.last_order_date < $2
                 AND c.membership_level IS NOT NULL
               GROUP BY c.id, c.total_orders, c.total_spend) recent WHERE TRUE",
    )
    .bind(before(day, CATCH_UP_DAYS + 1))
    .bind(day);
    let sql = limit(sql, "id", only);
    let columns = "id, total_orders, total_spend, last_orders, last_spend";
    let recent: Vec<(CustomerId, i64, Money, i64, Money)> = tx.packed(columns, sql).await?;
    for (customer, orders, spend, last_orders, last_spend) in recent {
        let now = membership_level(orders, spend);
        if let Some(level) = now
            && now != membership_level(orders - last_orders, spend - last_spend)
        {
            let chance = Chance::Estimated(urgency::membership(level));
            let source = Source::Membership(level);
            reasons.push(Reason::new(customer, source, TaskKind::MembershipUpgrade, chance));
        }
    }
    Ok(())
}

async fn win_backs(
    tx: &mut Tx,
    day: NaiveDate,
    only: Option<&[CustomerId]>,
    reasons: &mut Vec<Reason>,
) -> Result<(), DbError> {
    for days in WIN_BACK_DAYS {
        // The stage is no way in: a third of all customers have it.
        let sql = Sql::new(
            "FROM customers WHERE last_order_date >= $1 AND last_order_date <= $2
               AND lifecycle_stage || '' IN ('at_risk', 'churned')",
        )
        .bind(before(day, days + CATCH_UP_DAYS))
        .bind(before(day, days));
        let silent: Vec<(CustomerId, NaiveDate)> =
            tx.packed("id, last_order_date", limit(sql, "id", only)).await?;
        for (customer, last) in silent {
            let since = (day - last).num_days();
            let chance = Chance::Estimated(urgency::win_back(since));
            reasons.push(Reason::new(customer, Source::WinBack(since), TaskKind::WinBack, chance));
        }
    }
    Ok(())
}
