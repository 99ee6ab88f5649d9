//! Products.

use std::collections::{HashMap, HashSet};

use super::{Item, LIST, Outcome, World, distinct};
use crate::db::{Arg, CategoryId, DbError, Insert, Money, ProductId, Sql, Tx};
use crate::imports::record::ProductRecord;
use crate::products::{BaseUnit, PackUnit, base_qty};
use crate::text::key;

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
struct Product {
    id: ProductId,
    sku: String,
    name_bn: String,
    name_en: String,
    category_id: CategoryId,
    pack_size: f64,
    pack_unit: PackUnit,
    base_qty: i64,
    price: Money,
    active: bool,
    external_id: Option<String>,
}

#[derive(Clone, Copy)]
struct Category {
    id: CategoryId,
    base_unit: BaseUnit,
}

/// Categories by everything a product file may call them.
#[expect(clippy::struct_field_names, reason = "each map is named after its key")]
struct Categories {
    by_external_id: HashMap<String, Category>,
    by_name: HashMap<String, Category>,
    by_id: HashMap<CategoryId, Category>,
}

async fn categories(tx: &mut Tx) -> Result<Categories, DbError> {
    let rows: Vec<(CategoryId, String, String, String, BaseUnit, Option<String>)> = tx
        .all(
            "SELECT id, slug, name_bn, name_en, base_unit, external_id FROM categories ORDER BY id",
        )
        .await?;
    let mut found = Categories {
        by_external_id: HashMap::new(),
        by_name: HashMap::new(),
        by_id: HashMap::new(),
    };
    for (id, slug, name_bn, name_en, base_unit, external_id) in rows {
        let category = Category { id, base_unit };
        found.by_id.insert(id, category);
        found.by_name.insert(key(&slug), category);
        for name in [name_bn, name_en] {
            found.by_name.entry(key(&name)).or_insert(category);
        }
        if let Some(external_id) = external_id {
            found.by_external_id.insert(external_id, category);
        }
    }
    Ok(found)
}

impl Categories {
    fn find(&self, record: &ProductRecord) -> Option<Category> {
        match &record.category_id {
            Some(id) => self.by_external_id.get(id).copied(),
            None => record.category.iter().find_map(|name| {
                self.by_name
                    .get(&key(name))
                    .or_else(|| self.by_name.get(&key(&crate::imports::text::slug(name))))
                    .copied()
            }),
        }
    }
}

pub(super) async fn apply(
    tx: &mut Tx,
    world: &World,
    items: &[Item<ProductRecord>],
) -> Result<Outcome, DbError> {
    let categories = categories(tx).await?;
    let mut outcome = Outcome::default();
    let mut offset = 0;
    let keys = |record: &ProductRecord| {
        let id = record.external_id.iter().map(|id| format!("id:{id}"));
        std::iter::once(record.sku.clone()).chain(id).collect()
    };
    for stretch in distinct(items, keys) {
        outcome.add(apply_distinct(tx, world, &categories, stretch).await?, offset);
        offset += stretch.len();
    }
    Ok(outcome)
}

async fn existing(tx: &mut Tx, items: &[Item<ProductRecord>]) -> Result<Vec<Product>, DbError> {
    let mut found: Vec<Product> = Vec::new();
    for part in items.chunks(LIST / 2) {
        let mut sql = Sql::new(
            "SELECT id, sku, name_bn, name_en, category_id, pack_size, pack_unit, base_qty, price,
                    active, external_id FROM products WHERE sku IN ",
        );
        sql.push_list(part.iter().map(|item| item.record.sku.as_str()));
        sql.push(" OR external_id IN ");
        sql.push_list(part.iter().filter_map(|item| item.record.external_id.as_deref()));
        found.extend(tx.all::<Product>(sql).await?);
    }
    Ok(found)
}

