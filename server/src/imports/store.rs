//! Import jobs, their rejected rows and the customers they touched, in the database.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::date::DateOrder;
use super::fields::Field;
use super::read::Rejected;
use super::record::RowError;
use super::status::{self, Answers};
use super::text;
use super::{Format, ImportJob, JobError, JobStatus, Kind, Severity};
use crate::auth::{CurrentUser, Role};
use crate::db::{Arg, CustomerId, DbError, ImportId, Insert, Sql, Tx, UserId};

/// A job with what only the server needs to know.
#[derive(Clone, Debug)]
pub struct Job {
    /// What everybody sees.
    pub public: ImportJob,
    /// The file, under the data directory.
    pub stored_path: String,
    /// The lines file, under the data directory.
    pub lines_path: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ImportId,
    kind: Kind,
    format: Format,
    shop: Option<String>,
    statuses: Json<Answers>,
    unknown_statuses: Json<BTreeMap<String, i64>>,
    file_name: String,
    stored_path: String,
    lines_path: Option<String>,
    status: JobStatus,
    dry_run: bool,
    date_order: Option<DateOrder>,
    mapping: Json<serde_json::Value>,
    columns: Json<Vec<String>>,
    total_rows: i64,
    done_rows: i64,
    ok_rows: i64,
    error_rows: i64,
    warnings: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    lines_total: i64,
    lines_used: i64,
    error: Option<String>,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, kind, format, shop, statuses, unknown_statuses, file_name, stored_path, lines_path, status, dry_run,
    mapping, columns, total_rows, done_rows, ok_rows, error_rows, warnings, created, updated,
    unchanged, date_order, lines_total, lines_used, error, created_by, created_at, started_at, finished_at";

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        let error = row.error.map(|text| {
            serde_json::from_str(&text)
                .unwrap_or(JobError { code: "internal_error".to_owned(), detail: text })
        });
        Self {
            public: ImportJob {
                id: row.id,
                kind: row.kind,
                format: row.format,
                shop: row.shop,
                statuses: row.statuses.0,
                unknown_statuses: row.unknown_statuses.0,
                file_name: row.file_name,
                status: row.status,
                dry_run: row.dry_run,
                total_rows: row.total_rows,
                done_rows: row.done_rows,
                ok_rows: row.ok_rows,
                error_rows: row.error_rows,
                warnings: row.warnings,
                created: row.created,
                updated: row.updated,
                unchanged: row.unchanged,
                lines_total: row.lines_total,
                lines_used: row.lines_used,
                date_order: row.date_order,
                mapping: row.mapping.0,
                columns: row.columns.0,
                created_at: row.created_at,
                created_by: row.created_by,
                started_at: row.started_at,
                finished_at: row.finished_at,
                error,
            },
            stored_path: row.stored_path,
            lines_path: row.lines_path,
        }
    }
}

/// A job to be made.
#[derive(Debug)]
pub struct NewJob {
    /// What the file holds.
    pub kind: Kind,
    /// Whose export it is.
    pub format: Format,
    /// Name of the shop, where there are several.
    pub shop: Option<String>,
    /// What status words mean, as answered now or before.
    pub statuses: Answers,
    /// As uploaded.
    pub file_name: String,
    /// The file, under the data directory.
    pub stored_path: String,
    /// The lines file, under the data directory.
    pub lines_path: Option<String>,
    /// Only a check.
    pub dry_run: bool,
    /// What was said of the order of day and month.
    pub date_order: Option<DateOrder>,
    /// Column → field.
    pub mapping: BTreeMap<String, Field>,
    /// The heading.
    pub columns: Vec<String>,
    /// Data rows.
    pub total_rows: u64,
    /// Data rows of the lines file.
    pub lines_total: u64,
    /// What a person should know of the file.
    pub notes: Vec<RowError>,
    /// Who asked.
    pub created_by: Option<UserId>,
}

/// Queues a job.
pub async fn insert(tx: &mut Tx, now: DateTime<Utc>, new: &NewJob) -> Result<ImportJob, DbError> {
    let row: Row = tx
        .one(
            Sql::new(format!(
                "INSERT INTO import_jobs (kind, format, file_name, stored_path, lines_path, status,
                   dry_run, mapping, columns, total_rows, lines_total, created_by, created_at,
                   date_order, warnings, shop, statuses)
                 VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9, $10, $11, $12, $13, $14,
                   $15, $16)
                 RETURNING {COLUMNS}"
            ))
            .bind(new.kind)
            .bind(new.format)
            .bind(&new.file_name)
            .bind(&new.stored_path)
            .bind(new.lines_path.as_deref())
            .bind(new.dry_run)
            .bind(Arg::json(&new.mapping))
            .bind(Arg::json(&new.columns))
            .bind(new.total_rows as i64)
            .bind(new.lines_total as i64)
            .bind(new.created_by)
            .bind(now)
            .bind(new.date_order)
            .bind(new.notes.len() as i64)
            .bind(new.shop.as_deref())
            .bind(Arg::json(&new.statuses)),
        )
        .await?;
    let notes: Vec<(u64, &RowError)> = new.notes.iter().map(|note| (ABOUT_FILE, note)).collect();
    insert_findings(tx, row.id, &[], &notes).await?;
    Ok(Job::from(row).public)
}

