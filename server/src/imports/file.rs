//! A file as it arrives: encoding, delimiter, heading, size; and where each order's rows are.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use axum::http::StatusCode;

use super::fields::Field;
use super::mapping::{self, Columns, Overrides, Part, alternatives};
use super::{Format, Kind};
use crate::error::{Error, Result};

/// A row longer than this is a missing closing quote, not a row.
const MAX_ROW: usize = 1024 * 1024;
/// Columns a file can have.
const MAX_COLUMNS: usize = 500;
/// Places remembered of an order file (24 bytes each).
const MAX_RUNS: usize = 4_000_000;

/// What a look over the whole file found.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// `,` `;` or tab.
    pub delimiter: u8,
    /// Column names.
    pub names: Vec<String>,
    /// The last row breaks off inside a quoted cell or a character.
    pub broken_end: bool,
    /// The last row ends with the file, not with a line break.
    pub bare_end: bool,
    /// Its size.
    pub bytes: u64,
}

fn io(error: std::io::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading an import file"))
}

fn wrong_encoding(detail: String) -> Error {
    Error::invalid(
        "wrong_encoding",
        "file",
        format!(
            "{detail} In a spreadsheet choose \"Save as\" and \"CSV UTF-8\", then send it again."
        ),
    )
}

/// A file in UTF-16 (its byte-order mark says so) is rewritten in UTF-8; anything else stays.
pub fn to_utf8(path: &Path) -> Result<()> {
    let mut head = [0; 2];
    let mut file = File::open(path).map_err(io)?;
    let little = match file.read(&mut head).map_err(io)? {
        2 if head == [0xff, 0xfe] => true,
        2 if head == [0xfe, 0xff] => false,
        _ => return Ok(()),
    };
    let target = path.with_extension("utf8");
    let mut out = BufWriter::new(File::create(&target).map_err(io)?);
    let mut bytes = BufReader::with_capacity(1 << 16, file).bytes();
    let mut failed = None;
    let units = std::iter::from_fn(|| {
        let pair = (bytes.next()?, bytes.next()?);
        match pair {
            (Ok(a), Ok(b)) if little => Some(u16::from_le_bytes([a, b])),
            (Ok(a), Ok(b)) => Some(u16::from_be_bytes([a, b])),
            (Err(error), _) | (_, Err(error)) => {
                failed = Some(error);
                None
            }
        }
    });
    let mut buffer = [0; 4];
    for decoded in char::decode_utf16(units) {
        let Ok(c) = decoded else {
            let _ = std::fs::remove_file(&target);
            return Err(wrong_encoding("The file says it is UTF-16 but is not.".to_owned()));
        };
        out.write_all(c.encode_utf8(&mut buffer).as_bytes()).map_err(io)?;
    }
    if let Some(error) = failed {
        return Err(io(error));
    }
    out.into_inner().map_err(|e| io(e.into_error()))?;
    std::fs::rename(&target, path).map_err(io)
}

/// The delimiter of a heading: the most frequent candidate outside quotes.
pub fn detect_delimiter(heading: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in heading {
        quoted ^= *byte == b'"';
        for (candidate, count) in &mut counts {
            *count += usize::from(!quoted && byte == candidate);
        }
    }
    // The first of equals, so a heading of one column is comma-separated.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(d, _)| *d)
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
}

impl Scan {
    fn feed(&mut self, bytes: &[u8], delimiter: u8) -> Result<()> {
        for byte in bytes {
            self.row += 1;
            self.at = match (self.at, *byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) | (At::CellStart | At::Quote, b'"') => At::Quoted,
                (_, b'\n' | b'\r') => {
                    self.row = 0;
                    At::CellStart
                }
                (_, b) if b == delimiter => At::CellStart,
                _ => At::Plain,
            };
            self.lines += u64::from(*byte == b'\n');
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
        let mut delimiter = None;
        let mut scan = Scan { at: At::CellStart, lines: 0, row: 0 };
        let mut last = None;
        let mut broken_end = false;
        loop {
            let read = file.read(&mut block[held..]).map_err(io)?;
            if read == 0 {
                broken_end |= held > 0;
                break;
            }
            let end = held + read;
            let bytes = &block[..end];
            if last.is_none() {
                first_block(bytes)?;
            }
            let delimiter = *delimiter.get_or_insert_with(|| {
                let first = bytes.split(|b| matches!(b, b'\n' | b'\r')).find(|l| !l.is_empty());
                detect_delimiter(first.unwrap_or_default())
            });
            let valid = match std::str::from_utf8(bytes) {
                Ok(_) => end,
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(error) => {
                    scan.feed(&bytes[..error.valid_up_to()], delimiter)?;
                    return Err(wrong_encoding(format!(
                        "Line {} is not UTF-8 text.",
                        scan.lines + 1
                    )));
                }
            };
            scan.feed(&bytes[..valid], delimiter)?;
            last = bytes.last().copied();
            block.copy_within(valid..end, 0);
            held = end - valid;
        }
        broken_end |= scan.at == At::Quoted;
        let delimiter = delimiter.unwrap_or(b',');
        let mut source = Self {
            path: path.to_owned(),
            delimiter,
            names: Vec::new(),
            broken_end,
            bare_end: !matches!(last, Some(b'\n' | b'\r')),
            bytes: file.metadata().map_err(io)?.len(),
        };
        let mut header = csv::ByteRecord::new();
        source.reader()?.read_byte_record(&mut header).map_err(csv_error)?;
        let header = csv::StringRecord::from_byte_record_lossy(header);
        if header.iter().all(|cell| cell.trim().is_empty()) {
            return Err(Error::invalid("empty_file", "file", "The file is empty."));
        }
        if header.len() > MAX_COLUMNS {
            let detail = format!("A file has at most {MAX_COLUMNS} columns.");
            return Err(Error::invalid("too_many_columns", "file", detail));
        }
        source.names = mapping::column_names(header.iter());
        Ok(source)
    }

