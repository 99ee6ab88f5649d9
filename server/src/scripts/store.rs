//! The facts behind a task's script.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Both, Greeting, ScriptContext, ScriptKey, Situation, choose, talking_point_text};
use crate::auth::Scope;
use crate::clock::Clock;
use crate::db::{CategoryId, CustomerId, DbError, Money, ProductId, Sql, TaskId, Tx};
use crate::tasks::TaskKind;
use crate::tasks::points::Point;

/// A task with its customer, as far as a script speaks of them.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskFacts {
    /// Which task.
    pub id: TaskId,
    /// Why the customer is called.
    pub kind: String,
    /// Stored when the task was made.
    script_key: String,
    talking_points: Json<Vec<Point>>,
    recommended_products: Json<Vec<ProductId>>,
    offer_code: Option<String>,
    category_id: Option<CategoryId>,
    due_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    agent_name: Option<String>,
    /// Number to call.
    pub phone: String,
    /// `None`: an unknown number.
    pub customer_id: Option<CustomerId>,
    /// Customer's name.
    pub name: Option<String>,
    greeting: Option<String>,
    /// Of the customer, as are the following.
    pub purchase_stage: Option<String>,
    /// Worth.
    pub value_stage: Option<String>,
    /// Place in time.
    pub lifecycle_stage: Option<String>,
    /// Warmth.
    pub temperature: Option<String>,
    /// Card held.
    pub membership_level: Option<String>,
    /// Counted orders.
    pub total_orders: Option<i64>,
    /// Their sum.
    pub total_spend: Option<Money>,
    /// Their mean.
    pub avg_order_value: Option<Money>,
    /// Day of the last.
    pub last_order_date: Option<NaiveDate>,
}

/// The task, if it exists within `scope`: an agent's own, a team leader's agents' and coverage's.
pub async fn task(tx: &mut Tx, scope: Scope, id: TaskId) -> Result<Option<TaskFacts>, DbError> {
    let mut sql = Sql::new(
        "SELECT t.id, t.kind, t.script_key, t.talking_points, t.recommended_products, t.offer_code,
                t.category_id, t.due_at, t.created_at, t.phone, u.name AS agent_name,
                c.id AS customer_id, c.name, c.greeting, c.purchase_stage, c.value_stage,
                c.lifecycle_stage, c.temperature, c.membership_level, c.total_orders,
                c.total_spend, c.avg_order_value, c.last_order_date
         FROM crm_call_tasks t
         LEFT JOIN users u ON u.id = t.assigned_to
         LEFT JOIN customers c ON c.id = t.customer_id
         WHERE t.id = $1",
    )
    .bind(id);
    match scope {
        Scope::All => {}
        Scope::Agent(agent) => {
            sql.push(" AND t.assigned_to = ").push_bind(agent);
        }
        Scope::Lead(lead) => {
            sql.push(" AND (u.team_leader_id = ").push_bind(lead);
            sql.push(" OR c.assigned_supervisor_id = ").push_bind(lead).push(")");
        }
    }
    tx.optional(sql).await
}

#[derive(sqlx::FromRow)]
struct Bought {
    category_id: CategoryId,
    name_bn: String,
    name_en: String,
    base_unit: String,
    last_date: NaiveDate,
    last_qty: i64,
    expected_on: NaiveDate,
}

/// What the customer last bought of the task's category, else last of all.
async fn bought(tx: &mut Tx, task: &TaskFacts) -> Result<Option<Bought>, DbError> {
    let Some(customer) = task.customer_id else { return Ok(None) };
    tx.optional(
        Sql::new(
            "SELECT r.category_id, p.name_bn, p.name_en, c.base_unit, r.last_date, r.last_qty,
                    r.expected_on
             FROM reorder_pairs r
             JOIN products p ON p.id = r.product_id
             JOIN categories c ON c.id = r.category_id
             WHERE r.customer_id = $1
             ORDER BY CASE WHEN r.category_id = $2 THEN 0 ELSE 1 END, r.last_date DESC,
                      r.category_id
             LIMIT 1",
        )
        .bind(customer)
        .bind(task.category_id),
    )
    .await
}

/// A product to suggest on the call.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Suggested {
    /// Which product.
    pub id: ProductId,
    /// Its stock-keeping unit.
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Per pack.
    pub price: Money,
    category_id: CategoryId,
    /// Its category.
    pub category_slug: String,
    /// When the customer last bought of its category.
    pub last_date: Option<NaiveDate>,
    /// When that is to be reminded of.
    pub due_on: Option<NaiveDate>,
}

/// The products of `$ids` with what the customer has of their categories.
const SUGGESTED: &str = "SELECT p.id, p.sku, p.name_bn, p.name_en, p.price, p.category_id,
        c.slug AS category_slug, o.last_date, o.due_on
 FROM products p
 JOIN categories c ON c.id = p.category_id
 LEFT JOIN reorder_pairs o ON o.category_id = p.category_id AND o.customer_id = ";

