//! The demo shop as CSV files in the product's own import format: something to try the import with,
//! and the data of `cargo xtask bench`.

use std::path::Path;

use anyhow::Context as _;
use chrono::NaiveDate;

use super::{DemoShop, PRODUCTS, SEED};

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Exported {
    /// Rows of `customers.csv`.
    pub customers: usize,
    /// Orders in `orders.csv`.
    pub orders: usize,
    /// Its rows, one a line item.
    pub lines: usize,
}

/// Writes `categories.csv`, `products.csv`, `customers.csv` and `orders.csv` of a shop with
/// `customers` customers as of `today` into `dir`.
pub fn export(dir: &Path, today: NaiveDate, customers: usize) -> anyhow::Result<Exported> {
    std::fs::create_dir_all(dir)?;
    let shop = DemoShop::generate(today, SEED, customers);
    let file = |name: &str| {
        let path = dir.join(name);
        csv::Writer::from_path(&path).with_context(|| format!("writing {}", path.display()))
    };

    let mut out = file("categories.csv")?;
    out.write_record(["slug", "name_bn", "name_en", "base_unit"])?;
    for c in shop.categories {
        out.write_record([c.slug, c.name_bn, c.name_en, c.base_unit])?;
    }
    out.flush()?;

    let mut out = file("products.csv")?;
    out.write_record(["sku", "name_bn", "name_en", "category", "pack_size", "pack_unit", "price"])?;
    for p in shop.products {
        out.write_record([
            p.sku,
            p.name_bn,
            p.name_en,
            p.category,
            &p.pack_size.to_string(),
            p.pack_unit,
            &taka(p.price),
        ])?;
    }
    out.flush()?;

    let mut out = file("customers.csv")?;
    out.write_record([
        "phone", "name", "email", "address", "district", "city", "gender", "birthday",
    ])?;
    for c in &shop.customers {
        out.write_record([
            c.phone.as_str(),
            &c.name,
            c.email.as_deref().unwrap_or_default(),
            &c.address,
            c.district,
            c.city,
            c.gender,
            &c.birthday.map(|d| d.to_string()).unwrap_or_default(),
        ])?;
    }
    out.flush()?;

    let mut lines = 0;
    let mut out = file("orders.csv")?;
    out.write_record([
        "external_id",
        "order_date",
        "status",
        "customer_phone",
        "customer_name",
        "sku",
        "quantity",
        "unit_price",
        "discount",
        "delivery_charge",
        "payment_method",
    ])?;
    for (n, order) in shop.orders.iter().enumerate() {
        let customer = &shop.customers[order.customer];
        for line in &order.lines {
            lines += 1;
            let product = &PRODUCTS[line.product];
            out.write_record([
                format!("D-{:07}", n + 1).as_str(),
                &order.date.to_string(),
                order.status,
                &customer.phone,
                &customer.name,
                product.sku,
                &line.quantity.to_string(),
                &taka(line.unit_price),
                &taka(order.discount),
                &taka(order.delivery_charge),
                order.payment_method,
            ])?;
        }
    }
    out.flush()?;
    Ok(Exported { customers: shop.customers.len(), orders: shop.orders.len(), lines })
}

/// Poisha as a decimal amount of taka.
fn taka(poisha: i64) -> String {
    format!("{}.{:02}", poisha / 100, poisha % 100)
}
