//! The file of rejected rows.

use std::borrow::Cow;

use super::store::{self, FindingRow};
use super::{ImportJob, Severity};
use crate::db::{Db, ImportId};
use crate::error::Result;
use crate::text;

/// Heading of the column that says why.
pub(super) const COLUMN: &str = "import_error";
/// Errors read at a time.
const PAGE: i64 = 1_000;

/// Writes the file piece by piece.
pub(super) struct Writer {
    id: ImportId,
    columns: Vec<String>,
    /// Where the file itself came out of an import: its old reasons are replaced.
    old_reason: Option<usize>,
    after: (i64, i64),
    begun: bool,
    /// The last line read, whose further errors may be on the next page.
    open: Option<(Vec<String>, String)>,
    over: bool,
}

impl Writer {
    pub(super) fn new(job: &ImportJob) -> Self {
        let mut columns = job.columns.clone();
        let old_reason = columns.iter().position(|name| name == COLUMN);
        if let Some(at) = old_reason {
            columns.remove(at);
        }
        Self {
            id: job.id,
            columns,
            old_reason,
            after: store::START,
            begun: false,
            open: None,
            over: false,
        }
    }

    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self, db: &Db) -> Result<Option<Vec<u8>>> {
        if self.over {
            return Ok(None);
        }
        let mut out = Vec::new();
        if !self.begun {
            self.begun = true;
            // Spreadsheets take it for UTF-8 only with a byte-order mark.
            out.extend_from_slice("\u{feff}".as_bytes());
            let header: Vec<&str> =
                self.columns.iter().map(String::as_str).chain([COLUMN]).collect();
            write(&mut out, &header)?;
        }
        let rows = {
            let mut tx = db.read().await?;
            store::findings(&mut tx, self.id, Severity::Error, self.after, PAGE).await?
        };
        self.over = (rows.len() as i64) < PAGE;
        for row in rows {
            self.add(&mut out, row)?;
        }
        if self.over {
            self.close(&mut out)?;
        }
        Ok(Some(out))
    }

    fn add(&mut self, out: &mut Vec<u8>, row: FindingRow) -> Result<()> {
        self.after = (row.line, row.id);
        let column = row.column_name.map(|c| format!("{c}: ")).unwrap_or_default();
        let reason = format!("{column}{} [{}]", row.reason, row.code);
        if row.seq > 0
            && let Some((_, reasons)) = &mut self.open
        {
            reasons.push_str(" | ");
            reasons.push_str(&reason);
            return Ok(());
        }
        self.close(out)?;
        self.open = Some((row.record.0, reason));
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Some((mut cells, reason)) = self.open.take() else { return Ok(()) };
        if let Some(at) = self.old_reason.filter(|at| *at < cells.len()) {
            cells.remove(at);
        }
        let width = self.columns.len();
        // Cells beyond the header stand behind the reason, so that nothing of the row is lost.
        let extra = cells.split_off(width.min(cells.len()));
        cells.resize(width, String::new());
        let extra = extra.into_iter().filter(|cell| !text::trim(cell).is_empty());
        let row: Vec<String> = cells.into_iter().chain([reason]).chain(extra).collect();
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        write(out, &row)
    }
}

fn write(out: &mut Vec<u8>, row: &[&str]) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    let cells = row.iter().map(|cell| text::guarded(cell));
    writer.write_record(cells.map(Cow::into_owned)).map_err(anyhow::Error::from)?;
    writer.flush().map_err(anyhow::Error::from)?;
    Ok(())
}
