//! Orders as they are shown.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OrderStatus;
use crate::auth::Scope;
use crate::customers::search::matching;
use crate::customers::store::scope_filter;
use crate::customers::terms::after_prefix;
use crate::db::{
    Bundle, CustomerId, DbError, Money, OrderId, Part, PhoneNumber, ProductId, Sort, Sql, TaskId,
    Tx, UserId, absent,
};
use crate::products::ProductNames;

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Order id.
    pub id: OrderId,
    /// What people call it.
    pub order_no: String,
    /// Where it came from.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// Their name.
    pub customer_name: String,
    /// Their number.
    pub phone: PhoneNumber,
    /// The company's day.
    pub order_date: NaiveDate,
    /// The instant.
    pub placed_at: DateTime<Utc>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Whether it counts for the customer's figures.
    pub counted: bool,
    /// Poisha, sum of the lines.
    pub subtotal: Money,
    /// Poisha off.
    pub discount: Money,
    /// Poisha for delivery.
    pub delivery_charge: Money,
    /// Tax and other charges, poisha.
    pub fees: Money,
    /// Poisha, `subtotal - discount + deliveryCharge + fees`.
    pub total: Money,
    /// Poisha paid back, at most `total`; the customer's spend counts `total - refunded`.
    pub refunded: Money,
    /// `cod`, `paid` …
    pub payment_method: String,
    /// Free text.
    pub note: Option<String>,
    /// The call task that made it.
    pub task_id: Option<TaskId>,
    /// Who took it.
    pub created_by: Option<UserId>,
    /// What was bought.
    #[sqlx(skip)]
    #[serde(default, deserialize_with = "absent")]
    #[schema(required)]
    pub lines: Vec<OrderLine>,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// Its place in the order, from 1.
    pub id: i64,
    #[serde(skip_serializing)]
    order_id: OrderId,
    /// What.
    pub product_id: ProductId,
    /// Packs.
    pub quantity: i64,
    /// Poisha a pack.
    pub unit_price: Money,
    /// Poisha.
    pub line_total: Money,
    /// Quantity in the category's base unit.
    pub base_qty: i64,
    /// Stock-keeping unit.
    #[serde(default, deserialize_with = "absent")]
    #[schema(required)]
    pub sku: String,
    /// Bangla name.
    #[serde(default, deserialize_with = "absent")]
    #[schema(required)]
    pub name_bn: String,
    /// English name.
    #[serde(default, deserialize_with = "absent")]
    #[schema(required)]
    pub name_en: String,
}

macro_rules! order {
    () => {
        "SELECT o.id, o.order_no, o.source, o.external_id, o.customer_id,
    c.name AS customer_name, c.phone, o.order_date, o.placed_at, o.status, o.counted, o.subtotal,
    o.discount, o.delivery_charge, o.fees, o.total, o.refunded, o.payment_method, o.note, o.task_id,
    o.created_by
    FROM orders o CROSS JOIN customers c WHERE c.id = o.customer_id"
    };
}

const ORDER: &str = order!();

/// The same, beginning with whichever table finds fewer rows: SQLite takes a `CROSS JOIN` as
/// "orders first", which suits everybody but an agent with few customers.
fn orders_of(scope: Scope) -> Sql {
    if matches!(scope, Scope::Agent(_)) {
        Sql::new(ORDER.replace("CROSS JOIN customers c", "JOIN customers c ON TRUE"))
    } else {
        Sql::new(ORDER)
    }
}

/// Customers whose orders a search by name or phone looks at.
const CUSTOMERS: i64 = 200;

/// Which orders.
#[derive(Clone, Debug)]
pub struct OrderFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Standing so.
    pub status: Option<OrderStatus>,
    /// Order number (or its beginning), phone, or words of the customer's name (then the orders of
    /// the first 200 such customers).
    pub q: Option<String>,
    /// From this company day.
    pub from: Option<NaiveDate>,
    /// To this company day.
    pub to: Option<NaiveDate>,
    /// Direction, by day.
    pub sort: Sort,
    /// Only after this order in the list: its day and id.
    pub after: Option<(NaiveDate, OrderId)>,
}

/// Orders by day, in the direction of the filter.
pub async fn list(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    filter: &OrderFilter,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    let mut sql = orders_of(scope).ad_hoc();
    if let Some(customer) = filter.customer {
        sql.push(" AND o.customer_id = ").push_bind(customer);
    }
    if let Some(status) = filter.status {
        sql.push(" AND o.status = ").push_bind(status);
    }
    if let Some(from) = filter.from {
        sql.push(" AND o.order_date >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        sql.push(" AND o.order_date <= ").push_bind(to);
    }
    if let Some(q) = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        let customers = matching(tx, scope, today, q, CUSTOMERS).await?;
        search(&mut sql, q, customers);
    }
    if let Some((day, id)) = filter.after {
        sql.push(&format!(" AND (o.order_date, o.id) {} (", filter.sort.after()));
        sql.push_bind(day).push(", ").push_bind(id).push(")");
    }
    scope_filter(&mut sql, scope, today, "c");
    let direction = filter.sort.direction();
    sql.push(&format!(" ORDER BY o.order_date {direction}, o.id {direction} LIMIT "));
    sql.push_bind(limit);
    let orders = tx.all(sql).await?;
    with_lines(tx, orders).await
}

