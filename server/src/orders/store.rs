//! Orders in the database: taking them in.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::write::{self, Content};
use super::{
    NewOrder, OrderChange, OrderContext, OrderCustomer, OrderStatus, ProductRef, PutOrder, check,
    check_amount, check_refund,
};
use crate::customers::MembershipLevel;
use crate::customers::profile::{self, NewCustomer};
use crate::customers::store::{
    InteractionKind, NewInteraction, find_by_phone, interaction, refresh,
};
use crate::db::{CategoryId, CustomerId, DbError, Money, OrderId, ProductId, Sql, Tx};
use crate::districts;
use crate::error::{Error, Result};
use crate::tasks::store::cancel_reminders;

/// What put and status changes need to know of an order that exists.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Existing {
    pub(super) id: OrderId,
    pub(super) order_no: String,
    pub(super) customer_id: CustomerId,
    pub(super) order_date: NaiveDate,
    pub(super) placed_at: DateTime<Utc>,
    pub(super) status: OrderStatus,
    pub(super) discount: Money,
    pub(super) delivery_charge: Money,
    pub(super) fees: Money,
    pub(super) total: Money,
    pub(super) refunded: Money,
    pub(super) payment_method: String,
    pub(super) note: Option<String>,
    pub(super) content_hash: String,
}

const EXISTING: &str = "SELECT id, order_no, customer_id, order_date, placed_at, status, discount,
    delivery_charge, fees, total, refunded, payment_method, note, content_hash FROM orders WHERE ";

/// The order with this identity, held until the transaction ends.
async fn existing(tx: &mut Tx, order: &NewOrder) -> Result<Option<Existing>, DbError> {
    let lock = if tx.is_postgres() { " FOR NO KEY UPDATE" } else { "" };
    tx.optional(
        Sql::new(format!("{EXISTING} source = $1 AND external_id = $2{lock}"))
            .bind(order.source.trim())
            .bind(order.external_id.trim()),
    )
    .await
}

/// The order with this id, held until the transaction ends.
async fn by_id(tx: &mut Tx, id: OrderId) -> Result<Option<Existing>, DbError> {
    let lock = if tx.is_postgres() { " FOR NO KEY UPDATE" } else { "" };
    tx.optional(Sql::new(format!("{EXISTING} id = $1{lock}")).bind(id)).await
}

/// A product as an order needs it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Sold {
    pub(super) id: ProductId,
    sku: String,
    pub(super) price: Money,
    pub(super) base_qty: i64,
}

/// The products of the lines, in their order.
async fn products(tx: &mut Tx, order: &NewOrder) -> Result<Vec<Sold>> {
    let mut ids = Vec::new();
    let mut skus = Vec::new();
    for line in &order.lines {
        match &line.product {
            ProductRef::Id(id) => ids.push(*id),
            ProductRef::Sku(sku) => skus.push(sku.trim()),
        }
    }
    let mut sql = Sql::new("SELECT id, sku, price, base_qty FROM products WHERE id IN ");
    sql.push_list(ids).push(" OR sku IN ").push_list(skus);
    let found: Vec<Sold> = tx.all(sql).await?;
    order
        .lines
        .iter()
        .enumerate()
        .map(|(n, line)| {
            let (known, field) = match &line.product {
                ProductRef::Id(id) => (found.iter().find(|p| p.id == *id), "productId"),
                ProductRef::Sku(sku) => (found.iter().find(|p| p.sku == sku.trim()), "sku"),
            };
            known.cloned().ok_or_else(|| {
                Error::invalid(
                    "unknown_product",
                    &format!("lines[{n}].{field}"),
                    "There is no such product in the catalogue.",
                )
            })
        })
        .collect()
}

/// The customer of an order; made if the number is nobody's.
async fn customer(tx: &mut Tx, ctx: &OrderContext, order: &NewOrder) -> Result<CustomerId> {
    match &order.customer {
        OrderCustomer::Id(id) => {
            let found: Option<CustomerId> = tx
                .optional_scalar(Sql::new("SELECT id FROM customers WHERE id = $1").bind(*id))
                .await?;
            found.ok_or_else(crate::customers::store::not_found)
        }
        OrderCustomer::Phone { phone, name, address, district } => {
            if let Some(id) = find_by_phone(tx, phone).await? {
                return Ok(id);
            }
            let name = name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            let mut new = NewCustomer::new(name.unwrap_or(phone.as_str()), phone.clone());
            new.address.clone_from(address);
            new.district = district.as_deref().map(|d| districts::stored(d).to_owned());
            new.source = Some(order.source.clone());
            match profile::insert(tx, ctx.now, &new).await? {
                Some(id) => Ok(id),
                // Somebody else made it a moment ago.
                None => Ok(find_by_phone(tx, phone).await?.ok_or(DbError::RowNotFound)?),
            }
        }
    }
}

