//! From a heading to meanings: detection of the format, aliases, what the user said. Pure.

use std::collections::BTreeMap;

use super::aliases::meaning;
use super::fields::{Field, LINES_FILE_FIELDS, LINES_FILE_REQUIRED, fields_of, required};
use super::readings::Readings;
use super::{Format, Kind};
use crate::text;

/// Which file of an import is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The file itself.
    Main {
        /// Whether the order lines are in a second file.
        has_lines_file: bool,
    },
    /// The second file with the order lines.
    Lines,
}

/// What the user said a column means; `None`: nothing.
pub type Overrides = BTreeMap<String, Option<Field>>;

/// Says that a mapping's column is one of the lines file.
pub const LINES_PREFIX: &str = "lines.";

/// The meaning of each column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Distinct names in the order of the file.
    pub names: Vec<String>,
    /// By field: the columns that mean it, in the order of preference.
    by_field: Vec<Vec<usize>>,
    /// How its amounts and dates are written.
    pub readings: Readings,
}

/// A heading without what people vary: case, spaces, brackets, dots.
pub fn normal(heading: &str) -> String {
    let mut out = String::with_capacity(heading.len());
    for c in text::key(text::unguarded(heading)).chars() {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && !c.is_whitespace()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// A heading as the aliases know it. Advanced Order Export marks what is left after refunds:
/// `Quantity (- Refund)` is not what was refunded.
fn heading(name: &str) -> String {
    let plain = normal(name);
    match plain.strip_suffix("_refund") {
        Some(of) if name.contains("(-") => format!("{of}_less_refund"),
        _ => plain,
    }
}

/// The meaning of each heading, and its rank among those of one field. `name` beside the columns of
/// a line is the product's, unless nothing else can be the customer's.
fn guesses(
    names: &[String],
    kind: Kind,
    format: Format,
    part: Part,
) -> Vec<Option<(Field, usize)>> {
    let headings: Vec<String> = names.iter().map(|name| heading(name)).collect();
    let mut found: Vec<Option<(Field, usize)>> =
        headings.iter().map(|heading| meaning(heading, kind, format, fields(kind, part))).collect();
    let Some(at) = headings.iter().position(|heading| heading == "name") else { return found };
    let has = |fields: &[Field]| {
        found
            .iter()
            .enumerate()
            .any(|(n, guess)| n != at && guess.is_some_and(|(field, _)| fields.contains(&field)))
    };
    let is_line = has(&[Field::Quantity, Field::NetQuantity, Field::Sku, Field::ProductId]);
    let customer_elsewhere = format == Format::WooCommerce
        || part == Part::Lines
        || has(&[Field::Name, Field::FirstName, Field::LastName]);
    if kind == Kind::Orders
        && format != Format::Shopify
        && is_line
        && customer_elsewhere
        && !has(&[Field::ProductName])
    {
        found[at] = Some((Field::ProductName, 0));
    }
    found
}

/// Column names as found; a repeated one is told apart by its number, an empty one named.
pub fn column_names<'a>(header: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (n, raw) in header.into_iter().enumerate() {
        let raw = text::unguarded(raw);
        let base =
            if raw.is_empty() { format!("column {}", n + 1) } else { super::text::cut(raw, 200) };
        let mut name = base.clone();
        let mut again = 2;
        while names.contains(&name) {
            name = format!("{base} ({again})");
            again += 1;
        }
        names.push(name);
    }
    names
}

/// Whose export it is, by headings only that export has.
pub fn detect(names: &[String], kind: Kind) -> Format {
    let found: Vec<String> = names.iter().map(|name| normal(name)).collect();
    let has = |heading: &str| found.iter().any(|f| f == heading);
    let any = |headings: &[&str]| headings.iter().any(|h| has(h));
    let (shopify, woocommerce) = match kind {
        Kind::Orders => (
            has("name") && any(&["lineitem_name", "lineitem_sku"]),
            any(&["billing_phone", "phone_billing"])
                && any(&["order_number", "order_id", "order_number_formatted"]),
        ),
        Kind::Products => (
            has("handle") && any(&["variant_sku", "variant_price"]),
            has("regular_price") && any(&["categories", "published", "type"]),
        ),
        Kind::Customers => (
            any(&["accepts_email_marketing", "accepts_marketing", "default_address_phone"]),
            any(&["billing_phone", "phone_billing"]),
        ),
        Kind::Categories => (false, false),
    };
    if shopify {
        Format::Shopify
    } else if woocommerce {
        Format::WooCommerce
    } else {
        Format::Own
    }
}

