//! Records into the database: look up what is there, decide, write. A dry run only decides.

mod categories;
mod customers;
mod orders;
mod products;
pub(super) mod reminders;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;

use super::read::{Item, Records};
use super::record::{Catalogue, CatalogueProduct, RowError};
use crate::db::{
    Arg, CategoryId, CustomerId, DbError, ImportId, Insert, Money, ProductId, Sql, Tx, UserId,
};

/// Values in one `IN (…)`.
const LIST: usize = 4_000;

/// What applying needs to know beside the records.
#[derive(Clone, Debug)]
pub struct World {
    /// The import.
    pub import: ImportId,
    /// Now.
    pub now: DateTime<Utc>,
    /// The company's day.
    pub today: NaiveDate,
    /// The `source` of orders and new customers.
    pub source: String,
    /// The shop's name, where one is given.
    pub shop: Option<String>,
    /// The team leader whose pool new customers belong to.
    pub supervisor: Option<UserId>,
    /// Write, or only decide.
    pub write: bool,
}

/// What became of a chunk's records.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Made.
    pub created: i64,
    /// Changed.
    pub updated: i64,
    /// So already.
    pub unchanged: i64,
    /// Index of the record and why it is not taken.
    pub rejected: Vec<(usize, RowError)>,
    /// Index of the record that is taken and what a person should know of it.
    pub warnings: Vec<(usize, RowError)>,
}

impl Outcome {
    fn add(&mut self, other: Self, offset: usize) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected.extend(other.rejected.into_iter().map(|(at, error)| (at + offset, error)));
        self.warnings.extend(other.warnings.into_iter().map(|(at, said)| (at + offset, said)));
    }

    /// Says something about a record that is taken.
    #[expect(dead_code, reason = "no rule of the database warns yet")]
    fn warn(
        &mut self,
        at: usize,
        column: &'static str,
        code: &'static str,
        reason: impl Into<String>,
        value: Option<&str>,
    ) {
        self.warnings.push((at, finding(column, code, reason, value)));
    }

    fn reject(
        &mut self,
        at: usize,
        column: &'static str,
        code: &'static str,
        reason: impl Into<String>,
        value: Option<&str>,
    ) {
        self.rejected.push((at, finding(column, code, reason, value)));
    }
}

fn finding(
    column: &'static str,
    code: &'static str,
    reason: impl Into<String>,
    value: Option<&str>,
) -> RowError {
    RowError {
        column: Some(column.to_owned()),
        code,
        reason: reason.into(),
        value: value.map(|v| super::text::cut(v, 200)),
    }
}

/// Applies a chunk.
pub async fn apply(tx: &mut Tx, world: &World, records: &Records) -> Result<Outcome, DbError> {
    match records {
        Records::Categories(items) => categories::apply(tx, world, items).await,
        Records::Products(items) => products::apply(tx, world, items).await,
        Records::Customers(items) => customers::apply(tx, world, items).await,
        Records::Orders(items) => orders::apply(tx, world, items).await,
    }
}

/// Stretches of items in which no key stands twice: what one look-up and one statement may handle.
fn distinct<T>(items: &[Item<T>], keys: impl Fn(&T) -> Vec<String>) -> Vec<&[Item<T>]> {
    let mut stretches = Vec::new();
    let (mut begin, mut seen) = (0, HashSet::new());
    for (at, item) in items.iter().enumerate() {
        let keys = keys(&item.record);
        if keys.iter().any(|key| seen.contains(key)) {
            stretches.push(&items[begin..at]);
            begin = at;
            seen.clear();
        }
        seen.extend(keys);
    }
    stretches.push(&items[begin..]);
    stretches
}

/// `key` and id of the rows of `table` with one of these keys.
async fn ids<I>(
    tx: &mut Tx,
    key: &str,
    id: &str,
    table: &str,
    keys: &[&str],
) -> Result<HashMap<String, I>, DbError>
where
    (String, I): crate::db::Row + DeserializeOwned,
{
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new(format!("FROM {table} WHERE {key}"));
    sql.push_texts(keys.iter().copied());
    let found: Vec<(String, I)> = tx.packed(&format!("{key}, {id}"), sql).await?;
    Ok(found.into_iter().collect())
}

/// Remembers customers whose figures must be recomputed, in the transaction that made it so: a crash
/// cannot lose them.
async fn touch(
    tx: &mut Tx,
    import: ImportId,
    customers: HashSet<CustomerId>,
) -> Result<(), DbError> {
    let mut distinct: Vec<CustomerId> = customers.into_iter().collect();
    distinct.sort_unstable();
    let mut insert =
        Insert::new("import_touched", &["import_id", "customer_id"], "ON CONFLICT DO NOTHING");
    for customer in distinct {
        insert.row([Arg::from(import), Arg::from(customer)]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// Every product, by everything an order file may call it.
pub async fn catalogue(tx: &mut Tx) -> Result<Catalogue, DbError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: ProductId,
        sku: String,
        external_id: Option<String>,
        name_en: String,
        name_bn: String,
        category_id: CategoryId,
        price: Money,
        base_qty: i64,
    }
    let rows: Vec<Row> = tx
        .all(
            "SELECT id, sku, external_id, name_en, name_bn, category_id, price, base_qty
             FROM products ORDER BY id",
        )
        .await?;
    let mut catalogue = Catalogue::default();
    for row in rows {
        let product = CatalogueProduct {
            id: row.id,
            category: row.category_id,
            price: row.price,
            base_qty: row.base_qty,
        };
        catalogue.add_names(&[&row.name_en, &row.name_bn], product);
        catalogue.by_sku.insert(row.sku, product);
        if let Some(id) = row.external_id {
            catalogue.by_external_id.insert(id, product);
        }
    }
    Ok(catalogue)
}
