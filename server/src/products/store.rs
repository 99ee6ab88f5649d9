//! The catalogue in the database.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BaseUnit, PackUnit};
use crate::db::{CategoryId, CustomerId, DbError, Money, ProductId, Sql, Tx};
use crate::reorder::Profile;

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Product id.
    pub id: ProductId,
    /// Stock-keeping unit.
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Its category.
    pub category_id: CategoryId,
    /// The category's stable name.
    pub category_slug: String,
    /// The category's Bangla name.
    pub category_name_bn: String,
    /// The category's English name.
    pub category_name_en: String,
    /// Amount in one pack, in `packUnit`.
    pub pack_size: f64,
    /// Unit of the pack.
    pub pack_unit: PackUnit,
    /// Amount in one pack, in the category's base unit.
    pub base_qty: i64,
    /// Poisha a pack.
    pub price: Money,
    /// On sale.
    pub active: bool,
}

const PRODUCT: &str = "SELECT p.id, p.sku, p.name_bn, p.name_en, p.category_id,
    c.slug AS category_slug, c.name_bn AS category_name_bn, c.name_en AS category_name_en,
    p.pack_size, p.pack_unit, p.base_qty, p.price, p.active
    FROM products p JOIN categories c ON c.id = p.category_id";

/// The whole catalogue, by category and name.
pub async fn products(
    tx: &mut Tx,
    category: Option<CategoryId>,
    active: Option<bool>,
) -> Result<Vec<Product>, DbError> {
    let mut sql = Sql::new(format!("{PRODUCT} WHERE TRUE"));
    if let Some(category) = category {
        sql.push(" AND p.category_id = ").push_bind(category);
    }
    if let Some(active) = active {
        sql.push(" AND p.active = ").push_bind(active);
    }
    sql.push(" ORDER BY p.category_id, p.name_en, p.id");
    tx.all(sql).await
}

/// One product.
pub async fn product(tx: &mut Tx, id: ProductId) -> Result<Option<Product>, DbError> {
    tx.optional(Sql::new(format!("{PRODUCT} WHERE p.id = $1")).bind(id)).await
}

/// The product with this stock-keeping unit.
pub async fn by_sku(tx: &mut Tx, sku: &str) -> Result<Option<ProductId>, DbError> {
    tx.optional_scalar(Sql::new("SELECT id FROM products WHERE sku = $1").bind(sku)).await
}

/// What people enter of a product.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Stock-keeping unit.
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Category.
    pub category_id: CategoryId,
    /// Amount in one pack.
    pub pack_size: f64,
    /// Its unit.
    pub pack_unit: PackUnit,
    /// The same in the category's base unit.
    pub base_qty: i64,
    /// Poisha a pack.
    pub price: Money,
    /// On sale.
    pub active: bool,
}

impl From<Product> for Entry {
    fn from(p: Product) -> Self {
        Self {
            sku: p.sku,
            name_bn: p.name_bn,
            name_en: p.name_en,
            category_id: p.category_id,
            pack_size: p.pack_size,
            pack_unit: p.pack_unit,
            base_qty: p.base_qty,
            price: p.price,
            active: p.active,
        }
    }
}

/// Adds a product; `None` if the stock-keeping unit is taken.
pub async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    entry: &Entry,
) -> Result<Option<ProductId>, DbError> {
    tx.optional_scalar(
        Sql::new(
            "INSERT INTO products (sku, name_bn, name_en, category_id, pack_size, pack_unit,
                                   base_qty, price, active, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
             ON CONFLICT (sku) DO NOTHING RETURNING id",
        )
        .bind(&entry.sku)
        .bind(&entry.name_bn)
        .bind(&entry.name_en)
        .bind(entry.category_id)
        .bind(entry.pack_size)
        .bind(entry.pack_unit)
        .bind(entry.base_qty)
        .bind(entry.price)
        .bind(entry.active)
        .bind(now),
    )
    .await
}

/// Replaces what people entered.
pub async fn update(
    tx: &mut Tx,
    now: DateTime<Utc>,
    id: ProductId,
    entry: &Entry,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE products SET sku = $1, name_bn = $2, name_en = $3, category_id = $4,
               pack_size = $5, pack_unit = $6, base_qty = $7, price = $8, active = $9,
               updated_at = $10 WHERE id = $11",
        )
        .bind(&entry.sku)
        .bind(&entry.name_bn)
        .bind(&entry.name_en)
        .bind(entry.category_id)
        .bind(entry.pack_size)
        .bind(entry.pack_unit)
        .bind(entry.base_qty)
        .bind(entry.price)
        .bind(entry.active)
        .bind(now)
        .bind(id),
    )
    .await?;
    Ok(())
}

