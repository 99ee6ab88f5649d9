//! Who has a reason to be called on a day, and what the plan needs of them.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;

use super::floor::Places;
use super::sources::{self, Chance, Reason, Source};
use crate::customers::{LifecycleStage, PurchaseStage, Temperature, ValueStage};
use crate::db::{CategoryId, CustomerId, DbError, Money, PlanId, Sql, Tx, UserId, packed};
use crate::messages::{self, Channel};
use crate::reorder::{self, Learned};
use crate::tasks::plan::{Motive, Place};
use crate::tasks::settings::{ATTEMPT_DAYS, PlanSettings};
use crate::tasks::{TaskKind, urgency};

/// What the plan reads of a customer.
#[derive(sqlx::FromRow, Deserialize)]
struct CustomerRow {
    id: CustomerId,
    purchase_stage: PurchaseStage,
    value_stage: ValueStage,
    lifecycle_stage: LifecycleStage,
    temperature: Temperature,
    assigned_to: Option<UserId>,
    assigned_supervisor_id: Option<UserId>,
    district: Option<String>,
    city: Option<String>,
    avg_order_value: Money,
    total_orders: i64,
    first_order_date: Option<NaiveDate>,
    last_order_date: Option<NaiveDate>,
    #[serde(deserialize_with = "packed::flag")]
    do_not_call: bool,
    #[serde(deserialize_with = "packed::flag")]
    consent_call: bool,
    #[serde(deserialize_with = "packed::flag")]
    consent_sms: bool,
    #[serde(deserialize_with = "packed::flag")]
    consent_whatsapp: bool,
    last_contact_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, purchase_stage, value_stage, lifecycle_stage, temperature, assigned_to,
    assigned_supervisor_id, district, city, avg_order_value, total_orders, first_order_date,
    last_order_date, do_not_call, consent_call, consent_sms, consent_whatsapp, last_contact_at";

/// What the plan keeps of a customer.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub(super) id: CustomerId,
    pub(super) purchase_stage: PurchaseStage,
    pub(super) value_stage: ValueStage,
    pub(super) lifecycle_stage: LifecycleStage,
    pub(super) temperature: Temperature,
    pub(super) assigned_to: Option<UserId>,
    pub(super) assigned_supervisor_id: Option<UserId>,
    /// District and city, as far as some agent is mapped to them.
    pub(super) places: [Option<Place>; 2],
    pub(super) avg_order_value: Money,
    pub(super) do_not_call: bool,
    pub(super) consent_call: bool,
    /// How a message would go.
    pub(super) channel: Option<Channel>,
    pub(super) last_contact_at: Option<DateTime<Utc>>,
}

/// A customer with every reason, most urgent sources first where they are equally urgent.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) customer: Customer,
    pub(super) motives: Vec<Motive>,
    /// Parallel to the motives.
    pub(super) sources: Vec<Source>,
}

/// Day `days` before (after, if negative) another.
pub(super) fn before(day: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    if days >= 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) }
        .unwrap_or(day)
}

/// What a plan is made from.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Everybody with a reason to be called who is not planned yet, by customer id; without motives
    /// if every reason was tried often enough.
    pub(super) found: Vec<Found>,
    /// How many have a reason and are planned, of whoever was looked at; with a leader, for that
    /// leader's agents.
    pub(super) planned: u32,
}

/// Whose plan is made.
pub(super) struct Wanted<'a> {
    /// The company day.
    pub(super) day: NaiveDate,
    pub(super) settings: &'a PlanSettings,
    /// Only this team leader's coverage.
    pub(super) leader: Option<UserId>,
    /// The newest plan whose tasks are seen.
    pub(super) seen: PlanId,
    /// Where agents are mapped to.
    pub(super) places: &'a Places,
    /// Only these customers.
    pub(super) only: Option<&'a [CustomerId]>,
}

