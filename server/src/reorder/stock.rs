//! What customers say of the stock at home: "eight days of rice left" moves the reminder until the
//! next purchase (SPEC §3.2).

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::store;
use crate::db::{Bundle, CategoryId, CustomerId, DbError, Part, Sql, Tx, UserId};

/// Most days of stock that are believed.
pub const MOST_DAYS: i64 = 365;

/// The latest word on each pair.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    said: HashMap<(CustomerId, CategoryId), (NaiveDate, i64)>,
}

impl Stock {
    /// From rows in the order in which they were said.
    fn of(rows: Vec<(CustomerId, CategoryId, NaiveDate, i64)>) -> Self {
        let said = rows.into_iter().map(|(who, what, on, left)| ((who, what), (on, left)));
        Self { said: said.collect() }
    }

    /// The day until which the stock of a pair lasts; `None` if nothing was said since its last
    /// purchase (what was said on its very day was said before it).
    pub fn until(
        &self,
        customer: CustomerId,
        category: CategoryId,
        last_date: NaiveDate,
    ) -> Option<NaiveDate> {
        let (said_on, days) = self.said.get(&(customer, category))?;
        let days = Days::new(days.clamp(&0, &MOST_DAYS).unsigned_abs());
        (*said_on > last_date).then(|| said_on.checked_add_days(days)).flatten()
    }
}

/// What these customers said.
pub async fn of(tx: &mut Tx, customers: &[CustomerId]) -> Result<Stock, DbError> {
    let mut sql = Sql::new(
        "SELECT customer_id, category_id, said_on, days_left FROM stock_reports
         WHERE customer_id",
    );
    sql.push_ids(customers.iter().copied()).push(" ORDER BY id");
    Ok(Stock::of(tx.all(sql).await?))
}

/// What the customer `$1` said.
pub const SAID: Part<'_> = Part {
    columns: &["customer_id", "category_id", "said_on", "days_left"],
    select: "SELECT customer_id, category_id, said_on, days_left FROM stock_reports
             WHERE customer_id = $1 ORDER BY id",
};

/// The list of [`SAID`].
pub fn said(bundle: &mut Bundle) -> Result<Stock, DbError> {
    bundle.list().map(Stock::of)
}

/// What a customer said on a day.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Who.
    pub customer: CustomerId,
    /// Of which category.
    pub category: CategoryId,
    /// On which company day.
    pub on: NaiveDate,
    /// So many days of it are left.
    pub days_left: i64,
    /// Who wrote it down.
    pub by: UserId,
}

/// Keeps it and moves the pair's dates; false if the customer never bought the category.
pub async fn say(tx: &mut Tx, now: DateTime<Utc>, said: &Said) -> Result<bool, DbError> {
    let pairs = store::of_customer_locked(tx, said.customer).await?;
    let Some(pair) = pairs.into_iter().find(|pair| pair.category_id == said.category) else {
        return Ok(false);
    };
    tx.execute(
        Sql::new(
            "INSERT INTO stock_reports (customer_id, category_id, said_on, days_left, user_id,
               created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(said.customer)
        .bind(said.category)
        .bind(said.on)
        .bind(said.days_left)
        .bind(said.by)
        .bind(now),
    )
    .await?;
    let rules = store::rules(tx).await?;
    store::redate(tx, vec![pair], &rules).await?;
    Ok(true)
}
