//! Import of CSV files and spreadsheets: categories, products, customers, orders; the own format and
//! the exports of WooCommerce and Shopify (docs/IMPORT.md).
//!
//! Rules without I/O: `fields`, `mapping`, `amount`, `date`, `readings`, `text`, `record`. Into UTF-8
//! CSV: `encoding`, `workbook`, `markup`. Files: `file`, `read`. Rows in the database: `apply`, jobs:
//! `store`, work: `work`.

mod aliases;
mod amount;
pub mod answers;
pub mod api;
mod apply;
pub mod cli;
mod currency;
mod date;
mod encoding;
mod fields;
mod file;
mod identity;
pub mod mapping;
mod markup;
mod prepare;
mod read;
mod readings;
pub mod record;
mod rejected;
mod rows;
mod status;
pub mod store;
mod text;
mod titles;
mod upload;
mod work;
mod workbook;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{ImportId, UserId, text_enum};
use crate::orders::OrderStatus;

pub use date::DateOrder;
pub use fields::Field;
pub use work::{CHUNK, CHUNK_ALONE, forget, start, work};

text_enum! {
    /// What a file holds.
    pub enum Kind {
        /// Categories.
        Categories = "categories",
        /// Products.
        Products = "products",
        /// Customers.
        Customers = "customers",
        /// Orders with their lines.
        Orders = "orders",
    }
}

text_enum! {
    /// Whose export a file is.
    pub enum Format {
        /// This product's own headings.
        Own = "own",
        /// WooCommerce.
        WooCommerce = "woocommerce",
        /// Shopify.
        Shopify = "shopify",
    }
}

impl Format {
    /// The `source` of orders from such a file, without the shop's name.
    const fn source(self) -> &'static str {
        match self {
            Self::Own => "csv",
            Self::WooCommerce => "woocommerce",
            Self::Shopify => "shopify",
        }
    }
}

/// Longest name of a shop, characters.
pub const MAX_SHOP: usize = 30;

/// The `source` of orders from a file: its format and the shop's name, where one is given.
pub fn source(format: Format, shop: Option<&str>) -> String {
    match shop {
        Some(shop) => format!("{}:{shop}", format.source()),
        None => format.source().to_owned(),
    }
}

text_enum! {
    /// What a finding means for its row.
    pub enum Severity {
        /// The row is not taken.
        Error = "error",
        /// The row is taken; a person should look at it.
        Warning = "warning",
    }
}

text_enum! {
    /// Where an import stands.
    pub enum JobStatus {
        /// Waits for its turn.
        Queued = "queued",
        /// At work, or interrupted and to be resumed.
        Running = "running",
        /// Everything was read.
        Done = "done",
        /// It could not go on; what was committed stays.
        Failed = "failed",
        /// Somebody stopped it; what was committed stays.
        Cancelled = "cancelled",
    }
}

/// Why a whole import failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub detail: String,
}

/// An import.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportJob {
    /// Id.
    pub id: ImportId,
    /// What the file holds.
    pub kind: Kind,
    /// Whose export it is.
    pub format: Format,
    /// Name of the shop the file comes from, where there are several; part of its orders' source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// As uploaded.
    pub file_name: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Only a check.
    pub dry_run: bool,
    /// Data rows in the file.
    pub total_rows: i64,
    /// Rows behind the last committed chunk.
    pub done_rows: i64,
    /// Rows taken.
    pub ok_rows: i64,
    /// Rows rejected.
    pub error_rows: i64,
    /// Warnings about rows that are taken, and about the file.
    pub warnings: i64,
    /// Records made.
    pub created: i64,
    /// Records changed.
    pub updated: i64,
    /// Records that were so already.
    pub unchanged: i64,
    /// Rows of the lines file; 0 without one.
    pub lines_total: i64,
    /// Of them, those that belong to an order of the file.
    pub lines_used: i64,
    /// What was said of the order of day and month; absent: each column shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Column → field; columns of the lines file begin with `lines.`.
    #[schema(value_type = std::collections::BTreeMap<String, Field>)]
    pub mapping: serde_json::Value,
    /// What status words of the file mean, as answered; words in lower case with `_` for spaces.
    pub statuses: BTreeMap<String, OrderStatus>,
    /// Status words without a meaning → orders refused for it; at most 50 words.
    pub unknown_statuses: BTreeMap<String, i64>,
    /// The heading as found.
    pub columns: Vec<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Who asked; absent: the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
}
