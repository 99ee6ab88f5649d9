//! Orders: new ones in multi-row statements, corrected ones one by one. Figures are recomputed
//! afterwards from what `import_touched` remembers.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::json;

use super::customers::{Profile, by_external_id, insert as insert_customers, owners};
use super::{Item, LIST, Outcome, World, touch};
use crate::customers::store::{InteractionKind, NewInteraction, interaction};
use crate::db::{Arg, CustomerId, DbError, Insert, OrderId, PhoneNumber, Sql, Tx};
use crate::imports::identity;
use crate::imports::record::OrderRecord;
use crate::orders::OrderStatus;

#[derive(Clone, Debug, sqlx::FromRow, serde::Deserialize)]
struct Existing {
    id: OrderId,
    order_no: String,
    source: String,
    external_id: String,
    customer_id: CustomerId,
    order_date: NaiveDate,
    status: OrderStatus,
    content_hash: String,
}

/// The orders with these identities or numbers.
async fn existing(
    tx: &mut Tx,
    world: &World,
    items: &[Item<OrderRecord>],
) -> Result<Vec<Existing>, DbError> {
    const COLUMNS: &str =
        "id, order_no, source, external_id, customer_id, order_date, status, content_hash";
    let mut sql = Sql::new("FROM orders WHERE source = $1 AND external_id").bind(&world.source);
    sql.push_texts(items.iter().map(|item| item.record.external_id.as_str()));
    let mut found: Vec<Existing> = tx.packed(COLUMNS, sql).await?;
    let mut numbers: Vec<String> = Vec::with_capacity(items.len() * 2);
    for item in items {
        let number = number(&item.record);
        let key = identity::key(number);
        numbers.push(format!("#{key}"));
        numbers.extend(world.shop.as_deref().map(|shop| qualified(number, shop)));
        numbers.push(key.into_owned());
    }
    let mut sql = Sql::new("FROM orders WHERE order_no");
    sql.push_texts(numbers.iter().map(String::as_str));
    found.extend(tx.packed::<Existing>(COLUMNS, sql).await?);
    Ok(found)
}

/// What people call an order.
fn number(record: &OrderRecord) -> &str {
    record.order_no.as_deref().unwrap_or(&record.external_id)
}

/// The number of an order whose plain number an order of another shop has.
fn qualified(number: &str, shop: &str) -> String {
    format!("{number} ({shop})")
}

/// A number without the shop's name, as numbers are compared.
fn number_key(number: &str) -> String {
    let plain = number.strip_suffix(')').and_then(|n| n.rsplit_once(" (")).map_or(number, |n| n.0);
    identity::key(plain).into_owned()
}

/// An order that has a number: in the database, or one of the chunk.
#[derive(Clone, Copy)]
struct Holder<'a> {
    source: &'a str,
    external_id: &'a str,
    /// Whether its id is more than its number.
    has_id: bool,
    /// Whose, if that customer is there already.
    customer: Option<CustomerId>,
    phone: Option<&'a str>,
    day: NaiveDate,
    existing: Option<&'a Existing>,
}

impl<'a> Holder<'a> {
    fn old(old: &'a Existing) -> Self {
        Self {
            source: &old.source,
            external_id: &old.external_id,
            has_id: identity::key(&old.external_id) != number_key(&old.order_no),
            customer: Some(old.customer_id),
            phone: None,
            day: old.order_date,
            existing: Some(old),
        }
    }

    fn new(record: &'a OrderRecord, source: &'a str, customer: Option<CustomerId>) -> Self {
        Self {
            source,
            external_id: &record.external_id,
            has_id: record.has_id,
            customer,
            phone: record.phone.as_ref().map(PhoneNumber::as_str),
            day: record.day,
            existing: None,
        }
    }

