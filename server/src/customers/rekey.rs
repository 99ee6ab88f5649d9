//! Search words stored by an earlier version are replaced in the background, a page of customers in
//! each transaction; an interrupted run goes on at the next start.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::profile::rename_terms;
use super::terms::{VERSION, terms};
use crate::app::AppState;
use crate::db::{Arg, CustomerId, DbError, Sql, Tx};
use crate::error::Result;

/// Customers looked at in one transaction.
const PAGE: i64 = 500;
/// The setting that says how far it is.
const SETTING: &str = "customers.terms";

/// How far the words of all customers are of a version.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Progress {
    version: i64,
    /// The last customer looked at; absent: all.
    after: Option<i64>,
}

/// Replaces the words in the background; call once when the server starts.
pub fn start(state: &AppState) {
    let task = state.clone();
    state.background.spawn(async move {
        if let Err(error) = run(&task).await {
            tracing::error!(%error, "replacing search words; the next start goes on");
        }
    });
}

/// Replaces words of earlier versions; how many customers got other ones.
pub async fn run(state: &AppState) -> Result<u64> {
    let mut changed = 0;
    loop {
        if state.stop.is_cancelled() {
            return Ok(changed);
        }
        let mut tx = state.db.begin().await?;
        let Some((names, progress)) = page(&mut tx).await? else { return Ok(changed) };
        // A name in Latin letters without accents has the same words in every version.
        let names: Vec<(CustomerId, String)> =
            names.into_iter().filter(|(_, name)| !name.is_ascii()).collect();
        changed += replace(&mut tx, &names).await?;
        keep(&mut tx, state.clock.now(), progress).await?;
        state.commit(tx).await?;
        if progress.after.is_none() {
            if changed > 0 {
                tracing::info!(customers = changed, "search words replaced");
            }
            return Ok(changed);
        }
    }
}

/// The next customers and how far the run is behind them; `None`: everything is of this version.
async fn page(tx: &mut Tx) -> Result<Option<(Vec<(CustomerId, String)>, Progress)>, DbError> {
    let kept: Option<Json<Progress>> = tx
        .optional_scalar(Sql::new("SELECT value FROM settings WHERE key = $1").bind(SETTING))
        .await?;
    let after = match kept.map(|kept| kept.0) {
        Some(Progress { version: VERSION, after: None }) => return Ok(None),
        Some(Progress { version: VERSION, after: Some(after) }) => after,
        _ => 0,
    };
    let names: Vec<(CustomerId, String)> = tx
        .all(
            Sql::new("SELECT id, name FROM customers WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(after)
                .bind(PAGE),
        )
        .await?;
    let full = names.len() as i64 == PAGE;
    let after = names.last().filter(|_| full).map(|(id, _)| id.0);
    Ok(Some((names, Progress { version: VERSION, after })))
}

async fn replace(tx: &mut Tx, names: &[(CustomerId, String)]) -> Result<u64, DbError> {
    let mut sql = Sql::new("SELECT customer_id, term FROM customer_terms WHERE customer_id");
    sql.push_ids(names.iter().map(|(id, _)| *id));
    let stored: BTreeSet<(i64, String)> = tx.all(sql).await?.into_iter().collect();
    let mut changed = 0;
    for (id, name) in names {
        let wanted = terms(name);
        let own = stored.range((id.0, String::new())..(id.0 + 1, String::new()));
        if !own.map(|(_, term)| term).eq(&wanted) {
            rename_terms(tx, *id, name).await?;
            changed += 1;
        }
    }
    Ok(changed)
}

async fn keep(
    tx: &mut Tx,
    now: chrono::DateTime<chrono::Utc>,
    progress: Progress,
) -> Result<(), DbError> {
    tx.execute(
        Sql::new(
            "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        )
        .bind(SETTING)
        .bind(Arg::json(&progress))
        .bind(now),
    )
    .await?;
    Ok(())
}
