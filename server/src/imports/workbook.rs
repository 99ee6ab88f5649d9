//! Spreadsheets as CSV: Excel workbooks (.xlsx, .xls) and tables saved as web pages or XML under the
//! name .xls. A row stays on the line of its number.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Reader as _, SheetVisible, Xls, Xlsx};

use super::file::{MAX_COLUMNS, io};
use super::record::RowError;
use super::{encoding, markup};
use crate::error::{Error, Result};
use crate::text;

/// The parts of a workbook that are held in memory, unpacked bytes (shared texts, styles).
const MAX_HELD: u64 = 256 << 20;
/// Its sheets, unpacked bytes; they are read piece by piece.
const MAX_SHEETS: u64 = 2 << 30;
/// An .xls file, which is held in memory whole, bytes.
const MAX_XLS: u64 = 64 << 20;

/// What was found in a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheets {
    /// The visible sheets that hold something.
    pub names: Vec<String>,
    /// The one that is read.
    pub read: Option<String>,
}

impl Sheets {
    /// Says that other sheets are not read.
    pub fn note(&self) -> Option<RowError> {
        let read = self.read.as_ref().filter(|_| self.names.len() > 1)?;
        let others: Vec<&str> =
            self.names.iter().filter(|name| *name != read).map(String::as_str).collect();
        Some(RowError {
            value: Some(super::text::cut(&others.join(", "), 200)),
            ..RowError::row(
                "other_sheets",
                format!("Only the sheet \"{read}\" is read; the workbook has others."),
            )
        })
    }
}

fn refused(code: &'static str, detail: impl Into<String>) -> Error {
    Error::invalid(code, "file", detail)
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    refused(
        "workbook_unreadable",
        format!("The workbook cannot be read ({error}). Save it as \"CSV UTF-8\" and send that."),
    )
}

fn too_large() -> Error {
    refused(
        "workbook_too_large",
        "The workbook is too large when it is unpacked. Save it as \"CSV UTF-8\" and send that.",
    )
}

fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(1 << 16).read_to_end(&mut head)).map_err(io)?;
    Ok(head)
}

/// Makes a file CSV in UTF-8, of at most `most` bytes where it is written anew; what a person should
/// know of that. Of a workbook the sheet asked for is read, or the first visible one that holds
/// something.
pub fn to_csv(path: &Path, sheet: Option<&str>, most: u64) -> Result<(Sheets, Vec<RowError>)> {
    let begin = head(path)?;
    if begin.starts_with(b"PK\x03\x04") {
        let sheets = rewrite(path, most, |out| xlsx(path, sheet, out))?;
        let note = sheets.note();
        return Ok((sheets, note.into_iter().collect()));
    }
    if begin.starts_with(b"\xd0\xcf\x11\xe0") {
        let sheets = rewrite(path, most, |out| xls(path, sheet, out))?;
        let note = sheets.note();
        return Ok((sheets, note.into_iter().collect()));
    }
    let notes = encoding::to_utf8(path)?.into_iter().collect();
    if let Some(name) = sheet.filter(|name| !name.is_empty()) {
        return Err(unknown_sheet(name, &[]));
    }
    if markup::is_table(&head(path)?) {
        rewrite(path, most, |out| markup::to_csv(path, out).map(|()| Sheets::default()))?;
    }
    Ok((Sheets::default(), notes))
}

fn unknown_sheet(name: &str, sheets: &[String]) -> Error {
    Error::invalid("unknown_sheet", "sheet", format!("The file has no sheet `{name}`."))
        .allowed(sheets)
}

/// Writes rows one after the other, each on the line of its number.
pub(super) struct Out {
    file: BufWriter<File>,
    line: u32,
    cells: Vec<String>,
    left: u64,
}

impl Out {
    /// Writes the rows before `row` (from 0) that were gathered or hold nothing.
    pub(super) fn go_to(&mut self, row: u32) -> Result<()> {
        if row < self.line {
            return Err(unreadable("its rows are out of order"));
        }
        while self.line < row {
            let mut bytes = csv::WriterBuilder::new().from_writer(Vec::new());
            if self.cells.iter().any(|cell| !cell.is_empty()) {
                bytes.write_record(&self.cells).map_err(anyhow::Error::from)?;
            }
            let mut bytes = bytes.into_inner().map_err(|e| io(e.into_error()))?;
            if bytes.is_empty() {
                bytes.push(b'\n');
            }
            self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
            self.file.write_all(&bytes).map_err(io)?;
            self.cells.clear();
            self.line += 1;
        }
        Ok(())
    }

    /// Forgets everything written.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.file.rewind().map_err(io)?;
        self.file.get_ref().set_len(0).map_err(io)?;
        self.line = 0;
        self.cells.clear();
        Ok(())
    }

    /// Adds a cell of the row gathered.
    pub(super) fn cell(&mut self, column: usize, value: &str) -> Result<()> {
        if text::trim(value).is_empty() {
            return Ok(());
        }
        if column >= MAX_COLUMNS {
            let detail = format!("A file has at most {MAX_COLUMNS} columns.");
            return Err(refused("too_many_columns", detail));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        // A line break in a cell would move all lines below away from their rows.
        let lines: Vec<&str> = value.split(['\n', '\r']).map(str::trim).collect();
        lines.join(" ").trim().clone_into(&mut self.cells[column]);
        Ok(())
    }
}