/// Everybody who buys from a category.
pub async fn buyers(tx: &mut Tx, category: CategoryId) -> Result<Vec<CustomerId>, DbError> {
    let rows: Vec<(CustomerId,)> = tx
        .all(
            Sql::new("SELECT customer_id FROM reorder_pairs WHERE category_id = $1").bind(category),
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Category id.
    pub id: CategoryId,
    /// Stable name.
    pub slug: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
    /// Unit in which its quantities are compared.
    pub base_unit: BaseUnit,
}

/// Every category.
pub async fn categories(tx: &mut Tx) -> Result<Vec<Category>, DbError> {
    tx.all("SELECT id, slug, name_bn, name_en, base_unit FROM categories ORDER BY id").await
}

/// One category.
pub async fn category(tx: &mut Tx, id: CategoryId) -> Result<Option<Category>, DbError> {
    tx.optional(
        Sql::new("SELECT id, slug, name_bn, name_en, base_unit FROM categories WHERE id = $1")
            .bind(id),
    )
    .await
}

/// How long a pack lasts, of a category or a product.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct ConsumptionProfile {
    /// Profile id.
    pub id: i64,
    /// Of this category, or
    pub category_id: Option<CategoryId>,
    /// of this product, which wins over its category.
    pub product_id: Option<ProductId>,
    /// Days one typical pack lasts.
    pub avg_consumption_days: i64,
    /// Remind this many days before the end, or
    pub buffer_days: Option<i64>,
    /// this share of the consumption days, percent.
    pub buffer_pct: Option<i64>,
    /// Consumption days are never below.
    pub min_days: i64,
    /// Nor above.
    pub max_days: i64,
    /// The typical pack, base units; 0: quantity does not matter.
    pub typical_base_qty: i64,
}

impl ConsumptionProfile {
    /// As dates are made from it.
    pub fn profile(&self) -> Profile {
        Profile {
            avg_consumption_days: self.avg_consumption_days,
            buffer_days: self.buffer_days,
            buffer_pct: self.buffer_pct,
            min_days: self.min_days,
            max_days: self.max_days,
            typical_base_qty: self.typical_base_qty,
        }
    }
}

const PROFILE: &str = "SELECT id, category_id, product_id, avg_consumption_days, buffer_days,
    buffer_pct, min_days, max_days, typical_base_qty FROM consumption_profiles";

/// Every profile.
pub async fn consumption_profiles(tx: &mut Tx) -> Result<Vec<ConsumptionProfile>, DbError> {
    tx.all(format!("{PROFILE} ORDER BY category_id, product_id, id").as_str()).await
}

/// One profile.
pub async fn consumption_profile(
    tx: &mut Tx,
    id: i64,
) -> Result<Option<ConsumptionProfile>, DbError> {
    tx.optional(Sql::new(format!("{PROFILE} WHERE id = $1")).bind(id)).await
}

/// Replaces a profile's numbers.
pub async fn update_profile(
    tx: &mut Tx,
    now: DateTime<Utc>,
    profile: &ConsumptionProfile,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE consumption_profiles SET avg_consumption_days = $1, buffer_days = $2,
               buffer_pct = $3, min_days = $4, max_days = $5, typical_base_qty = $6,
               updated_at = $7 WHERE id = $8",
        )
        .bind(profile.avg_consumption_days)
        .bind(profile.buffer_days)
        .bind(profile.buffer_pct)
        .bind(profile.min_days)
        .bind(profile.max_days)
        .bind(profile.typical_base_qty)
        .bind(now)
        .bind(profile.id),
    )
    .await?;
    Ok(())
}

/// Counts anew who buys what, by which the popular is found. One pass over the pairs.
pub async fn count_buyers(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute(
        "WITH counted AS MATERIALIZED
           (SELECT product_id, COUNT(*) AS buyers FROM reorder_pairs GROUP BY product_id),
         now AS
           (SELECT p.id, COALESCE(c.buyers, 0) AS buyers
            FROM products p LEFT JOIN counted c ON c.product_id = p.id)
         UPDATE products SET buyers = now.buyers FROM now
         WHERE now.id = products.id AND products.buyers <> now.buyers",
    )
    .await?;
    Ok(())
}
