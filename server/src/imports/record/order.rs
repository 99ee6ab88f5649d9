//! Rows of one order: order and lines in one file (one row per line), or the order's row with the
//! rows of a second file.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::customer::{full_address, full_name};
use super::{Cells, Context, Read, Row, RowError, Warnings, placed};
use crate::auth::sha256_hex;
use crate::db::{CategoryId, Money, PhoneNumber, ProductId};
use crate::imports::Format;
use crate::imports::fields::Field;
use crate::imports::mapping::Columns;
use crate::orders::{MAX_LINES, MAX_QUANTITY, OrderStatus};
use crate::text;

/// More rows than this of one order are not gathered; such an order is refused in pieces.
pub const MAX_ROWS: usize = 1_000;

/// What orders need to know of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueProduct {
    /// Which.
    pub id: ProductId,
    /// Its category.
    pub category: CategoryId,
    /// Price of a pack.
    pub price: Money,
    /// Base units in a pack.
    pub base_qty: i64,
}

/// The products, by everything a file may call them.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// By stock-keeping unit.
    pub by_sku: HashMap<String, CatalogueProduct>,
    /// By id in the shop's own files.
    pub by_external_id: HashMap<String, CatalogueProduct>,
    /// By the key of a name (`text::key`), if only one has it.
    pub by_name: HashMap<String, Option<CatalogueProduct>>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRecord {
    /// What.
    pub product: ProductId,
    /// Its category.
    pub category: CategoryId,
    /// Packs.
    pub quantity: i64,
    /// Price of a pack.
    pub unit_price: Money,
    /// Base units.
    pub base_qty: i64,
}

/// An order as a file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id at the source.
    pub external_id: String,
    /// What people call it.
    pub order_no: Option<String>,
    /// The customer's number.
    pub phone: Option<PhoneNumber>,
    /// The customer's id in the shop's own files.
    pub customer_id: Option<String>,
    /// For a new customer.
    pub name: Option<String>,
    /// For a new customer.
    pub email: Option<String>,
    /// For a new customer.
    pub address: Option<String>,
    /// For a new customer.
    pub district: Option<String>,
    /// For a new customer.
    pub city: Option<String>,
    /// Company day.
    pub day: NaiveDate,
    /// Instant.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Sum of the lines.
    pub subtotal: Money,
    /// Off the whole order.
    pub discount: Money,
    /// For delivery.
    pub delivery_charge: Money,
    /// How it is paid.
    pub payment_method: String,
    /// Remark.
    pub note: Option<String>,
    /// Its lines, at least one.
    pub lines: Vec<LineRecord>,
    /// SHA-256 of what it says, without what only a new customer is made from.
    pub content_hash: String,
}

impl OrderRecord {
    fn hash(&self) -> String {
        use std::fmt::Write as _;
        let customer =
            self.phone.as_ref().map_or(self.customer_id.as_deref(), |p| Some(p.as_str()));
        let mut text = format!(
            "{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}",
            customer.unwrap_or_default(),
            self.day,
            self.at.timestamp_micros(),
            self.status,
            self.discount.0,
            self.delivery_charge.0,
            self.payment_method,
            self.note.as_deref().unwrap_or_default(),
        );
        for line in &self.lines {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\u{1e}{}\u{1f}{}\u{1f}{}",
                line.product, line.quantity, line.unit_price.0
            );
        }
        sha256_hex(&text)
    }

    /// What the customer pays.
    pub fn total(&self) -> Money {
        self.subtotal - self.discount + self.delivery_charge
    }
}

/// The rows of one order.
#[derive(Clone, Debug, Default)]
pub struct OrderRows {
    /// Of the file itself.
    pub rows: Vec<Row>,
    /// Of the lines file, if there is one.
    pub lines: Vec<Row>,
    /// There were more than [`MAX_ROWS`]: this is only a piece.
    pub oversize: bool,
}

