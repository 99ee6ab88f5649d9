//! A file as it arrives: delimiter, line ends, heading, size; its rows with the lines they begin on;
//! and where each order's rows are.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;

use super::fields::Field;
use super::mapping::{self, Columns, Overrides, Part, alternatives};
use super::rows::Rows;
use super::{Format, Kind, encoding, identity};
use crate::error::{Error, Result};
use crate::text;

/// A row longer than this is a missing closing quote, not a row.
const MAX_ROW: usize = 1024 * 1024;
/// Columns a file can have.
pub(super) const MAX_COLUMNS: usize = 500;
/// Places remembered of an order file (24 bytes each).
const MAX_RUNS: usize = 4_000_000;

/// What a look over the whole file found.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// `,` `;` `|` or tab, or what the file's `sep=` line says.
    pub delimiter: u8,
    /// Column names.
    pub names: Vec<String>,
    /// The last row breaks off inside a quoted cell or a character.
    pub broken_end: bool,
    /// The last row ends with the file, not with a line break.
    pub bare_end: bool,
    /// Its size.
    pub bytes: u64,
    /// Rows with fewer cells than the heading, once all were read.
    pub short_rows: u64,
    /// What ends a row.
    pub(super) ends: Ends,
    /// Where the heading begins.
    pub(super) begin: Place,
    /// Where the first row behind the heading can begin.
    body: Place,
}

/// What ends a row, outside quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// CR, LF or CR LF: the file has one of them only.
    Any,
    /// LF, also behind a CR; a CR alone is part of a cell.
    Lf,
    /// CR; an LF alone is part of a cell.
    Cr,
}

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Byte.
    pub byte: u64,
    /// Line as an editor counts them, from 1.
    pub line: u64,
}

pub(super) fn io(error: std::io::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading an import file"))
}

/// The delimiter of a heading: the most frequent candidate outside quotes.
pub fn detect_delimiter(heading: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in heading {
        quoted ^= *byte == b'"';
        for (candidate, count) in &mut counts {
            *count += usize::from(!quoted && byte == candidate);
        }
    }
    // The first of equals, so a heading of one column is comma-separated.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(d, _)| *d)
}

/// What Excel's line `sep=;` before the heading says.
fn declared_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").map_or(line, |l| l.strip_suffix(b"\"").unwrap_or(l));
    let [s, e, p, b'=', rest @ ..] = line else { return None };
    if !([*s, *e, *p].eq_ignore_ascii_case(b"sep")) {
        return None;
    }
    match rest {
        // The tab is white space at the end of the line.
        [] => Some(b'\t'),
        [delimiter]
            if delimiter.is_ascii() && !delimiter.is_ascii_alphanumeric() && *delimiter != b'"' =>
        {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// The beginning of a file: where its heading is and what separates its cells.
struct Begin {
    place: Place,
    delimiter: u8,
}

impl Begin {
    fn of(bytes: &[u8]) -> Self {
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut place = Place { byte: mark as u64, line: 1 };
        let mut declared = None;
        let mut at = mark;
        loop {
            let rest = &bytes[at..];
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
            let line = &rest[..end];
            let next = at + end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            let said = declared_delimiter(line).filter(|_| declared.is_none());
            let blank = String::from_utf8_lossy(line);
            if next >= bytes.len() || (said.is_none() && !text::trim(&blank).is_empty()) {
                let found = detect_delimiter(line);
                // A line that is wrong about its own file is not believed.
                let delimiter = declared.filter(|d| line.contains(d) || !line.contains(&found));
                return Self { place, delimiter: delimiter.unwrap_or(found) };
            }
            declared = declared.or(said);
            at = next;
            place = Place { byte: at as u64, line: place.line + 1 };
        }
    }
}

/// How far a scan is inside a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    CellStart,
    Plain,
    Quoted,
    /// A quote inside a quoted cell: its end, or half of an escaped one.
    Quote,
}

struct Scan {
    at: At,
    lines: u64,
    row: usize,
    /// The byte before.
    last: u8,
    /// What ends the first row: CR alone, or LF.
    first_is_cr: Option<bool>,
    /// Line ends outside quotes: CR alone, LF alone.
    lone_cr: bool,
    lone_lf: bool,
}

impl Scan {
    const fn new() -> Self {
        Self {
            at: At::CellStart,
            lines: 0,
            row: 0,
            last: 0,
            first_is_cr: None,
            lone_cr: false,
            lone_lf: false,
        }
    }

    fn feed(&mut self, bytes: &[u8], delimiter: u8) -> Result<()> {
        for &byte in bytes {
            self.row += 1;
            // A CR outside quotes is alone unless an LF follows.
            if self.last == b'\r' && self.at == At::CellStart && byte != b'\n' {
                self.cr();
            }
            self.at = match (self.at, byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) | (At::CellStart | At::Quote, b'"') => At::Quoted,
                (_, b'\n' | b'\r') => {
                    if byte == b'\n' {
                        self.first_is_cr.get_or_insert(false);
                        self.lone_lf |= self.last != b'\r';
                    }
                    self.row = 0;
                    At::CellStart
                }
                (_, b) if b == delimiter => At::CellStart,
                _ => At::Plain,
            };
            self.lines += u64::from(byte == b'\r' || (byte == b'\n' && self.last != b'\r'));
            self.last = byte;
            if self.row > MAX_ROW {
                return Err(Error::invalid(
                    "row_too_long",
                    "file",
                    format!(
                        "A row that ends after line {} is longer than a mebibyte; is a closing \
                         quote missing?",
                        self.lines + 1
                    ),
                ));
            }
        }
        Ok(())
    }

    const fn cr(&mut self) {
        self.lone_cr = true;
        if self.first_is_cr.is_none() {
            self.first_is_cr = Some(true);
        }
    }

    /// What ends the rows: what ends the heading, if the file has both.
    fn ends(&mut self) -> Ends {
        if self.last == b'\r' && self.at == At::CellStart {
            self.cr();
        }
        match self.first_is_cr {
            Some(true) if self.lone_lf => Ends::Cr,
            Some(false) if self.lone_cr => Ends::Lf,
            _ => Ends::Any,
        }
    }
}

