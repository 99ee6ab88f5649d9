//! Names for what the reasons are about, the words of the reasons, and which comes first.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::candidates::{Found, before};
use super::sources::Source;
use crate::db::{CategoryId, CustomerId, DbError, ProductId, Sql, Tx, packed};
use crate::reorder::{self, Pair, Rules};
use crate::tasks::TaskKind;
use crate::tasks::plan::Motive;
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

/// A pair that is due.
struct Due {
    pair: Pair,
    /// Base units of the product that was mostly bought on the last day.
    product_qty: Option<i64>,
}

/// What is needed to word the reasons of the customers chosen.
pub(super) struct Catalogue {
    day: NaiveDate,
    categories: HashMap<CategoryId, Category>,
    products: HashMap<ProductId, (String, String)>,
    /// What to offer of a category: the customer has no history with it.
    first_product: HashMap<CategoryId, ProductId>,
    /// What goes with a category.
    related: HashMap<CategoryId, CategoryId>,
    pairs: HashMap<(CustomerId, CategoryId), Due>,
    /// What dates are made from.
    dating: Rules,
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
            let of_chunk = |text: &str| {
                let mut sql = Sql::new(text).bind(after).bind(day);
                sql.push(" AND r.customer_id").push_ids(chunk.iter().copied());
                sql
            };
            let sql = of_chunk("FROM reorder_pairs r WHERE r.due_on > $1 AND r.due_on <= $2");
            for pair in reorder::store::many(tx, sql).await? {
                let key = (pair.customer_id, pair.category_id);
                pairs.insert(key, Due { pair, product_qty: None });
            }
            let sql = of_chunk(
                "FROM reorder_pairs r
                 JOIN orders o ON o.customer_id = r.customer_id AND o.order_date = r.last_date
                              AND o.counted
                 JOIN order_lines l ON l.order_id = o.id AND l.product_id = r.product_id
                 WHERE r.due_on > $1 AND r.due_on <= $2",
            );
            let lines: Vec<(CustomerId, CategoryId, i64)> =
                tx.packed("r.customer_id, r.category_id, l.base_qty", sql).await?;
            for (customer, category, base) in lines {
                if let Some(due) = pairs.get_mut(&(customer, category)) {
                    *due.product_qty.get_or_insert(0) += base;
                }
            }
        }
        let dating = reorder::store::rules(tx).await?;
        Ok(Self {
            day,
            categories: categories.into_iter().map(|c| (c.id, c)).collect(),
            products: products.into_iter().map(|(id, bn, en)| (id, (bn, en))).collect(),
            first_product: first.into_iter().collect(),
            related: rules.into_iter().collect(),
            pairs,
            dating,
        })
    }

    /// The motives of a customer, parallel to the sources, in the order in which they are spoken of: the
    /// kind of `main` first, and of several reminders the one whose purchase is worth most, by its
    /// chance and what was spent on it last time.
    pub(super) fn order(&self, found: &Found, motives: &[Motive], main: usize) -> Vec<usize> {
        let kind_of = |at: usize| motives[at].kind;
        let worth = |at: usize| match found.sources[at] {
            Source::Reminder { category, .. } => {
                let due = self.pairs.get(&(found.customer.id, category));
                motives[at].urgency * due.map_or(0.0, |due| due.pair.last_value.0 as f64)
            }
            _ => 0.0,
        };
        let (mut reminders, mut others): (Vec<usize>, Vec<usize>) =
            (0..motives.len()).partition(|&at| kind_of(at) == TaskKind::Reminder);
        reminders.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)));
        // Stable: the rest stays in the order of its urgency.
        others.sort_by_key(|&at| kind_of(at) != kind_of(main));
        if kind_of(main) == TaskKind::Reminder {
            reminders.into_iter().chain(others).collect()
        } else {
            others.into_iter().chain(reminders).collect()
        }
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

    fn reminder(&self, due: &Due, percent: Option<u8>) -> Option<Value> {
        let pair = &due.pair;
        let category = self.categories.get(&pair.category_id)?;
        let (bn, en) = self.products.get(&pair.product_id)?;
        let mut params = json!({
            "categoryId": category.id, "categorySlug": category.slug, "productId": pair.product_id,
            "product": {"bn": bn, "en": en},
            "category": {"bn": category.name_bn, "en": category.name_en}, "unit": category.base_unit,
            "sinceDays": (self.day - pair.last_date).num_days(),
            "dueOn": pair.due_on,
        });
        if let Some(quantity) = due.product_qty {
            params["quantity"] = quantity.into();
        }
        let spoken = reorder::spoken(&self.dating, pair);
        if let Some(every) = spoken.every {
            params["every"] = every.into();
            params["purchases"] = pair.purchases.into();
        }
        // Of several products of a category nobody knows which is used up first.
        if let Some(lasts) = spoken.lasts
            && due.product_qty == Some(pair.last_qty)
        {
            params["lasts"] = lasts.into();
        }
        if let Some(percent) = percent {
            params["chancePercent"] = percent.into();
        }
        Some(params)
    }

    /// What to recommend on the call: what runs out, what goes with it.
    pub(super) fn recommended(&self, found: &Found, order: &[usize]) -> Vec<ProductId> {
        let mut products = Vec::new();
        let mut add = |product: Option<ProductId>| {
            if let Some(product) = product
                && !products.contains(&product)
                && products.len() < 4
            {
                products.push(product);
            }
        };
        for source in order.iter().filter_map(|at| found.sources.get(*at)) {
            match source {
                Source::Reminder { category, .. } => {
                    let due = self.pairs.get(&(found.customer.id, *category));
                    add(due.map(|due| due.pair.product_id));
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
