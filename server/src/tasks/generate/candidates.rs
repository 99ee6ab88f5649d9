//! Who has a reason to be called on a day. Every source is a range read of an index; the whole
//! table of customers is never read.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};

use super::ids;
use crate::customers::segment::membership_level;
use crate::customers::{LifecycleStage, MembershipLevel, PurchaseStage, Temperature, ValueStage};
use crate::db::{CategoryId, CustomerId, DbError, Money, PlanId, Sql, Tx, UserId};
use crate::tasks::plan::Motive;
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
    Reminder(CategoryId),
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

/// What the plan needs of a customer.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Customer {
    pub(super) id: CustomerId,
    pub(super) purchase_stage: PurchaseStage,
    pub(super) value_stage: ValueStage,
    pub(super) lifecycle_stage: LifecycleStage,
    pub(super) temperature: Temperature,
    pub(super) assigned_to: Option<UserId>,
    pub(super) assigned_supervisor_id: Option<UserId>,
    pub(super) district: Option<String>,
    pub(super) city: Option<String>,
    pub(super) avg_order_value: Money,
    pub(super) do_not_call: bool,
    pub(super) consent_call: bool,
    pub(super) last_contact_at: Option<DateTime<Utc>>,
}

/// A customer with every reason, most urgent sources first where they are equally urgent.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) customer: Customer,
    pub(super) motives: Vec<Motive>,
    /// Parallel to the motives.
    pub(super) sources: Vec<Source>,
}

type Reasons = HashMap<CustomerId, Vec<(Source, TaskKind, f64)>>;

/// Day `days` before (after, if negative) another.
pub(super) fn before(day: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    if days >= 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) }
        .unwrap_or(day)
}

/// The first day on which a reminder still planned on `day` was due, exclusive.
pub(super) fn window_start(day: NaiveDate, settings: &PlanSettings) -> NaiveDate {
    before(day, settings.reminder_window_days.into())
}

/// What a plan is made from.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Everybody with a reason to be called who is not planned yet, by customer id.
    pub(super) found: Vec<Found>,
    /// How many have a reason and are planned; with a leader, for that leader's agents.
    pub(super) planned: u32,
    /// The newest plan whose tasks were seen.
    pub(super) seen: PlanId,
}

/// Everybody with a reason to be called on `day`.
pub(super) async fn read(
    tx: &mut Tx,
    day: NaiveDate,
    settings: &PlanSettings,
    leader: Option<UserId>,
) -> Result<Candidates, DbError> {
    // Plans are made one after the other (the plan's lock), so a later one has a higher id.
    let seen = tx.optional_scalar("SELECT id FROM daily_plans ORDER BY id DESC LIMIT 1").await?;
    let seen = seen.unwrap_or(PlanId(0));
    let planned = planned(tx, day, seen).await?;
    let mut reasons = Reasons::new();
    reminders(tx, day, settings, &mut reasons).await?;
    cross_sells(tx, day, &mut reasons).await?;
    birthdays(tx, day, &mut reasons).await?;
    levels_reached(tx, day, &mut reasons).await?;
    win_backs(tx, day, &mut reasons).await?;

    let mut already = 0;
    reasons.retain(|customer, _| {
        let Some(lead) = planned.get(customer) else { return true };
        already += u32::from(leader.is_none() || leader == *lead);
        false
    });
    let mut who: Vec<CustomerId> = reasons.keys().copied().collect();
    who.sort_unstable();
    let mut found = Vec::with_capacity(who.len());
    for chunk in who.chunks(ids::CHUNK) {
        let sql = Sql::new(format!(
            "SELECT id, purchase_stage, value_stage, lifecycle_stage, temperature, assigned_to,
                    assigned_supervisor_id, district, city, avg_order_value, do_not_call,
                    consent_call, last_contact_at
             FROM customers WHERE id IN {} ORDER BY id",
            ids::list(chunk)
        ));
        for customer in tx.all::<Customer>(sql.ad_hoc()).await? {
            let mut reasons = reasons.remove(&customer.id).unwrap_or_default();
            let warmth = urgency::warmth(customer.temperature);
            reasons.sort_by(|a, b| b.2.total_cmp(&a.2));
            found.push(Found {
                customer,
                motives: reasons
                    .iter()
                    .map(|(_, kind, chance)| Motive { kind: *kind, urgency: chance * warmth })
                    .collect(),
                sources: reasons.into_iter().map(|(source, _, _)| source).collect(),
            });
        }
    }
    Ok(Candidates { found, planned: already, seen })
}

