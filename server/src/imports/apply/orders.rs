//! Orders: new ones in multi-row statements, corrected ones one by one. Figures are recomputed
//! afterwards from what `import_touched` remembers.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::customers::{Profile, by_external_id, insert as insert_customers, owners};
use super::{Item, LIST, Outcome, World, touch};
use crate::customers::store::{InteractionKind, NewInteraction, interaction};
use crate::db::{Arg, CustomerId, DbError, Insert, OrderId, PhoneNumber, Sql, Tx};
use crate::imports::record::OrderRecord;
use crate::orders::OrderStatus;

#[derive(Clone, Debug, sqlx::FromRow, serde::Deserialize)]
struct Existing {
    id: OrderId,
    order_no: String,
    source: String,
    external_id: String,
    customer_id: CustomerId,
    status: OrderStatus,
    content_hash: String,
}

/// The orders with these identities or numbers.
async fn existing(
    tx: &mut Tx,
    world: &World,
    items: &[Item<OrderRecord>],
) -> Result<Vec<Existing>, DbError> {
    const COLUMNS: &str = "id, order_no, source, external_id, customer_id, status, content_hash";
    let mut sql = Sql::new("FROM orders WHERE source = $1 AND external_id").bind(world.source);
    sql.push_texts(items.iter().map(|item| item.record.external_id.as_str()));
    let mut found: Vec<Existing> = tx.packed(COLUMNS, sql).await?;
    let mut sql = Sql::new("FROM orders WHERE order_no");
    sql.push_texts(items.iter().map(|item| number(&item.record)));
    found.extend(tx.packed::<Existing>(COLUMNS, sql).await?);
    Ok(found)
}

/// What people call an order.
fn number(record: &OrderRecord) -> &str {
    record.order_no.as_deref().unwrap_or(&record.external_id)
}

/// Customers by number and by the shop's id.
struct Customers {
    by_phone: HashMap<String, CustomerId>,
    by_id: HashMap<String, CustomerId>,
}

impl Customers {
    async fn look_up(tx: &mut Tx, items: &[Item<OrderRecord>]) -> Result<Self, DbError> {
        let records = || items.iter().map(|item| &item.record);
        let phones: Vec<&str> =
            records().filter_map(|r| r.phone.as_ref()).map(PhoneNumber::as_str).collect();
        let external: Vec<&str> = records()
            .filter(|r| r.phone.is_none())
            .filter_map(|r| r.customer_id.as_deref())
            .collect();
        Ok(Self {
            by_phone: owners(tx, &phones).await?,
            by_id: by_external_id(tx, &external).await?,
        })
    }

    fn find(&self, record: &OrderRecord) -> Option<CustomerId> {
        match &record.phone {
            Some(phone) => self.by_phone.get(phone.as_str()).copied(),
            None => self.by_id.get(record.customer_id.as_deref()?).copied(),
        }
    }
}

pub(super) async fn apply(
    tx: &mut Tx,
    world: &World,
    items: &[Item<OrderRecord>],
) -> Result<Outcome, DbError> {
    let mut outcome = Outcome::default();
    if items.is_empty() {
        return Ok(outcome);
    }
    let existing = existing(tx, world, items).await?;
    let by_identity: HashMap<&str, &Existing> = existing
        .iter()
        .filter(|old| old.source == world.source)
        .map(|old| (old.external_id.as_str(), old))
        .collect();
    let mut numbers: HashMap<&str, (&str, &str)> = existing
        .iter()
        .map(|old| (old.order_no.as_str(), (old.source.as_str(), old.external_id.as_str())))
        .collect();
    let mut customers = Customers::look_up(tx, items).await?;

    let mut new: Vec<&OrderRecord> = Vec::new();
    let mut corrected: Vec<(&Existing, &OrderRecord)> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let record = &item.record;
        if record.phone.is_none() && customers.find(record).is_none() {
            let reason = "There is no customer with this id, and the order has no phone number.";
            outcome.reject(
                at,
                "customer_id",
                "unknown_customer",
                reason,
                record.customer_id.as_deref(),
            );
            continue;
        }
        if let Some(old) = by_identity.get(record.external_id.as_str()) {
            if old.content_hash == record.content_hash {
                outcome.unchanged += 1;
            } else {
                outcome.updated += 1;
                corrected.push((old, record));
            }
            continue;
        }
        let identity = (world.source, record.external_id.as_str());
        let holder = *numbers.entry(number(record)).or_insert(identity);
        if holder != identity {
            let reason = format!(
                "Order {} from {} has this number; if it is the same order, it is here already.",
                holder.1, holder.0
            );
            outcome.reject(at, "order_no", "order_no_taken", reason, Some(number(record)));
            continue;
        }
        outcome.created += 1;
        new.push(record);
    }
    if !world.write {
        return Ok(outcome);
    }
    let records = new.iter().copied().chain(corrected.iter().map(|c| c.1)).collect();
    make_customers(tx, world, &mut customers, records).await?;
    let mut touched = HashSet::new();
    insert(tx, world, &customers, &new, &mut touched).await?;
    correct(tx, world, &customers, &corrected, &mut touched).await?;
    touch(tx, world.import, touched).await?;
    Ok(outcome)
}