/// Order number, or one of the customers found; each is an index range.
fn search(sql: &mut Sql, q: &str, customers: Vec<CustomerId>) {
    let number = q.trim_start_matches('#').to_uppercase();
    sql.push(" AND o.id IN (SELECT id FROM orders WHERE order_no = ").push_bind(q);
    sql.push(" UNION SELECT id FROM orders WHERE order_no >= ").push_bind(&number);
    sql.push(" AND order_no < ").push_bind(after_prefix(&number));
    // Shopify's numbers begin with it.
    let marked = format!("#{number}");
    sql.push(" UNION SELECT id FROM orders WHERE order_no >= ").push_bind(&marked);
    sql.push(" AND order_no < ").push_bind(after_prefix(&marked));
    sql.push(" UNION SELECT id FROM orders WHERE customer_id IN ").push_list(customers).push(")");
}

/// One order.
pub async fn order(
    tx: &mut Tx,
    scope: Scope,
    today: NaiveDate,
    id: OrderId,
) -> Result<Option<Order>, DbError> {
    let mut sql = Sql::new(format!("{ORDER} AND o.id = $1")).bind(id);
    scope_filter(&mut sql, scope, today, "c");
    let found: Option<Order> = tx.optional(sql).await?;
    Ok(with_lines(tx, found.into_iter().collect()).await?.pop())
}

async fn with_lines(tx: &mut Tx, mut orders: Vec<Order>) -> Result<Vec<Order>, DbError> {
    if orders.is_empty() {
        return Ok(orders);
    }
    let mut sql = Sql::new(
        "SELECT l.order_id, l.line_no AS id, l.product_id, p.sku, p.name_bn, p.name_en, l.quantity,
                l.unit_price, l.line_total, l.base_qty
         FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id IN ",
    );
    sql.push_list(orders.iter().map(|o| o.id)).push(" ORDER BY l.order_id, l.line_no");
    let lines = tx.all(sql).await?;
    give(&mut orders, lines);
    Ok(orders)
}

/// Gives the orders their lines.
fn give(orders: &mut [Order], lines: Vec<OrderLine>) {
    let mut by_order: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in lines {
        by_order.entry(line.order_id).or_default().push(line);
    }
    for order in orders {
        order.lines = by_order.remove(&order.id).unwrap_or_default();
    }
}

/// The latest ten orders of the customer `$1` and, next, their lines.
pub const LATEST: [Part<'_>; 2] = [
    Part {
        columns: &[
            "id",
            "order_no",
            "source",
            "external_id",
            "customer_id",
            "customer_name",
            "phone",
            "order_date",
            "placed_at",
            "status",
            "?counted",
            "subtotal",
            "discount",
            "delivery_charge",
            "fees",
            "total",
            "refunded",
            "payment_method",
            "note",
            "task_id",
            "created_by",
        ],
        select: concat!(
            order!(),
            " AND o.customer_id = $1 ORDER BY o.order_date DESC, o.id DESC LIMIT 10"
        ),
    },
    Part {
        columns: &[
            "line_no",
            "order_id",
            "product_id",
            "quantity",
            "unit_price",
            "line_total",
            "base_qty",
        ],
        select: "SELECT l.line_no, l.order_id, l.product_id, l.quantity, l.unit_price,
                   l.line_total, l.base_qty
                 FROM (SELECT id FROM orders WHERE customer_id = $1
                       ORDER BY order_date DESC, id DESC LIMIT 10) o
                 CROSS JOIN order_lines l WHERE l.order_id = o.id ORDER BY l.order_id, l.line_no",
    },
];

/// The lists of [`LATEST`], with the names of products.
pub fn latest(bundle: &mut Bundle, names: &ProductNames) -> Result<Vec<Order>, DbError> {
    let mut orders = bundle.list()?;
    let mut lines: Vec<OrderLine> = bundle.list()?;
    for line in &mut lines {
        if let Some(name) = names.get(line.product_id) {
            line.sku.clone_from(&name.sku);
            line.name_bn.clone_from(&name.name_bn);
            line.name_en.clone_from(&name.name_en);
        }
    }
    give(&mut orders, lines);
    Ok(orders)
}