/// Takes an order: new, repeated or corrected. Refreshes the customer's figures, cancels the queued
/// reminders of what was bought, and adds to the timeline. Bad input changes nothing (the caller
/// drops the transaction).
pub async fn put_order(tx: &mut Tx, ctx: &OrderContext, order: NewOrder) -> Result<PutOrder> {
    check(&order, ctx.today)?;
    let hash = write::content_hash(&order)?;
    if let Some(old) = existing(tx, &order).await? {
        return correct(tx, ctx, &order, &hash, old).await;
    }
    let products = products(tx, &order).await?;
    let content = Content::of(&order, ctx, &products, &HashMap::new(), None)?;
    let customer = customer(tx, ctx, &order).await?;
    let Some((order_id, order_no)) =
        write::insert(tx, ctx, &order, customer, &content, &hash).await?
    else {
        // The same order arrived twice at once and the other transaction was first.
        let old = existing(tx, &order).await?.ok_or(DbError::RowNotFound)?;
        return correct(tx, ctx, &order, &hash, old).await;
    };
    let data = json!({
        "orderId": order_id, "orderNo": order_no, "total": content.total, "status": content.status,
    });
    interaction(
        tx,
        NewInteraction {
            customer_id: customer,
            kind: InteractionKind::Order,
            at: content.at,
            user_id: ctx.user,
            direction: None,
            summary: "order.placed",
            text: None,
            data,
            reference: Some(format!("order:{order_id}")),
        },
    )
    .await?;
    if content.status.counted() {
        settle(tx, ctx, &[customer]).await?;
        cancel_queued(tx, ctx, order_id, &order_no, customer).await?;
    }
    Ok(PutOrder { order_id, created: true, changed: true })
}

/// The same order again: nothing if the content is the same, otherwise its content is replaced.
async fn correct(
    tx: &mut Tx,
    ctx: &OrderContext,
    order: &NewOrder,
    hash: &str,
    old: Existing,
) -> Result<PutOrder> {
    if old.content_hash == hash {
        return Ok(PutOrder { order_id: old.id, created: false, changed: false });
    }
    let products = products(tx, order).await?;
    let prices = write::prices(tx, old.id).await?;
    let content = Content::of(order, ctx, &products, &prices, Some(&old))?;
    let customer = customer(tx, ctx, order).await?;
    write::replace(tx, ctx, &old, customer, &content, hash).await?;
    status_interaction(tx, ctx, &old, customer, content.status).await?;
    settle(tx, ctx, &[customer, old.customer_id]).await?;
    cancel_queued(tx, ctx, old.id, &old.order_no, customer).await?;
    Ok(PutOrder { order_id: old.id, created: false, changed: true })
}

/// Changes an order's status, refund or note.
pub async fn change(
    tx: &mut Tx,
    ctx: &OrderContext,
    id: OrderId,
    change: OrderChange,
) -> Result<()> {
    let old = by_id(tx, id).await?.ok_or_else(not_found)?;
    let status = change.status.unwrap_or(old.status);
    let note = change.note.unwrap_or_else(|| old.note.clone());
    let refunded = change.refunded.unwrap_or(old.refunded);
    check_amount("refunded", refunded)?;
    check_refund(refunded, old.total)?;
    tx.execute(
        Sql::new(
            "UPDATE orders SET status = $1, counted = $2, note = $3, refunded = $4, updated_at = $5
             WHERE id = $6",
        )
        .bind(status)
        .bind(status.counted())
        .bind(note)
        .bind(refunded)
        .bind(ctx.now)
        .bind(id),
    )
    .await?;
    status_interaction(tx, ctx, &old, old.customer_id, status).await?;
    if status.counted() != old.status.counted() || refunded != old.refunded {
        settle(tx, ctx, &[old.customer_id]).await?;
        cancel_queued(tx, ctx, id, &old.order_no, old.customer_id).await?;
    }
    Ok(())
}

