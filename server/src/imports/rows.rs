//! The rows of a file one after another, with the lines they begin on.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};

use super::file::{Ends, Place, Source, io};
use crate::error::{Error, Result};
use crate::text;

/// Reads the rows of a file, without those that hold nothing.
pub struct Rows {
    reader: csv::Reader<File>,
    lines: Lines,
    ends: Ends,
}

impl Rows {
    pub(super) fn new(source: &Source) -> Result<Self> {
        let file = File::open(&source.path).map_err(io)?;
        let terminator = match source.ends {
            Ends::Any => csv::Terminator::CRLF,
            Ends::Lf => csv::Terminator::Any(b'\n'),
            Ends::Cr => csv::Terminator::Any(b'\r'),
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(source.delimiter)
            .terminator(terminator)
            .buffer_capacity(1 << 16)
            .from_reader(file);
        let lines = Lines::new(File::open(&source.path).map_err(io)?);
        let mut rows = Self { reader, lines, ends: source.ends };
        rows.seek(source.begin)?;
        Ok(rows)
    }

    /// The next row that holds something, and where it begins.
    pub fn next(&mut self) -> Result<Option<(Place, csv::ByteRecord)>> {
        let mut record = csv::ByteRecord::new();
        while self.reader.read_byte_record(&mut record).map_err(csv_error)? {
            if record.iter().all(is_blank) {
                continue;
            }
            if self.ends != Ends::Any {
                without_line_end(&mut record);
            }
            let begin = record.position().map_or(0, csv::Position::byte);
            return Ok(Some((self.lines.row_at(begin)?, record)));
        }
        Ok(None)
    }

    /// Goes to a row; the next one read is that.
    pub fn seek(&mut self, place: Place) -> Result<()> {
        let mut position = csv::Position::new();
        position.set_byte(place.byte).set_line(place.line);
        self.reader.seek(position).map_err(csv_error)?;
        self.lines.seek(place)
    }

    /// Where reading is: behind the row read last.
    pub fn end(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Where the next row begins.
    pub(super) fn next_place(&mut self) -> Result<Place> {
        let end = self.end();
        self.lines.row_at(end)
    }
}

fn is_blank(cell: &[u8]) -> bool {
    cell.iter().all(u8::is_ascii_whitespace)
        || (!cell[0].is_ascii_alphanumeric()
            && std::str::from_utf8(cell).is_ok_and(|cell| text::trim(cell).is_empty()))
}

/// Takes the other half of a line end off the last cell.
fn without_line_end(record: &mut csv::ByteRecord) {
    let Some(last) = record.iter().next_back() else { return };
    if !matches!(last, [.., b'\r' | b'\n']) {
        return;
    }
    let last = last.trim_ascii_end().to_vec();
    let position = record.position().cloned();
    record.truncate(record.len() - 1);
    record.push_field(&last);
    record.set_position(position);
}

/// Counts lines as an editor does: CR, LF and CR LF each end one, also inside a quoted cell.
struct Lines {
    file: BufReader<File>,
    place: Place,
    after_cr: bool,
}

impl Lines {
    fn new(file: File) -> Self {
        let file = BufReader::with_capacity(1 << 16, file);
        Self { file, place: Place { byte: 0, line: 1 }, after_cr: false }
    }

    fn seek(&mut self, place: Place) -> Result<()> {
        self.file.seek(SeekFrom::Start(place.byte)).map_err(io)?;
        self.place = place;
        self.after_cr = false;
        Ok(())
    }

    /// Where the row begins that the reader says begins at `byte`: the line ends before it do not
    /// belong to it.
    fn row_at(&mut self, byte: u64) -> Result<Place> {
        while self.place.byte < byte {
            let buffer = self.file.fill_buf().map_err(io)?;
            if buffer.is_empty() {
                break;
            }
            let most = usize::try_from(byte - self.place.byte).unwrap_or(usize::MAX);
            let passed = &buffer[..buffer.len().min(most)];
            let mut before = if self.after_cr { Some(usize::MAX) } else { None };
            for at in memchr::memchr2_iter(b'\n', b'\r', passed) {
                let follows_cr = before.is_some_and(|cr| cr.wrapping_add(1) == at);
                if passed[at] == b'\r' {
                    before = Some(at);
                    self.place.line += 1;
                } else if !follows_cr {
                    self.place.line += 1;
                }
            }
            self.after_cr = passed.last() == Some(&b'\r');
            let passed = passed.len();
            self.file.consume(passed);
            self.place.byte += passed as u64;
        }
        loop {
            match self.file.fill_buf().map_err(io)?.first() {
                Some(b'\r') => {
                    self.place.line += 1;
                    self.after_cr = true;
                }
                Some(b'\n') => {
                    self.place.line += u64::from(!self.after_cr);
                    self.after_cr = false;
                }
                _ => return Ok(self.place),
            }
            self.file.consume(1);
            self.place.byte += 1;
        }
    }
}

/// A CSV reader's failure: with `flexible` only the disk is left.
pub fn csv_error(error: csv::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading an import file"))
}