/// The line of findings about the file as a whole; no row begins on it.
const ABOUT_FILE: u64 = 0;

/// A job.
pub async fn get(tx: &mut Tx, id: ImportId) -> Result<Option<Job>, DbError> {
    let sql = Sql::new(format!("SELECT {COLUMNS} FROM import_jobs WHERE id = $1")).bind(id);
    Ok(tx.optional::<Row>(sql).await?.map(Job::from))
}

/// The latest jobs `user` may see: managers all, team leaders their own.
pub async fn list(tx: &mut Tx, user: &CurrentUser) -> Result<Vec<ImportJob>, DbError> {
    let mut sql = Sql::new(format!("SELECT {COLUMNS} FROM import_jobs"));
    if !matches!(user.role, Role::Admin | Role::SalesManager) {
        sql.push(" WHERE created_by = ").push_bind(user.id);
    }
    sql.push(" ORDER BY id DESC LIMIT 100");
    Ok(tx.all::<Row>(sql).await?.into_iter().map(|row| Job::from(row).public).collect())
}

/// Begins or resumes; `None` if it is over or cancelled.
pub async fn begin(
    tx: &mut Tx,
    id: ImportId,
    now: DateTime<Utc>,
    instance: &str,
) -> Result<Option<Job>, DbError> {
    let row: Option<Row> = tx
        .optional(
            Sql::new(format!(
                "UPDATE import_jobs SET status = 'running', instance = $1, heartbeat_at = $2,
                   started_at = COALESCE(started_at, $2)
                 WHERE id = $3 AND status IN ('queued', 'running') RETURNING {COLUMNS}"
            ))
            .bind(instance)
            .bind(now)
            .bind(id),
        )
        .await?;
    Ok(row.map(Job::from))
}

/// What a chunk adds to its job.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Rows passed.
    pub rows: i64,
    /// Taken.
    pub ok: i64,
    /// Rejected.
    pub errors: i64,
    /// Warnings.
    pub warnings: i64,
    /// Records made.
    pub created: i64,
    /// Records changed.
    pub updated: i64,
    /// Records that were so already.
    pub unchanged: i64,
    /// Rows of the lines file.
    pub lines_used: i64,
}

/// Moves the job forward, from exactly the row the chunk began at: `None` if it was cancelled or
/// somebody else has moved it, and then the caller must not commit.
pub async fn advance(
    tx: &mut Tx,
    id: ImportId,
    from: i64,
    p: &Progress,
    now: DateTime<Utc>,
) -> Result<Option<ImportJob>, DbError> {
    let row: Option<Row> = tx
        .optional(
            Sql::new(format!(
                "UPDATE import_jobs SET done_rows = done_rows + $1, ok_rows = ok_rows + $2,
                   error_rows = error_rows + $3, created = created + $4, updated = updated + $5,
                   unchanged = unchanged + $6, lines_used = lines_used + $7, warnings = warnings + $8,
                   heartbeat_at = $9
                 WHERE id = $10 AND status = 'running' AND done_rows = $11 RETURNING {COLUMNS}"
            ))
            .bind(p.rows)
            .bind(p.ok)
            .bind(p.errors)
            .bind(p.created)
            .bind(p.updated)
            .bind(p.unchanged)
            .bind(p.lines_used)
            .bind(p.warnings)
            .bind(now)
            .bind(id)
            .bind(from),
        )
        .await?;
    Ok(row.map(|row| Job::from(row).public))
}

/// Distinct unknown status words that are counted.
const MAX_UNKNOWN: usize = 50;

/// Adds status words without a meaning to those of a job. The caller advances the job afterwards.
pub async fn count_unknown(
    tx: &mut Tx,
    id: ImportId,
    found: &BTreeMap<&str, i64>,
) -> Result<(), DbError> {
    if found.is_empty() {
        return Ok(());
    }
    let known: Option<Json<BTreeMap<String, i64>>> = tx
        .optional_scalar(
            Sql::new("SELECT unknown_statuses FROM import_jobs WHERE id = $1").bind(id),
        )
        .await?;
    let mut known = known.map(|known| known.0).unwrap_or_default();
    for (word, orders) in found {
        if let Some(sum) = known.get_mut(*word) {
            *sum += orders;
        } else if known.len() < MAX_UNKNOWN {
            known.insert((*word).to_owned(), *orders);
        }
    }
    let sql = "UPDATE import_jobs SET unknown_statuses = $1 WHERE id = $2";
    tx.execute(Sql::new(sql).bind(Arg::json(&known)).bind(id)).await?;
    Ok(())
}

