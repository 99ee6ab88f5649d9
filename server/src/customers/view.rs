//! Customer 360: everything about one customer, each part one range read (SPEC §1.6).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::alerts::{Alert, alerts};
use super::catalogue::Catalogue;
use super::read::{Customer, PHONES, customer, without_phones};
use super::recommend::{Bought, Recommendation, recommend};
use super::store::InteractionKind;
use crate::auth::Scope;
use crate::calls::view::Call;
use crate::calls::{self, Direction};
use crate::db::{
    CategoryId, CustomerId, DbError, Money, Part, PhoneNumber, ProductId, Sql, TaskId, Tx, UserId,
};
use crate::orders::read::{self as orders, Order};
use crate::products::BaseUnit;
use crate::reorder::stock::{self, Stock};
use crate::reorder::{self, Arithmetic, Basis, LearnedArithmetic, Pair, rhythm};
use crate::tasks::{self, Task};

/// What a customer buys of a category, how often, and when next.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cycle {
    /// Category.
    pub category_id: CategoryId,
    /// Its stable name.
    pub category_slug: String,
    /// Its Bangla name.
    pub name_bn: String,
    /// Its English name.
    pub name_en: String,
    /// Distinct days on which it was bought.
    pub purchases: i64,
    /// The last of them.
    pub last_date: NaiveDate,
    /// How much then, base units.
    pub last_qty: i64,
    /// The unit.
    pub base_unit: BaseUnit,
    /// What was mostly bought then.
    pub product_id: ProductId,
    /// When to remind.
    pub due_on: NaiveDate,
    /// When it runs out.
    pub expected_on: NaiveDate,
    /// Mean days between purchases.
    pub avg_gap_days: Option<i64>,
    /// What the dates rest on.
    pub basis: Basis,
    /// By the configured table, whether it rules or not.
    pub arithmetic: Arithmetic,
    /// By the learned rhythm, where there is one.
    pub learned: Option<LearnedArithmetic>,
    /// The learned chance, percent, that it is bought within seven days from today.
    pub chance_percent: Option<i64>,
    #[serde(skip)]
    last_value: Money,
}

/// An entry of the timeline.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Interaction {
    /// Entry id.
    pub id: i64,
    /// What it is about.
    pub kind: InteractionKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; null: the system or the customer.
    pub user_id: Option<UserId>,
    /// Of calls and messages.
    pub direction: Option<Direction>,
    /// Code, worded by the browser.
    pub summary: String,
    /// Free text.
    pub text: Option<String>,
    /// Parameters of the summary.
    #[schema(value_type = Object)]
    pub data: Json<Value>,
}

/// A change of agent or supervisor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it; null: the system.
    pub by_user_id: Option<UserId>,
    /// Agent before.
    pub from_agent_id: Option<UserId>,
    /// Agent after.
    pub to_agent_id: Option<UserId>,
    /// Supervisor before.
    pub from_supervisor_id: Option<UserId>,
    /// Supervisor after.
    pub to_supervisor_id: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
}

/// Everything about a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Customer360 {
    /// Profile and figures.
    pub customer: Customer,
    /// Days since the last counted order.
    pub days_since_last_order: Option<i64>,
    /// What they buy, the next reminder first.
    pub cycles: Vec<Cycle>,
    /// The last ten orders.
    pub recent_orders: Vec<Order>,
    /// The last ten calls.
    pub calls: Vec<Call>,
    /// The last ten call tasks.
    pub tasks: Vec<Task>,
    /// The last twenty entries of the timeline.
    pub timeline: Vec<Interaction>,
    /// What to know before saying hello.
    pub alerts: Vec<Alert>,
    /// Changes of agent, the latest first (ten).
    pub assignments: Vec<Assignment>,
    /// What to offer.
    pub recommendations: Vec<Recommendation>,
}

/// A customer's figures, rhythm, alerts and recommendations, without the history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intelligence {
    /// Profile and figures.
    pub customer: Customer,
    /// Days since the last counted order.
    pub days_since_last_order: Option<i64>,
    /// What they buy, the next reminder first.
    pub cycles: Vec<Cycle>,
    /// What to know before saying hello.
    pub alerts: Vec<Alert>,
    /// What to offer.
    pub recommendations: Vec<Recommendation>,
}