/// Makes the customers nobody has.
async fn make_customers(
    tx: &mut Tx,
    world: &World,
    customers: &mut Customers,
    records: Vec<&OrderRecord>,
) -> Result<(), DbError> {
    let mut unknown: HashMap<&str, Profile> = HashMap::new();
    for record in records.into_iter().filter(|r| customers.find(r).is_none()) {
        let Some(phone) = &record.phone else { continue };
        let profile = unknown.entry(phone.as_str()).or_insert_with(|| {
            let mut p = Profile::new(world, phone.as_str(), record.name.as_deref());
            p.created_at = record.at.min(world.now);
            p
        });
        for (target, said) in [
            (&mut profile.email, &record.email),
            (&mut profile.address, &record.address),
            (&mut profile.district, &record.district),
            (&mut profile.city, &record.city),
        ] {
            if target.is_none() {
                target.clone_from(said);
            }
        }
        profile.created_at = profile.created_at.min(record.at);
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let phones: Vec<String> = unknown.keys().map(|phone| (*phone).to_owned()).collect();
    let made = insert_customers(tx, world, unknown.into_values().collect()).await?;
    let all_made = made.len() == phones.len();
    customers.by_phone.extend(made);
    if !all_made {
        // Somebody else made one a moment ago.
        let phones: Vec<&str> = phones.iter().map(String::as_str).collect();
        customers.by_phone.extend(owners(tx, &phones).await?);
    }
    Ok(())
}

const ORDER_COLUMNS: &[&str] = &[
    "id",
    "order_no",
    "source",
    "external_id",
    "customer_id",
    "order_date",
    "placed_at",
    "status",
    "counted",
    "subtotal",
    "discount",
    "delivery_charge",
    "total",
    "payment_method",
    "note",
    "content_hash",
    "created_at",
    "updated_at",
];

const LINE_COLUMNS: &[&str] =
    &["order_id", "line_no", "product_id", "quantity", "unit_price", "line_total", "base_qty"];

fn lines(order: OrderId, record: &OrderRecord) -> impl Iterator<Item = [Arg; 7]> {
    record.lines.iter().zip(1_i64..).map(move |(line, number)| {
        [
            order.into(),
            number.into(),
            line.product.into(),
            line.quantity.into(),
            line.unit_price.into(),
            (line.unit_price.0 * line.quantity).into(),
            line.base_qty.into(),
        ]
    })
}

async fn insert(
    tx: &mut Tx,
    world: &World,
    customers: &Customers,
    new: &[&OrderRecord],
    touched: &mut HashSet<CustomerId>,
) -> Result<(), DbError> {
    let ids = tx.next_ids("orders", new.len()).await?;
    let mut orders: Vec<(OrderId, CustomerId, &OrderRecord)> = Vec::with_capacity(new.len());
    for (record, id) in std::iter::zip(new, ids) {
        let customer = customers.find(record).ok_or(DbError::RowNotFound)?;
        if record.status.counted() {
            touched.insert(customer);
        }
        orders.push((OrderId(id), customer, record));
    }
    let rows = orders.iter().map(|&(id, customer, record)| {
        [
            id.into(),
            number(record).into(),
            Arg::Static(world.source),
            (&record.external_id).into(),
            customer.into(),
            record.day.into(),
            record.at.into(),
            record.status.into(),
            record.status.counted().into(),
            record.subtotal.into(),
            record.discount.into(),
            record.delivery_charge.into(),
            record.total().into(),
            (&record.payment_method).into(),
            record.note.clone().into(),
            (&record.content_hash).into(),
            world.now.into(),
            world.now.into(),
        ]
    });
    Insert::new("orders", ORDER_COLUMNS, "").stream(tx, Box::new(rows)).await?;
    let rows = orders.iter().flat_map(|&(id, _, record)| lines(id, record));
    Insert::new("order_lines", LINE_COLUMNS, "").stream(tx, Box::new(rows)).await?;
    let rows = orders.iter().map(|&(id, customer, record)| {
        [
            customer.into(),
            InteractionKind::Order.into(),
            record.at.into(),
            Arg::Static("order.placed"),
            Arg::Json(Some(json!({
                "orderId": id, "orderNo": number(record), "total": record.total(),
                "status": record.status,
            }))),
            format!("order:{id}").into(),
        ]
    });
    let columns = ["customer_id", "kind", "at", "summary", "data", "ref"];
    let timeline = Insert::new("customer_interactions", &columns, "ON CONFLICT (ref) DO NOTHING");
    timeline.stream(tx, Box::new(rows)).await?;
    Ok(())
}

async fn correct(
    tx: &mut Tx,
    world: &World,
    customers: &Customers,
    corrected: &[(&Existing, &OrderRecord)],
    touched: &mut HashSet<CustomerId>,
) -> Result<(), DbError> {
    for part in corrected.chunks(LIST) {
        let mut sql = Sql::new("DELETE FROM order_lines WHERE order_id IN ");
        sql.push_list(part.iter().map(|c| c.0.id));
        tx.execute(sql).await?;
    }
    let mut insert = Insert::new("order_lines", LINE_COLUMNS, "");
    for (old, record) in corrected {
        let customer = customers.find(record).ok_or(DbError::RowNotFound)?;
        touched.extend([customer, old.customer_id]);
        tx.execute(
            Sql::new(
                "UPDATE orders SET customer_id = $1, order_date = $2, placed_at = $3, status = $4,
                   counted = $5, subtotal = $6, discount = $7, delivery_charge = $8, total = $9,
                   payment_method = $10, note = $11, content_hash = $12, updated_at = $13
                 WHERE id = $14",
            )
            .bind(customer)
            .bind(record.day)
            .bind(record.at)
            .bind(record.status)
            .bind(record.status.counted())
            .bind(record.subtotal)
            .bind(record.discount)
            .bind(record.delivery_charge)
            .bind(record.total())
            .bind(&record.payment_method)
            .bind(record.note.as_deref())
            .bind(&record.content_hash)
            .bind(world.now)
            .bind(old.id),
        )
        .await?;
        lines(old.id, record).for_each(|line| insert.row(line));
        if customer != old.customer_id {
            tx.execute(
                Sql::new("UPDATE customer_interactions SET customer_id = $1 WHERE ref = $2")
                    .bind(customer)
                    .bind(format!("order:{}", old.id)),
            )
            .await?;
        }
        tell_status(tx, world, old, record, customer).await?;
    }
    insert.execute(tx).await?;
    Ok(())
}

/// An order that stops counting is told on the timeline.
async fn tell_status(
    tx: &mut Tx,
    world: &World,
    old: &Existing,
    record: &OrderRecord,
    customer: CustomerId,
) -> Result<(), DbError> {
    let summary = match record.status {
        OrderStatus::Cancelled => "order.cancelled",
        OrderStatus::Returned => "order.returned",
        _ => return Ok(()),
    };
    if record.status == old.status {
        return Ok(());
    }
    interaction(
        tx,
        NewInteraction {
            customer_id: customer,
            kind: InteractionKind::Order,
            at: world.now,
            user_id: None,
            direction: None,
            summary,
            text: None,
            data: json!({"orderId": old.id, "orderNo": old.order_no, "total": record.total()}),
            reference: Some(format!("order:{}:{}", old.id, record.status)),
        },
    )
    .await
}
