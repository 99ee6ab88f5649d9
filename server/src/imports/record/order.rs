//! Rows of one order: order and lines in one file (one row per line), or the order's row with the
//! rows of a second file.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::customer::{full_address, full_name};
use super::line::{ReadLine, line};
use super::total::{self, Claims, Refused, Settled};
use super::{Cells, Context, Row, RowError, Warnings, district, placed};
use crate::auth::sha256_hex;
use crate::db::{CategoryId, Money, PhoneNumber, ProductId};
use crate::imports::fields::Field;
use crate::imports::mapping::Columns;
use crate::imports::status::{self, ShopifyWord, UNKNOWN_STATUS};
use crate::imports::text;
use crate::imports::{Format, currency, identity, titles};
use crate::orders::{MAX_LINES, OrderStatus};

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
    /// By name as [`titles::key`] writes it, if only one has it.
    names: HashMap<String, Option<CatalogueProduct>>,
    /// By title of a product with variants, if there is only one.
    titles: HashMap<String, Option<CatalogueProduct>>,
}

impl Catalogue {
    /// Adds a product's names, each once.
    pub fn add_names(&mut self, names: &[&str], product: CatalogueProduct) {
        let add = |map: &mut HashMap<String, Option<CatalogueProduct>>, keys: Vec<String>| {
            let keys: HashSet<String> = keys.into_iter().filter(|key| !key.is_empty()).collect();
            for key in keys {
                map.entry(key).and_modify(|p| *p = None).or_insert(Some(product));
            }
        };
        add(&mut self.names, names.iter().map(|name| titles::key(name)).collect());
        let of_variants = names.iter().filter_map(|name| titles::title(name));
        add(&mut self.titles, of_variants.map(titles::key).collect());
    }

    /// The product with this name or, if it has one variant only, this title; `Some(None)` where
    /// several have it.
    pub(super) fn by_name(&self, key: &str) -> Option<Option<CatalogueProduct>> {
        self.names.get(key).or_else(|| self.titles.get(key)).copied()
    }
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
    /// Price of a pack, rounded to the poisha.
    pub unit_price: Money,
    /// Price of the line.
    pub total: Money,
    /// Base units.
    pub base_qty: i64,
}