/// Whom the plans of `day` up to `seen` have already, with the team leader of the agent who calls.
async fn planned(
    tx: &mut Tx,
    day: NaiveDate,
    seen: PlanId,
) -> Result<HashMap<CustomerId, Option<UserId>>, DbError> {
    let rows: Vec<(CustomerId, Option<UserId>)> = tx
        .all(
            Sql::new(
                "SELECT t.customer_id, u.team_leader_id
                 FROM crm_call_tasks t LEFT JOIN users u ON u.id = t.assigned_to
                 WHERE t.task_date = $1 AND t.origin = 'plan' AND t.plan_id <= $2
                   AND t.customer_id IS NOT NULL",
            )
            .bind(day)
            .bind(seen),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

async fn reminders(
    tx: &mut Tx,
    day: NaiveDate,
    settings: &PlanSettings,
    reasons: &mut Reasons,
) -> Result<(), DbError> {
    let due: Vec<(CustomerId, CategoryId, NaiveDate, i64)> = tx
        .all(
            Sql::new(
                "SELECT customer_id, category_id, due_on, purchases FROM reorder_pairs
                 WHERE due_on > $1 AND due_on <= $2",
            )
            .bind(window_start(day, settings))
            .bind(day),
        )
        .await?;
    reasons.reserve(due.len());
    for (customer, category, due_on, purchases) in due {
        let chance = urgency::reminder((day - due_on).num_days(), purchases);
        let reason = (Source::Reminder(category), TaskKind::Reminder, chance);
        reasons.entry(customer).or_default().push(reason);
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

async fn cross_sells(tx: &mut Tx, day: NaiveDate, reasons: &mut Reasons) -> Result<(), DbError> {
    let rules: Vec<Rule> = tx
        .all(
            "SELECT trigger_category_id, recommended_category_id, min_days, max_days,
                    min_order_value, priority
             FROM product_recommendation_rules WHERE active ORDER BY priority, id",
        )
        .await?;
    for rule in rules {
        // On the first day the rule allows, with a little catching up, but not after its last.
        let last = rule.max_days.min(rule.min_days + CATCH_UP_DAYS);
        let buyers: Vec<(CustomerId,)> = tx
            .all(
                Sql::new(
                    "SELECT p.customer_id FROM reorder_pairs p
                     WHERE p.category_id = $1 AND p.last_date >= $2 AND p.last_date <= $3
                       AND NOT EXISTS (SELECT 1 FROM reorder_pairs r
                                       WHERE r.customer_id = p.customer_id AND r.category_id = $4
                                         AND r.last_date >= p.last_date)
                       AND ($5 = 0 OR EXISTS (SELECT 1 FROM orders o
                                       WHERE o.customer_id = p.customer_id
                                         AND o.order_date = p.last_date AND o.counted
                                         AND o.total >= $5))",
                )
                .bind(rule.trigger_category_id)
                .bind(before(day, last))
                .bind(before(day, rule.min_days))
                .bind(rule.recommended_category_id)
                .bind(rule.min_order_value),
            )
            .await?;
        let source = Source::CrossSell {
            trigger: rule.trigger_category_id,
            recommended: rule.recommended_category_id,
        };
        let chance = urgency::cross_sell(rule.priority);
        for (customer,) in buyers {
            let known = reasons.entry(customer).or_default();
            // One suggestion a call: the rules come by priority.
            if !known.iter().any(|(_, kind, _)| *kind == TaskKind::CrossSell) {
                known.push((source, TaskKind::CrossSell, chance));
            }
        }
    }
    Ok(())
}

async fn birthdays(tx: &mut Tx, day: NaiveDate, reasons: &mut Reasons) -> Result<(), DbError> {
    let month_day = i64::from(day.month() * 100 + day.day());
    let mut sql = Sql::new("SELECT id FROM customers WHERE birthday_md = ");
    sql.push_bind(month_day);
    if month_day == 228 && !day.leap_year() {
        sql.push(" OR birthday_md = 229");
    }
    for (customer,) in tx.all::<(CustomerId,)>(sql).await? {
        let reason = (Source::Birthday, TaskKind::Birthday, urgency::BIRTHDAY);
        reasons.entry(customer).or_default().push(reason);
    }
    Ok(())
}

/// Customers whose last order, made in the last days, brought them to a membership level.
async fn levels_reached(tx: &mut Tx, day: NaiveDate, reasons: &mut Reasons) -> Result<(), DbError> {
    let recent: Vec<(CustomerId, i64, Money, i64, Money)> = tx
        .all(
            Sql::new(
                "SELECT c.id, c.total_orders, c.total_spend, CAST(count(*) AS BIGINT),
                        CAST(sum(o.total) AS BIGINT)
                 FROM customers c
                 JOIN orders o ON o.customer_id = c.id AND o.order_date = c.last_order_date
                              AND o.counted
                 WHERE c.last_order_date >= $1 AND c.last_order_date < $2
                   AND c.membership_level IS NOT NULL
                 GROUP BY c.id, c.total_orders, c.total_spend",
            )
            .bind(before(day, CATCH_UP_DAYS + 1))
            .bind(day),
        )
        .await?;
    for (customer, orders, spend, last_orders, last_spend) in recent {
        let now = membership_level(orders, spend);
        if let Some(level) = now
            && now != membership_level(orders - last_orders, spend - last_spend)
        {
            let chance = urgency::membership(level);
            let reason = (Source::Membership(level), TaskKind::MembershipUpgrade, chance);
            reasons.entry(customer).or_default().push(reason);
        }
    }
    Ok(())
}

async fn win_backs(tx: &mut Tx, day: NaiveDate, reasons: &mut Reasons) -> Result<(), DbError> {
    for days in WIN_BACK_DAYS {
        let silent: Vec<(CustomerId, NaiveDate)> = tx
            .all(
                Sql::new(
                    "SELECT id, last_order_date FROM customers
                     WHERE last_order_date >= $1 AND last_order_date <= $2
                       AND lifecycle_stage IN ('at_risk', 'churned')",
                )
                .bind(before(day, days + CATCH_UP_DAYS))
                .bind(before(day, days)),
            )
            .await?;
        for (customer, last) in silent {
            let since = (day - last).num_days();
            let reason = (Source::WinBack(since), TaskKind::WinBack, urgency::win_back(since));
            reasons.entry(customer).or_default().push(reason);
        }
    }
    Ok(())
}
