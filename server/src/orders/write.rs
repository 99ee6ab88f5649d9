//! The rows of an order.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::store::{Existing, Sold};
use super::{NewOrder, OrderContext, OrderStatus};
use crate::auth::sha256_hex;
use crate::db::is_unique_violation;
use crate::db::{CustomerId, DbError, Insert, Money, OrderId, ProductId, Sql, Tx};
use crate::error::{Error, Result};

/// SHA-256 of what was sent, without what was filled in for it.
pub(super) fn content_hash(order: &NewOrder) -> Result<String> {
    let json = serde_json::to_string(order).map_err(anyhow::Error::from)?;
    Ok(sha256_hex(&json))
}

struct Line {
    product: ProductId,
    quantity: i64,
    unit_price: Money,
    total: Money,
    base_qty: i64,
}

/// An order with everything filled in.
pub(super) struct Content {
    pub(super) day: NaiveDate,
    pub(super) at: DateTime<Utc>,
    pub(super) status: OrderStatus,
    pub(super) total: Money,
    subtotal: Money,
    discount: Money,
    delivery_charge: Money,
    fees: Money,
    refunded: Money,
    payment_method: String,
    note: Option<String>,
    lines: Vec<Line>,
}

impl Content {
    /// Fills in defaults: from the order itself when it is corrected (`old`, with its `prices`),
    /// otherwise from the catalogue.
    pub(super) fn of(
        order: &NewOrder,
        ctx: &OrderContext,
        products: &[Sold],
        prices: &HashMap<ProductId, Money>,
        old: Option<&Existing>,
    ) -> Result<Self> {
        let lines: Vec<Line> = order
            .lines
            .iter()
            .zip(products)
            .map(|(line, product)| {
                let unit_price = line
                    .unit_price
                    .or_else(|| prices.get(&product.id).copied())
                    .unwrap_or(product.price);
                Line {
                    product: product.id,
                    quantity: line.quantity,
                    unit_price,
                    total: Money(unit_price.0.saturating_mul(line.quantity)),
                    base_qty: product.base_qty.saturating_mul(line.quantity),
                }
            })
            .collect();
        let subtotal =
            Money(lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.total.0)));
        if subtotal > Money::MAX {
            return Err(Error::invalid(
                "amount_too_large",
                "lines",
                "The order's value is too large.",
            ));
        }
        let discount = order.discount.or(old.map(|o| o.discount)).unwrap_or_default();
        if discount > subtotal {
            return Err(Error::invalid(
                "discount_too_large",
                "discount",
                "The discount is larger than the order.",
            ));
        }
        let delivery_charge =
            order.delivery_charge.or(old.map(|o| o.delivery_charge)).unwrap_or_default();
        let fees = order.fees.or(old.map(|o| o.fees)).unwrap_or_default();
        let total = subtotal - discount + delivery_charge + fees;
        let refunded = order.refunded.or(old.map(|o| o.refunded)).unwrap_or_default();
        super::check_refund(refunded, total)?;
        let day = order.placed.map(|p| p.day).or(old.map(|o| o.order_date)).unwrap_or(ctx.today);
        let at = order
            .placed
            .and_then(|p| p.at)
            .or(old.filter(|o| o.order_date == day).map(|o| o.placed_at))
            .unwrap_or_else(|| ctx.now - (ctx.today - day));
        Ok(Self {
            day,
            at,
            status: order.status.or(old.map(|o| o.status)).unwrap_or(OrderStatus::Placed),
            total,
            subtotal,
            discount,
            delivery_charge,
            fees,
            refunded,
            payment_method: order
                .payment_method
                .as_deref()
                .map(|method| method.trim().to_owned())
                .or_else(|| old.map(|o| o.payment_method.clone()))
                .unwrap_or_else(|| "cod".to_owned()),
            note: order.note.clone().or_else(|| old.and_then(|o| o.note.clone())),
            lines,
        })
    }
}