    /// A reader at the heading.
    pub fn reader(&self) -> Result<csv::Reader<File>> {
        let file = File::open(&self.path).map_err(io)?;
        Ok(csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(file))
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
        let mut reader = self.reader()?;
        // The first row is the header.
        let mut records = reader.byte_records().skip(1).take(rows);
        records
            .by_ref()
            .map(|record| {
                let record = csv::StringRecord::from_byte_record_lossy(record.map_err(csv_error)?);
                Ok(record.iter().map(|cell| super::text::cut(cell, 200)).collect())
            })
            .collect()
    }
}

fn first_block(bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(wrong_encoding("This is a spreadsheet file, not CSV.".to_owned()));
    }
    let head = &bytes[..bytes.len().min(1024)];
    let zeros = head.iter().fold(0, |n, byte| n + usize::from(*byte == 0));
    if zeros > head.len() / 4 {
        return Err(wrong_encoding(
            "The file looks like UTF-16 without a byte-order mark.".to_owned(),
        ));
    }
    Ok(())
}

/// A CSV reader's failure: with `flexible` only the disk is left.
pub fn csv_error(error: csv::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading an import file"))
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
    /// First byte.
    pub byte: u64,
    /// First line.
    pub line: u64,
}

impl Run {
    /// As the reader wants it.
    pub fn position(&self) -> csv::Position {
        let mut position = csv::Position::new();
        position.set_byte(self.byte).set_line(self.line);
        position
    }
}

/// Hash of an order's key; the same in every process, so that a resumed import finds the same.
pub fn key_hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Number of rows of a file without orders.
pub fn count(source: &Source) -> Result<u64> {
    let mut reader = source.reader()?;
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).map_err(csv_error)? {
        rows += 1;
    }
    Ok(rows - 1)
}

/// Number of rows of an order file, and its runs in the order of the file. A row without key
/// belongs to the row before.
pub fn runs(source: &Source, columns: &Columns, key: Field) -> Result<(u64, Vec<Run>)> {
    let mut reader = source.reader()?;
    let mut bytes = csv::ByteRecord::new();
    let mut runs: Vec<Run> = Vec::new();
    let mut rows = 0;
    let mut last = String::new();
    while reader.read_byte_record(&mut bytes).map_err(csv_error)? {
        rows += 1;
        if rows == 1 {
            continue;
        }
        let Some(position) = bytes.position().cloned() else { continue };
        let record = csv::StringRecord::from_byte_record_lossy(std::mem::take(&mut bytes));
        let cell = columns.cell(&record, key);
        if (cell.is_empty() && !runs.is_empty()) || (cell == last && !runs.is_empty()) {
            bytes = record.into_byte_record();
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
        runs.push(Run { key: key_hash(cell), byte: position.byte(), line: position.line() });
        cell.clone_into(&mut last);
        bytes = record.into_byte_record();
    }
    Ok((rows - 1, runs))
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
mod tests {
    use super::*;

    fn source(bytes: &[u8]) -> (tempfile::TempDir, Result<Source>) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file.csv");
        std::fs::write(&path, bytes).expect("written");
        let source = to_utf8(&path).and_then(|()| Source::open(&path));
        (dir, source)
    }

    #[test]
    fn every_accepted_encoding_and_delimiter_gives_the_same_columns() {
        let text = "নাম;phone\nরহিম;017\n";
        let utf16 = |bom: &[u8], pair: fn(u16) -> [u8; 2]| {
            let body = text.encode_utf16().flat_map(pair);
            bom.iter().copied().chain(body).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            text.replace(';', "\t").into_bytes(),
            text.replace(';', ",").replace('\n', "\r\n").into_bytes(),
            utf16(b"\xff\xfe", u16::to_le_bytes),
            utf16(b"\xfe\xff", u16::to_be_bytes),
        ] {
            let (_dir, source) = source(&bytes);
            let source = source.expect("opens");
            assert_eq!(source.names, ["নাম", "phone"]);
            assert_eq!(count(&source).expect("counts"), 1);
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_hint() {
        for bytes in [
            b"name,phone\nJos\xe9,017\n".to_vec(),
            b"PK\x03\x04rest".to_vec(),
            "name,phone\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            b"\xff\xfe\x00\xd8\x41\x00".to_vec(),
        ] {
            let (_dir, source) = source(&bytes);
            let error = source.expect_err("refused");
            assert_eq!(error.code(), "wrong_encoding");
            assert!(error.to_string().contains("CSV UTF-8"), "{error}");
        }
    }

    #[test]
    fn a_cut_off_end_is_seen() {
        for (text, broken, bare) in [
            (&b"a,b\n1,2\n"[..], false, false),
            (b"a,b\n1,2", false, true),
            (b"a,b\n1,\"2", true, true),
            (b"a,b\n1,\"2\n", true, false),
            (b"a,b\n1,\xe0\xa6", true, true),
        ] {
            let (_dir, source) = source(text);
            let source = source.expect("opens");
            assert_eq!((source.broken_end, source.bare_end), (broken, bare), "{text:?}");
        }
    }

    #[test]
    fn an_endless_row_is_refused_before_it_is_read() {
        let mut text = b"a,b\n1,\"".to_vec();
        text.resize(3 * MAX_ROW, b'x');
        let (_dir, source) = source(&text);
        assert_eq!(source.expect_err("refused").code(), "row_too_long");
        let (_dir, source) = self::source(b"");
        assert_eq!(source.expect_err("refused").code(), "empty_file");
    }
}
