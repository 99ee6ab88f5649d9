//! `/api/cdm/imports`. Team leaders import customers and orders; the catalogue (categories,
//! products) is the managers'. A team leader sees own imports, managers all.

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::fields::required;
use super::mapping::{self, Part};
use super::readings::Said;
use super::record::RowError;
use super::store::{self, FindingRow, Job, NewJob};
use super::upload::{self, Upload};
use super::workbook::Sheets;
use super::{
    Format, ImportJob, JobError, JobStatus, Kind, Severity, answers, prepare, rejected, source,
    work,
};
use crate::app::AppState;
use crate::auth::{Allow, CurrentUser, Leads, Role};
use crate::db::{Cursor, ImportId, Page, PageQuery, Tx};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query};

/// An upload.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the form, which is read as a stream")]
pub struct ImportUpload {
    /// A CSV file, an Excel workbook (.xlsx, .xls) or a table saved under that name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it holds.
    kind: Kind,
    /// `auto` (default), `own`, `woocommerce` or `shopify`.
    format: Option<String>,
    /// JSON `{column: field}`; an empty field: the column means nothing. Columns of the lines file
    /// begin with `lines.`.
    mapping: Option<String>,
    /// `auto` (default: as each column shows), `day_first` or `month_first`.
    date_order: Option<String>,
    /// Which sheet of a workbook; by default the first that holds something.
    sheet: Option<String>,
    /// Name of the shop the orders come from, where several shops count them alike.
    shop: Option<String>,
    /// JSON `{word: status}`: what status words of the file mean. Kept for the source.
    statuses: Option<String>,
    /// For orders: a second file with their lines.
    #[schema(value_type = Option<String>, format = Binary)]
    lines_file: Option<Vec<u8>>,
}

/// How to import.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only check; `run` then turns it into the real import.
    #[serde(default)]
    dry_run: bool,
}

/// A field a column can mean.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldInfo {
    /// Its name.
    name: super::Field,
    /// It must be there.
    required: bool,
    /// One of these must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    one_of: Vec<super::Field>,
}

/// What a person should know of a file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileWarning {
    /// Stable code.
    code: String,
    /// One sentence.
    detail: String,
    /// The column concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
}

impl From<RowError> for FileWarning {
    fn from(note: RowError) -> Self {
        Self { code: note.code.to_owned(), detail: note.reason, column: note.column }
    }
}

/// What a file looks like, before anything is imported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Whose export it is.
    format: Format,
    /// Column names; those of the lines file begin with `lines.`.
    columns: Vec<String>,
    /// The first rows of the file.
    sample: Vec<Vec<String>>,
    /// Column → field as recognised.
    #[schema(value_type = std::collections::BTreeMap<String, super::Field>)]
    mapping: std::collections::BTreeMap<String, super::Field>,
    /// What columns can mean.
    fields: Vec<FieldInfo>,
    /// The sheets of a workbook that hold something.
    sheets: Vec<String>,
    /// The sheet that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// What stands in the way of an import.
    problems: Vec<JobError>,
    /// What a person should know of the file.
    warnings: Vec<FileWarning>,
}

fn form(form: Result<Multipart, MultipartRejection>) -> Result<Multipart> {
    form.map_err(|rejection| {
        Error::problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("Send the file as multipart/form-data: {}.", rejection.body_text()),
        )
    })
}

fn may_import(user: &CurrentUser, kind: Kind) -> Result<()> {
    let manager = matches!(user.role, Role::Admin | Role::SalesManager);
    if manager || matches!(kind, Kind::Customers | Kind::Orders) {
        Ok(())
    } else {
        Err(Error::forbidden())
    }
}

/// Upload a file and import it in the background.
#[utoipa::path(post, path = "/api/cdm/imports", tag = "imports", params(ImportQuery),
    request_body(content = ImportUpload, content_type = "multipart/form-data"),
    responses((status = 202, body = ImportJob)))]
