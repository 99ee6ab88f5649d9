//! The facts behind a task's script.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::render::without_pack;
use super::{
    BaseUnit, Both, Matter, ScriptContext, ScriptKey, Situation, choose, talking_point_text,
};
use crate::auth::Scope;
use crate::clock::Clock;
use crate::db::{CategoryId, CustomerId, DbError, Money, ProductId, Sql, TaskId, Tx};
use crate::reorder::{self, Pair};
use crate::tasks::points::Point;
use crate::tasks::{Outcome, TaskKind, TaskOrigin};

/// After so long the agreed hour has passed.
const GRACE: TimeDelta = TimeDelta::minutes(30);
/// An order that is placed now arrives within so many days.
const DELIVERY_DAYS: i64 = 2;

/// A task with its customer, as far as a script speaks of them.
#[derive(Debug, sqlx::FromRow)]
pub struct TaskFacts {
    /// Which task.
    pub id: TaskId,
    /// Why the customer is called.
    pub kind: TaskKind,
    origin: TaskOrigin,
    /// Of the call that made this one.
    parent_outcome: Option<Outcome>,
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
    salutation: Option<String>,
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
        "SELECT t.id, t.kind, t.origin, t.script_key, t.talking_points, t.recommended_products,
                t.offer_code, t.category_id, t.due_at, t.created_at, t.phone, u.name AS agent_name,
                p.outcome AS parent_outcome, c.id AS customer_id, c.name, c.greeting,
                c.salutation, c.purchase_stage, c.value_stage,
                c.lifecycle_stage, c.temperature, c.membership_level, c.total_orders,
                c.total_spend, c.avg_order_value, c.last_order_date
         FROM crm_call_tasks t
         LEFT JOIN users u ON u.id = t.assigned_to
         LEFT JOIN customers c ON c.id = t.customer_id
         LEFT JOIN crm_call_tasks p ON p.id = t.parent_task_id
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

/// A pair with the product mostly bought on its last day.
#[derive(sqlx::FromRow)]
struct Bought {
    #[sqlx(flatten)]
    pair: Pair,
    category_bn: String,
    category_en: String,
    base_unit: String,
    name_bn: String,
    name_en: String,
    /// Base units of one pack.
    pack_qty: i64,
    /// Base units of that product on the last day.
    product_qty: Option<i64>,
    /// Days on which that product was bought.
    product_days: i64,
}

/// What the customer last bought of the category the task is about, else last of all.
async fn bought(tx: &mut Tx, task: &TaskFacts) -> Result<Option<Bought>, DbError> {
    let Some(customer) = task.customer_id else { return Ok(None) };
    tx.optional(
        Sql::new(
            "SELECT r.*, p.name_bn, p.name_en, p.base_qty AS pack_qty, c.name_bn AS category_bn,
                    c.name_en AS category_en, c.base_unit,
                    (SELECT CAST(SUM(l.base_qty) AS BIGINT)
                     FROM orders o JOIN order_lines l ON l.order_id = o.id
                     WHERE o.customer_id = r.customer_id AND o.order_date = r.last_date
                       AND o.counted AND l.product_id = r.product_id) AS product_qty,
                    (SELECT COUNT(DISTINCT o.order_date)
                     FROM orders o JOIN order_lines l ON l.order_id = o.id
                     WHERE o.customer_id = r.customer_id AND o.counted
                       AND l.product_id = r.product_id) AS product_days
             FROM reorder_pairs r
             JOIN products p ON p.id = r.product_id
             JOIN categories c ON c.id = r.category_id
             WHERE r.customer_id = $1
             ORDER BY CASE WHEN r.category_id = $2 OR c.slug = $3 THEN 0 ELSE 1 END,
                      r.last_date DESC, r.last_value DESC, r.category_id
             LIMIT 1",
        )
        .bind(customer)
        .bind(task.category_id)
        .bind(task.trigger()),
    )
    .await
}

/// The categories that go with one.
async fn goes_with(tx: &mut Tx, category: Option<CategoryId>) -> Result<Vec<CategoryId>, DbError> {
    let sql = "SELECT recommended_category_id FROM product_recommendation_rules
               WHERE active AND trigger_category_id = $1";
    let found: Vec<(CategoryId,)> = tx.all(Sql::new(sql).bind(category)).await?;
    Ok(found.into_iter().map(|row| row.0).collect())
}

/// The smallest pack of the same product, where it is smaller than `than` base units.
async fn smaller_pack(
    tx: &mut Tx,
    category: CategoryId,
    name_bn: &str,
    than: i64,
) -> Result<Option<i64>, DbError> {
    let sql = "SELECT name_bn, base_qty FROM products WHERE active AND category_id = $1";
    let packs: Vec<(String, i64)> = tx.all(Sql::new(sql).bind(category)).await?;
    let same = without_pack(name_bn);
    let packs = packs.into_iter().filter(|(name, _)| without_pack(name) == same);
    Ok(packs.map(|(_, base)| base).filter(|base| (1..than).contains(base)).min())
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
    base_qty: i64,
    base_unit: String,
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
        p.base_qty, c.base_unit, c.slug AS category_slug, o.last_date, o.due_on
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
            kind: self.kind.as_str(),
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
            || {
                let kind = self.kind.as_str();
                talking_point_text(kind, kind, &serde_json::Map::new())
            },
            |point| point.shown().text,
        )
    }

    /// A parameter of the talking point of this kind.
    fn param(&self, kind: TaskKind, name: &str) -> Option<&Value> {
        let point = self.talking_points.iter().find(|point| point.kind == kind)?;
        point.reason.params.get(name)
    }

    /// Slug of the category whose purchase suggests another one.
    fn trigger(&self) -> Option<&str> {
        self.own_param("triggerSlug").and_then(Value::as_str)
    }

    /// A parameter of the main talking point.
    fn own_param(&self, name: &str) -> Option<&Value> {
        self.talking_points.first()?.reason.params.get(name)
    }

    fn level(&self) -> Option<&str> {
        self.param(TaskKind::MembershipUpgrade, "level").and_then(Value::as_str)
    }

    fn offer(&self) -> Option<Both> {
        let offer = self
            .param(TaskKind::OfferFollowup, "offer")
            .or_else(|| self.param(TaskKind::Birthday, "offer"))?;
        both(offer)
    }

    /// When the caller was missed, or the call was to be made, with the company days since.
    fn at(&self, clock: &Clock) -> Option<(i64, NaiveTime)> {
        let at = match self.kind {
            // A later try keeps the moment of the missed call itself.
            TaskKind::MissedCall => self
                .own_param("at")
                .and_then(Value::as_str)
                .and_then(|at| at.parse().ok())
                .or((self.origin == TaskOrigin::MissedCall).then_some(self.created_at))?,
            TaskKind::FollowUp if self.is_promised() && !self.is_retried() => self.due_at?,
            _ => return None,
        };
        let local = at.with_timezone(&clock.zone());
        Some(((clock.today() - local.date_naive()).num_days(), local.time()))
    }

    /// Whether the call was agreed with the customer, and not put on the queue by a colleague.
    fn is_promised(&self) -> bool {
        self.kind == TaskKind::FollowUp
            && self.origin != TaskOrigin::Manual
            && self.talking_points.first().is_some_and(|main| main.reason.code == "follow_up")
    }

    fn is_retried(&self) -> bool {
        self.parent_outcome == Some(Outcome::NoResponse)
    }

    /// What the further reasons speak of.
    fn further(&self) -> Vec<(String, Matter)> {
        // The first is what the script itself is about. Who had the call before is for the agent.
        let points = self.talking_points.iter().skip(1);
        let points = points.filter(|point| point.reason.code != "handed_over");
        let held = self.membership_level.as_deref();
        points.map(|point| (point.kind.to_string(), further(point, held))).collect()
    }
}