/// Unit prices of an order as it stands.
pub(super) async fn prices(
    tx: &mut Tx,
    order: OrderId,
) -> Result<HashMap<ProductId, Money>, DbError> {
    let rows: Vec<(ProductId, Money)> = tx
        .all(
            Sql::new("SELECT product_id, unit_price FROM order_lines WHERE order_id = $1")
                .bind(order),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// Inserts a new order with its lines; `None` if its identity exists already.
pub(super) async fn insert(
    tx: &mut Tx,
    ctx: &OrderContext,
    order: &NewOrder,
    customer: CustomerId,
    content: &Content,
    hash: &str,
) -> Result<Option<(OrderId, String)>> {
    refuse_taken(tx, order).await?;
    // Until the id is known a generated number is a stand-in that no other order can have.
    let number = order.order_no.as_deref().map(str::trim);
    let stand_in = format!("{}\u{1f}{}", order.source, order.external_id);
    let inserted: Result<Option<OrderId>, DbError> = tx
        .optional_scalar(
            Sql::new(
                "INSERT INTO orders
                   (order_no, source, external_id, customer_id, order_date, placed_at, status,
                    counted, subtotal, discount, delivery_charge, fees, total, refunded,
                    payment_method, note, task_id, created_by, content_hash, created_at,
                    updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                         $17, $18, $19, $20, $20)
                 ON CONFLICT (source, external_id) DO NOTHING RETURNING id",
            )
            .bind(number.unwrap_or(&stand_in))
            .bind(order.source.trim())
            .bind(order.external_id.trim())
            .bind(customer)
            .bind(content.day)
            .bind(content.at)
            .bind(content.status)
            .bind(content.status.counted())
            .bind(content.subtotal)
            .bind(content.discount)
            .bind(content.delivery_charge)
            .bind(content.fees)
            .bind(content.total)
            .bind(content.refunded)
            .bind(content.payment_method.as_str())
            .bind(content.note.as_deref())
            .bind(order.task_id)
            .bind(ctx.user)
            .bind(hash)
            .bind(ctx.now),
        )
        .await;
    let id = match inserted {
        Ok(Some(id)) => id,
        Ok(None) => return Ok(None),
        Err(error) if is_unique_violation(&error) => return Err(taken()),
        Err(error) => return Err(error.into()),
    };
    let number = if let Some(number) = number {
        number.to_owned()
    } else {
        let number = format!("TC-{:06}", id.0);
        tx.execute(
            Sql::new("UPDATE orders SET order_no = $1 WHERE id = $2").bind(&number).bind(id),
        )
        .await?;
        number
    };
    insert_lines(tx, id, &content.lines).await?;
    Ok(Some((id, number)))
}

fn taken() -> Error {
    Error::conflict("order_exists", "Another order has this number or belongs to this task.")
}

/// Another order with the same number or of the same task.
async fn refuse_taken(tx: &mut Tx, order: &NewOrder) -> Result<()> {
    if order.order_no.is_none() && order.task_id.is_none() {
        return Ok(());
    }
    let found: Option<OrderId> = tx
        .optional_scalar(
            Sql::new(
                "SELECT id FROM orders WHERE (order_no = $1 OR task_id = $2)
                   AND NOT (source = $3 AND external_id = $4)",
            )
            .bind(order.order_no.as_deref().map(str::trim))
            .bind(order.task_id)
            .bind(order.source.trim())
            .bind(order.external_id.trim()),
        )
        .await?;
    if found.is_some() { Err(taken()) } else { Ok(()) }
}

/// Replaces the content of an order.
pub(super) async fn replace(
    tx: &mut Tx,
    ctx: &OrderContext,
    old: &Existing,
    customer: CustomerId,
    content: &Content,
    hash: &str,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "UPDATE orders SET customer_id = $1, order_date = $2, placed_at = $3, status = $4,
               counted = $5, subtotal = $6, discount = $7, delivery_charge = $8, fees = $9,
               total = $10, refunded = $11, payment_method = $12, note = $13, content_hash = $14,
               updated_at = $15
             WHERE id = $16",
        )
        .bind(customer)
        .bind(content.day)
        .bind(content.at)
        .bind(content.status)
        .bind(content.status.counted())
        .bind(content.subtotal)
        .bind(content.discount)
        .bind(content.delivery_charge)
        .bind(content.fees)
        .bind(content.total)
        .bind(content.refunded)
        .bind(content.payment_method.as_str())
        .bind(content.note.as_deref())
        .bind(hash)
        .bind(ctx.now)
        .bind(old.id),
    )
    .await?;
    tx.execute(Sql::new("DELETE FROM order_lines WHERE order_id = $1").bind(old.id)).await?;
    insert_lines(tx, old.id, &content.lines).await
}

async fn insert_lines(tx: &mut Tx, order: OrderId, lines: &[Line]) -> Result<(), DbError> {
    let mut insert = Insert::new(
        "order_lines",
        &["order_id", "line_no", "product_id", "quantity", "unit_price", "line_total", "base_qty"],
        "",
    );
    for (n, line) in lines.iter().enumerate() {
        insert.row([
            order.into(),
            (n + 1).into(),
            line.product.into(),
            line.quantity.into(),
            line.unit_price.into(),
            line.total.into(),
            line.base_qty.into(),
        ]);
    }
    insert.execute(tx).await?;
    Ok(())
}