/// The own words and those of WooCommerce and of older shop systems.
fn status(word: &str) -> Option<OrderStatus> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    let word = word.strip_prefix("wc_").unwrap_or(&word);
    Some(match word {
        "placed" | "pending" | "pending_payment" | "on_hold" | "new" => OrderStatus::Placed,
        "confirmed" | "processing" | "accepted" => OrderStatus::Confirmed,
        "shipped" | "dispatched" | "in_transit" => OrderStatus::Shipped,
        "delivered" | "completed" | "complete" => OrderStatus::Delivered,
        "cancelled" | "canceled" | "admin_cancelled" | "failed" | "trash" | "rejected" => {
            OrderStatus::Cancelled
        }
        "returned" | "refunded" => OrderStatus::Returned,
        _ => return None,
    })
}

fn shopify_status(cells: &Cells<'_>) -> OrderStatus {
    let financial = cells.raw(Field::FinancialStatus).to_lowercase();
    if !cells.raw(Field::CancelledAt).is_empty() || financial == "voided" {
        OrderStatus::Cancelled
    } else if financial == "refunded" {
        OrderStatus::Returned
    } else if cells.raw(Field::FulfilmentStatus).eq_ignore_ascii_case("fulfilled") {
        // Shopify does not know of delivery.
        OrderStatus::Shipped
    } else {
        OrderStatus::Confirmed
    }
}

/// Errors by row of the file itself; those of the lines file are told on the order's first row.
pub type OrderErrors = Vec<Vec<RowError>>;

/// Reads an order. On failure every row of the order is refused, each with its own errors or
/// `order_rejected`.
pub fn order(
    ctx: &Context,
    columns: &Columns,
    lines_columns: Option<&Columns>,
    catalogue: &Catalogue,
    group: &OrderRows,
) -> Result<(OrderRecord, Warnings), OrderErrors> {
    let mut errors: OrderErrors = vec![Vec::new(); group.rows.len().max(1)];
    let line_rows = if lines_columns.is_some() { &group.lines } else { &group.rows };
    let line_columns = lines_columns.unwrap_or(columns);
    let mut lines = Vec::with_capacity(line_rows.len());
    let mut warnings = Warnings::new();
    if group.oversize || line_rows.len() > MAX_LINES {
        let most = format!("An order has at most {MAX_LINES} lines.");
        errors[0].push(RowError::row("too_many_lines", most));
    } else {
        for (n, row) in line_rows.iter().enumerate() {
            match line(line_columns, row, catalogue) {
                Ok((line, found)) => {
                    lines.push(line);
                    warnings.extend(found.into_iter().map(|warning| match lines_columns {
                        Some(_) => (0, in_lines_file(row, warning)),
                        None => (n, warning),
                    }));
                }
                Err(found) if lines_columns.is_some() => {
                    errors[0].extend(found.into_iter().map(|e| in_lines_file(row, e)));
                }
                Err(found) => errors[n].extend(found),
            }
        }
        if line_rows.is_empty() {
            let reason = "The lines file has no line of this order.";
            errors[0].push(RowError::row("lines_missing", reason));
        }
    }
    let record = group.rows.first().and_then(|first| {
        let merged = merged(columns, &group.rows, first);
        // With a lines file the row is the order's alone, so its damage has not been told yet.
        let mut cells = Cells::new(columns, &merged);
        if lines_columns.is_none() {
            cells.errors.clear();
        }
        let record = head(ctx, &mut cells, lines);
        // A total that does not add up says nothing beside a line that was not understood.
        let broken = errors.iter().any(|e| !e.is_empty());
        let sums = ["total_mismatch", "discount_too_large"];
        errors[0].extend(cells.errors.into_iter().filter(|e| !broken || !sums.contains(&e.code)));
        warnings.extend(cells.warnings.into_iter().map(|warning| (0, warning)));
        record
    });
    if let Some(record) = record
        && errors.iter().all(Vec::is_empty)
    {
        return Ok((record, warnings));
    }
    for row in errors.iter_mut().filter(|row| row.is_empty()) {
        row.push(RowError::row("order_rejected", "Another row of this order is wrong."));
    }
    Err(errors)
}