impl Source {
    /// Looks over the whole file: it must be UTF-8 and have a heading.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|error| {
            tracing::error!(path = %path.display(), %error, "an import's file cannot be read");
            Error::problem(
                StatusCode::GONE,
                "file_missing",
                "The file of this import is no longer on this machine.",
            )
        })?;
        let mut block = vec![0; 1 << 18];
        let mut held = 0;
        let mut begin = None;
        let mut scan = Scan::new();
        let mut broken_end = false;
        loop {
            let read = file.read(&mut block[held..]).map_err(io)?;
            if read == 0 {
                broken_end |= held > 0;
                break;
            }
            let end = held + read;
            let bytes = &block[..end];
            let delimiter = begin.get_or_insert_with(|| Begin::of(bytes)).delimiter;
            let valid = match std::str::from_utf8(bytes) {
                Ok(_) => end,
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(error) => {
                    scan.feed(&bytes[..error.valid_up_to()], delimiter)?;
                    return Err(encoding::wrong(format!(
                        "Line {} is not UTF-8 text.",
                        scan.lines + 1
                    )));
                }
            };
            scan.feed(&bytes[..valid], delimiter)?;
            block.copy_within(valid..end, 0);
            held = end - valid;
        }
        broken_end |= scan.at == At::Quoted;
        let bare_end = held > 0 || !matches!(scan.last, b'\n' | b'\r');
        let begin = begin.unwrap_or_else(|| Begin::of(&[]));
        let mut source = Self {
            path: path.to_owned(),
            delimiter: begin.delimiter,
            names: Vec::new(),
            broken_end,
            bare_end,
            bytes: file.metadata().map_err(io)?.len(),
            short_rows: 0,
            ends: scan.ends(),
            begin: begin.place,
            body: begin.place,
        };
        let mut rows = Rows::new(&source)?;
        let header = rows.next()?.map(|(_, header)| header).unwrap_or_default();
        source.body = rows.next_place()?;
        let header = csv::StringRecord::from_byte_record_lossy(header);
        if header.iter().all(|cell| text::trim(cell).is_empty()) {
            return Err(Error::invalid("empty_file", "file", "The file is empty."));
        }
        if header.iter().skip(MAX_COLUMNS).any(|cell| !text::trim(cell).is_empty()) {
            let detail = format!("A file has at most {MAX_COLUMNS} columns.");
            return Err(Error::invalid("too_many_columns", "file", detail));
        }
        source.names = mapping::column_names(header.iter().take(MAX_COLUMNS));
        Ok(source)
    }

    /// The rows behind the heading.
    pub fn rows(&self) -> Result<Rows> {
        let mut rows = Rows::new(self)?;
        rows.seek(self.body)?;
        Ok(rows)
    }

    /// The columns' meanings; an override that names no column or a field of another kind is a
    /// problem.
    pub fn columns(
        &self,
        kind: Kind,
        format: Format,
        part: Part,
        said: &Overrides,
    ) -> Result<Columns> {
        let own = mapping::overrides_for(said, &self.names, part);
        let allowed = mapping::fields(kind, part);
        for (column, field) in &own {
            if let Some(field) = field.filter(|f| !allowed.contains(f)) {
                return Err(Error::invalid(
                    "unknown_field",
                    "mapping",
                    format!("`{field}`, given for column `{column}`, is no field of {kind}."),
                )
                .allowed(allowed));
            }
        }
        Ok(Columns::of(self.names.clone(), kind, format, part, &own))
    }

    /// The first rows, for a person to look at.
    pub fn sample(&self, rows: usize) -> Result<Vec<Vec<String>>> {
        let mut reader = self.rows()?;
        let mut sample = Vec::new();
        while sample.len() < rows
            && let Some((_, record)) = reader.next()?
        {
            let record = csv::StringRecord::from_byte_record_lossy(record);
            sample
                .push(record.iter().map(|cell| super::text::cut(text::trim(cell), 200)).collect());
        }
        Ok(sample)
    }
}

