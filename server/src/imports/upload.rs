//! Files on their way in: streamed to disk, never held in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use axum::extract::Multipart;
use axum::extract::multipart::{Field as Part, MultipartError};
use axum::http::StatusCode;
use tokio::io::AsyncWriteExt as _;

use super::date::DateOrder;
use super::fields::Field;
use super::mapping::Overrides;
use super::record::RowError;
use super::status::Answers;
use super::workbook::{self, Sheets};
use super::{Format, Kind, answers, store, text, work};
use crate::app::AppState;
use crate::error::{Error, Result};

/// Folder of uploads inside the data directory.
const FOLDER: &str = "imports";

/// A stored file that is removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Stored {
    /// As uploaded.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// The same, under the data directory.
    relative: String,
    kept: bool,
}

impl Stored {
    fn new(state: &AppState, name: &str) -> Result<Self> {
        let relative = format!("{FOLDER}/{:032x}.csv", rand::random::<u128>());
        let path = work::path_of(state, &relative);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(disk)?;
        }
        // Browsers send a name, some also a path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        let name = text::cut(if name.is_empty() { "upload.csv" } else { name }, 200);
        Ok(Self { name, path, relative, kept: false })
    }

    /// Leaves the file where it is; its place under the data directory.
    pub(super) fn keep(mut self) -> String {
        self.kept = true;
        self.relative.clone()
    }

    /// A copy of a local file, for the command line: an interrupted import can then be resumed
    /// whatever becomes of the original.
    pub(super) async fn copy(state: &AppState, from: &Path) -> Result<Self> {
        let name = from.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stored = Self::new(state, &name)?;
        let limit = max_bytes(state).await?;
        let size = tokio::fs::metadata(from).await.map_err(|error| unreadable(from, &error))?.len();
        if size > limit {
            return Err(too_large(limit));
        }
        tokio::fs::copy(from, &stored.path).await.map_err(|error| unreadable(from, &error))?;
        Ok(stored)
    }

    /// Makes it CSV in UTF-8, of a workbook `sheet` or the first one.
    pub(super) async fn into_csv(
        self,
        state: &AppState,
        sheet: Option<String>,
    ) -> Result<(Self, Sheets, Vec<RowError>)> {
        let (path, limit) = (self.path.clone(), max_bytes(state).await?);
        let (sheets, notes) =
            work::blocking(move || workbook::to_csv(&path, sheet.as_deref(), limit)).await?;
        Ok((self, sheets, notes))
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
            let _ = std::fs::remove_file(self.path.with_extension("utf8"));
        }
    }
}

fn disk(error: std::io::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("storing an upload"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let detail = format!("{} cannot be read: {error}.", path.display());
    Error::invalid("file_unreadable", "file", detail)
}

fn too_large(limit: u64) -> Error {
    Error::problem(
        StatusCode::PAYLOAD_TOO_LARGE,
        "file_too_large",
        format!("A file has at most {limit} bytes; split it."),
    )
    .field("file")
}

/// Largest file accepted.
async fn max_bytes(state: &AppState) -> Result<u64> {
    let mut tx = state.db.read().await?;
    Ok(store::max_bytes(&mut tx).await?)
}

/// The parts of an upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) kind: Kind,
    pub(super) format: Option<Format>,
    pub(super) mapping: Overrides,
    /// Name of the shop the file comes from.
    pub(super) shop: Option<String>,
    /// What status words mean, as said with the file.
    pub(super) statuses: Answers,
    pub(super) file: Stored,
    pub(super) lines: Option<Stored>,
    pub(super) date_order: Option<DateOrder>,
    /// The sheets of a workbook.
    pub(super) sheets: Sheets,
    /// What a person should know of the files as they arrived.
    pub(super) notes: Vec<RowError>,
}

fn broken(error: &MultipartError) -> Error {
    Error::problem(
        StatusCode::BAD_REQUEST,
        "invalid_multipart",
        format!("The upload is not a complete multipart form: {error}."),
    )
}

async fn text_part(part: Part<'_>, name: &str) -> Result<String> {
    const MOST: usize = 64 * 1024;
    let mut part = part;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            return Err(Error::invalid("too_long", name, format!("At most {MOST} bytes.")));
        }
    }
    String::from_utf8(bytes)
        .map(|text| text.trim().to_owned())
        .map_err(|_| Error::invalid("invalid_field", name, "Send the value as UTF-8 text."))
}

async fn file_part(state: &AppState, mut part: Part<'_>, limit: u64) -> Result<Stored> {
    let stored = Stored::new(state, part.file_name().unwrap_or_default())?;
    let file = tokio::fs::File::create(&stored.path).await.map_err(disk)?;
    let mut file = tokio::io::BufWriter::with_capacity(1 << 18, file);
    let mut size = 0;
    while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
        size += chunk.len() as u64;
        if size > limit {
            return Err(too_large(limit));
        }
        file.write_all(&chunk).await.map_err(disk)?;
    }
    file.flush().await.map_err(disk)?;
    // The job must find the file after a power cut.
    file.get_ref().sync_all().await.map_err(disk)?;
    Ok(stored)
}