/// A finding about a row of the lines file, as told on the order's first row.
fn in_lines_file(row: &Row, found: RowError) -> RowError {
    let column = found.column.map(|c| format!("{}{c}", super::super::mapping::LINES_PREFIX));
    let reason = format!("Line {} of the lines file: {}", row.line, found.reason);
    RowError { column, reason, ..found }
}

/// The order's own cells: the first filled one of its rows, because Shopify and some exporters fill
/// them on the first row only.
fn merged(columns: &Columns, rows: &[Row], first: &Row) -> Row {
    if rows.len() <= 1 {
        return first.clone();
    }
    let cells = (0..columns.names.len()).map(|at| {
        rows.iter()
            .map(|row| row.record.get(at).unwrap_or_default())
            .find(|cell| !cell.trim().is_empty())
            .unwrap_or_default()
    });
    Row { byte: first.byte, line: first.line, record: cells.collect(), damage: first.damage }
}

fn line(columns: &Columns, row: &Row, catalogue: &Catalogue) -> Read<LineRecord> {
    let mut cells = Cells::new(columns, row);
    let product = product(&mut cells, catalogue);
    if cells.raw(Field::Quantity).is_empty() {
        cells.error(Field::Quantity, "required", "A line needs a quantity.");
    }
    let quantity = cells.whole(Field::Quantity, 1..=MAX_QUANTITY);
    let unit_price = cells.money(Field::UnitPrice);
    let line_total = cells.money(Field::LineTotal);
    let record = product.zip(quantity).map(|(product, quantity)| {
        let unit_price = match (unit_price, line_total) {
            (Some(unit), Some(total)) if unit.0.saturating_mul(quantity) != total.0 => {
                cells.error(
                    Field::LineTotal,
                    "line_total_mismatch",
                    "Quantity times unit price is another amount.",
                );
                unit
            }
            (Some(unit), _) => unit,
            (None, Some(total)) => Money((total.0 + quantity / 2) / quantity),
            (None, None) => product.price,
        };
        LineRecord {
            product: product.id,
            category: product.category,
            quantity,
            unit_price,
            base_qty: product.base_qty.saturating_mul(quantity),
        }
    });
    cells.finish(record)
}

/// By SKU, else by the shop's id, else by a name only one product has.
fn product(cells: &mut Cells<'_>, catalogue: &Catalogue) -> Option<CatalogueProduct> {
    for (field, found) in [
        (Field::Sku, catalogue.by_sku.get(cells.raw(Field::Sku)).copied()),
        (Field::ProductId, catalogue.by_external_id.get(cells.raw(Field::ProductId)).copied()),
    ] {
        if !cells.raw(field).is_empty() {
            if found.is_none() {
                cells.error(field, "unknown_product", "The catalogue has no such product.");
            }
            return found;
        }
    }
    let name = text::key(cells.raw(Field::ProductName));
    match catalogue.by_name.get(&name) {
        Some(Some(product)) => return Some(*product),
        Some(None) => cells.error(
            Field::ProductName,
            "ambiguous_product",
            "Several products have this name; give the SKU.",
        ),
        None if name.is_empty() => {
            let field = if cells.columns.has(Field::Sku) { Field::Sku } else { Field::ProductId };
            cells.error(field, "required", "A line needs a product.");
        }
        None => cells.error(
            Field::ProductName,
            "unknown_product",
            "The catalogue has no product of this name; give the SKU.",
        ),
    }
    None
}

