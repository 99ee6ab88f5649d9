//! Every job of the product, in one list.

use chrono::TimeDelta;
use serde_json::json;

use super::{Job, Line, Run};
use crate::app::AppState;
use crate::auth;
use crate::calls;
use crate::customers;
use crate::db::Sql;
use crate::error::Result;
use crate::http::idempotency;
use crate::imports;
use crate::products;
use crate::reorder::learn;
use crate::tasks::{best_hour, generate, store};

/// The jobs.
pub(super) const JOBS: &[Job] = &[
    day("housekeeping", "17 3 * * *", |state| Box::pin(housekeeping(state))),
    day("stage-review", "20 0 * * *", |state| Box::pin(stage_review(state))),
    // Before the day's calls are planned by it.
    day("reorder-learn", "0 2 * * *", |state| Box::pin(learn::nightly(state))),
    // Promises first: the plan counts them as work of whoever keeps them.
    day("promises.hand-over", "25 6 * * *", |state| Box::pin(hand_over(state))),
    // The day's calls, and what has become due since (SPEC §3.6, §4.2).
    day("daily-plan", "30 6 * * *", |state| Box::pin(generate::daily(state))),
    day("plan-refresh", "0 9-19/2 * * *", |state| Box::pin(generate::daily(state))),
    day("recordings.keep", "40 3 * * *", |state| Box::pin(keep_recordings(state))),
    day("database.check", "10 4 * * *", |state| Box::pin(check_file(state))),
    day("webhooks.prune", "37 3 * * *", |state| Box::pin(prune_webhooks(state))),
    minute("phones.expire", "7 * * * *", |state| Box::pin(expire_phones(state))),
    minute("calls.reconcile", "* * * * *", |state| Box::pin(reconcile(state))),
    minute("recordings.fetch", "* * * * *", |state| Box::pin(fetch_recordings(state))),
];

const fn day(name: &'static str, cron: &'static str, run: fn(AppState) -> Run) -> Job {
    Job { name, cron, line: Line::Day, run }
}

const fn minute(name: &'static str, cron: &'static str, run: fn(AppState) -> Run) -> Job {
    Job { name, cron, line: Line::Minute, run }
}

/// Gives the promises of those who are not there today to colleagues.
async fn hand_over(state: AppState) -> Result<super::Report> {
    let mut tx = state.db.begin().await?;
    let tasks = store::hand_over(&mut tx, state.clock.now(), state.clock.today()).await?;
    state.commit(tx).await?;
    Ok(json!({"tasks": tasks}))
}

/// Brings recordings here.
async fn fetch_recordings(state: AppState) -> Result<super::Report> {
    calls::recording::fetch::run(&state).await
}

/// Lets old recordings go.
async fn keep_recordings(state: AppState) -> Result<super::Report> {
    calls::recording::keep::run(&state).await
}

/// Closes calls the telephone system does not know any more.
async fn reconcile(state: AppState) -> Result<super::Report> {
    calls::reconcile::run(&state, calls::reconcile::When::Job).await
}

/// Takes old logins of telephones in browsers away.
async fn expire_phones(state: AppState) -> Result<super::Report> {
    calls::phones::expire(&state).await
}

/// Checks the SQLite file, so that damage is reported while backups are still good.
async fn check_file(state: AppState) -> Result<super::Report> {
    let found = state.db.check_file().await?;
    if found != "ok" {
        return Err(
            anyhow::anyhow!("the database file is damaged ({found}); restore a backup").into()
        );
    }
    Ok(json!({"found": found}))
}

/// Keeps the log of webhooks to its days and its size.
async fn prune_webhooks(state: AppState) -> Result<super::Report> {
    let now = state.clock.now();
    let days = TimeDelta::days(state.config.webhook_log_days.into());
    // What may still come again has to be known again.
    let lately = now - TimeDelta::hours(1);
    let most = state.config.webhook_log_rows;
    let deleted = calls::deliveries::prune(&state.db, now - days, lately, most).await?;
    Ok(json!({"webhookDeliveries": deleted}))
}

/// Deletes what is only kept for a while: realtime events (two days), spent
/// sessions, answers of keyed writes (a day), runs of jobs and files of imports (thirty days).
async fn housekeeping(state: AppState) -> Result<super::Report> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let two_days_ago = now - TimeDelta::days(2);
    let events =
        tx.execute(Sql::new("DELETE FROM live_events WHERE at < $1").bind(two_days_ago)).await?;
    let sessions = auth::sessions::prune(&mut tx, now).await?;
    auth::prune_failures(&mut tx, now).await?;
    let month_ago = now - TimeDelta::days(30);
    let runs =
        tx.execute(Sql::new("DELETE FROM job_runs WHERE due_at < $1").bind(month_ago)).await?;
    let keys = idempotency::prune(&mut tx, now).await?;
    tx.commit().await?;
    let files = imports::forget(&state).await?;
    Ok(json!({
        "events": events, "sessions": sessions, "jobRuns": runs, "idempotencyKeys": keys,
        "importFiles": files,
    }))
}

/// Moves customers whose stage the date alone has changed (SPEC §2.4), and counts who buys what and
/// who answers when.
async fn stage_review(state: AppState) -> Result<super::Report> {
    let today = state.clock.today();
    let mut customers = 0;
    loop {
        let mut tx = state.db.begin().await?;
        let reviewed = customers::store::review_due(&mut tx, today).await?;
        tx.commit().await?;
        if reviewed == 0 {
            break;
        }
        customers += reviewed;
    }
    let mut tx = state.db.begin().await?;
    products::store::count_buyers(&mut tx).await?;
    let calls = best_hour::sum_up(&mut tx, state.clock.zone()).await?;
    // Both databases plan by what the tables hold; SQLite never looks by itself.
    tx.analyze().await?;
    tx.commit().await?;
    Ok(json!({"customers": customers, "calls": calls}))
}
