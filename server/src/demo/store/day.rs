//! What makes the day lively: notes of the past, promises and missed calls for today.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Times;
use super::staff::Staff;
use crate::db::{Arg, CustomerId, DbError, Insert, Sql, Tx};
use crate::demo::DemoShop;

/// Writes the notes, with the last contact they mean.
pub(super) async fn insert_notes(
    tx: &mut Tx,
    shop: &DemoShop,
    times: &Times<'_>,
    staff: &Staff,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    let author = staff.agents.get("D").and_then(|agents| agents.first()).copied();
    let columns = ["customer_id", "kind", "at", "user_id", "summary", "text", "data", "ref"];
    let mut insert = Insert::new("customer_interactions", &columns, "");
    let mut contacts: BTreeMap<CustomerId, DateTime<Utc>> = BTreeMap::new();
    for (i, note) in shop.notes.iter().enumerate() {
        let at = times.at(times.days_ago(note.days_ago), note.second);
        let customer = customers[note.customer];
        insert.row([
            Arg::from(customer),
            Arg::Static("note"),
            Arg::from(at),
            Arg::from(author),
            Arg::Static("note.added"),
            Arg::Static(note.text),
            Arg::Json(Some(json!({}))),
            Arg::from(format!("demo-note:{i}")),
        ]);
        let last = contacts.entry(customer).or_insert(at);
        *last = (*last).max(at);
    }
    insert.execute(tx).await?;
    for (customer, at) in contacts {
        let sql = Sql::new("UPDATE customers SET last_contact_at = $1 WHERE id = $2");
        tx.execute(sql.bind(at).bind(customer)).await?;
    }
    Ok(())
}
