//! Finds due occurrences, claims them, runs them.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;

use super::{Job, Line, registry::JOBS};
use crate::app::AppState;
use crate::db::{DbError, Sql};

/// A claim without an end older than this belongs to a dead instance.
const STALE: TimeDelta = TimeDelta::minutes(15);
/// An occurrence is tried this often.
const MAX_ATTEMPTS: i64 = 3;

/// Looks for due jobs now and every half minute until the process stops. Each line on its own: the
/// night's long work does not keep the calls waiting.
pub fn start(state: &AppState) {
    for line in [Line::Day, Line::Minute] {
        let state = state.clone();
        state.clone().background.spawn(async move {
            loop {
                for job in JOBS.iter().filter(|job| job.line == line) {
                    run_if_due(&state, job).await;
                }
                tokio::select! {
                    () = state.stop.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(30)) => {}
                }
            }
        });
    }
}

/// Runs every job whose latest occurrence has not been done yet, one after the other.
pub async fn run_due(state: &AppState) {
    for job in JOBS {
        run_if_due(state, job).await;
    }
}

async fn run_if_due(state: &AppState, job: &Job) {
    if let Err(error) = run_one(state, job).await {
        tracing::error!(job = job.name, %error, "claiming a job");
    }
}

async fn run_one(state: &AppState, job: &Job) -> Result<(), DbError> {
    let Some(due) = latest_occurrence(job.cron, state) else {
        return Ok(());
    };
    if due < state.installed_at {
        return Ok(());
    }
    if !claim(state, job.name, due).await? {
        return Ok(());
    }
    tracing::info!(job = job.name, %due, "job started");
    let outcome = (job.run)(state.for_background()).await;
    let (error, report) = match outcome {
        Ok(report) => {
            tracing::info!(job = job.name, %report, "job done");
            (None, Some(report))
        }
        Err(error) => {
            tracing::error!(job = job.name, %error, "job failed");
            (Some(error.to_string()), None)
        }
    };
    let failed = error.is_some();
    let mut tx = state.db.begin().await?;
    tx.execute(
        Sql::new(
            "UPDATE job_runs SET finished_at = $1, error = $2, report = $3
             WHERE schedule = $4 AND due_at = $5",
        )
        .bind((!failed).then(|| state.clock.now()))
        .bind(error)
        .bind(report)
        .bind(job.name)
        .bind(due),
    )
    .await?;
    tx.commit().await
}

/// The last time the schedule struck, within the last week.
fn latest_occurrence(cron: &str, state: &AppState) -> Option<DateTime<Utc>> {
    let now = state.clock.now().with_timezone(&state.clock.zone());
    let cron = Cron::from_str(cron).ok()?;
    let at = cron.find_previous_occurrence(&now, true).ok()?;
    (now - at < TimeDelta::days(7)).then(|| at.with_timezone(&Utc))
}

/// Whether this process may run the occurrence: the insert is the claim.
async fn claim(state: &AppState, name: &str, due: DateTime<Utc>) -> Result<bool, DbError> {
    let now = state.clock.now();
    let instance = format!("pid {}", std::process::id());
    let mut tx = state.db.begin().await?;
    let claimed = tx
        .execute(
            Sql::new(
                "INSERT INTO job_runs (schedule, due_at, instance, claimed_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (schedule, due_at) DO UPDATE
                   SET instance = $3, claimed_at = $4, attempts = job_runs.attempts + 1, error = NULL
                   WHERE job_runs.finished_at IS NULL AND job_runs.attempts < $5
                     AND (job_runs.claimed_at < $6 OR job_runs.error IS NOT NULL)",
            )
            .bind(name)
            .bind(due)
            .bind(instance)
            .bind(now)
            .bind(MAX_ATTEMPTS)
            .bind(now - STALE),
        )
        .await?;
    tx.commit().await?;
    Ok(claimed == 1)
}