/// Sets what a job's status words mean; those that now have a meaning are not asked any more.
pub async fn set_statuses(
    tx: &mut Tx,
    id: ImportId,
    statuses: &Answers,
) -> Result<ImportJob, DbError> {
    let mut job = get(tx, id).await?.ok_or(DbError::RowNotFound)?.public;
    job.unknown_statuses.retain(|word, _| !statuses.contains_key(&status::normal(word)));
    let row: Row = tx
        .one(
            Sql::new(format!(
                "UPDATE import_jobs SET statuses = $1, unknown_statuses = $2 WHERE id = $3
                 RETURNING {COLUMNS}"
            ))
            .bind(Arg::json(statuses))
            .bind(Arg::json(&job.unknown_statuses))
            .bind(id),
        )
        .await?;
    Ok(Job::from(row).public)
}

/// Ends a job that is under way; `None` if it was over.
pub async fn end(
    tx: &mut Tx,
    id: ImportId,
    now: DateTime<Utc>,
    status: JobStatus,
    error: Option<&JobError>,
) -> Result<Option<ImportJob>, DbError> {
    let error = error.map(|e| serde_json::json!({"code": e.code, "detail": e.detail}).to_string());
    let row: Option<Row> = tx
        .optional(
            Sql::new(format!(
                "UPDATE import_jobs SET status = $1, finished_at = $2, error = $3
                 WHERE id = $4 AND status IN ('queued', 'running') RETURNING {COLUMNS}"
            ))
            .bind(status)
            .bind(now)
            .bind(error)
            .bind(id),
        )
        .await?;
    Ok(row.map(|row| Job::from(row).public))
}

/// Queues a finished dry run as the real import, or a failed import to go on where it stopped;
/// `None` if it is neither.
pub async fn requeue(tx: &mut Tx, id: ImportId) -> Result<Option<ImportJob>, DbError> {
    let row: Option<Row> = tx
        .optional(
            Sql::new(format!(
                "UPDATE import_jobs SET status = 'queued', dry_run = FALSE, done_rows = 0,
                   ok_rows = 0, error_rows = 0, created = 0, updated = 0, unchanged = 0,
                   lines_used = 0, unknown_statuses = $2, error = NULL, started_at = NULL,
                   finished_at = NULL
                 WHERE id = $1 AND status = 'done' AND dry_run RETURNING {COLUMNS}"
            ))
            .bind(id)
            .bind(Arg::json(&BTreeMap::<String, i64>::new())),
        )
        .await?;
    if row.is_some() {
        tx.execute(
            Sql::new("DELETE FROM import_findings WHERE import_id = $1 AND line > $2")
                .bind(id)
                .bind(ABOUT_FILE as i64),
        )
        .await?;
        let row: Row = tx
            .one(
                Sql::new(format!(
                    "UPDATE import_jobs SET warnings =
                       (SELECT COUNT(*) FROM import_findings WHERE import_id = $1)
                     WHERE id = $1 RETURNING {COLUMNS}"
                ))
                .bind(id),
            )
            .await?;
        return Ok(Some(Job::from(row).public));
    }
    let row: Option<Row> = tx
        .optional(
            Sql::new(format!(
                "UPDATE import_jobs SET status = 'queued', error = NULL, finished_at = NULL
                 WHERE id = $1 AND status = 'failed' RETURNING {COLUMNS}"
            ))
            .bind(id),
        )
        .await?;
    Ok(row.map(|row| Job::from(row).public))
}