pub async fn create(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(query): Query<ImportQuery>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<ImportJob>)> {
    let Upload {
        kind, format, mapping, shop, statuses, file, lines, date_order, mut notes, ..
    } = upload::receive(&state, form(multipart)?).await?;
    may_import(&user, kind)?;
    let paths = (file.path.clone(), lines.as_ref().map(|lines| lines.path.clone()));
    let dates = Said::on(state.clock.today(), date_order);
    let prepared = work::blocking(move || {
        prepare::prepare(kind, format, &mapping, &paths.0, paths.1.as_deref(), dates)
    })
    .await?;
    notes.extend(prepared.notes.iter().cloned());
    let mut tx = state.db.begin().await?;
    let source = source(prepared.format, shop.as_deref());
    let statuses = answers::of_upload(&mut tx, kind, &source, &statuses).await?;
    let new = NewJob {
        kind,
        format: prepared.format,
        shop,
        statuses,
        file_name: file.name.clone(),
        stored_path: file.keep(),
        lines_path: lines.map(upload::Stored::keep),
        dry_run: query.dry_run,
        date_order,
        notes,
        mapping: prepared.mapping(),
        columns: prepared.main.names,
        total_rows: prepared.total_rows,
        lines_total: prepared.lines.map_or(0, |lines| lines.total),
        created_by: Some(user.id),
    };
    let job = store::insert(&mut tx, state.clock.now(), &new).await?;
    tx.commit().await?;
    work::spawn(&state, job.id);
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Look at a file without importing it: format, columns, the proposed mapping.
#[utoipa::path(post, path = "/api/cdm/imports/inspect", tag = "imports",
    request_body(content = ImportUpload, content_type = "multipart/form-data"),
    responses((status = 200, body = Inspection)))]
pub async fn inspect(
    State(state): State<AppState>,
    user: Allow<Leads>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<Inspection>> {
    let Upload { kind, format, mapping, file, lines, date_order, sheets, notes, .. } =
        upload::receive(&state, form(multipart)?).await?;
    may_import(&user, kind)?;
    let dates = Said::on(state.clock.today(), date_order);
    let inspection = work::blocking(move || {
        let of_lines = lines.as_ref().map(|lines| lines.path.as_path());
        let heading = prepare::heading(kind, format, &mapping, &file.path, of_lines)?;
        look(kind, heading, sheets, notes, dates)
    })
    .await?;
    Ok(Json(inspection))
}

fn look(
    kind: Kind,
    heading: prepare::Heading,
    sheets: Sheets,
    mut notes: Vec<RowError>,
    dates: Said,
) -> Result<Inspection> {
    let sample = heading.main.sample(10)?;
    let mut columns = heading.columns.names.clone();
    let mut found = heading.columns.as_mapping();
    let has_lines_file = heading.lines.is_some();
    if let Some((_, lines)) = &heading.lines {
        let prefixed = |name: &String| format!("{}{name}", mapping::LINES_PREFIX);
        columns.extend(lines.names.iter().map(prefixed));
        found.extend(lines.as_mapping().iter().map(|(name, field)| (prefixed(name), *field)));
    }
    let groups = required(kind, has_lines_file);
    let fields = mapping::fields(kind, Part::Main { has_lines_file })
        .iter()
        .map(|field| {
            let group = groups.iter().find(|group| group.contains(field));
            FieldInfo {
                name: *field,
                required: group.is_some_and(|group| group.len() == 1),
                one_of: group.filter(|g| g.len() > 1).map(|g| g.to_vec()).unwrap_or_default(),
            }
        })
        .collect();
    let format = heading.format;
    let problem = match heading.problem {
        Some(problem) => Some(problem),
        None => match heading.read(kind, dates) {
            Ok(prepared) => {
                notes.extend(prepared.notes);
                None
            }
            Err(problem) => Some(problem),
        },
    };
    let problems = match problem {
        Some(Error::Problem(problem)) => {
            vec![JobError { code: problem.code, detail: problem.detail }]
        }
        Some(other) => return Err(other),
        None => Vec::new(),
    };
    Ok(Inspection {
        format,
        columns,
        sample,
        mapping: found,
        fields,
        sheets: sheets.names,
        sheet: sheets.read,
        problems,
        warnings: notes.into_iter().map(FileWarning::from).collect(),
    })
}

/// A list of imports.
#[derive(Serialize, ToSchema)]
pub struct Imports {
    /// The latest first, at most 100.
    items: Vec<ImportJob>,
}

/// The latest imports.
#[utoipa::path(get, path = "/api/cdm/imports", tag = "imports", responses((status = 200, body = Imports)))]
pub async fn list(State(state): State<AppState>, user: Allow<Leads>) -> Result<Json<Imports>> {
    let mut tx = state.db.read().await?;
    Ok(Json(Imports { items: store::list(&mut tx, &user).await? }))
}

/// A job inside the user's view.
pub(super) async fn visible(tx: &mut Tx, user: &CurrentUser, id: ImportId) -> Result<Job> {
    let manager = matches!(user.role, Role::Admin | Role::SalesManager);
    store::get(tx, id)
        .await?
        .filter(|job| manager || job.public.created_by == Some(user.id))
        .ok_or_else(|| {
            Error::not_found("import_not_found", "There is no such import, or none you may see.")
        })
}

/// How far an import is.
#[utoipa::path(get, path = "/api/cdm/imports/{id}", tag = "imports", params(("id" = i64, Path)),
    responses((status = 200, body = ImportJob)))]
