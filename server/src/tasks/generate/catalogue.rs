//! Names for what the reasons are about, and the words of the reasons.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::candidates::{Found, before};
use super::sources::Source;
use crate::db::{CategoryId, CustomerId, DbError, ProductId, Sql, Tx, packed};
use crate::tasks::TaskKind;
use crate::tasks::points::{Point, Reason};
use crate::tasks::settings::PlanSettings;

#[derive(sqlx::FromRow)]
struct Category {
    id: CategoryId,
    slug: String,
    name_bn: String,
    name_en: String,
    base_unit: String,
}

/// A pair that is due, as the agent is told of it.
#[derive(Clone, Copy, Debug, sqlx::FromRow, serde::Deserialize)]
struct Pair {
    customer_id: CustomerId,
    category_id: CategoryId,
    product_id: ProductId,
    purchases: i64,
    last_date: NaiveDate,
    last_qty: i64,
    due_on: NaiveDate,
    expected_on: NaiveDate,
}

const PAIR: &str = "customer_id, category_id, product_id, purchases, last_date, last_qty, due_on,
    expected_on";

/// What is needed to word the reasons of the customers chosen.
pub(super) struct Catalogue {
    day: NaiveDate,
    categories: HashMap<CategoryId, Category>,
    products: HashMap<ProductId, (String, String)>,
    /// What to offer of a category: the customer has no history with it.
    first_product: HashMap<CategoryId, ProductId>,
    /// What goes with a category.
    related: HashMap<CategoryId, CategoryId>,
    pairs: HashMap<(CustomerId, CategoryId), Pair>,
}

impl Catalogue {
    /// Reads the catalogue and the due pairs of `who`, as they are in this transaction.
    pub(super) async fn read(
        tx: &mut Tx,
        day: NaiveDate,
        settings: &PlanSettings,
        who: &[CustomerId],
    ) -> Result<Self, DbError> {
        let categories: Vec<Category> =
            tx.all("SELECT id, slug, name_bn, name_en, base_unit FROM categories").await?;
        let products: Vec<(ProductId, String, String)> =
            tx.all("SELECT id, name_bn, name_en FROM products").await?;
        let first: Vec<(CategoryId, ProductId)> = tx
            .all("SELECT category_id, MIN(id) FROM products WHERE active GROUP BY category_id")
            .await?;
        let rules: Vec<(CategoryId, CategoryId)> = tx
            .all(
                "SELECT trigger_category_id, recommended_category_id
                 FROM product_recommendation_rules WHERE active ORDER BY priority DESC, id DESC",
            )
            .await?;
        let mut pairs = HashMap::new();
        let after = before(day, settings.reminder_window_days.into());
        for chunk in who.chunks(packed::CHUNK) {
            let sql = Sql::new("FROM reorder_pairs WHERE due_on > $1 AND due_on <= $2");
            let mut sql = sql.bind(after).bind(day);
            sql.push(" AND customer_id").push_ids(chunk.iter().copied());
            for pair in tx.packed::<Pair>(PAIR, sql).await? {
                pairs.insert((pair.customer_id, pair.category_id), pair);
            }
        }
        Ok(Self {
            day,
            categories: categories.into_iter().map(|c| (c.id, c)).collect(),
            products: products.into_iter().map(|(id, bn, en)| (id, (bn, en))).collect(),
            first_product: first.into_iter().collect(),
            related: rules.into_iter().collect(),
            pairs,
        })
    }

    /// The points of a customer, in the order of the motives; `None` where the reason is gone.
    pub(super) fn points(&self, found: &Found) -> Vec<Option<Point>> {
        let customer = found.customer.id;
        found.sources.iter().map(|source| self.point(customer, *source)).collect()
    }

    fn point(&self, customer: CustomerId, source: Source) -> Option<Point> {
        let (kind, code, params) = match source {
            Source::Reminder { category, percent } => {
                let pair = self.pairs.get(&(customer, category))?;
                (TaskKind::Reminder, "reorder_due", self.reminder(pair, percent)?)
            }
            Source::CrossSell { trigger, recommended } => {
                let (from, to) =
                    (self.categories.get(&trigger)?, self.categories.get(&recommended)?);
                let params = json!({
                    "trigger": {"bn": from.name_bn, "en": from.name_en}, "triggerSlug": from.slug,
                    "related": {"bn": to.name_bn, "en": to.name_en}, "relatedSlug": to.slug,
                });
                (TaskKind::CrossSell, "cross_sell", params)
            }
            Source::Birthday => (TaskKind::Birthday, "birthday", json!({})),
            Source::Membership(level) => {
                (TaskKind::MembershipUpgrade, "membership_upgrade", json!({"level": level}))
            }
            Source::WinBack(days) => (TaskKind::WinBack, "win_back", json!({"days": days})),
        };
        let params = match params {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        Some(Point::new(kind, Reason { code: code.to_owned(), params }))
    }

    fn reminder(&self, pair: &Pair, percent: Option<u8>) -> Option<Value> {
        let category = self.categories.get(&pair.category_id)?;
        let (bn, en) = self.products.get(&pair.product_id)?;
        let mut params = json!({
            "categoryId": category.id, "categorySlug": category.slug, "productId": pair.product_id,
            "product": {"bn": bn, "en": en},
            "quantity": pair.last_qty, "unit": category.base_unit,
            "days": (pair.expected_on - pair.last_date).num_days(),
            "sinceDays": (self.day - pair.last_date).num_days(),
            "dueOn": pair.due_on,
        });
        // The learned rhythm: how often, and how likely now.
        if let Some(percent) = percent {
            if pair.purchases > 1 {
                params["purchases"] = pair.purchases.into();
            }
            params["chancePercent"] = percent.into();
        }
        Some(params)
    }

    /// What to recommend on the call: what runs out, what goes with it.
    pub(super) fn recommended(&self, found: &Found) -> Vec<ProductId> {
        let mut products = Vec::new();
        let mut add = |product: Option<ProductId>| {
            if let Some(product) = product
                && !products.contains(&product)
                && products.len() < 4
            {
                products.push(product);
            }
        };
        for source in &found.sources {
            match source {
                Source::Reminder { category, .. } => {
                    let pair = self.pairs.get(&(found.customer.id, *category));
                    add(pair.map(|pair| pair.product_id));
                    let related = self.related.get(category);
                    add(related.and_then(|related| self.first_product.get(related)).copied());
                }
                Source::CrossSell { recommended, .. } => {
                    add(self.first_product.get(recommended).copied());
                }
                Source::Birthday | Source::Membership(_) | Source::WinBack(_) => {}
            }
        }
        products
    }
}