/// Everybody with a reason to be called on the day.
pub(super) async fn read(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Candidates, DbError> {
    let &Wanted { day, settings, leader, .. } = wanted;
    let planned = planned(tx, day, wanted.seen).await?;
    let learned = reorder::store::learned(tx).await?;
    let mut reasons = sources::read(tx, day, settings, learned.as_ref(), wanted.only).await?;
    mark_tried(tx, day, settings, &mut reasons).await?;
    // By customer; of a customer in the order of the sources.
    reasons.sort_by_key(|reason| reason.customer);
    let mine = |lead: &Option<UserId>| leader.is_none() || leader == *lead;
    // Without the others' reasons all that are planned count.
    let mut already = match wanted.only {
        Some(_) => u32::try_from(planned.values().filter(|lead| mine(lead)).count()),
        None => Ok(0),
    }
    .unwrap_or(u32::MAX);
    let mut who = Vec::new();
    for reasons in reasons.chunk_by(|a, b| a.customer == b.customer) {
        let customer = reasons[0].customer;
        match planned.get(&customer) {
            Some(lead) => already += u32::from(wanted.only.is_none() && mine(lead)),
            None => who.push(customer),
        }
    }
    let mut found = Vec::with_capacity(who.len());
    let mut rest = reasons.as_slice();
    for chunk in who.chunks(packed::CHUNK) {
        let mut sql = Sql::new("FROM customers WHERE id");
        sql.push_ids(chunk.iter().copied());
        let mut rows: Vec<CustomerRow> = tx.packed(COLUMNS, sql).await?;
        rows.sort_unstable_by_key(|row| row.id);
        for row in rows {
            rest = &rest[rest.partition_point(|reason| reason.customer < row.id)..];
            let (mine, others) = rest.split_at(rest.partition_point(|r| r.customer == row.id));
            rest = others;
            found.push(weigh(row, mine, learned.as_ref(), wanted));
        }
    }
    Ok(Candidates { found, planned: already })
}

/// Marks the reasons for which as many calls as are enough were not taken lately. Customers who have
/// no other stay, to be counted.
async fn mark_tried(
    tx: &mut Tx,
    day: NaiveDate,
    settings: &PlanSettings,
    reasons: &mut [Reason],
) -> Result<(), DbError> {
    let tried: Vec<(CustomerId, TaskKind, Option<CategoryId>)> = tx
        .all(
            Sql::new(
                "SELECT customer_id, kind, category_id FROM crm_call_tasks
                 WHERE outcome = 'no_response' AND task_date > $1 AND customer_id IS NOT NULL
                 GROUP BY customer_id, kind, category_id HAVING COUNT(*) >= $2",
            )
            .bind(before(day, ATTEMPT_DAYS))
            .bind(settings.most_attempts),
        )
        .await?;
    let mut by_customer: HashMap<CustomerId, Vec<(TaskKind, Option<CategoryId>)>> = HashMap::new();
    for (customer, kind, category) in tried {
        by_customer.entry(customer).or_default().push((kind, category));
    }
    for reason in reasons {
        let Some(tried) = by_customer.get(&reason.customer) else { continue };
        reason.tried = tried.iter().any(|(kind, category)| {
            *kind == reason.kind
                && match reason.source {
                    Source::Reminder { category: about, .. } => Some(about) == *category,
                    _ => true,
                }
        });
    }
    Ok(())
}

/// A customer's reasons, the most urgent first.
fn weigh(
    row: CustomerRow,
    reasons: &[Reason],
    learned: Option<&Learned>,
    wanted: &Wanted<'_>,
) -> Found {
    let warmth = urgency::warmth(row.temperature);
    let visits = reorder::visits(row.total_orders, row.first_order_date, row.last_order_date);
    let mut weighed: Vec<(Source, Motive)> = Vec::with_capacity(reasons.len());
    for reason in reasons.iter().filter(|reason| !reason.tried) {
        let urgency = match (reason.chance, learned, visits) {
            // Whether this customer still comes is part of it.
            (Chance::Learned(rate), Some(learned), Some(visits)) => {
                learned.chance(rate, &visits, wanted.day)
            }
            (Chance::Learned(rate), _, _) => reorder::learned::chance(rate),
            (Chance::Estimated(chance), _, _) => chance * warmth,
        };
        let mut source = reason.source;
        if let (Source::Reminder { percent, .. }, Chance::Learned(_)) = (&mut source, reason.chance)
        {
            *percent = Some((urgency * 100.0).round() as u8);
        }
        weighed.push((source, Motive { kind: reason.kind, urgency }));
    }
    weighed.sort_by(|a, b| b.1.urgency.total_cmp(&a.1.urgency));
    let place = |name: &Option<String>| name.as_deref().and_then(|name| wanted.places.find(name));
    let customer = Customer {
        id: row.id,
        purchase_stage: row.purchase_stage,
        value_stage: row.value_stage,
        lifecycle_stage: row.lifecycle_stage,
        temperature: row.temperature,
        assigned_to: row.assigned_to,
        assigned_supervisor_id: row.assigned_supervisor_id,
        places: [place(&row.district), place(&row.city)],
        avg_order_value: row.avg_order_value,
        do_not_call: row.do_not_call,
        consent_call: row.consent_call,
        channel: messages::channel(row.temperature, row.consent_sms, row.consent_whatsapp),
        last_contact_at: row.last_contact_at,
    };
    Found {
        customer,
        motives: weighed.iter().map(|(_, motive)| *motive).collect(),
        sources: weighed.iter().map(|(source, _)| *source).collect(),
    }
}

/// Whom the plans of `day` up to `seen` have already, with the team leader of the agent who calls.
async fn planned(
    tx: &mut Tx,
    day: NaiveDate,
    seen: PlanId,
) -> Result<HashMap<CustomerId, Option<UserId>>, DbError> {
    let sql = Sql::new(
        "FROM crm_call_tasks t LEFT JOIN users u ON u.id = t.assigned_to
         WHERE t.task_date = $1 AND t.origin = 'plan' AND t.plan_id <= $2
           AND t.customer_id IS NOT NULL",
    );
    let rows: Vec<(CustomerId, Option<UserId>)> =
        tx.packed("t.customer_id, u.team_leader_id", sql.bind(day).bind(seen)).await?;
    Ok(rows.into_iter().collect())
}