/// The fields that can be in this part of an import.
pub fn fields(kind: Kind, part: Part) -> &'static [Field] {
    match part {
        Part::Main { .. } => fields_of(kind),
        Part::Lines => LINES_FILE_FIELDS,
    }
}

impl Columns {
    /// Recognises the columns; what the user said about one wins over every guess.
    pub fn of(
        names: Vec<String>,
        kind: Kind,
        format: Format,
        part: Part,
        overrides: &Overrides,
    ) -> Self {
        let mut by_field: Vec<Vec<(usize, usize)>> = vec![Vec::new(); Field::ALL.len()];
        let said: Vec<Field> = names.iter().filter_map(|n| *overrides.get(n)?).collect();
        let guesses = guesses(&names, kind, format, part);
        for (column, (name, guess)) in names.iter().zip(guesses).enumerate() {
            match (overrides.get(name), guess) {
                // A guess that was confirmed keeps its rank among the columns of its field.
                (Some(Some(field)), Some((same, rank))) if *field == same => {
                    by_field[same as usize].push((rank, column));
                }
                (Some(Some(field)), _) => by_field[*field as usize].push((0, column)),
                (None, Some((field, rank))) if !said.contains(&field) => {
                    by_field[field as usize].push((rank, column));
                }
                (Some(None) | None, _) => {}
            }
        }
        let by_field = by_field
            .into_iter()
            .map(|mut columns| {
                columns.sort_unstable();
                columns.into_iter().map(|(_, column)| column).collect()
            })
            .collect();
        Self { names, by_field, readings: Readings::default() }
    }

    /// Whether any column means it.
    pub fn has(&self, field: Field) -> bool {
        !self.by_field[field as usize].is_empty()
    }

    /// The first column that means it, for a message.
    pub fn name(&self, field: Field) -> Option<&str> {
        self.by_field[field as usize].first().map(|at| self.names[*at].as_str())
    }

    /// The first filled cell of the columns that mean it, as it was meant; empty if none is.
    pub fn cell<'r>(&self, record: &'r csv::StringRecord, field: Field) -> &'r str {
        self.cells(record, field).next().unwrap_or_default()
    }

    /// The filled cells of the columns that mean it, as they were meant.
    pub fn cells<'r>(
        &self,
        record: &'r csv::StringRecord,
        field: Field,
    ) -> impl Iterator<Item = &'r str> {
        self.by_field[field as usize]
            .iter()
            .map(|at| text::unguarded(record.get(*at).unwrap_or_default()))
            .filter(|text| !text.is_empty())
    }

    /// Column → field, for people to look at and adjust.
    pub fn as_mapping(&self) -> BTreeMap<String, Field> {
        let mut mapping = BTreeMap::new();
        for field in Field::ALL {
            for at in &self.by_field[*field as usize] {
                mapping.insert(self.names[*at].clone(), *field);
            }
        }
        mapping
    }

    /// Groups of fields of which none was found.
    pub fn missing(&self, kind: Kind, part: Part) -> Vec<&'static [Field]> {
        let groups = match part {
            Part::Main { has_lines_file } => required(kind, has_lines_file),
            Part::Lines => LINES_FILE_REQUIRED,
        };
        groups.iter().copied().filter(|group| !group.iter().any(|f| self.has(*f))).collect()
    }
}

/// `sku or product_id or product_name`.
pub fn alternatives(group: &[Field]) -> String {
    group.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(" or ")
}