/// What the task recommends; if it names nothing, what the rules say goes with the last purchase.
async fn suggested(
    tx: &mut Tx,
    task: &TaskFacts,
    bought: Option<CategoryId>,
) -> Result<Vec<Suggested>, DbError> {
    let wanted = &task.recommended_products.0;
    let mut sql = Sql::new(SUGGESTED);
    sql.push_bind(task.customer_id);
    if !wanted.is_empty() {
        sql.push(" WHERE p.active AND p.id IN ").push_list(wanted.iter().copied());
        let mut found: Vec<Suggested> = tx.all(sql).await?;
        found.sort_by_key(|product| wanted.iter().position(|id| *id == product.id));
        return Ok(found);
    }
    let Some(category) = bought else { return Ok(Vec::new()) };
    sql.push(
        " JOIN product_recommendation_rules r
            ON r.recommended_category_id = p.category_id AND r.active
          WHERE p.active AND o.customer_id IS NULL AND r.trigger_category_id = ",
    );
    sql.push_bind(category).push(" ORDER BY r.priority, r.id, p.id LIMIT 60");
    // One product of each category, three in all.
    let mut found: Vec<Suggested> = tx.all(sql).await?;
    let mut categories = Vec::new();
    found.retain(|product| {
        let new = !categories.contains(&product.category_id);
        categories.push(product.category_id);
        new
    });
    found.truncate(3);
    Ok(found)
}

impl TaskFacts {
    fn situation(&self) -> Situation<'_> {
        Situation {
            kind: &self.kind,
            purchase_stage: self.purchase_stage.as_deref().unwrap_or_default(),
            value_stage: self.value_stage.as_deref().unwrap_or_default(),
            lifecycle_stage: self.lifecycle_stage.as_deref().unwrap_or_default(),
            level: self.level(),
        }
    }

    /// The script stored with the task; a task without a known one is given the script of its kind.
    pub fn script_key(&self) -> ScriptKey {
        self.script_key.parse().unwrap_or_else(|()| choose(&self.situation()))
    }

    /// Days since the last counted order.
    pub fn days_since_last_order(&self, today: NaiveDate) -> Option<i64> {
        self.last_order_date.map(|date| (today - date).num_days())
    }

    /// The main reason, worded.
    pub fn reason_text(&self) -> Both {
        self.talking_points.first().map_or_else(
            || talking_point_text(&self.kind, &self.kind, &serde_json::Map::new()),
            |point| point.shown().text,
        )
    }

    /// A parameter of the talking point of this kind.
    fn param(&self, kind: TaskKind, name: &str) -> Option<&Value> {
        let point = self.talking_points.iter().find(|point| point.kind == kind)?;
        point.reason.params.get(name)
    }

    fn level(&self) -> Option<&str> {
        self.param(TaskKind::MembershipUpgrade, "level").and_then(Value::as_str)
    }

    fn offer(&self) -> Option<Both> {
        let offer = self
            .param(TaskKind::OfferFollowup, "offer")
            .or_else(|| self.param(TaskKind::Birthday, "offer"))?;
        match offer {
            Value::String(text) => Some(Both { bn: text.clone(), en: text.clone() }),
            other => serde_json::from_value(other.clone()).ok(),
        }
    }
}

/// Everything the script of a task can speak of, and the products to suggest.
pub async fn context(
    tx: &mut Tx,
    task: &TaskFacts,
    clock: &Clock,
) -> Result<(ScriptContext, Vec<Suggested>), DbError> {
    let today = clock.today();
    let bought = bought(tx, task).await?;
    let category = bought.as_ref().map(|b| b.category_id);
    let suggested = suggested(tx, task, category).await?;
    let related = suggested.iter().find(|product| Some(product.category_id) != category);
    // A lost customer is asked after, not reminded: what counts is the last order of all.
    let since_days = match task.script_key() {
        ScriptKey::WinBack => task.days_since_last_order(today),
        _ => bought.as_ref().map(|b| (today - b.last_date).num_days()),
    };
    let local = |at: DateTime<Utc>| at.with_timezone(&clock.zone()).time();
    let time = match task.kind.as_str() {
        "missed_call" => Some(local(task.created_at)),
        _ => task.due_at.map(local),
    };
    let context = ScriptContext {
        agent: task.agent_name.clone(),
        shop: None,
        name: task.name.clone(),
        greeting: task.greeting.as_deref().and_then(|word| word.parse::<Greeting>().ok()),
        respectful: task.situation().respectful(),
        quantity: bought.as_ref().and_then(|b| Some((b.last_qty, b.base_unit.parse().ok()?))),
        days: bought.as_ref().map(|b| (b.expected_on - b.last_date).num_days()),
        since_days,
        product: bought.map(|b| Both { bn: b.name_bn, en: b.name_en }),
        related: related.map(|p| Both { bn: p.name_bn.clone(), en: p.name_en.clone() }),
        offer: task.offer(),
        coupon: task.offer_code.clone(),
        level: task.level().map(ToOwned::to_owned),
        time,
        orders: task.total_orders,
        // The first is what the script itself is about.
        further: task.talking_points.iter().skip(1).map(|point| point.kind.to_string()).collect(),
    };
    Ok((context, suggested))
}