/// A text parameter in both languages.
fn both(value: &Value) -> Option<Both> {
    match value {
        Value::String(text) => Some(Both { bn: text.clone(), en: text.clone() }),
        other => serde_json::from_value(other.clone()).ok(),
    }
}

fn further(point: &Point, held: Option<&str>) -> Matter {
    let param = |name: &str| point.reason.params.get(name);
    let text = |name: &str| param(name).and_then(Value::as_str).map(str::to_owned);
    let is_promised = point.reason.code == "follow_up";
    Matter {
        product: param("product").and_then(both),
        related: param("related").and_then(both),
        offer: param("offer").and_then(both),
        coupon: text("coupon"),
        level: text("level").filter(|level| held == Some(level.as_str())),
        note: text("note").filter(|_| is_promised),
        is_promised,
        ..Matter::default()
    }
}

/// What is said of what was bought.
async fn of_purchase(
    tx: &mut Tx,
    task: &TaskFacts,
    bought: &Bought,
    today: NaiveDate,
) -> Result<Matter, DbError> {
    let pair = &bought.pair;
    let unit: Option<BaseUnit> = bought.base_unit.parse().ok();
    let mut matter = Matter {
        product: Some(Both { bn: bought.name_bn.clone(), en: bought.name_en.clone() }),
        quantity: bought.product_qty.zip(unit),
        category: Some(Both { bn: bought.category_bn.clone(), en: bought.category_en.clone() }),
        is_usual: bought.product_days > 1,
        since_days: Some((today - pair.last_date).num_days()),
        ..Matter::default()
    };
    if task.kind == TaskKind::Reminder {
        let spoken = reorder::spoken(&reorder::store::rules(tx).await?, pair);
        matter.every = spoken.every;
        // Of several products of a category nobody knows which is used up first.
        matter.lasts = spoken.lasts.filter(|_| bought.product_qty == Some(pair.last_qty));
        matter.is_ahead = (pair.expected_on - today).num_days() >= DELIVERY_DAYS;
    }
    Ok(matter)
}

