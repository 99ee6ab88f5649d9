//! Writes the demo shop into an empty database, in one transaction: all of it or nothing.

mod customers;
mod day;
mod staff;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use serde_json::json;

use super::{DemoShop, SEED};
use crate::auth::{HashTurn, hash_password};
use crate::clock::Clock;
use crate::customers::store::refresh;
use crate::db::{Arg, Db, DbError, Sql};

/// Setting that marks a database filled by [`load`]: its logins have the demo password, so the server
/// listens on loopback only (SPEC §13).
pub const MARKER: &str = "demo.loaded";

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Customers.
    pub customers: usize,
    /// Orders.
    pub orders: usize,
    /// Order lines.
    pub lines: usize,
}

/// Whether nobody has used this database yet: it has no user and no customer.
pub async fn is_fresh(db: &Db) -> Result<bool, DbError> {
    let mut tx = db.read().await?;
    let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM customers)
                      THEN 1 ELSE 0 END";
    let used: i32 = tx.scalar(sql).await?;
    Ok(used == 0)
}

/// Whether the logins of this database have the demo password.
pub async fn is_demo(db: &Db) -> Result<bool, DbError> {
    let mut tx = db.read().await?;
    let row: Option<String> = tx
        .optional_scalar(Sql::new("SELECT key FROM settings WHERE key = $1").bind(MARKER))
        .await?;
    Ok(row.is_some())
}

/// Fills a fresh database with the shop as of the clock's today; every login gets `password`.
/// `progress` is told each step in a few words. Two instances that start at once: the second finds the
/// first one's users and fails on their login names, leaving nothing behind.
pub async fn load(
    db: &Db,
    clock: &Clock,
    password: &str,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<Loaded> {
    let password = password.to_owned();
    let hash = HashTurn::take("demo").await?.run(move || hash_password(&password)).await??;
    let shop = DemoShop::of_today(clock.today());
    let times = Times { clock, now: clock.now(), today: shop.today };

    let mut tx = db.begin().await?;
    progress("staff, teams and catalogue");
    let staff = staff::insert(&mut tx, &shop, &times, &hash).await?;
    let catalogue = staff::insert_catalogue(&mut tx, &shop, &times).await?;
    progress(&format!("{} customers", shop.customers.len()));
    let ids = customers::insert(&mut tx, &shop, &times, &staff).await?;
    progress(&format!("{} orders of 24 months", shop.orders.len()));
    let lines = customers::insert_orders(&mut tx, &shop, &times, &ids, &catalogue).await?;
    progress("figures and reorder reminders");
    refresh(&mut tx, &ids, shop.today).await?;
    customers::assign(&mut tx, &shop, &staff, &ids).await?;
    progress("notes, promises and missed calls");
    day::insert_notes(&mut tx, &shop, &times, &staff, &ids).await?;
    day::insert_promises(&mut tx, &shop, &times, &ids).await?;
    day::insert_backlog(&mut tx, &times).await?;
    day::insert_missed_calls(&mut tx, &shop, &times, &ids).await?;
    tx.execute(
        Sql::new("INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)")
            .bind(MARKER)
            .bind(json!({"seed": SEED, "today": shop.today}))
            .bind(times.now),
    )
    .await?;
    tx.commit().await?;
    Ok(Loaded { customers: shop.customers.len(), orders: shop.orders.len(), lines })
}

/// Turns the shop's days and seconds into instants.
struct Times<'a> {
    clock: &'a Clock,
    now: DateTime<Utc>,
    today: NaiveDate,
}

impl Times<'_> {
    /// Local time of a company day; never later than now.
    fn at(&self, day: NaiveDate, second: u32) -> DateTime<Utc> {
        self.promised(day, second).min(self.now)
    }

    /// Local time of a company day, which may lie ahead.
    fn promised(&self, day: NaiveDate, second: u32) -> DateTime<Utc> {
        let time =
            NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap_or(NaiveTime::MIN);
        self.clock.instant(day.and_time(time))
    }

    fn days_ago(&self, days: i64) -> NaiveDate {
        self.today - Duration::days(days)
    }
}

/// SQL NULL for a text column.
const NO_TEXT: Arg = Arg::Text(None);