/// The part of `overrides` that is about one file: the others' names stay away, `lines.` is taken
/// off.
pub fn overrides_for(overrides: &Overrides, names: &[String], part: Part) -> Overrides {
    overrides
        .iter()
        .filter_map(|(column, field)| match (part, column.strip_prefix(LINES_PREFIX)) {
            (Part::Main { .. }, None) => Some((column.clone(), *field)),
            (Part::Lines, Some(column)) => Some((column.to_owned(), *field)),
            _ => None,
        })
        .filter(|(column, _)| names.contains(column))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(header: &str, kind: Kind) -> (Format, Columns) {
        let names = column_names(header.split(','));
        let format = detect(&names, kind);
        let part = Part::Main { has_lines_file: false };
        (format, Columns::of(names, kind, format, part, &Overrides::new()))
    }

    #[test]
    fn headings_are_recognised_in_any_spelling() {
        assert_eq!(normal("\u{feff} First\u{a0}Name\u{200b} (Billing) "), "first_name_billing");
        assert_eq!(normal("E-Mail"), "e_mail");
        assert_eq!(normal("ফোন"), "ফোন");
        let (format, found) = columns("Customer ID,MOBILE NO.,Full name,জেলা", Kind::Customers);
        assert_eq!(format, Format::Own);
        assert_eq!(found.name(Field::ExternalId), Some("Customer ID"));
        assert_eq!(found.name(Field::Phone), Some("MOBILE NO."));
        assert_eq!(found.name(Field::District), Some("জেলা"));
    }

    #[test]
    fn the_shops_exports_are_told_apart() {
        let shopify = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,\
                       Lineitem price,Lineitem sku,Billing Phone,Id,Phone";
        let (format, found) = columns(shopify, Kind::Orders);
        assert_eq!(format, Format::Shopify);
        assert_eq!(found.name(Field::OrderNo), Some("Name"));
        assert_eq!(found.name(Field::ExternalId), Some("Id"));
        assert!(found.missing(Kind::Orders, Part::Main { has_lines_file: false }).is_empty());
        let woo =
            "order_id,order_number,date,status,billing_phone,item_sku,item_quantity,item_subtotal";
        let (format, found) = columns(woo, Kind::Orders);
        assert_eq!(format, Format::WooCommerce);
        assert_eq!(found.name(Field::PlacedAt), Some("date"));
        assert_eq!(found.name(Field::LineTotal), Some("item_subtotal"));
    }

    #[test]
    fn name_is_the_product_beside_the_columns_of_a_line() {
        let advanced = "Order Number,First Name (Billing),Phone (Billing),SKU,Name,Quantity,\
                        Quantity (- Refund),Item Cost";
        let (format, found) = columns(advanced, Kind::Orders);
        assert_eq!(format, Format::WooCommerce);
        assert_eq!(found.name(Field::ProductName), Some("Name"));
        assert_eq!(found.name(Field::Quantity), Some("Quantity"));
        assert_eq!(found.name(Field::NetQuantity), Some("Quantity (- Refund)"));
        let (_, found) = columns("order_id,phone,customer,name,sku,quantity", Kind::Orders);
        assert_eq!(found.name(Field::ProductName), Some("name"));
        assert_eq!(found.name(Field::Name), Some("customer"));
        for own in ["order_id,phone,name,sku,quantity", "order_id,customer,name,product,quantity"] {
            let (_, found) = columns(own, Kind::Orders);
            assert_eq!(found.name(Field::Name), Some("name"), "{own}");
        }
        let (_, found) = columns("order_id,phone,sku,quantity,Quantity Refund", Kind::Orders);
        assert_eq!(found.name(Field::RefundedQuantity), Some("Quantity Refund"));
    }

    #[test]
    fn what_the_user_says_wins() {
        let names = column_names(["phone", "second", "id"]);
        let mut overrides = Overrides::new();
        overrides.insert("second".to_owned(), Some(Field::Phone));
        overrides.insert("id".to_owned(), None);
        let part = Part::Main { has_lines_file: false };
        let found = Columns::of(names, Kind::Customers, Format::Own, part, &overrides);
        assert_eq!(found.name(Field::Phone), Some("second"));
        assert!(!found.has(Field::ExternalId));
    }

    #[test]
    fn missing_columns_are_named_with_their_alternatives() {
        let (_, found) = columns("a,b", Kind::Products);
        let missing = found.missing(Kind::Products, Part::Main { has_lines_file: false });
        let text: Vec<String> = missing.into_iter().map(alternatives).collect();
        assert_eq!(
            text,
            [
                "sku or handle or external_id",
                "name_en or name_bn",
                "category or category_id",
                "price"
            ]
        );
    }

    proptest! {
        #[test]
        fn any_header_gives_distinct_names_and_never_panics(
            header in prop::collection::vec("\\PC{0,12}", 0..20)
        ) {
            let names = column_names(header.iter().map(String::as_str));
            let mut distinct = names.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), names.len());
            for kind in Kind::ALL {
                let format = detect(&names, *kind);
                let part = Part::Main { has_lines_file: false };
                let found = Columns::of(names.clone(), *kind, format, part, &Overrides::new());
                prop_assert!(found.as_mapping().len() <= names.len());
            }
        }
    }
}
