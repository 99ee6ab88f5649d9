//! What the pages of all customers have in common: the products on sale, what goes with what, and
//! what reorder dates are made from. Kept in memory as long as the catalogue's version stands;
//! triggers move it with every change, on whichever instance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::recommend::{Offer, Rule};
use crate::db::{CategoryId, DbError, Part, Tx};
use crate::products::store::{self as products, Category};
use crate::products::{ProductName, ProductNames};
use crate::reorder;

/// The shop's side of a customer's page.
#[derive(Debug)]
pub struct Catalogue {
    version: i64,
    /// Every category.
    pub categories: HashMap<CategoryId, Category>,
    /// Every product's names.
    pub names: ProductNames,
    /// Products on sale.
    pub offers: Vec<Offer>,
    /// What goes with what.
    pub rules: Vec<Rule>,
    /// What reorder dates are made from.
    pub reorder: reorder::Rules,
}

impl Catalogue {
    async fn read(tx: &mut Tx, version: i64) -> Result<Self, DbError> {
        let names: Vec<ProductName> = tx.all(ProductName::SELECT).await?;
        let categories = products::categories(tx).await?;
        Ok(Self {
            version,
            categories: categories.into_iter().map(|category| (category.id, category)).collect(),
            names: names.into_iter().collect(),
            offers: tx
                .all(
                    "SELECT p.id, p.sku, p.name_bn, p.name_en, p.category_id, c.slug, p.price,
                            p.buyers
                     FROM products p JOIN categories c ON c.id = p.category_id WHERE p.active",
                )
                .await?,
            rules: tx
                .all(
                    "SELECT trigger_category_id, recommended_category_id, min_days, max_days,
                            min_order_value, priority
                     FROM product_recommendation_rules WHERE active",
                )
                .await?,
            reorder: reorder::store::rules(tx).await?,
        })
    }
}

/// The catalogue's version, for [`Catalogues::at`].
pub const VERSION: Part<'_> =
    Part { columns: &["version"], select: "SELECT version FROM catalogue_version" };

/// The catalogue as read last.
#[derive(Debug, Default)]
pub struct Catalogues(Mutex<Option<Arc<Catalogue>>>);

impl Catalogues {
    /// The catalogue as the transaction sees it.
    pub async fn get(&self, tx: &mut Tx) -> Result<Arc<Catalogue>, DbError> {
        let version = tx.scalar(VERSION.select).await?;
        self.at(tx, version).await
    }

    /// The catalogue of this version, or a newer one. The version is read before the rest: what
    /// changes in between is read again by the next one.
    pub async fn at(&self, tx: &mut Tx, version: i64) -> Result<Arc<Catalogue>, DbError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.version == version) {
            return Ok(kept);
        }
        let read = Arc::new(Catalogue::read(tx, version).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
        Ok(read)
    }
}
