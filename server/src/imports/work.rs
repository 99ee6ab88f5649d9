//! The worker: one import at a time, chunk by chunk. Each chunk commits its records, its rejected
//! rows, the customers to recompute and the job's position in one transaction, so whatever kills
//! the process, the next start goes on exactly behind the last committed chunk.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::apply::{self, Outcome, World};
use super::prepare::{Prepared, exactly, prepare};
use super::read::{Chunk, Records, Rejected, read};
use super::readings::Said;
use super::record::{Catalogue, Context, Row, RowError};
use super::status::UNKNOWN_STATUS;
use super::store::{self, Job, Progress};
use super::{ImportJob, JobError, JobStatus, Kind};
use crate::app::AppState;
use crate::customers;
use crate::db::{DbError, ImportId, Tx};
use crate::error::{Error, Result};
use crate::live::{self, Audience};
use crate::products;
use crate::reorder::learn;

/// Records (customers, orders) in a chunk.
pub const CHUNK: usize = 2_000;
/// The same where nobody waits for the database meanwhile.
pub const CHUNK_ALONE: usize = 20_000;
/// Customers recomputed in one transaction; on SQLite, where chunks are larger, as many as records.
const REFRESH: usize = 2_000;
/// Browsers hear of progress at most this often.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// So many new records change what the database should know of its tables.
const ANALYZE_FROM: i64 = 10_000;
/// A chunk is tried this often when another writer got in its way.
const ATTEMPTS: usize = 4;

/// Resumes what was interrupted and waits; call once when the server starts.
pub fn start(state: &AppState) {
    let background = state.background.clone();
    let state = state.for_background();
    background.spawn(async move {
        let unfinished = async {
            let mut tx = state.db.read().await?;
            store::unfinished(&mut tx).await
        };
        match unfinished.await {
            Ok(ids) => {
                for id in ids {
                    tracing::info!(import = id.0, "resuming an import");
                    run(&state, id).await;
                }
            }
            Err(error) => tracing::error!(%error, "looking for interrupted imports"),
        }
    });
}

/// Works on a job in the background.
pub(super) fn spawn(state: &AppState, id: ImportId) {
    let task = state.for_background();
    state.background.spawn(async move { run(&task, id).await });
}

async fn run(state: &AppState, id: ImportId) {
    let mut orders = false;
    let heard =
        |job: &ImportJob| orders = job.kind == Kind::Orders && !job.dry_run && job.created > 0;
    if let Err(error) = work(state, id, CHUNK, heard).await {
        tracing::error!(import = id.0, %error, "an import stopped");
    } else if orders && let Err(error) = learn::first(state).await {
        tracing::warn!(import = id.0, %error, "learning from imported orders; the night tries again");
    }
}

/// Where a stored file of an import is.
pub(super) fn path_of(state: &AppState, stored: &str) -> PathBuf {
    state.config.data_dir.join(stored)
}