#[derive(sqlx::FromRow)]
struct CycleRow {
    #[sqlx(flatten)]
    pair: Pair,
    slug: String,
    name_bn: String,
    name_en: String,
    base_unit: BaseUnit,
    total_orders: i64,
    first_order_date: Option<NaiveDate>,
    last_order_date: Option<NaiveDate>,
}

/// A customer's cycles, the next reminder first.
pub async fn cycles(
    tx: &mut Tx,
    rules: &reorder::Rules,
    id: CustomerId,
    today: NaiveDate,
) -> Result<Vec<Cycle>, DbError> {
    let rows = cycle_rows(tx, id).await?;
    let stock = if rows.is_empty() { Stock::default() } else { stock::of(tx, &[id]).await? };
    Ok(cycles_of(rows, rules, &stock, today))
}

async fn cycle_rows(tx: &mut Tx, id: CustomerId) -> Result<Vec<CycleRow>, DbError> {
    tx.all(
        Sql::new(
            "SELECT r.customer_id, r.category_id, r.purchases, r.first_date, r.last_date,
                        r.last_qty, r.last_value, r.product_id, r.due_on, r.expected_on,
                        r.log_gaps, r.weight, r.repeats, r.exposure, r.total_qty,
                        k.slug, k.name_bn, k.name_en, k.base_unit,
                        c.total_orders, c.first_order_date, c.last_order_date
                 FROM reorder_pairs r
                 JOIN categories k ON k.id = r.category_id
                 JOIN customers c ON c.id = r.customer_id
                 WHERE r.customer_id = $1 ORDER BY r.due_on, r.category_id",
        )
        .bind(id),
    )
    .await
}

fn cycles_of(
    rows: Vec<CycleRow>,
    rules: &reorder::Rules,
    stock: &Stock,
    today: NaiveDate,
) -> Vec<Cycle> {
    let cycle = |r: CycleRow| {
        let pair = r.pair;
        let dates = rhythm(rules, &pair.bought(stock));
        let gaps = pair.purchases - 1;
        let chance = rules.learned.as_ref().and_then(|learned| {
            let visits = reorder::visits(r.total_orders, r.first_order_date, r.last_order_date)?;
            Some(learned.chance(learned.week_rate(&pair.awaited(), today)?, &visits, today))
        });
        Cycle {
            category_id: pair.category_id,
            category_slug: r.slug,
            name_bn: r.name_bn,
            name_en: r.name_en,
            purchases: pair.purchases,
            last_date: pair.last_date,
            last_qty: pair.last_qty,
            base_unit: r.base_unit,
            product_id: pair.product_id,
            due_on: pair.due_on,
            expected_on: pair.expected_on,
            avg_gap_days: (gaps > 0)
                .then(|| ((pair.last_date - pair.first_date).num_days() + gaps / 2) / gaps),
            basis: dates.basis,
            arithmetic: dates.arithmetic,
            learned: dates.learned,
            chance_percent: chance.map(|chance| (chance * 100.0).round() as i64),
            last_value: pair.last_value,
        }
    };
    rows.into_iter().map(cycle).collect()
}

/// What to offer a customer with these cycles.
pub fn recommendations(
    catalogue: &Catalogue,
    cycles: &[Cycle],
    today: NaiveDate,
) -> Vec<Recommendation> {
    let bought: Vec<Bought> = cycles
        .iter()
        .map(|c| Bought {
            category_id: c.category_id,
            product_id: c.product_id,
            last_date: c.last_date,
            last_value: c.last_value,
            due_on: c.due_on,
        })
        .collect();
    recommend(today, &bought, &catalogue.rules, &catalogue.offers)
}