async fn apply_distinct(
    tx: &mut Tx,
    world: &World,
    categories: &Categories,
    items: &[Item<ProductRecord>],
) -> Result<Outcome, DbError> {
    let mut outcome = Outcome::default();
    let existing = existing(tx, items).await?;
    let by_sku: HashMap<&str, &Product> = existing.iter().map(|p| (p.sku.as_str(), p)).collect();
    let by_external: HashMap<&str, &Product> =
        existing.iter().filter_map(|p| Some((p.external_id.as_deref()?, p))).collect();
    let mut created: Vec<Product> = Vec::new();
    let mut moved: Vec<ProductId> = Vec::new();
    let mut seen: HashSet<ProductId> = HashSet::new();
    for (at, item) in items.iter().enumerate() {
        let record = &item.record;
        let same_sku = by_sku.get(record.sku.as_str()).copied();
        let same_id =
            record.external_id.as_ref().and_then(|id| by_external.get(id.as_str()).copied());
        if let (Some(a), Some(b)) = (same_sku, same_id)
            && a.id != b.id
        {
            let reason = "Another product has this SKU.";
            outcome.reject(at, "sku", "sku_taken", reason, Some(&record.sku));
            continue;
        }
        let old = same_id.or(same_sku);
        if old.is_some_and(|old| !seen.insert(old.id)) {
            let reason = "Another row speaks of the same product; import this one afterwards.";
            outcome.reject(at, "sku", "duplicate_row", reason, Some(&record.sku));
            continue;
        }
        let Some(category) = categories.find(record) else {
            let value =
                record.category_id.as_deref().or(record.category.first().map(String::as_str));
            let reason = "There is no such category; import the categories first.";
            outcome.reject(at, "category", "unknown_category", reason, value);
            continue;
        };
        match merged(record, category, old, categories) {
            Err((code, reason)) => outcome.reject(at, "pack", code, reason, None),
            Ok(product) if old == Some(&product) => outcome.unchanged += 1,
            Ok(product) if old.is_some() => {
                outcome.updated += 1;
                if old.is_some_and(|old| old.category_id != product.category_id) {
                    moved.push(product.id);
                }
                if world.write {
                    update(tx, world, &product).await?;
                }
            }
            Ok(product) => {
                outcome.created += 1;
                created.push(product);
            }
        }
    }
    if world.write {
        insert(tx, world, created).await?;
        touch_buyers(tx, world, moved).await?;
    }
    Ok(outcome)
}

fn merged(
    record: &ProductRecord,
    category: Category,
    old: Option<&Product>,
    categories: &Categories,
) -> Result<Product, (&'static str, &'static str)> {
    let kept = old
        .filter(|old| {
            let was = categories.by_id.get(&old.category_id);
            was.is_some_and(|was| was.base_unit == category.base_unit)
        })
        .map(|old| (old.pack_size, old.pack_unit));
    let piece = (category.base_unit == BaseUnit::Piece).then_some((1.0, PackUnit::Piece));
    let (size, unit) = record
        .pack
        .or(kept)
        .or(piece)
        .ok_or(("pack_required", "Nothing says how much is in a pack: give `pack`, e.g. 5kg."))?;
    let base_qty = base_qty(size, unit, category.base_unit)
        .ok_or(("invalid_pack", "The pack cannot be compared with the category's base unit."))?;
    let name = |own: &Option<String>, other: &Option<String>, old: Option<&String>| {
        own.clone()
            .or_else(|| old.cloned())
            .or_else(|| other.clone())
            .unwrap_or_else(|| record.sku.clone())
    };
    Ok(Product {
        id: old.map_or(ProductId(0), |old| old.id),
        sku: record.sku.clone(),
        name_bn: name(&record.name_bn, &record.name_en, old.map(|old| &old.name_bn)),
        name_en: name(&record.name_en, &record.name_bn, old.map(|old| &old.name_en)),
        category_id: category.id,
        pack_size: size,
        pack_unit: unit,
        base_qty,
        price: record.price,
        active: record.active.or(old.map(|old| old.active)).unwrap_or(true),
        external_id: record.external_id.clone().or_else(|| old?.external_id.clone()),
    })
}

async fn update(tx: &mut Tx, world: &World, product: &Product) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE products SET sku = $1, name_bn = $2, name_en = $3, category_id = $4,
               pack_size = $5, pack_unit = $6, base_qty = $7, price = $8, active = $9,
               external_id = $10, updated_at = $11 WHERE id = $12",
        )
        .bind(&product.sku)
        .bind(&product.name_bn)
        .bind(&product.name_en)
        .bind(product.category_id)
        .bind(product.pack_size)
        .bind(product.pack_unit)
        .bind(product.base_qty)
        .bind(product.price)
        .bind(product.active)
        .bind(product.external_id.as_deref())
        .bind(world.now)
        .bind(product.id),
    )
    .await?;
    Ok(())
}

async fn insert(tx: &mut Tx, world: &World, products: Vec<Product>) -> Result<(), DbError> {
    let mut insert = Insert::new(
        "products",
        &[
            "sku",
            "name_bn",
            "name_en",
            "category_id",
            "pack_size",
            "pack_unit",
            "base_qty",
            "price",
            "active",
            "external_id",
            "created_at",
            "updated_at",
        ],
        "",
    );
    for product in products {
        insert.row([
            product.sku.into(),
            product.name_bn.into(),
            product.name_en.into(),
            product.category_id.into(),
            product.pack_size.into(),
            product.pack_unit.into(),
            product.base_qty.into(),
            product.price.into(),
            product.active.into(),
            Arg::Text(product.external_id),
            world.now.into(),
            world.now.into(),
        ]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// A product in another category moves its buyers' rhythm there.
async fn touch_buyers(tx: &mut Tx, world: &World, moved: Vec<ProductId>) -> Result<(), DbError> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        "INSERT INTO import_touched (import_id, customer_id)
         SELECT DISTINCT CAST($1 AS BIGINT), o.customer_id
         FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.product_id IN ",
    )
    .bind(world.import);
    sql.push_list(moved).push(" ON CONFLICT DO NOTHING");
    tx.execute(sql).await?;
    Ok(())
}