fn head(ctx: &Context, cells: &mut Cells<'_>, lines: Vec<LineRecord>) -> Option<OrderRecord> {
    let order_no = cells.text(Field::OrderNo, 60);
    let external_id = cells.text(Field::ExternalId, 200).or_else(|| order_no.clone());
    if external_id.is_none() {
        cells.error(Field::ExternalId, "required", "An order needs an id or a number.");
    }
    let phone = phone(cells);
    let customer_id = cells.text(Field::CustomerId, 100);
    if cells.raw(Field::Phone).is_empty() && customer_id.is_none() {
        cells.error(Field::Phone, "required", "An order needs the customer's phone number.");
    }
    let when = placed_when(ctx, cells);
    let status = if ctx.format == Format::Shopify {
        shopify_status(cells)
    } else {
        let expected = "placed, confirmed, shipped, delivered, cancelled, returned";
        cells.word(Field::Status, expected, status).unwrap_or(OrderStatus::Placed)
    };
    let subtotal = Money(
        lines
            .iter()
            .fold(0_i64, |sum, l| sum.saturating_add(l.unit_price.0.saturating_mul(l.quantity))),
    );
    if subtotal > Money::MAX {
        cells.errors.push(RowError::row("amount_too_large", "The order's value is too large."));
    }
    let mut discount = cells.money(Field::Discount).unwrap_or_default();
    if discount > subtotal && ctx.format != Format::Own {
        // Shops count a discount on delivery as well.
        discount = subtotal;
    } else if discount > subtotal && !lines.is_empty() {
        cells.error(
            Field::Discount,
            "discount_too_large",
            "The discount is larger than the order.",
        );
    }
    let delivery_charge = cells.money(Field::DeliveryCharge).unwrap_or_default();
    let total = cells.money(Field::Total);
    if ctx.format == Format::Own
        && total.is_some_and(|total| total != subtotal - discount + delivery_charge)
    {
        // Shops' totals hold taxes and fees, so theirs are not compared.
        cells.error(
            Field::Total,
            "total_mismatch",
            format!(
                "Lines - discount + delivery is {:.2}; is a line missing?",
                (subtotal - discount + delivery_charge).0 as f64 / 100.0
            ),
        );
    }
    let payment_method = cells.label(Field::PaymentMethod, 40).unwrap_or_else(|| {
        let paid = cells.raw(Field::PaymentStatus).eq_ignore_ascii_case("paid");
        if paid { "paid".to_owned() } else { "cod".to_owned() }
    });
    let (day, at) = when?;
    let mut record = OrderRecord {
        external_id: external_id?,
        order_no,
        phone,
        customer_id,
        name: full_name(cells),
        email: cells.text(Field::Email, 200),
        address: full_address(cells),
        district: cells.label(Field::District, 80),
        city: cells.label(Field::City, 80),
        day,
        at,
        status,
        subtotal,
        discount,
        delivery_charge,
        payment_method,
        note: cells.label(Field::Note, 2_000),
        lines,
        content_hash: String::new(),
    };
    record.content_hash = record.hash();
    Some(record)
}

/// The customer's number: the first of the cell. Further ones are not kept with an order.
fn phone(cells: &mut Cells<'_>) -> Option<PhoneNumber> {
    let mut phones = cells.phones(Field::Phone).into_iter();
    let phone = phones.next();
    let others: Vec<String> = phones.map(|phone| phone.to_string()).collect();
    if !others.is_empty() {
        let reason = format!("Only the first phone number is read, not {}.", others.join(", "));
        cells.warn(Field::Phone, "phone_left_out", reason);
    }
    phone
}

/// Day and instant. With both columns the day is the order date's, the time the other's.
fn placed_when(ctx: &Context, cells: &mut Cells<'_>) -> Option<(NaiveDate, DateTime<Utc>)> {
    let day = cells.when(Field::OrderDate).map(|when| placed(&ctx.clock, when));
    let at = cells.when(Field::PlacedAt).map(|when| placed(&ctx.clock, when));
    let (field, found) = match (day, at) {
        (Some((day, _)), Some((same, at))) if day == same => (Field::OrderDate, (day, at)),
        (Some(day), _) => (Field::OrderDate, day),
        (None, Some(at)) => (Field::PlacedAt, at),
        (None, None) => {
            if cells.raw(Field::OrderDate).is_empty() && cells.raw(Field::PlacedAt).is_empty() {
                let field = if cells.columns.has(Field::OrderDate) {
                    Field::OrderDate
                } else {
                    Field::PlacedAt
                };
                cells.error(field, "required", "An order needs its date.");
            }
            return None;
        }
    };
    if found.0 > ctx.today {
        cells.error(field, "date_in_future", "An order's date is not in the future.");
    } else if found.0 < NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN) {
        cells.error(field, "date_too_early", "An order's date is not before 2000.");
    }
    Some(found)
}