pub async fn show(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportJob>> {
    let mut tx = state.db.read().await?;
    Ok(Json(visible(&mut tx, &user, id).await?.public))
}

/// Why a row was rejected, or a warning about one that is taken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportError {
    /// Line in the file, the header is line 1; 0: about the file.
    line: i64,
    /// Column concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Stable code.
    code: String,
    /// One sentence.
    reason: String,
    /// What was found there.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip)]
    id: i64,
}

impl From<FindingRow> for ImportError {
    fn from(row: FindingRow) -> Self {
        Self {
            line: row.line,
            column: row.column_name,
            code: row.code,
            reason: row.reason,
            value: row.value,
            id: row.id,
        }
    }
}

/// The rejected rows' errors, in the order of the file.
#[utoipa::path(get, path = "/api/cdm/imports/{id}/errors", tag = "imports",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Page<ImportError>)))]
pub async fn errors(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ImportError>>> {
    found(&state, &user, id, Severity::Error, &page).await
}

/// Warnings about rows that are taken, in the order of the file; line 0 is about the file.
#[utoipa::path(get, path = "/api/cdm/imports/{id}/warnings", tag = "imports",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Page<ImportError>)))]
pub async fn warnings(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ImportError>>> {
    found(&state, &user, id, Severity::Warning, &page).await
}

async fn found(
    state: &AppState,
    user: &CurrentUser,
    id: ImportId,
    severity: Severity,
    page: &PageQuery,
) -> Result<Json<Page<ImportError>>> {
    let after = match page.cursor()? {
        Some(cursor) => (cursor.key.parse().map_err(|_| crate::db::BadCursor)?, cursor.id),
        None => store::START,
    };
    let limit = page.limit();
    let mut tx = state.db.read().await?;
    visible(&mut tx, user, id).await?;
    let rows = store::findings(&mut tx, id, severity, after, limit + 1).await?;
    let rows: Vec<ImportError> = rows.into_iter().map(ImportError::from).collect();
    let cursor = |row: &ImportError| Cursor { key: row.line.to_string(), id: row.id };
    Ok(Json(Page::new(rows, limit, cursor)))
}

/// The rejected rows as they were, with a last column that says why: to be corrected and imported
/// again.
#[utoipa::path(get, path = "/api/cdm/imports/{id}/rejected.csv", tag = "imports",
    params(("id" = i64, Path)),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn rejected_rows(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
) -> Result<Response> {
    let job = {
        let mut tx = state.db.read().await?;
        visible(&mut tx, &user, id).await?.public
    };
    let name = format!("attachment; filename=\"rejected-{}-{}.csv\"", job.kind, id.0);
    let pages = futures::stream::try_unfold(
        (state, rejected::Writer::new(&job)),
        |(state, mut writer)| async move {
            let page = writer.next(&state.db).await?;
            Ok::<_, Error>(page.map(|page| (Bytes::from(page), (state, writer))))
        },
    );
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// Turn a finished dry run into the real import, or continue one that failed.
#[utoipa::path(post, path = "/api/cdm/imports/{id}/run", tag = "imports", params(("id" = i64, Path)),
    responses((status = 202, body = ImportJob)))]
pub async fn run(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
) -> Result<(StatusCode, Json<ImportJob>)> {
    let mut tx = state.db.begin().await?;
    let job = visible(&mut tx, &user, id).await?;
    may_import(&user, job.public.kind)?;
    if job.stored_path.is_empty() {
        return Err(Error::problem(
            StatusCode::GONE,
            "file_missing",
            "The file of this import has been deleted; upload it again.",
        ));
    }
    let job = store::requeue(&mut tx, id).await?.ok_or_else(|| {
        Error::conflict("not_runnable", "Only a finished dry run or a failed import can be run.")
    })?;
    tx.commit().await?;
    work::spawn(&state, id);
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Stop an import. What was committed stays; nothing is half in.
#[utoipa::path(post, path = "/api/cdm/imports/{id}/cancel", tag = "imports", params(("id" = i64, Path)),
    responses((status = 200, body = ImportJob)))]
pub async fn cancel(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportJob>> {
    let mut tx = state.db.begin().await?;
    visible(&mut tx, &user, id).await?;
    let job = store::end(&mut tx, id, state.clock.now(), JobStatus::Cancelled, None)
        .await?
        .ok_or_else(|| Error::conflict("import_over", "This import is over already."))?;
    work::tell(&mut tx, &state, &job);
    state.commit(tx).await?;
    // A worker that is gone has left figures to recompute; one that is there finds nothing to do.
    work::spawn(&state, id);
    Ok(Json(job))
}
