//! Rows of order lines: which product, how many pieces, for how much.

use super::order::{Catalogue, CatalogueProduct, LineRecord};
use super::{Cells, Read, Row};
use crate::db::Money;
use crate::imports::fields::Field;
use crate::imports::mapping::Columns;
use crate::imports::titles;
use crate::orders::MAX_QUANTITY;

/// A line as its row says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadLine {
    /// What; `None` if no piece was kept.
    pub(super) product: Option<CatalogueProduct>,
    /// Packs ordered.
    pub(super) ordered: i64,
    /// Packs kept: ordered less returned or taken out.
    pub(super) kept: i64,
    /// Value of the packs ordered, before the line's discount.
    pub(super) gross: Option<Money>,
    /// The same after the line's discount.
    pub(super) net: Option<Money>,
    /// The line's own discount; 0: none or not told.
    pub(super) discount: Money,
}

impl ReadLine {
    /// What the packs ordered cost in the catalogue, for lines without any price.
    pub(super) fn catalogue_value(&self) -> Money {
        self.product.map_or(Money(0), |p| Money(p.price.0.saturating_mul(self.ordered)))
    }

    /// The line as it is stored, worth `value`; `None` if no piece was kept.
    pub(super) fn record(&self, value: i64) -> Option<LineRecord> {
        let product = self.product.filter(|_| self.kept > 0)?;
        Some(LineRecord {
            product: product.id,
            category: product.category,
            quantity: self.kept,
            unit_price: Money((value + self.kept / 2) / self.kept),
            total: Money(value),
            base_qty: product.base_qty.saturating_mul(self.kept),
        })
    }
}

/// Reads a line.
pub(super) fn line(columns: &Columns, row: &Row, catalogue: &Catalogue) -> Read<ReadLine> {
    let mut cells = Cells::new(columns, row);
    let packs = quantities(&mut cells);
    // What was taken out of an order says nothing of the catalogue.
    let product = match packs {
        Some((_, 0)) => None,
        _ => product(&mut cells, catalogue),
    };
    let unit = cells.money(Field::UnitPrice);
    let total = cells.money(Field::LineTotal);
    let net = cells.money(Field::LineNet);
    let discount = cells.money(Field::LineDiscount).unwrap_or_default();
    let record =
        packs.filter(|(_, kept)| *kept == 0 || product.is_some()).map(|(ordered, kept)| {
            let mut line = ReadLine { product, ordered, kept, gross: None, net, discount };
            let times = |packs: i64| Money(unit.unwrap_or_default().0.saturating_mul(packs));
            line.gross = match (unit, total) {
                (Some(_), Some(total)) if agree(times(ordered), total, ordered) => Some(total),
                (Some(_), Some(total)) if agree(times(kept), total, kept) => Some(times(ordered)),
                (Some(_), Some(total)) if agree(times(ordered) - discount, total, ordered) => {
                    line.net = line.net.or(Some(total));
                    Some(times(ordered))
                }
                (Some(unit), Some(total)) => {
                    let made = times(ordered);
                    cells.error(
                        Field::LineTotal,
                        "line_total_mismatch",
                        format!("{ordered} × {unit} is {made}, the line's total is {total}."),
                    );
                    Some(total)
                }
                (Some(_), None) => Some(times(ordered)),
                (None, total) => total,
            };
            line
        });
    cells.finish(record)
}

/// Unit prices are rounded to the poisha.
fn agree(made: Money, said: Money, packs: i64) -> bool {
    made.0.saturating_sub(said.0).saturating_abs() <= packs
}

/// Packs ordered and kept. Some exports have the packs that came back in a column of their own,
/// others what is left of them.
fn quantities(cells: &mut Cells<'_>) -> Option<(i64, i64)> {
    let said = |cells: &Cells<'_>, field| !cells.raw(field).is_empty();
    if !said(cells, Field::Quantity) && !said(cells, Field::NetQuantity) {
        cells.error(Field::Quantity, "required", "A line needs a quantity.");
        return None;
    }
    let ordered = cells.whole(Field::Quantity, 0..=MAX_QUANTITY);
    let net = cells.whole(Field::NetQuantity, 0..=MAX_QUANTITY);
    let back = cells.returned(MAX_QUANTITY);
    let ordered = ordered.or(net)?;
    let kept = net.unwrap_or(ordered - back.unwrap_or(0));
    if !(0..=ordered).contains(&kept) {
        let field = if net.is_some() { Field::NetQuantity } else { Field::RefundedQuantity };
        cells.error(field, "invalid_number", format!("Of {ordered} pieces no more can come back."));
        return None;
    }
    Some((ordered, kept))
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
    let name = titles::key(cells.raw(Field::ProductName));
    match catalogue.by_name(&name) {
        Some(Some(product)) => return Some(product),
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
