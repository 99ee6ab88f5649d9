//! Every job of the product, in one list.

use chrono::TimeDelta;
use serde_json::json;

use super::Job;
use crate::app::AppState;
use crate::calls;
use crate::customers;
use crate::db::Sql;
use crate::error::Result;
use crate::imports;
use crate::products;
use crate::tasks::generate;

/// The jobs.
pub(super) const JOBS: &[Job] = &[
    Job { name: "housekeeping", cron: "17 3 * * *", run: |state| Box::pin(housekeeping(state)) },
    Job { name: "stage-review", cron: "20 0 * * *", run: |state| Box::pin(stage_review(state)) },
    // The day's calls, and what has become due since (SPEC §3.6, §4.2).
    Job { name: "daily-plan", cron: "30 6 * * *", run: |state| Box::pin(generate::daily(state)) },
    Job {
        name: "plan-refresh",
        cron: "0 9-19/2 * * *",
        run: |state| Box::pin(generate::daily(state)),
    },
    Job {
        name: "recordings.fetch",
        cron: "* * * * *",
        run: |state| Box::pin(fetch_recordings(state)),
    },
    Job {
        name: "recordings.keep",
        cron: "40 3 * * *",
        run: |state| Box::pin(keep_recordings(state)),
    },
    Job {
        name: "webhooks.prune",
        cron: "37 3 * * *",
        run: |state| Box::pin(prune_webhooks(state)),
    },
    Job { name: "phones.expire", cron: "7 * * * *", run: |state| Box::pin(expire_phones(state)) },
    Job { name: "calls.reconcile", cron: "* * * * *", run: |state| Box::pin(reconcile(state)) },
];

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
/// sessions, runs of jobs and files of imports (thirty days).
async fn housekeeping(state: AppState) -> Result<super::Report> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let two_days_ago = now - TimeDelta::days(2);
    let events =
        tx.execute(Sql::new("DELETE FROM live_events WHERE at < $1").bind(two_days_ago)).await?;
    let sessions =
        tx.execute(Sql::new("DELETE FROM refresh_tokens WHERE expires_at < $1").bind(now)).await?;
    let month_ago = now - TimeDelta::days(30);
    let runs =
        tx.execute(Sql::new("DELETE FROM job_runs WHERE due_at < $1").bind(month_ago)).await?;
    tx.commit().await?;
    let files = imports::forget(&state).await?;
    Ok(json!({
        "events": events, "sessions": sessions, "jobRuns": runs, "importFiles": files,
    }))
}

/// Moves customers whose stage the date alone has changed (SPEC §2.4), and counts who buys what.
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
    // Both databases plan by what the tables hold; SQLite never looks by itself.
    tx.analyze().await?;
    tx.commit().await?;
    Ok(json!({"customers": customers}))
}