    /// Whether it can be the order that `other` tells of: of one customer, about the same day.
    fn may_be(&self, other: &Self) -> bool {
        let one_customer = match (self.customer, other.customer) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.phone == other.phone,
            _ => false,
        };
        one_customer && identity::is_near(self.day, other.day)
    }
}

/// What becomes of an order of a file.
enum Decision<'a> {
    New(Cow<'a, str>),
    Same(&'a Existing),
    Refused(&'static str, String),
}

/// Decides by source and id, then by number. An order never moves to another customer or to an
/// unrelated day: that is an order of another shop.
fn decide<'a>(
    world: &World,
    record: &'a OrderRecord,
    by_identity: &HashMap<&str, Holder<'a>>,
    by_number: &HashMap<String, Vec<Holder<'a>>>,
    this: &Holder<'a>,
) -> Decision<'a> {
    let number = number(record);
    let same_number = by_number.get(&number_key(number)).map_or(&[][..], Vec::as_slice);
    let same_source = || same_number.iter().find(|holder| holder.source == world.source);
    let known = by_identity.get(record.external_id.as_str());
    // Of one source, a number is enough where one of the two has no other id.
    let known = known.or_else(|| same_source().filter(|old| !(old.has_id && record.has_id)));
    if let Some(old) = known {
        return match old.existing {
            Some(existing) if old.may_be(this) => Decision::Same(existing),
            Some(_) => Decision::Refused(
                "order_conflict",
                format!(
                    "Order {number} is here for another customer or of {}: an order of another \
                     shop? Then import the file with the shop's name.",
                    old.day
                ),
            ),
            None => Decision::Refused(
                "duplicate_row",
                "The file has this order twice, with different numbers.".to_owned(),
            ),
        };
    }
    if let Some(other) = same_source() {
        return Decision::Refused(
            "order_no_taken",
            format!(
                "Order {} of this shop has this number: an order of another shop? Then import the \
                 file with the shop's name.",
                other.external_id
            ),
        );
    }
    match (same_number.first(), &world.shop) {
        (None, _) => Decision::New(Cow::Borrowed(number)),
        // Two shops count their orders alike.
        (Some(_), Some(shop)) if !same_number.iter().any(|other| other.may_be(this)) => {
            Decision::New(Cow::Owned(qualified(number, shop)))
        }
        (Some(other), _) => Decision::Refused(
            "order_no_taken",
            format!(
                "Order {} from {} has this number; if it is the same order, it is here already. If \
                 it is an order of another shop, import the file with the shop's name.",
                other.external_id, other.source
            ),
        ),
    }
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
    let mut by_identity: HashMap<&str, Holder<'_>> = existing
        .iter()
        .filter(|old| old.source == world.source)
        .map(|old| (old.external_id.as_str(), Holder::old(old)))
        .collect();
    let mut by_number: HashMap<String, Vec<Holder<'_>>> = HashMap::new();
    let mut seen = HashSet::new();
    for old in existing.iter().filter(|old| seen.insert(old.id)) {
        by_number.entry(number_key(&old.order_no)).or_default().push(Holder::old(old));
    }
    let mut customers = Customers::look_up(tx, items).await?;

    let mut new: Vec<(&OrderRecord, Cow<'_, str>)> = Vec::new();
    let mut corrected: Vec<(&Existing, &OrderRecord)> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let record = &item.record;
        let customer = customers.find(record);
        if record.phone.is_none() && customer.is_none() {
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
        let this = Holder::new(record, &world.source, customer);
        match decide(world, record, &by_identity, &by_number, &this) {
            Decision::Same(old) if is_unchanged(old, record) => outcome.unchanged += 1,
            Decision::Same(old) => {
                outcome.updated += 1;
                corrected.push((old, record));
            }
            Decision::New(number) => {
                outcome.created += 1;
                by_identity.insert(&record.external_id, this);
                by_number.entry(number_key(&number)).or_default().push(this);
                new.push((record, number));
            }
            Decision::Refused(code, reason) => {
                outcome.reject(at, "order_no", code, reason, Some(number(record)));
            }
        }
    }
    if !world.write {
        return Ok(outcome);
    }
    let records = new.iter().map(|n| n.0).chain(corrected.iter().map(|c| c.1)).collect();
    make_customers(tx, world, &mut customers, records).await?;
    let mut touched = HashSet::new();
    insert(tx, world, &customers, &new, &mut touched).await?;
    correct(tx, world, &customers, &corrected, &mut touched).await?;
    touch(tx, world.import, touched).await?;
    Ok(outcome)
}

/// Whether a file tells nothing new of an order, its id included.
fn is_unchanged(old: &Existing, record: &OrderRecord) -> bool {
    old.content_hash == record.content_hash
        && (!record.has_id || old.external_id == record.external_id)
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
    "fees",
    "total",
    "refunded",
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
            line.total.into(),
            line.base_qty.into(),
        ]
    })
}