/// The newest entry somebody made in a customer's timeline.
pub async fn latest_of(tx: &mut Tx, id: CustomerId, user: UserId) -> Result<Interaction, DbError> {
    tx.one(
        Sql::new(
            "SELECT id, kind, at, user_id, direction, summary, text, data
             FROM customer_interactions WHERE customer_id = $1 AND user_id = $2
             ORDER BY id DESC LIMIT 1",
        )
        .bind(id)
        .bind(user),
    )
    .await
}

/// The latest ten changes of the agent of the customer `$1`.
const ASSIGNMENTS: Part<'_> = Part {
    columns: &[
        "at",
        "by_user_id",
        "from_agent_id",
        "to_agent_id",
        "from_supervisor_id",
        "to_supervisor_id",
        "reason",
    ],
    select: "SELECT at, by_user_id, from_agent_id, to_agent_id, from_supervisor_id,
               to_supervisor_id, reason
             FROM customer_assignments WHERE customer_id = $1 ORDER BY at DESC, id DESC LIMIT 10",
};

/// The latest twenty entries of the timeline of the customer `$1`.
const TIMELINE: Part<'_> = Part {
    columns: &["id", "kind", "at", "user_id", "direction", "summary", "text", "{}data"],
    select: "SELECT id, kind, at, user_id, direction, summary, text, data
             FROM customer_interactions WHERE customer_id = $1 ORDER BY at DESC, id DESC LIMIT 20",
};

/// The oldest open complaint of the customer `$1`.
const COMPLAINT: Part<'_> = Part {
    columns: &["id"],
    select: "SELECT id FROM crm_call_tasks WHERE customer_id = $1 AND kind = 'complaint'
               AND status IN ('pending', 'in_progress') ORDER BY id LIMIT 1",
};

/// Figures, rhythm, alerts and recommendations of a customer in `scope`.
pub async fn intelligence(
    tx: &mut Tx,
    catalogue: &Catalogue,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
) -> Result<Option<Intelligence>, DbError> {
    let Some(customer) = customer(tx, scope, today, id).await? else {
        return Ok(None);
    };
    let cycles = cycles(tx, &catalogue.reorder, id, today).await?;
    let complaint = tx.optional_scalar(Sql::new(COMPLAINT.select).bind(id)).await?;
    Ok(Some(Intelligence {
        days_since_last_order: customer.last_order_date.map(|last| (today - last).num_days()),
        alerts: alerts(&customer, &cycles, complaint, today),
        recommendations: recommendations(catalogue, &cycles, today),
        customer,
        cycles,
    }))
}

/// Everything about a customer in `scope`.
pub async fn customer360(
    tx: &mut Tx,
    catalogue: &Catalogue,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
) -> Result<Option<Customer360>, DbError> {
    let Some(mut customer) = without_phones(tx, scope, today, id).await? else {
        return Ok(None);
    };
    let cycle_rows = cycle_rows(tx, id).await?;
    let ([orders, lines], [tasks, their_calls]) = (orders::LATEST, tasks::store::LATEST);
    let parts = [
        PHONES,
        stock::SAID,
        COMPLAINT,
        orders,
        lines,
        calls::view::LATEST,
        tasks,
        their_calls,
        TIMELINE,
        ASSIGNMENTS,
    ];
    let mut lists = tx.bundle(&parts, [id.into()]).await?;
    let phones: Vec<(PhoneNumber,)> = lists.list()?;
    customer.phones = phones.into_iter().map(|row| row.0).collect();
    let stock = stock::said(&mut lists)?;
    let complaint: Vec<(TaskId,)> = lists.list()?;
    let cycles = cycles_of(cycle_rows, &catalogue.reorder, &stock, today);
    Ok(Some(Customer360 {
        days_since_last_order: customer.last_order_date.map(|last| (today - last).num_days()),
        alerts: alerts(&customer, &cycles, complaint.first().map(|row| row.0), today),
        recommendations: recommendations(catalogue, &cycles, today),
        customer,
        cycles,
        recent_orders: orders::latest(&mut lists)?,
        calls: calls::view::latest(&mut lists)?,
        tasks: tasks::store::latest(&mut lists, &catalogue.names)?,
        timeline: lists.list()?,
        assignments: lists.list()?,
    }))
}