/// One word of a list, or a problem that names the list.
pub(super) fn word<T: std::str::FromStr>(name: &str, text: &str, allowed: &[&str]) -> Result<T> {
    text.parse().map_err(|_| {
        Error::invalid("invalid_value", name, format!("`{text}` is not accepted.")).allowed(allowed)
    })
}

/// The kinds' names.
pub(super) const KINDS: &[&str] = &["categories", "products", "customers", "orders"];
/// The formats' names.
pub(super) const FORMATS: &[&str] = &["auto", "own", "woocommerce", "shopify"];

/// A format, or `auto` for recognising it.
pub(super) fn format(text: &str) -> Result<Option<Format>> {
    match text {
        "" | "auto" => Ok(None),
        text => word("format", text, FORMATS).map(Some),
    }
}

/// The order of day and month, or `auto` for what the columns show.
pub(super) fn date_order(text: &str) -> Result<Option<DateOrder>> {
    match text {
        "" | "auto" => Ok(None),
        text => word("dateOrder", text, &["auto", "day_first", "month_first"]).map(Some),
    }
}

/// What a column shall mean; nothing or `ignore`: nothing.
pub(super) fn override_of(column: &str, field: Option<&str>) -> Result<Option<Field>> {
    match field.map(str::trim) {
        None | Some("" | "ignore") => Ok(None),
        Some(field) => field.parse().map(Some).map_err(|()| {
            let detail = format!("`{field}`, given for column `{column}`, is no field.");
            Error::invalid("unknown_field", "mapping", detail).allowed(Field::ALL)
        }),
    }
}

fn mapping(json: &str) -> Result<Overrides> {
    if json.is_empty() {
        return Ok(Overrides::new());
    }
    let said: BTreeMap<String, Option<String>> = serde_json::from_str(json).map_err(|error| {
        let detail = format!("Send {{\"column\": \"field\"}} as JSON: {error}.");
        Error::invalid("invalid_mapping", "mapping", detail)
    })?;
    said.into_iter()
        .map(|(column, field)| {
            let field = override_of(&column, field.as_deref())?;
            Ok((column, field))
        })
        .collect()
}

/// Reads the form; the files go straight to disk.
pub(super) async fn receive(state: &AppState, mut form: Multipart) -> Result<Upload> {
    let limit = max_bytes(state).await?;
    let (mut kind, mut wanted, mut said, mut main, mut lines) =
        (None, None, Overrides::new(), None, None);
    let (mut order, mut sheet) = (None, None);
    let (mut shop, mut statuses) = (None, Answers::new());
    while let Some(part) = form.next_field().await.map_err(|e| broken(&e))? {
        match part.name().unwrap_or_default() {
            "kind" => kind = Some(word("kind", &text_part(part, "kind").await?, KINDS)?),
            "format" => wanted = format(&text_part(part, "format").await?)?,
            "mapping" => said = mapping(&text_part(part, "mapping").await?)?,
            "dateOrder" => order = date_order(&text_part(part, "dateOrder").await?)?,
            "sheet" => sheet = Some(text_part(part, "sheet").await?),
            "shop" => shop = answers::shop(&text_part(part, "shop").await?)?,
            "statuses" => statuses = answers::parse(&text_part(part, "statuses").await?)?,
            "file" => main = Some(file_part(state, part, limit).await?),
            "linesFile" => lines = Some(file_part(state, part, limit).await?),
            other => {
                let detail = format!("The form has no part `{other}`.");
                return Err(Error::invalid("unknown_part", other, detail).allowed([
                    "file",
                    "kind",
                    "format",
                    "mapping",
                    "linesFile",
                    "dateOrder",
                    "sheet",
                    "shop",
                    "statuses",
                ]));
            }
        }
    }
    let kind = kind.ok_or_else(|| {
        Error::invalid("required", "kind", "Say what the file holds.").allowed(KINDS)
    })?;
    let file = main.ok_or_else(|| Error::invalid("required", "file", "Send the file."))?;
    let (file, sheets, mut notes) = file.into_csv(state, sheet).await?;
    let lines = match lines {
        Some(lines) => {
            let (lines, _, found) = lines.into_csv(state, None).await?;
            notes.extend(found);
            Some(lines)
        }
        None => None,
    };
    Ok(Upload {
        kind,
        format: wanted,
        mapping: said,
        shop,
        statuses,
        file,
        lines,
        date_order: order,
        sheets,
        notes,
    })
}
