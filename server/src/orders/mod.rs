//! Orders: taken from anywhere, each exactly once, corrected at will.

pub mod api;
pub mod read;
pub mod store;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::db::{CustomerId, Money, OrderId, PhoneNumber, ProductId, TaskId, UserId, text_enum};
use crate::error::{Error, Result};

text_enum! {
    /// Where an order stands. Cancelled and returned ones do not count for any figure.
    pub enum OrderStatus {
        /// Received.
        Placed = "placed",
        /// Accepted.
        Confirmed = "confirmed",
        /// On its way.
        Shipped = "shipped",
        /// With the customer.
        Delivered = "delivered",
        /// Called off.
        Cancelled = "cancelled",
        /// Came back.
        Returned = "returned",
    }
}

impl OrderStatus {
    /// Whether it counts for the customer's figures.
    pub const fn counted(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Returned)
    }
}

/// Most packs on one line.
pub const MAX_QUANTITY: i64 = 10_000;
/// Most lines of an order.
pub const MAX_LINES: usize = 200;

/// Who takes an order, and when.
#[derive(Clone, Copy, Debug)]
pub struct OrderContext {
    /// Now.
    pub now: DateTime<Utc>,
    /// The company's day.
    pub today: NaiveDate,
    /// The user who takes it; `None`: it came from outside.
    pub user: Option<UserId>,
}

/// Whose order it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum OrderCustomer {
    /// A customer we have.
    Id(CustomerId),
    /// Whoever has this number; made if nobody has.
    Phone {
        /// The number.
        phone: PhoneNumber,
        /// For a new customer; default: the number.
        name: Option<String>,
        /// For a new customer.
        address: Option<String>,
        /// For a new customer.
        district: Option<String>,
    },
}

/// Which product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ProductRef {
    /// By id.
    Id(ProductId),
    /// By stock-keeping unit.
    Sku(String),
}

/// A line to order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewLine {
    /// What.
    pub product: ProductRef,
    /// Packs, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// Poisha per pack; default: the catalogue's price (a correction keeps the order's own).
    pub unit_price: Option<Money>,
}

/// When an order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The company's day.
    pub day: NaiveDate,
    /// The instant; default: the time of day it is now.
    pub at: Option<DateTime<Utc>>,
}

/// An order as it arrives. The pair of `source` and `external_id` is its identity: the same again
/// is nothing, the same with other content a correction. What is `None` takes its default in a new
/// order and stays as it is in a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    /// Where it came from: rest, csv, woocommerce, shopify, call …
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What people call it; default: made from its id.
    pub order_no: Option<String>,
    /// Whose.
    pub customer: OrderCustomer,
    /// When; default: now.
    pub placed: Option<Placed>,
    /// Default: placed.
    pub status: Option<OrderStatus>,
    /// Poisha off the whole order; default 0.
    pub discount: Option<Money>,
    /// Poisha for delivery; default 0.
    pub delivery_charge: Option<Money>,
    /// Tax and other charges, poisha; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fees: Option<Money>,
    /// Poisha paid back to the customer, at most the total; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Default: `cod`, cash on delivery.
    pub payment_method: Option<String>,
    /// Free text.
    pub note: Option<String>,
    /// The call task that made it.
    pub task_id: Option<TaskId>,
    /// At least one.
    pub lines: Vec<NewLine>,
}

/// Changes to an order; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderChange {
    /// New status.
    pub status: Option<OrderStatus>,
    /// Poisha paid back in all, at most the order's total.
    pub refunded: Option<Money>,
    /// Free text; `Some(None)` clears it.
    pub note: Option<Option<String>>,
}

/// What became of an order put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutOrder {
    /// The order.
    pub order_id: OrderId,
    /// It was new.
    pub created: bool,
    /// It was new or corrected.
    pub changed: bool,
}

/// Earliest day an order may have.
fn earliest() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN)
}

/// Checks an amount from outside.
pub(crate) fn check_amount(field: &str, amount: Money) -> Result<()> {
    if amount < Money(0) {
        Err(Error::invalid("negative_amount", field, "An amount of money is not negative."))
    } else if amount > Money::MAX {
        Err(Error::invalid("amount_too_large", field, "The amount is too large."))
    } else {
        Ok(())
    }
}

/// Checks that no more is paid back than was paid.
fn check_refund(refunded: Money, total: Money) -> Result<()> {
    if refunded > total {
        return Err(Error::invalid(
            "refund_too_large",
            "refunded",
            format!("The refund of {refunded} is larger than the order's total of {total}."),
        ));
    }
    Ok(())
}

/// Checks the length of a text from outside, in characters.
pub(crate) fn check_text(field: &str, text: &str, min: usize, max: usize) -> Result<()> {
    let length = text.trim().chars().count();
    if (min..=max).contains(&length) {
        Ok(())
    } else if length < min {
        Err(Error::invalid("required", field, "This is needed."))
    } else {
        Err(Error::invalid("too_long", field, format!("At most {max} characters.")))
    }
}

/// Checks everything that can be checked without the database.
fn check(order: &NewOrder, today: NaiveDate) -> Result<()> {
    check_text("source", &order.source, 1, 40)?;
    check_text("externalId", &order.external_id, 1, 200)?;
    check_text("orderNo", order.order_no.as_deref().unwrap_or("-"), 1, 60)?;
    check_text("paymentMethod", order.payment_method.as_deref().unwrap_or("-"), 1, 40)?;
    check_text("note", order.note.as_deref().unwrap_or(""), 0, 2_000)?;
    if let OrderCustomer::Phone { name, address, district, .. } = &order.customer {
        check_text("customer.name", name.as_deref().unwrap_or(""), 0, 120)?;
        check_text("customer.address", address.as_deref().unwrap_or(""), 0, 500)?;
        check_text("customer.district", district.as_deref().unwrap_or(""), 0, 80)?;
    }
    if let Some(placed) = order.placed {
        if placed.day > today {
            return Err(Error::invalid(
                "date_in_future",
                "orderDate",
                "An order's date is not in the future.",
            ));
        }
        if placed.day < earliest() {
            return Err(Error::invalid(
                "date_too_early",
                "orderDate",
                "An order's date is not before 2000.",
            ));
        }
    }
    check_amount("discount", order.discount.unwrap_or_default())?;
    check_amount("deliveryCharge", order.delivery_charge.unwrap_or_default())?;
    check_amount("fees", order.fees.unwrap_or_default())?;
    check_amount("refunded", order.refunded.unwrap_or_default())?;
    if order.lines.is_empty() {
        return Err(Error::invalid("lines_required", "lines", "An order has at least one line."));
    }
    if order.lines.len() > MAX_LINES {
        return Err(Error::invalid(
            "too_many_lines",
            "lines",
            format!("An order has at most {MAX_LINES} lines."),
        ));
    }
    for (n, line) in order.lines.iter().enumerate() {
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            return Err(Error::invalid(
                "invalid_quantity",
                &format!("lines[{n}].quantity"),
                format!("A quantity is 1 to {MAX_QUANTITY} packs."),
            ));
        }
        check_amount(&format!("lines[{n}].unitPrice"), line.unit_price.unwrap_or_default())?;
    }
    Ok(())
}