/// 422 with what was expected and what is there.
pub fn missing_columns(missing: &[&[Field]], names: &[String], file: &str) -> Error {
    let expected: Vec<String> = missing.iter().map(|group| alternatives(group)).collect();
    Error::invalid(
        "missing_columns",
        file,
        format!("Missing: {}. Found: {}.", expected.join("; "), names.join(", ")),
    )
    .allowed(expected)
}

/// Where rows of one order stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Hash of the order's key.
    pub key: u64,
    /// The first of them.
    pub place: Place,
}

/// Hash of an order's key; the same in every process, so that a resumed import finds the same.
pub fn key_hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Reads every row of a file without orders; how many there are.
pub fn count(source: &Source, mut look: impl FnMut(&csv::StringRecord)) -> Result<u64> {
    let mut reader = source.rows()?;
    let mut rows = 0;
    while let Some((_, record)) = reader.next()? {
        rows += 1;
        look(&csv::StringRecord::from_byte_record_lossy(record));
    }
    Ok(rows)
}

/// Reads every row of an order file; how many there are, and its runs in the order of the file. A
/// row without key belongs to the row before.
pub fn runs(
    source: &Source,
    columns: &Columns,
    key: Field,
    mut look: impl FnMut(&csv::StringRecord),
) -> Result<(u64, Vec<Run>)> {
    let mut reader = source.rows()?;
    let mut runs: Vec<Run> = Vec::new();
    let mut rows = 0;
    let mut last = String::new();
    while let Some((place, bytes)) = reader.next()? {
        rows += 1;
        let record = csv::StringRecord::from_byte_record_lossy(bytes);
        look(&record);
        let cell = identity::key(columns.cell(&record, key));
        if !runs.is_empty() && (cell.is_empty() || cell == last) {
            continue;
        }
        if runs.len() >= MAX_RUNS {
            return Err(Error::invalid(
                "too_many_orders",
                "file",
                format!(
                    "More than {MAX_RUNS} orders, or an order's rows are far apart: sort the file by \
                     order, or split it."
                ),
            ));
        }
        runs.push(Run { key: key_hash(&cell), place });
        last.clear();
        last.push_str(&cell);
    }
    Ok((rows, runs))
}

/// Orders whose rows stand at several places of the file: key → places.
pub fn scattered(mut runs: Vec<Run>) -> HashMap<u64, Vec<Run>> {
    runs.sort_unstable();
    runs.chunk_by(|a, b| a.key == b.key)
        .filter(|places| places.len() > 1)
        .map(|places| (places[0].key, places.to_vec()))
        .collect()
}

#[cfg(test)]
mod tests;