/// Jobs that wait or were interrupted, and those that ended with figures still to recompute.
pub async fn unfinished(tx: &mut Tx) -> Result<Vec<ImportId>, DbError> {
    let rows: Vec<(ImportId,)> = tx
        .all(
            "SELECT id FROM import_jobs WHERE status IN ('queued', 'running')
             UNION SELECT import_id FROM import_touched ORDER BY 1",
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Keeps the rejected rows of a chunk and the warnings about rows that are taken, each with its line.
pub async fn insert_findings(
    tx: &mut Tx,
    id: ImportId,
    rejected: &[Rejected],
    warnings: &[(u64, &RowError)],
) -> Result<(), DbError> {
    let columns = [
        "import_id",
        "line",
        "seq",
        "severity",
        "column_name",
        "code",
        "reason",
        "value",
        "record",
    ];
    let mut insert = Insert::new("import_findings", &columns, "");
    let mut add =
        |line: u64, seq: usize, severity: Severity, found: &RowError, cells: &[String]| {
            insert.row([
                id.into(),
                (line as i64).into(),
                seq.into(),
                severity.into(),
                found.column.clone().into(),
                Arg::Static(found.code),
                (&found.reason).into(),
                found.value.clone().into(),
                Arg::json(&cells),
            ]);
        };
    for Rejected { row, errors } in rejected {
        for (seq, error) in errors.iter().enumerate() {
            // The row itself is kept once.
            let cells: Vec<String> = if seq == 0 {
                row.record.iter().map(|cell| text::cut(cell, usize::MAX)).collect()
            } else {
                Vec::new()
            };
            add(row.line, seq, Severity::Error, error, &cells);
        }
    }
    for (line, warning) in warnings {
        add(*line, 0, Severity::Warning, warning, &[]);
    }
    insert.execute(tx).await?;
    Ok(())
}

/// What an import says of a row, as kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FindingRow {
    /// Id.
    pub id: i64,
    /// Line in the file.
    pub line: i64,
    /// Number among the row's errors.
    pub seq: i64,
    /// Column concerned.
    pub column_name: Option<String>,
    /// Stable code.
    pub code: String,
    /// Sentence.
    pub reason: String,
    /// Value found.
    pub value: Option<String>,
    /// The whole row, on its first error.
    pub record: Json<Vec<String>>,
}

/// Comes before every finding.
pub const START: (i64, i64) = (-1, 0);

/// The errors or warnings after `(line, id)`, in the order of the file.
pub async fn findings(
    tx: &mut Tx,
    id: ImportId,
    severity: Severity,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<FindingRow>, DbError> {
    tx.all(
        Sql::new(
            "SELECT id, line, seq, column_name, code, reason, value, record FROM import_findings
             WHERE import_id = $1 AND severity = $2 AND (line, id) > ($3, $4)
             ORDER BY line, id LIMIT $5",
        )
        .bind(id)
        .bind(severity)
        .bind(after.0)
        .bind(after.1)
        .bind(limit),
    )
    .await
}

/// Takes some customers off the list of those to recompute.
pub async fn take_touched(
    tx: &mut Tx,
    id: ImportId,
    limit: usize,
) -> Result<Vec<CustomerId>, DbError> {
    let next = Sql::new(
        "FROM (SELECT customer_id FROM import_touched WHERE import_id = $1
               ORDER BY customer_id LIMIT $2) AS next",
    );
    let rows: Vec<(CustomerId,)> = tx.packed("customer_id", next.bind(id).bind(limit)).await?;
    let mut sql = Sql::new("DELETE FROM import_touched WHERE import_id = $1 AND customer_id");
    sql = sql.bind(id);
    sql.push_ids(rows.iter().map(|row| row.0));
    tx.execute(sql).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The team leader whose pool new customers belong to: the one who imports, else the only one there
/// is.
pub async fn supervisor(tx: &mut Tx, by: Option<UserId>) -> Result<Option<UserId>, DbError> {
    let leaders: Vec<(UserId,)> = tx
        .all("SELECT id FROM users WHERE role = 'team_leader' AND active ORDER BY id LIMIT 1000")
        .await?;
    Ok(match (by, leaders.as_slice()) {
        (Some(by), leaders) if leaders.contains(&(by,)) => Some(by),
        (_, [only]) => Some(only.0),
        _ => None,
    })
}

/// Largest file accepted, bytes: the setting `imports.max_bytes`, by default a gibibyte.
pub async fn max_bytes(tx: &mut Tx) -> Result<u64, DbError> {
    let value: Option<Json<u64>> =
        tx.optional_scalar("SELECT value FROM settings WHERE key = 'imports.max_bytes'").await?;
    Ok(value.map_or(1 << 30, |json| json.0))
}

/// Files of jobs that ended before `before`: the rows are forgotten too, only the job's figures
/// stay.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<Vec<String>, DbError> {
    let old: Vec<(ImportId, String, Option<String>)> = tx
        .all(
            Sql::new(
                "SELECT id, stored_path, lines_path FROM import_jobs
                 WHERE finished_at < $1 AND stored_path <> '' ORDER BY id LIMIT 500",
            )
            .bind(before),
        )
        .await?;
    let mut paths = Vec::new();
    for (id, stored, lines) in old {
        tx.execute(Sql::new("DELETE FROM import_findings WHERE import_id = $1").bind(id)).await?;
        tx.execute(
            Sql::new("UPDATE import_jobs SET stored_path = '', lines_path = NULL WHERE id = $1")
                .bind(id),
        )
        .await?;
        paths.extend([Some(stored), lines].into_iter().flatten());
    }
    Ok(paths)
}