/// What the task's own reason speaks of, and the products to suggest.
async fn matter(
    tx: &mut Tx,
    task: &TaskFacts,
    clock: &Clock,
) -> Result<(Matter, Vec<Suggested>), DbError> {
    let bought = bought(tx, task).await?;
    let category = bought.as_ref().map(|b| b.pair.category_id);
    let suggested = suggested(tx, task, category).await?;
    let mut matter = match (&bought, task.kind) {
        (
            Some(bought),
            TaskKind::Reminder
            | TaskKind::CrossSell
            | TaskKind::OfferFollowup
            | TaskKind::MissedCall
            | TaskKind::WinBack,
        ) => of_purchase(tx, task, bought, clock.today()).await?,
        // The other reasons speak of no purchase, at most of what they name themselves.
        _ => Matter { product: task.own_param("product").and_then(both), ..Matter::default() },
    };
    let wanted = task.own_param("relatedSlug").and_then(Value::as_str);
    let goes_with = goes_with(tx, category).await?;
    let related = suggested.iter().find(|product| match wanted {
        Some(slug) => product.category_slug == slug,
        None => goes_with.contains(&product.category_id),
    });
    if let Some(related) = related {
        let unit: Option<BaseUnit> = related.base_unit.parse().ok();
        matter.related = Some(Both { bn: related.name_bn.clone(), en: related.name_en.clone() });
        matter.related_pack = Some(related.base_qty).zip(unit);
    }
    let offered = match (task.kind, related, &bought) {
        (TaskKind::CrossSell, Some(p), _) => {
            Some((p.category_id, &p.name_bn, p.base_qty, &p.base_unit))
        }
        (TaskKind::Reminder, _, Some(b)) => {
            Some((b.pair.category_id, &b.name_bn, b.pack_qty, &b.base_unit))
        }
        _ => None,
    };
    if let Some((category, name, base, unit)) = offered {
        let smaller = smaller_pack(tx, category, name, base).await?;
        matter.small_pack = smaller.zip(unit.parse().ok());
    }
    let now = clock.now();
    matter.offer = task.offer();
    matter.coupon.clone_from(&task.offer_code);
    // An order that was cancelled since takes the level with it.
    let level = task.level().filter(|level| task.membership_level.as_deref() == Some(*level));
    matter.level = level.map(ToOwned::to_owned);
    matter.at = task.at(clock);
    matter.is_promised = task.is_promised();
    matter.note = task
        .own_param("note")
        .and_then(Value::as_str)
        .filter(|_| matter.is_promised)
        .map(ToOwned::to_owned);
    matter.is_retried = task.is_retried();
    matter.is_late = matter.is_promised
        && matter.at.is_some()
        && task.due_at.is_some_and(|due| due + GRACE < now);
    Ok((matter, suggested))
}

/// Everything the script of a task can speak of, and the products to suggest.
pub async fn context(
    tx: &mut Tx,
    task: &TaskFacts,
    clock: &Clock,
) -> Result<(ScriptContext, Vec<Suggested>), DbError> {
    let (matter, suggested) = matter(tx, task, clock).await?;
    let context = ScriptContext {
        agent: task.agent_name.clone(),
        shop: None,
        name: task.name.clone(),
        greeting: task.greeting.clone(),
        salutation: task.salutation.clone(),
        respectful: task.situation().respectful(),
        held: task.membership_level.clone(),
        orders: task.total_orders,
        silent_days: task.days_since_last_order(clock.today()),
        matter,
        further: task.further(),
    };
    Ok((context, suggested))
}
