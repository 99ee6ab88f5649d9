//! What products are called.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::ProductId;

/// A product by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct ProductName {
    /// Which.
    pub product_id: ProductId,
    /// Stock-keeping unit; of interest where orders are shown.
    #[serde(skip)]
    pub sku: String,
    /// Bangla name.
    pub name_bn: String,
    /// English name.
    pub name_en: String,
}

impl ProductName {
    /// All there are; a condition may follow.
    pub const SELECT: &str = "SELECT id AS product_id, sku, name_bn, name_en FROM products";
}

/// Products' names, to be found by product.
#[derive(Debug, Default)]
pub struct ProductNames(HashMap<ProductId, ProductName>);

impl ProductNames {
    /// Of one.
    pub fn get(&self, product: ProductId) -> Option<&ProductName> {
        self.0.get(&product)
    }
}

impl FromIterator<ProductName> for ProductNames {
    fn from_iter<I: IntoIterator<Item = ProductName>>(names: I) -> Self {
        Self(names.into_iter().map(|name| (name.product_id, name)).collect())
    }
}