/// An order as a file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id at the source as `identity::key` writes it; its number's where it has none.
    pub external_id: String,
    /// Whether the source has an id for it beside its number.
    pub has_id: bool,
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
    /// Tax and other charges.
    pub fees: Money,
    /// Paid back, at most the total.
    pub refunded: Money,
    /// How it is paid.
    pub payment_method: String,
    /// Remark.
    pub note: Option<String>,
    /// Its lines; none if nothing was kept.
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
        // Writing to a String cannot fail. What earlier versions did not know is told only where it
        // is, so that their orders stay unchanged.
        if (self.fees, self.refunded) != (Money(0), Money(0)) {
            let _ = write!(text, "\u{1f}{}\u{1f}{}", self.fees.0, self.refunded.0);
        }
        for line in &self.lines {
            let _ = write!(
                text,
                "\u{1e}{}\u{1f}{}\u{1f}{}",
                line.product, line.quantity, line.unit_price.0
            );
            if line.total.0 != line.unit_price.0.saturating_mul(line.quantity) {
                let _ = write!(text, "\u{1f}{}", line.total.0);
            }
        }
        sha256_hex(&text)
    }

    /// What the customer pays.
    pub fn total(&self) -> Money {
        self.subtotal - self.discount + self.delivery_charge + self.fees
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
        let record = head(ctx, &mut cells, &lines);
        // A total that does not add up says nothing beside a line that was not understood.
        let broken = errors.iter().any(|e| !e.is_empty());
        let sums = ["total_mismatch", "discount_too_large", "refund_too_large"];
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

fn head(ctx: &Context, cells: &mut Cells<'_>, lines: &[ReadLine]) -> Option<OrderRecord> {
    let order_no = cells.text(Field::OrderNo, 60).map(|number| identity::number(&number));
    let id = cells.text(Field::ExternalId, 200);
    let external_id =
        id.as_deref().or(order_no.as_deref()).map(|id| identity::key(id).into_owned());
    let number_key = order_no.as_deref().map(identity::key);
    let has_id = number_key.is_some() && number_key.as_deref() != external_id.as_deref();
    if external_id.is_none() {
        cells.error(Field::ExternalId, "required", "An order needs an id or a number.");
    }
    let (phone, other_phones) = cells.first_phone();
    let customer_id = cells.text(Field::CustomerId, 100);
    if cells.raw(Field::Phone).is_empty() && customer_id.is_none() {
        cells.error(Field::Phone, "required", "An order needs the customer's phone number.");
    }
    let when = placed_when(ctx, cells);
    if !currency::is_taka(cells.raw(Field::Currency)) {
        cells.error(
            Field::Currency,
            "foreign_currency",
            "Amounts are taka (BDT); convert the order's amounts first.",
        );
    }
    let mut status = status_of(ctx, cells);
    let settled = money(ctx, cells, lines);
    if let Some(settled) = &settled
        && status.counted()
        && (settled.lines.is_empty()
            || (settled.refunded > Money(0) && settled.refunded == settled.total()))
    {
        // Nothing was kept, or everything paid back.
        status = OrderStatus::Returned;
    }
    let payment_method = cells.label(Field::PaymentMethod, 40).unwrap_or_else(|| {
        let paid = cells.raw(Field::PaymentStatus).eq_ignore_ascii_case("paid");
        if paid { "paid".to_owned() } else { "cod".to_owned() }
    });
    let note = with_phones(cells.label(Field::Note, 2_000), &other_phones);
    let (day, at) = when?;
    let settled = settled?;
    let mut record = OrderRecord {
        external_id: external_id?,
        has_id,
        order_no,
        phone,
        customer_id,
        name: full_name(cells),
        email: cells.text(Field::Email, 200),
        address: full_address(cells),
        district: district(cells),
        city: cells.label(Field::City, 80),
        day,
        at,
        status,
        subtotal: settled.subtotal,
        discount: settled.discount,
        delivery_charge: settled.delivery,
        fees: settled.fees,
        refunded: settled.refunded,
        payment_method,
        note,
        lines: settled.lines,
        content_hash: String::new(),
    };
    record.content_hash = record.hash();
    Some(record)
}

/// The note with the numbers of the order's other phone columns.
fn with_phones(note: Option<String>, phones: &[String]) -> Option<String> {
    if phones.is_empty() {
        return note;
    }
    let phones = format!("Phone: {}", phones.join(", "));
    Some(match note {
        Some(note) if note.chars().count() + phones.chars().count() < 2_000 => {
            format!("{note}\n{phones}")
        }
        Some(note) => note,
        None => text::cut(&phones, 2_000),
    })
}

/// The order's status. An unknown word refuses the order: the person who imports is asked.
fn status_of(ctx: &Context, cells: &mut Cells<'_>) -> OrderStatus {
    if ctx.format == Format::Shopify {
        let (financial, fulfilment) =
            (cells.raw(Field::FinancialStatus), cells.raw(Field::FulfilmentStatus));
        let cancelled = !cells.raw(Field::CancelledAt).is_empty();
        let word = match status::of_shopify(financial, fulfilment, cancelled, &ctx.statuses) {
            Ok(status) => return status,
            Err(ShopifyWord::Financial) => Field::FinancialStatus,
            Err(ShopifyWord::Fulfilment) => Field::FulfilmentStatus,
        };
        unknown_status(cells, word);
        return OrderStatus::Confirmed;
    }
    let word = cells.raw(Field::Status);
    if word.is_empty() {
        return OrderStatus::Placed;
    }
    status::status(word, &ctx.statuses).unwrap_or_else(|| {
        unknown_status(cells, Field::Status);
        OrderStatus::Placed
    })
}

fn unknown_status(cells: &mut Cells<'_>, field: Field) {
    let reason = "This status is not known; say what it means and import again.";
    cells.error(field, UNKNOWN_STATUS, reason);
}

/// What the order costs, or why that cannot be said.
fn money(ctx: &Context, cells: &mut Cells<'_>, lines: &[ReadLine]) -> Option<Settled> {
    let amount = |cells: &mut Cells<'_>, field| cells.money(field).unwrap_or_default();
    let refund = cells.refund();
    let claims = Claims {
        total: cells.money(Field::Total),
        discount: amount(cells, Field::Discount),
        delivery: amount(cells, Field::DeliveryCharge),
        tax: amount(cells, Field::Tax),
        fees: amount(cells, Field::Fees),
        refunded: refund.unwrap_or_default(),
        strict: ctx.format == Format::Own,
    };
    if lines.is_empty() {
        // Why is told with the lines.
        return None;
    }
    match total::settle(lines, &claims) {
        Ok(settled) => {
            if let Some((made, said)) = settled.adjusted {
                cells.warn(
                    Field::Total,
                    "total_adjusted",
                    format!(
                        "Lines, discount, delivery and tax make {made}, the total is {said}; the \
                         total is kept."
                    ),
                );
            }
            let back = [Field::Status, Field::FinancialStatus];
            if refund.is_none()
                && let Some(field) =
                    back.into_iter().find(|f| status::is_partly_back(cells.raw(*f)))
                && lines.iter().all(|line| line.kept == line.ordered)
            {
                let reason = "A part was paid back, but the file does not say how much: the order \
                              counts in full.";
                cells.warn(field, "refund_amount_missing", reason);
            }
            return Some(settled);
        }
        Err(Refused::TooLarge) => {
            let reason = "The order's value is too large.";
            cells.errors.push(RowError::row("amount_too_large", reason));
        }
        Err(Refused::Discount) => cells.error(
            Field::Discount,
            "discount_too_large",
            "The discount is larger than the order.",
        ),
        Err(Refused::Total(made, said)) => cells.error(
            Field::Total,
            "total_mismatch",
            format!(
                "Lines, discount, delivery and tax make {made}, the total is {said}; is a line \
                 missing?"
            ),
        ),
        Err(Refused::Refund(total)) => cells.error(
            Field::Refunded,
            "refund_too_large",
            format!("The refund is larger than the order's total of {total}."),
        ),
    }
    None
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
