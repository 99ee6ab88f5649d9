//! Rows of categories and products.

use super::{Cells, Context, Read, Row};
use crate::db::Money;
use crate::imports::fields::Field;
use crate::imports::mapping::Columns;
use crate::imports::{Format, currency, identity, text, titles};
use crate::products::{BaseUnit, PackUnit};

/// A category as a file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryRecord {
    /// Id in the shop's own files.
    pub external_id: Option<String>,
    /// Stable name.
    pub slug: String,
    /// English name.
    pub name_en: Option<String>,
    /// Bangla name.
    pub name_bn: Option<String>,
    /// Unit of comparison.
    pub base_unit: Option<BaseUnit>,
    /// Days a typical pack lasts.
    pub consumption_days: Option<i64>,
    /// Days of notice.
    pub buffer_days: Option<i64>,
    /// Lower limit of the consumption days.
    pub min_days: Option<i64>,
    /// Upper limit.
    pub max_days: Option<i64>,
    /// The typical pack, base units; 0: quantity does not matter.
    pub typical_base_qty: Option<i64>,
}

/// Reads a category.
pub fn category(columns: &Columns, row: &Row) -> Read<CategoryRecord> {
    let mut cells = Cells::new(columns, row);
    let name_en = cells.text(Field::NameEn, 120);
    let name_bn = cells.text(Field::NameBn, 120);
    let given = cells.text(Field::Slug, 60);
    let slug =
        text::slug(given.as_deref().or(name_en.as_deref()).or(name_bn.as_deref()).unwrap_or(""));
    if slug.is_empty() && cells.errors.is_empty() {
        cells.error(Field::Slug, "required", "A category needs a slug or a name.");
    }
    let record = CategoryRecord {
        external_id: cells.text(Field::ExternalId, 100),
        slug,
        name_en,
        name_bn,
        base_unit: cells.word(Field::BaseUnit, "g, ml, pcs", |word| {
            Some(match text::pack_unit(word)? {
                PackUnit::Kilogram | PackUnit::Gram => BaseUnit::Gram,
                PackUnit::Litre | PackUnit::Millilitre => BaseUnit::Millilitre,
                PackUnit::Piece => BaseUnit::Piece,
            })
        }),
        consumption_days: cells.whole(Field::AvgConsumptionDays, 1..=730),
        buffer_days: cells.whole(Field::BufferDays, 0..=365),
        min_days: cells.whole(Field::MinDays, 1..=730),
        max_days: cells.whole(Field::MaxDays, 1..=730),
        typical_base_qty: cells.whole(Field::TypicalBaseQty, 0..=1_000_000),
    };
    if let (Some(min), Some(max)) = (record.min_days, record.max_days)
        && min > max
    {
        cells.error(Field::MinDays, "invalid_number", "`min_days` is above `max_days`.");
    }
    cells.finish(Some(record))
}

/// A product as a file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductRecord {
    /// Id in the shop's own files.
    pub external_id: Option<String>,
    /// Stock-keeping unit.
    pub sku: String,
    /// English name.
    pub name_en: Option<String>,
    /// Bangla name.
    pub name_bn: Option<String>,
    /// What the file calls the category, most telling first.
    pub category: Vec<String>,
    /// The category's id in the shop's own files.
    pub category_id: Option<String>,
    /// Amount in one pack, if the row says it anywhere.
    pub pack: Option<(f64, PackUnit)>,
    /// Price of a pack.
    pub price: Money,
    /// Whether it is sold.
    pub active: Option<bool>,
}

/// What the variants of one product share: Shopify writes it on the first of their rows only.
#[derive(Clone, Debug, Default)]
pub struct VariantContext {
    handle: String,
    name: Option<String>,
    category: String,
    active: String,
}