fn rewrite(
    path: &Path,
    most: u64,
    write: impl FnOnce(&mut Out) -> Result<Sheets>,
) -> Result<Sheets> {
    let target = path.with_extension("utf8");
    let file = BufWriter::new(File::create(&target).map_err(io)?);
    let mut out = Out { file, line: 0, cells: Vec::new(), left: most };
    let written = write(&mut out).and_then(|sheets| {
        let end = out.line + 1;
        out.go_to(end)?;
        out.file.flush().map_err(io)?;
        std::fs::rename(&target, path).map_err(io)?;
        Ok(sheets)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&target);
    }
    written
}

/// Unpacks every part once and counts: what a packed file says of its size need not be true.
fn check_size(path: &Path) -> Result<()> {
    let file = BufReader::new(File::open(path).map_err(io)?);
    let mut zip = zip::ZipArchive::new(file).map_err(unreadable)?;
    let (mut held, mut sheets) = (MAX_HELD, MAX_SHEETS);
    let mut is_workbook = false;
    for at in 0..zip.len() {
        let part = zip.by_index(at).map_err(unreadable)?;
        let name = part.name().map_err(unreadable)?.to_ascii_lowercase();
        is_workbook |= name == "xl/workbook.xml";
        let is_xml = std::path::Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "xml" || extension == "rels");
        if !is_xml {
            continue;
        }
        let left = if name.starts_with("xl/worksheets/") { &mut sheets } else { &mut held };
        let size = std::io::copy(&mut part.take(*left + 1), &mut std::io::sink());
        let size = size.map_err(unreadable)?;
        *left = left.checked_sub(size).ok_or_else(too_large)?;
    }
    if is_workbook {
        return Ok(());
    }
    Err(encoding::wrong("This file is neither CSV nor an Excel workbook (.xlsx, .xls)."))
}

/// The sheet asked for, or the first.
fn choose(wanted: Option<&str>, all: &[String], filled: Vec<String>) -> Result<Sheets> {
    let wanted = wanted.filter(|name| !name.is_empty());
    let read = match wanted {
        Some(name) => {
            let same = |sheet: &&String| text::key(sheet) == text::key(name);
            Some(all.iter().find(same).ok_or_else(|| unknown_sheet(name, all))?.clone())
        }
        None => filled.first().cloned(),
    };
    if read.is_none() {
        return Err(refused("empty_file", "The file is empty."));
    }
    Ok(Sheets { names: filled, read })
}

fn visible(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect()
}

fn xlsx(path: &Path, wanted: Option<&str>, out: &mut Out) -> Result<Sheets> {
    check_size(path)?;
    let file = BufReader::new(File::open(path).map_err(io)?);
    let mut book = Xlsx::new(file).map_err(unreadable)?;
    let mut filled = Vec::new();
    for name in visible(book.sheets_metadata()) {
        // A sheet that only shows a chart has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else { continue };
        let holds_something = loop {
            match cells.next_cell().map_err(unreadable)? {
                Some(cell) if !text::trim(&shown(cell.get_value())).is_empty() => break true,
                Some(_) => {}
                None => break false,
            }
        };
        if holds_something {
            filled.push(name);
        }
    }
    let sheets = choose(wanted, &book.sheet_names(), filled)?;
    let name = sheets.read.as_deref().unwrap_or_default();
    let mut cells = book.worksheet_cells_reader(name).map_err(unreadable)?;
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let value = shown(cell.get_value());
        if !value.is_empty() {
            out.go_to(row)?;
            out.cell(column as usize, &value)?;
        }
    }
    Ok(sheets)
}

fn xls(path: &Path, wanted: Option<&str>, out: &mut Out) -> Result<Sheets> {
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() > MAX_XLS {
        return Err(too_large());
    }
    let mut book = Xls::new(BufReader::new(file)).map_err(unreadable)?;
    let mut filled = Vec::new();
    for name in visible(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(unreadable)?;
        if range.used_cells().any(|(_, _, value)| !text::trim(&shown(&borrowed(value))).is_empty())
        {
            filled.push(name);
        }
    }
    let sheets = choose(wanted, &book.sheet_names(), filled)?;
    let name = sheets.read.as_deref().unwrap_or_default();
    let range = book.worksheet_range(name).map_err(unreadable)?;
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        out.go_to(top + row as u32)?;
        out.cell(left as usize + column, &shown(&borrowed(value)))?;
    }
    Ok(sheets)
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(n) => DataRef::Int(*n),
        Data::Float(n) => DataRef::Float(*n),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(flag) => DataRef::Bool(*flag),
        Data::DateTime(at) => DataRef::DateTime(*at),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// A value as text: a number with all its digits, a date as `2026-11-21`.
fn shown<'a>(value: &'a DataRef<'_>) -> Cow<'a, str> {
    match value {
        DataRef::Int(n) => Cow::Owned(n.to_string()),
        DataRef::Float(n) => Cow::Owned(number(*n)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cow::Borrowed(text)
        }
        DataRef::SharedString(text) => Cow::Borrowed(text),
        DataRef::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        DataRef::DateTime(at) => Cow::Owned(moment(at)),
        DataRef::Error(error) => Cow::Owned(error.to_string()),
        DataRef::Empty => Cow::Borrowed(""),
    }
}

fn number(n: f64) -> String {
    if n.fract() == 0.0 && n.abs() < 1e15 { format!("{n:.0}") } else { n.to_string() }
}

fn moment(at: &ExcelDateTime) -> String {
    let Some(found) = at.as_datetime().filter(|_| at.is_datetime()) else {
        return number(at.as_f64());
    };
    // To the second: fractions of a day are not exact.
    let rounded = found + chrono::TimeDelta::milliseconds(500);
    let format = if at.as_f64() < 1.0 {
        "%H:%M:%S"
    } else if rounded.format("%H:%M:%S").to_string() == "00:00:00" {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    rounded.format(format).to_string()
}

#[cfg(test)]
mod tests;