async fn insert(
    tx: &mut Tx,
    world: &World,
    customers: &Customers,
    new: &[(&OrderRecord, Cow<'_, str>)],
    touched: &mut HashSet<CustomerId>,
) -> Result<(), DbError> {
    let ids = tx.next_ids("orders", new.len()).await?;
    let mut orders: Vec<(OrderId, CustomerId, &OrderRecord, &str)> = Vec::with_capacity(new.len());
    for ((record, number), id) in std::iter::zip(new, ids) {
        let customer = customers.find(record).ok_or(DbError::RowNotFound)?;
        if record.status.counted() {
            touched.insert(customer);
        }
        orders.push((OrderId(id), customer, record, number));
    }
    let rows = orders.iter().map(|&(id, customer, record, number)| {
        [
            id.into(),
            number.into(),
            (&world.source).into(),
            (&record.external_id).into(),
            customer.into(),
            record.day.into(),
            record.at.into(),
            record.status.into(),
            record.status.counted().into(),
            record.subtotal.into(),
            record.discount.into(),
            record.delivery_charge.into(),
            record.fees.into(),
            record.total().into(),
            record.refunded.into(),
            (&record.payment_method).into(),
            record.note.clone().into(),
            (&record.content_hash).into(),
            world.now.into(),
            world.now.into(),
        ]
    });
    Insert::new("orders", ORDER_COLUMNS, "").stream(tx, Box::new(rows)).await?;
    let rows = orders.iter().flat_map(|&(id, _, record, _)| lines(id, record));
    Insert::new("order_lines", LINE_COLUMNS, "").stream(tx, Box::new(rows)).await?;
    let rows = orders.iter().map(|&(id, customer, record, number)| {
        [
            customer.into(),
            InteractionKind::Order.into(),
            record.at.into(),
            Arg::Static("order.placed"),
            Arg::Json(Some(json!({
                "orderId": id, "orderNo": number, "total": record.total(),
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
        touched.insert(customer);
        tx.execute(
            Sql::new(
                "UPDATE orders SET customer_id = $1, order_date = $2, placed_at = $3, status = $4,
                   counted = $5, subtotal = $6, discount = $7, delivery_charge = $8, fees = $9,
                   total = $10, refunded = $11, payment_method = $12, note = $13,
                   content_hash = $14, updated_at = $15, external_id = $16
                 WHERE id = $17",
            )
            .bind(customer)
            .bind(record.day)
            .bind(record.at)
            .bind(record.status)
            .bind(record.status.counted())
            .bind(record.subtotal)
            .bind(record.discount)
            .bind(record.delivery_charge)
            .bind(record.fees)
            .bind(record.total())
            .bind(record.refunded)
            .bind(&record.payment_method)
            .bind(record.note.as_deref())
            .bind(&record.content_hash)
            .bind(world.now)
            .bind(if record.has_id { &record.external_id } else { &old.external_id })
            .bind(old.id),
        )
        .await?;
        lines(old.id, record).for_each(|line| insert.row(line));
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