/// The names in a category cell: `Grocery > Rice, Featured` is Rice, Grocery or Featured.
fn category_names(cell: &str) -> Vec<String> {
    cell.split([',', '|'])
        .flat_map(|path| path.split('>').rev())
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// Reads a product; `None` is a row that only adds a picture to a Shopify product.
pub fn product(
    ctx: &Context,
    columns: &Columns,
    row: &Row,
    before: &mut VariantContext,
) -> Read<Option<ProductRecord>> {
    let mut cells = Cells::new(columns, row);
    let mut category = cells.raw(Field::Category).to_owned();
    let mut name_en = cells.text(Field::NameEn, 200);
    let mut active = cells.raw(Field::Active).to_owned();
    if ctx.format == Format::Shopify {
        let handle = cells.raw(Field::Handle);
        if !handle.is_empty() && handle == before.handle {
            if cells.raw(Field::Sku).is_empty() && cells.raw(Field::Price).is_empty() {
                return cells.finish(Some(None));
            }
            name_en = name_en.or_else(|| before.name.clone());
            if category.is_empty() {
                category.clone_from(&before.category);
            }
            if active.is_empty() {
                active.clone_from(&before.active);
            }
        } else {
            let (name, category) = (name_en.clone(), category.clone());
            *before = VariantContext {
                handle: handle.to_owned(),
                name,
                category,
                active: active.clone(),
            };
        }
    }
    let name_bn = cells.text(Field::NameBn, 200);
    let options = [Field::Option1, Field::Option2, Field::Option3].map(|field| cells.raw(field));
    // Two variants of one name could not be told apart.
    name_en = name_en.map(|title| text::cut(&titles::with_options(&title, &options), 200));
    let sku = cells.text(Field::Sku, 80).or_else(|| generated_sku(&cells, &options));
    if sku.is_none() && cells.raw(Field::Sku).is_empty() {
        cells.error(Field::Sku, "required", "A product needs a SKU.");
    }
    if !currency::is_taka(cells.raw(Field::Currency)) {
        let reason = "Prices are taka (BDT); convert them first.";
        cells.error(Field::Currency, "foreign_currency", reason);
    }
    if name_en.is_none() && name_bn.is_none() {
        cells.error(Field::NameEn, "required", "A product needs a name.");
    }
    let category_id = cells.text(Field::CategoryId, 100);
    let category = category_names(&category);
    if category.is_empty() && category_id.is_none() {
        cells.error(Field::Category, "required", "A product needs a category.");
    }
    if cells.raw(Field::Price).is_empty() {
        cells.error(Field::Price, "required", "A product needs a price.");
    }
    let price = cells.money(Field::Price);
    let active = match active.as_str() {
        "" => None,
        word => {
            let parsed = text::truth(word);
            if parsed.is_none() {
                cells.error(Field::Active, "invalid_value", "Expected yes or no.");
            }
            parsed
        }
    };
    let pack = pack(&mut cells, name_en.as_deref(), name_bn.as_deref());
    let external_id = cells.text(Field::ExternalId, 100);
    let record = sku.zip(price).map(|(sku, price)| {
        Some(ProductRecord {
            external_id,
            sku,
            name_en,
            name_bn,
            category,
            category_id,
            pack,
            price,
            active,
        })
    });
    cells.finish(record)
}

/// The SKU of a product whose shop has none: from its handle and options, or its id.
fn generated_sku(cells: &Cells<'_>, options: &[&str]) -> Option<String> {
    let (handle, id) = (cells.raw(Field::Handle), cells.raw(Field::ExternalId));
    if !handle.is_empty() {
        Some(titles::sku(handle, options))
    } else if id.is_empty() {
        None
    } else {
        Some(text::cut(&format!("ID-{}", identity::key(id)), 80))
    }
}

/// Size and unit from their own columns, else from one text, else from the name, else the weight.
fn pack(
    cells: &mut Cells<'_>,
    name_en: Option<&str>,
    name_bn: Option<&str>,
) -> Option<(f64, PackUnit)> {
    let size = cells.decimal(Field::PackSize);
    let unit = cells.word(Field::PackUnit, "kg, g, litre, ml, pcs", text::pack_unit);
    if let (Some(size), Some(unit)) = (size, unit) {
        return Some((size, unit));
    }
    let label = cells.raw(Field::Pack);
    if !label.is_empty() {
        let pack = text::pack(label);
        if pack.is_none() {
            cells.error(
                Field::Pack,
                "invalid_pack",
                "Expected an amount with its unit such as 5kg.",
            );
        }
        return pack;
    }
    [name_en, name_bn]
        .into_iter()
        .flatten()
        .find_map(text::pack_in_name)
        .or_else(|| cells.decimal(Field::WeightKg).map(|kg| (kg, PackUnit::Kilogram)))
        .or_else(|| {
            // Shopify writes 0 where nobody weighed.
            text::decimal(cells.raw(Field::WeightG))
                .filter(|g| *g > 0.0)
                .map(|g| (g, PackUnit::Gram))
        })
}