/// Whose the order with this identity is.
pub async fn owner(
    tx: &mut Tx,
    source: &str,
    external_id: &str,
) -> Result<Option<CustomerId>, DbError> {
    tx.optional_scalar(
        Sql::new("SELECT customer_id FROM orders WHERE source = $1 AND external_id = $2")
            .bind(source.trim())
            .bind(external_id.trim()),
    )
    .await
}

/// 404.
pub fn not_found() -> Error {
    Error::not_found("order_not_found", "There is no such order, or none you may see.")
}

/// An order that stops or begins to count is told on the timeline.
async fn status_interaction(
    tx: &mut Tx,
    ctx: &OrderContext,
    old: &Existing,
    customer: CustomerId,
    status: OrderStatus,
) -> Result<(), DbError> {
    if customer != old.customer_id {
        // A correction found the right customer: the order's entry moves along.
        tx.execute(
            Sql::new("UPDATE customer_interactions SET customer_id = $1 WHERE ref = $2")
                .bind(customer)
                .bind(format!("order:{}", old.id)),
        )
        .await?;
    }
    let summary = match status {
        OrderStatus::Cancelled => "order.cancelled",
        OrderStatus::Returned => "order.returned",
        _ => return Ok(()),
    };
    if status == old.status {
        return Ok(());
    }
    interaction(
        tx,
        NewInteraction {
            customer_id: customer,
            kind: InteractionKind::Order,
            at: ctx.now,
            user_id: ctx.user,
            direction: None,
            summary,
            text: None,
            data: json!({"orderId": old.id, "orderNo": old.order_no, "total": old.total}),
            reference: Some(format!("order:{}:{status}", old.id)),
        },
    )
    .await
}

/// Membership level of a customer.
async fn level(tx: &mut Tx, customer: CustomerId) -> Result<Option<MembershipLevel>, DbError> {
    tx.scalar(Sql::new("SELECT membership_level FROM customers WHERE id = $1").bind(customer)).await
}

/// Brings the figures of these customers up to date; a level reached for the first time is told on
/// the timeline.
async fn settle(tx: &mut Tx, ctx: &OrderContext, customers: &[CustomerId]) -> Result<(), DbError> {
    let mut before = Vec::with_capacity(customers.len());
    for customer in customers {
        before.push(level(tx, *customer).await?);
    }
    refresh(tx, customers, ctx.today).await?;
    for (customer, before) in customers.iter().zip(before) {
        let after = level(tx, *customer).await?;
        let Some(reached) = after.filter(|_| after > before) else {
            continue;
        };
        interaction(
            tx,
            NewInteraction {
                customer_id: *customer,
                kind: InteractionKind::Level,
                at: ctx.now,
                user_id: None,
                direction: None,
                summary: "level.reached",
                text: None,
                data: json!({"level": reached}),
                reference: Some(format!("level:{customer}:{reached}")),
            },
        )
        .await?;
    }
    Ok(())
}

/// A category whose reminder an order makes pointless.
#[derive(sqlx::FromRow)]
struct Reordered {
    category_id: CategoryId,
    slug: String,
}

/// A new order cancels the queued reminders of what was bought (SPEC §3.4). A late order of long
/// ago that leaves the reminder due cancels nothing.
async fn cancel_queued(
    tx: &mut Tx,
    ctx: &OrderContext,
    order: OrderId,
    order_no: &str,
    customer: CustomerId,
) -> Result<(), DbError> {
    let reordered: Vec<Reordered> = tx
        .all(
            Sql::new(
                "SELECT DISTINCT r.category_id, c.slug
                 FROM orders o
                 JOIN order_lines l ON l.order_id = o.id
                 JOIN products p ON p.id = l.product_id
                 JOIN reorder_pairs r
                   ON r.customer_id = o.customer_id AND r.category_id = p.category_id
                 JOIN categories c ON c.id = r.category_id
                 WHERE o.id = $1 AND o.counted AND r.last_date = o.order_date AND r.due_on > $2
                 ORDER BY r.category_id",
            )
            .bind(order)
            .bind(ctx.today),
        )
        .await?;
    let bought: Vec<(CategoryId, String)> =
        reordered.into_iter().map(|r| (r.category_id, r.slug)).collect();
    cancel_reminders(tx, ctx.now, customer, &bought, order_no).await?;
    Ok(())
}
