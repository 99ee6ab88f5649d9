//! Customer 360: everything about one customer, each part one range read (SPEC §1.6).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::alerts::{Alert, alerts};
use super::catalogue::{self, Catalogue, Catalogues};
use super::read::{Customer, customer_and};
use super::recommend::{Bought, Recommendation, recommend};
use super::store::InteractionKind;
use crate::auth::Scope;
use crate::calls::view::Call;
use crate::calls::{self, Direction};
use crate::db::{
    Bundle, CategoryId, CustomerId, DbError, Part, ProductId, Sql, TaskId, Tx, UserId,
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

fn cycles(
    catalogue: &Catalogue,
    customer: &Customer,
    pairs: &[Pair],
    stock: &Stock,
    today: NaiveDate,
) -> Vec<Cycle> {
    let rules = &catalogue.reorder;
    let Customer { total_orders, first_order_date, last_order_date, .. } = *customer;
    let visits = reorder::visits(total_orders, first_order_date, last_order_date);
    let cycle = |pair: &Pair| {
        let category = catalogue.categories.get(&pair.category_id)?;
        let dates = rhythm(rules, &pair.bought(stock));
        let chance = rules.learned.as_ref().and_then(|learned| {
            let rate = learned.week_rate(&pair.awaited(), today)?;
            Some(learned.chance(rate, visits.as_ref()?, today))
        });
        Some(Cycle {
            category_id: pair.category_id,
            category_slug: category.slug.clone(),
            name_bn: category.name_bn.clone(),
            name_en: category.name_en.clone(),
            purchases: pair.purchases,
            last_date: pair.last_date,
            last_qty: pair.last_qty,
            base_unit: category.base_unit,
            product_id: pair.product_id,
            due_on: pair.due_on,
            expected_on: pair.expected_on,
            avg_gap_days: pair.mean_gap(),
            basis: dates.basis,
            arithmetic: dates.arithmetic,
            learned: dates.learned,
            chance_percent: chance.map(|chance| (chance * 100.0).round() as i64),
        })
    };
    pairs.iter().filter_map(cycle).collect()
}

/// What to offer a customer with these pairs.
pub fn recommendations(
    catalogue: &Catalogue,
    pairs: &[Pair],
    today: NaiveDate,
) -> Vec<Recommendation> {
    let bought: Vec<Bought> = pairs
        .iter()
        .map(|pair| Bought {
            category_id: pair.category_id,
            product_id: pair.product_id,
            last_date: pair.last_date,
            last_value: pair.last_value,
            due_on: pair.due_on,
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

/// What [`Intelligence`] is made of, beside the customer.
const INTELLIGENCE: [Part<'_>; 4] =
    [catalogue::VERSION, reorder::store::PAIRS, stock::SAID, COMPLAINT];

async fn intelligence_of(
    tx: &mut Tx,
    catalogues: &Catalogues,
    today: NaiveDate,
    customer: Customer,
    lists: &mut Bundle,
) -> Result<(Intelligence, Arc<Catalogue>), DbError> {
    let (version,): (i64,) = lists.one()?;
    let catalogue = catalogues.at(tx, version).await?;
    let pairs: Vec<Pair> = lists.list()?;
    let stock = stock::said(lists)?;
    let complaint: Vec<(TaskId,)> = lists.list()?;
    let cycles = cycles(&catalogue, &customer, &pairs, &stock, today);
    let intelligence = Intelligence {
        days_since_last_order: customer.last_order_date.map(|last| (today - last).num_days()),
        alerts: alerts(&customer, &cycles, complaint.first().map(|row| row.0), today),
        recommendations: recommendations(&catalogue, &pairs, today),
        customer,
        cycles,
    };
    Ok((intelligence, catalogue))
}

/// Figures, rhythm, alerts and recommendations of a customer in `scope`.
pub async fn intelligence(
    tx: &mut Tx,
    catalogues: &Catalogues,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
) -> Result<Option<Intelligence>, DbError> {
    let Some((customer, mut lists)) = customer_and(tx, scope, today, id, &INTELLIGENCE).await?
    else {
        return Ok(None);
    };
    let (found, _) = intelligence_of(tx, catalogues, today, customer, &mut lists).await?;
    Ok(Some(found))
}

/// Everything about a customer in `scope`.
pub async fn customer360(
    tx: &mut Tx,
    catalogues: &Catalogues,
    scope: Scope,
    today: NaiveDate,
    id: CustomerId,
) -> Result<Option<Customer360>, DbError> {
    let ([orders, lines], [tasks, their_calls]) = (orders::LATEST, tasks::store::LATEST);
    let history = [orders, lines, calls::view::LATEST, tasks, their_calls, TIMELINE, ASSIGNMENTS];
    let parts = [&INTELLIGENCE[..], &history].concat();
    let Some((customer, mut lists)) = customer_and(tx, scope, today, id, &parts).await? else {
        return Ok(None);
    };
    let (now, catalogue) = intelligence_of(tx, catalogues, today, customer, &mut lists).await?;
    Ok(Some(Customer360 {
        customer: now.customer,
        days_since_last_order: now.days_since_last_order,
        cycles: now.cycles,
        recent_orders: orders::latest(&mut lists, &catalogue.names)?,
        calls: calls::view::latest(&mut lists)?,
        tasks: tasks::store::latest(&mut lists, &catalogue.names)?,
        timeline: lists.list()?,
        alerts: now.alerts,
        assignments: lists.list()?,
        recommendations: now.recommendations,
    }))
}