/// One process works on a job at a time, known by a lock the kernel drops when the process dies.
fn lock(path: &Path) -> Option<File> {
    let file = File::create(path.with_extension("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Works on a job until it is over, cancelled or the process is asked to stop; `progress` hears of
/// every committed chunk. Does nothing if another process works on it.
pub async fn work(
    state: &AppState,
    id: ImportId,
    chunk: usize,
    mut progress: impl FnMut(&ImportJob) + Send,
) -> Result<()> {
    let _turn = state.import_turn.lock().await;
    let job = {
        let mut tx = state.db.read().await?;
        store::get(&mut tx, id).await?
    };
    let Some(job) = job else { return Ok(()) };
    if state.stop.is_cancelled() {
        return Ok(());
    }
    let path = path_of(state, &job.stored_path);
    let over = !matches!(job.public.status, JobStatus::Queued | JobStatus::Running);
    if over {
        // Cancelled or failed by a process that died before it could recompute.
        return refresh(state, &job.public, chunk).await.map(|_| ());
    }
    if !path.exists() {
        tracing::warn!(import = id.0, "the file of an import is not on this machine");
        return Ok(());
    }
    let Some(_lock) = lock(&path) else { return Ok(()) };
    let Some(job) = begin(state, id).await? else { return Ok(()) };
    let ended = match chunks(state, &job, chunk, &mut progress).await {
        Ok(true) => None,
        Ok(false) => {
            // Cancelled: what is in stays, so its figures are made right.
            return refresh(state, &job.public, chunk).await.map(|_| ());
        }
        Err(error) => Some(job_error(&error)),
    };
    analyze(state, id).await?;
    if !refresh(state, &job.public, chunk).await? {
        return Ok(());
    }
    settle(state, id).await?;
    let status = if ended.is_some() { JobStatus::Failed } else { JobStatus::Done };
    let mut tx = state.db.begin().await?;
    let done = store::end(&mut tx, id, state.clock.now(), status, ended.as_ref()).await?;
    if let Some(job) = &done {
        tell(&mut tx, state, job);
    }
    state.commit(tx).await?;
    if let Some(job) = &done {
        tracing::info!(
            import = id.0, kind = %job.kind, status = %job.status, rows = job.done_rows,
            rejected = job.error_rows, "import over"
        );
        progress(job);
    }
    Ok(())
}

/// What a job that cannot go on says of itself.
fn job_error(error: &Error) -> JobError {
    match error {
        Error::Problem(problem) => {
            JobError { code: problem.code.clone(), detail: problem.detail.clone() }
        }
        ours => {
            tracing::error!(error = %ours, "an import failed");
            JobError {
                code: "internal_error".to_owned(),
                detail: "Something went wrong on our side. What was imported so far stays; the \
                         import can be continued."
                    .to_owned(),
            }
        }
    }
}

/// Tells the database of tables that have grown much: without, PostgreSQL reads whole tables for the
/// figures of a few customers.
async fn analyze(state: &AppState, id: ImportId) -> Result<()> {
    let mut tx = state.db.begin().await?;
    let job = store::get(&mut tx, id).await?.map(|job| job.public);
    if job.is_some_and(|job| !job.dry_run && job.created >= ANALYZE_FROM) {
        tx.analyze().await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What otherwise the nightly job does, so that a shop just imported works well at once: counts who
/// buys what and, after a large import, tells the database what its tables now hold.
async fn settle(state: &AppState, id: ImportId) -> Result<()> {
    let mut tx = state.db.begin().await?;
    let Some(job) = store::get(&mut tx, id).await?.map(|job| job.public) else { return Ok(()) };
    if job.dry_run || job.created + job.updated == 0 {
        return Ok(());
    }
    if job.kind == Kind::Orders {
        products::store::count_buyers(&mut tx).await?;
    }
    if job.created >= ANALYZE_FROM {
        tx.analyze().await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes the files and rejected rows of imports that ended thirty days ago; how many files.
pub async fn forget(state: &AppState) -> Result<usize> {
    let mut tx = state.db.begin().await?;
    let paths = store::forget(&mut tx, state.clock.now() - TimeDelta::days(30)).await?;
    tx.commit().await?;
    for stored in &paths {
        let path = path_of(state, stored);
        // Gone already, or on another machine.
        let _ = tokio::fs::remove_file(path.with_extension("lock")).await;
        let _ = tokio::fs::remove_file(path).await;
    }
    Ok(paths.len())
}

async fn begin(state: &AppState, id: ImportId) -> Result<Option<Job>> {
    let instance = format!("pid {}", std::process::id());
    let mut tx = state.db.begin().await?;
    let job = store::begin(&mut tx, id, state.clock.now(), &instance).await?;
    if let Some(job) = &job {
        tell(&mut tx, state, &job.public);
    }
    state.commit(tx).await?;
    Ok(job)
}

pub(super) fn tell(tx: &mut Tx, state: &AppState, job: &ImportJob) {
    let audience = job.created_by.map_or(Audience::Managers, Audience::Person);
    live::emit(tx, state.clock.now(), audience, "import.progress", job);
}

/// The job's files, looked over again, with the mapping it was made with.
async fn reopen(state: &AppState, job: &Job) -> Result<Prepared> {
    let main = path_of(state, &job.stored_path);
    let lines = job.lines_path.as_ref().map(|stored| path_of(state, stored));
    let (kind, format) = (job.public.kind, job.public.format);
    // The year of the upload: a resumed import reads every date as before.
    let dates = Said::on(state.clock.day_of(job.public.created_at), job.public.date_order);
    let mapping: BTreeMap<String, super::Field> =
        serde_json::from_value(job.public.mapping.clone()).map_err(anyhow::Error::from)?;
    blocking(move || {
        let names = super::file::Source::open(&main)?.names;
        let of_lines =
            lines.as_deref().map(super::file::Source::open).transpose()?.map(|s| s.names);
        let said = exactly(mapping, &names, of_lines.as_deref());
        prepare(kind, Some(format), &said, &main, lines.as_deref(), dates)
    })
    .await
}

/// Runs file work on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(f).await.map_err(anyhow::Error::from)?
}

/// Reads and commits chunk after chunk. `false`: stopped or cancelled, and somebody else ends it.
async fn chunks(
    state: &AppState,
    job: &Job,
    size: usize,
    progress: &mut (impl FnMut(&ImportJob) + Send),
) -> Result<bool> {
    let prepared = reopen(state, job).await?;
    let (catalogue, mut world) = {
        let mut tx = state.db.read().await?;
        let catalogue = if job.public.kind == Kind::Orders {
            apply::catalogue(&mut tx).await?
        } else {
            Catalogue::default()
        };
        let world = World {
            import: job.public.id,
            now: state.clock.now(),
            today: state.clock.today(),
            source: super::source(prepared.format, job.public.shop.as_deref()),
            shop: job.public.shop.clone(),
            supervisor: store::supervisor(&mut tx, job.public.created_by).await?,
            write: !job.public.dry_run,
        };
        (catalogue, world)
    };
    let context = Context {
        kind: job.public.kind,
        format: prepared.format,
        clock: state.clock.clone(),
        today: world.today,
        statuses: job.public.statuses.clone(),
    };
    let (sender, mut receiver) = mpsc::channel::<Chunk>(2);
    let skip = u64::try_from(job.public.done_rows).unwrap_or(0);
    let prepared = Arc::new(prepared);
    let reader = tokio::task::spawn_blocking(move || {
        read(&prepared, &context, &catalogue, skip, size, |chunk| {
            sender.blocking_send(chunk).is_ok()
        })
    });
    let mut at = job.public.done_rows;
    let mut told: Option<Instant> = None;
    while let Some(chunk) = receiver.recv().await {
        if state.stop.is_cancelled() {
            return Ok(false);
        }
        world.now = state.clock.now();
        let tell_now = told.is_none_or(|told| told.elapsed() >= TELL_EVERY);
        let Some(job) = commit(state, &world, at, chunk, tell_now).await? else {
            return Ok(false);
        };
        if tell_now {
            told = Some(Instant::now());
        }
        at = job.done_rows;
        progress(&job);
    }
    reader.await.map_err(anyhow::Error::from)??;
    Ok(true)
}

/// Another writer was in the way; the same chunk can succeed at once.
fn is_passing(error: &DbError) -> bool {
    error.as_database_error().is_some_and(|e| {
        // Unique violation (a row appeared between look-up and insert), serialisation failure,
        // deadlock; SQLite says busy or locked.
        e.is_unique_violation()
            || matches!(e.code().as_deref(), Some("40001" | "40P01" | "5" | "6" | "517"))
    })
}

/// Applies and commits a chunk; `None` if the job was cancelled or moved by somebody else.
async fn commit(
    state: &AppState,
    world: &World,
    from: i64,
    mut chunk: Chunk,
    tell_now: bool,
) -> Result<Option<ImportJob>> {
    for attempt in 1.. {
        match try_commit(state, world, from, &mut chunk, tell_now).await {
            Ok(job) => return Ok(job),
            Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                tracing::info!(import = world.import.0, %error, "a chunk is tried again");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

async fn try_commit(
    state: &AppState,
    world: &World,
    from: i64,
    chunk: &mut Chunk,
    tell_now: bool,
) -> Result<Option<ImportJob>, DbError> {
    let (mut tx, outcome) = if world.write {
        let mut tx = state.db.begin().await?;
        let outcome = apply::apply(&mut tx, world, &chunk.records).await?;
        (tx, outcome)
    } else {
        // A dry run never keeps the writer waiting while it looks up.
        let mut look = state.db.read().await?;
        let outcome = apply::apply(&mut look, world, &chunk.records).await?;
        drop(look);
        (state.db.begin().await?, outcome)
    };
    let taken = rows_of(&chunk.records) + chunk.silent as i64;
    let refused = refused_rows(&chunk.records, &outcome);
    let warnings = warnings(&chunk.records, &outcome);
    let progress = Progress {
        rows: chunk.rows as i64,
        ok: taken - refused.len() as i64,
        errors: (chunk.rejected.len() + refused.len()) as i64,
        warnings: warnings.len() as i64,
        created: outcome.created,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        lines_used: chunk.lines_used as i64,
    };
    store::insert_findings(&mut tx, world.import, &chunk.rejected, &warnings).await?;
    store::insert_findings(&mut tx, world.import, &refused, &[]).await?;
    store::count_unknown(&mut tx, world.import, &unknown_statuses(&chunk.rejected)).await?;
    let Some(job) = store::advance(&mut tx, world.import, from, &progress, world.now).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    if tell_now {
        tell(&mut tx, state, &job);
    }
    state.commit(tx).await?;
    Ok(Some(job))
}

/// Status words without a meaning, with the orders refused for them.
fn unknown_statuses(rejected: &[Rejected]) -> BTreeMap<&str, i64> {
    let mut words = BTreeMap::new();
    for error in rejected.iter().flat_map(|rejected| &rejected.errors) {
        if let (UNKNOWN_STATUS, Some(word)) = (error.code, &error.value) {
            *words.entry(word.as_str()).or_default() += 1;
        }
    }
    words
}

fn rows_of(records: &Records) -> i64 {
    let rows = match records {
        Records::Categories(items) => items.len(),
        Records::Products(items) => items.len(),
        Records::Customers(items) => items.len(),
        Records::Orders(items) => items.iter().map(|item| item.rows.len()).sum(),
    };
    rows as i64
}

/// The rows of records the database did not take: an order's rows together.
fn refused_rows(records: &Records, outcome: &Outcome) -> Vec<Rejected> {
    let mut refused = Vec::new();
    for (at, error) in &outcome.rejected {
        for (n, row) in records.get(*at).0.iter().enumerate() {
            let error = if n == 0 {
                error.clone()
            } else {
                RowError::row("order_rejected", "Another row of this order is wrong.")
            };
            refused.push(Rejected { row: row.clone(), errors: vec![error] });
        }
    }
    refused
}

/// The warnings about the rows that are taken, with their lines.
fn warnings<'a>(records: &'a Records, outcome: &'a Outcome) -> Vec<(u64, &'a RowError)> {
    let refused: HashSet<usize> = outcome.rejected.iter().map(|(at, _)| *at).collect();
    let line = |rows: &[Row], n: usize| rows.get(n).map_or(0, |row| row.line);
    let read = (0..records.len()).filter(|at| !refused.contains(at)).flat_map(|at| {
        let (rows, warnings) = records.get(at);
        warnings.iter().map(move |(n, warning)| (line(rows, *n), warning))
    });
    let applied = outcome.warnings.iter().filter(|(at, _)| !refused.contains(at));
    let applied = applied.map(|(at, warning)| (line(records.get(*at).0, 0), warning));
    read.chain(applied).collect()
}

/// Recomputes the figures of the customers an import touched: each once, in chunks, the list and
/// the figures in one transaction. `false`: the process is to stop, the rest is done later.
async fn refresh(state: &AppState, job: &ImportJob, chunk: usize) -> Result<bool> {
    // PostgreSQL locks these customers' rows, which their calls would wait for.
    let most = if state.db.is_postgres() { REFRESH } else { chunk.max(REFRESH) };
    loop {
        if state.stop.is_cancelled() {
            return Ok(false);
        }
        let mut tx = state.db.begin().await?;
        let customers = store::take_touched(&mut tx, job.id, most).await?;
        if customers.is_empty() {
            return Ok(true);
        }
        let (now, today) = (state.clock.now(), state.clock.today());
        customers::store::refresh(&mut tx, &customers, today).await?;
        if job.kind == Kind::Orders {
            let source = super::source(job.format, job.shop.as_deref());
            apply::reminders::cancel(&mut tx, now, today, &source, job.created_at, &customers)
                .await?;
        }
        state.commit(tx).await?;
    }
}
