//! From files to chunks of records. Runs on a thread of its own, so that reading and writing
//! overlap; memory is bounded by the chunk.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::file::{self, Source, key_hash};
use super::mapping::Columns;
use super::prepare::{LinesFile, Prepared};
use super::record::{
    self, Catalogue, CategoryRecord, Context, CustomerRecord, Damage, MAX_ROWS, OrderRecord,
    OrderRows, ProductRecord, Read, Row, RowError, VariantContext, Warnings,
};
use super::{Kind, identity, rows};
use crate::error::Result;
use crate::text::trim;

/// A record and the rows it was read from.
#[derive(Debug)]
pub struct Item<T> {
    /// The rows.
    pub rows: Vec<Row>,
    /// What they say.
    pub record: T,
    /// What a person should know of them, with the index of the row.
    pub warnings: Warnings,
}

/// A row that is not taken.
#[derive(Debug)]
pub struct Rejected {
    /// The row.
    pub row: Row,
    /// Why.
    pub errors: Vec<RowError>,
}

/// The good records of a chunk.
#[derive(Debug)]
pub enum Records {
    /// Categories.
    Categories(Vec<Item<CategoryRecord>>),
    /// Products.
    Products(Vec<Item<ProductRecord>>),
    /// Customers.
    Customers(Vec<Item<CustomerRecord>>),
    /// Orders.
    Orders(Vec<Item<OrderRecord>>),
}

impl Records {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Categories(items) => items.len(),
            Self::Products(items) => items.len(),
            Self::Customers(items) => items.len(),
            Self::Orders(items) => items.len(),
        }
    }

    /// The rows of a record and the warnings about them.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn get(&self, at: usize) -> (&[Row], &Warnings) {
        fn parts<T>(item: &Item<T>) -> (&[Row], &Warnings) {
            (&item.rows, &item.warnings)
        }
        match self {
            Self::Categories(items) => parts(&items[at]),
            Self::Products(items) => parts(&items[at]),
            Self::Customers(items) => parts(&items[at]),
            Self::Orders(items) => parts(&items[at]),
        }
    }
}

/// What is committed together.
#[derive(Debug)]
pub struct Chunk {
    /// Rows of the file behind this chunk, counted from the chunk before.
    pub rows: u64,
    /// Rows of the lines file in it.
    pub lines_used: u64,
    /// Rows that are in order but say nothing (pictures of a Shopify product).
    pub silent: u64,
    /// What is taken.
    pub records: Records,
    /// What is not.
    pub rejected: Vec<Rejected>,
}

/// Reads rows one after the other.
struct Rows<'a> {
    reader: rows::Rows,
    source: &'a Source,
}

impl<'a> Rows<'a> {
    fn new(source: &'a Source) -> Result<Self> {
        Ok(Self { reader: source.rows()?, source })
    }

    fn pass(&mut self, rows: u64) -> Result<()> {
        for _ in 0..rows {
            if self.reader.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Row>> {
        let Some((place, bytes)) = self.reader.next()? else { return Ok(None) };
        let source = self.source;
        let last = self.reader.end() >= source.bytes;
        let record = csv::StringRecord::from_byte_record(bytes).unwrap_or_else(|error| {
            csv::StringRecord::from_byte_record_lossy(error.into_byte_record())
        });
        let columns = source.names.len();
        // Trailing delimiters that spreadsheets add are no damage; nor are empty last cells that
        // they leave out, unless the file may have been cut off there.
        let extra = record.iter().skip(columns).any(|cell| !trim(cell).is_empty());
        let short = record.len() < columns;
        let cut = source.broken_end || (source.bare_end && short && source.short_rows < 2);
        let damage =
            if last && cut { Some(Damage::CutOff) } else { extra.then_some(Damage::Cells) };
        Ok(Some(Row { byte: place.byte, line: place.line, record, damage }))
    }
}

/// Looks up an order's rows in a file by their places.
struct Finder<'a> {
    rows: Rows<'a>,
    columns: &'a Columns,
    key: super::Field,
    /// A row read too far.
    ahead: Option<Row>,
}

impl Finder<'_> {
    /// The rows of `key` that stand at `run`, at most `most`; whether there were more.
    fn rows(&mut self, run: &file::Run, key: &str, most: usize) -> Result<(Vec<Row>, bool)> {
        if self.ahead.as_ref().is_none_or(|row| row.byte != run.place.byte) {
            self.ahead = None;
            self.rows.reader.seek(run.place)?;
        }
        let mut found: Vec<Row> = Vec::new();
        loop {
            let next = match self.ahead.take() {
                Some(row) => Some(row),
                None => self.rows.next()?,
            };
            let Some(row) = next else { break };
            let cell = identity::key(self.columns.cell(&row.record, self.key));
            if (found.is_empty() || !cell.is_empty()) && cell != key {
                self.ahead = Some(row);
                break;
            }
            if found.len() >= most {
                return Ok((found, true));
            }
            found.push(row);
        }
        Ok((found, false))
    }
}

/// Gathers the rows of each order.
struct Orders<'a> {
    prepared: &'a Prepared,
    rows: Rows<'a>,
    ahead: Option<Row>,
    elsewhere: Option<Finder<'a>>,
    lines: Option<(Finder<'a>, &'a LinesFile)>,
    /// The key of the row before, if the order it belongs to was too large or may have been.
    oversize_key: Option<String>,
}

impl<'a> Orders<'a> {
    fn new(prepared: &'a Prepared, rows: Rows<'a>, before: Option<String>) -> Result<Self> {
        let finder = |source: &'a Source, columns: &'a Columns| {
            let rows = Rows::new(source)?;
            Ok::<_, crate::error::Error>(Finder { rows, columns, key: prepared.key, ahead: None })
        };
        let elsewhere = (!prepared.scattered.is_empty())
            .then(|| finder(&prepared.main, &prepared.columns))
            .transpose()?;
        let lines = prepared
            .lines
            .as_ref()
            .map(|file| Ok::<_, crate::error::Error>((finder(&file.source, &file.columns)?, file)))
            .transpose()?;
        Ok(Self { prepared, rows, ahead: None, elsewhere, lines, oversize_key: before })
    }

    /// What groups the rows of an order.
    fn key<'r>(&self, row: &'r Row) -> Cow<'r, str> {
        identity::key(self.prepared.columns.cell(&row.record, self.prepared.key))
    }

    /// The next order and how many rows of the file were passed for it. An order whose rows are not
    /// together comes at its first place; its later places are passed with nothing.
    fn next(&mut self) -> Result<Option<(u64, Option<OrderRows>)>> {
        let Some(first) =
            self.ahead.take().map_or_else(|| self.rows.next(), |row| Ok(Some(row)))?
        else {
            return Ok(None);
        };
        let key = self.key(&first).into_owned();
        let mut group = OrderRows::default();
        // Not the line: rows that end in a bare carriage return share one.
        let place = first.byte;
        group.oversize = self.oversize_key.take().is_some_and(|big| key.is_empty() || big == key);
        group.rows.push(first);
        while let Some(row) = self.rows.next()? {
            let cell = self.key(&row);
            if !cell.is_empty() && cell != key {
                self.ahead = Some(row);
                break;
            }
            if group.rows.len() >= MAX_ROWS {
                group.oversize = true;
                self.oversize_key = Some(key.clone());
                self.ahead = Some(row);
                break;
            }
            group.rows.push(row);
        }
        let passed = group.rows.len() as u64;
        if let Some(places) = self.prepared.scattered.get(&key_hash(&key))
            && let Some(finder) = &mut self.elsewhere
            && !group.oversize
        {
            if places.first().is_some_and(|run| run.place.byte != place) {
                return Ok(Some((passed, None)));
            }
            for run in &places[1..] {
                let room = MAX_ROWS.saturating_sub(group.rows.len());
                let (rows, more) = finder.rows(run, &key, room)?;
                group.rows.extend(rows);
                group.oversize |= more;
            }
        }
        if let Some((finder, file)) = &mut self.lines {
            let hash = key_hash(&key);
            let begin = file.runs.partition_point(|run| run.key < hash);
            for run in file.runs[begin..].iter().take_while(|run| run.key == hash) {
                let room = MAX_ROWS.saturating_sub(group.lines.len());
                let (rows, more) = finder.rows(run, &key, room)?;
                group.lines.extend(rows);
                group.oversize |= more;
            }
        }
        Ok(Some((passed, Some(group))))
    }
}

/// Reads the file from row `skip` on and hands over chunks of `size` records until `send` says no.
pub fn read(
    prepared: &Prepared,
    ctx: &Context,
    catalogue: &Catalogue,
    skip: u64,
    size: usize,
    mut send: impl FnMut(Chunk) -> bool,
) -> Result<()> {
    let mut rows = Rows::new(&prepared.main)?;
    let columns = &prepared.columns;
    match prepared.kind {
        Kind::Orders => {
            // The row before tells whether the next one goes on with an order that was too large.
            rows.pass(skip.saturating_sub(1))?;
            let before = if skip > 0 { rows.next()? } else { None };
            let before = before
                .map(|row| identity::key(columns.cell(&row.record, prepared.key)).into_owned());
            orders(prepared, ctx, catalogue, rows, before, size, &mut send)
        }
        Kind::Categories => {
            rows.pass(skip)?;
            let parse = |row: &Row| record::category(columns, row).map(some);
            singles(rows, size, parse, Records::Categories, &mut send)
        }
        Kind::Customers => {
            rows.pass(skip)?;
            let parse = |row: &Row| record::customer(ctx, columns, row).map(some);
            singles(rows, size, parse, Records::Customers, &mut send)
        }
        Kind::Products => {
            let mut before = VariantContext::default();
            // Variants continue the product before: the rows passed over are read as well.
            for _ in 0..skip {
                if let Some(row) = rows.next()? {
                    let _ = record::product(ctx, columns, &row, &mut before);
                }
            }
            let parse = |row: &Row| record::product(ctx, columns, row, &mut before);
            singles(rows, size, parse, Records::Products, &mut send)
        }
    }
}

fn some<T>((record, warnings): (T, Vec<RowError>)) -> (Option<T>, Vec<RowError>) {
    (Some(record), warnings)
}

fn singles<T>(
    mut rows: Rows<'_>,
    size: usize,
    mut parse: impl FnMut(&Row) -> Read<Option<T>>,
    wrap: fn(Vec<Item<T>>) -> Records,
    send: &mut impl FnMut(Chunk) -> bool,
) -> Result<()> {
    loop {
        let (mut items, mut rejected, mut silent, mut passed) = (Vec::new(), Vec::new(), 0, 0);
        while (passed as usize) < size {
            let Some(row) = rows.next()? else { break };
            passed += 1;
            match parse(&row) {
                Ok((Some(record), found)) => {
                    let warnings = found.into_iter().map(|warning| (0, warning)).collect();
                    items.push(Item { rows: vec![row], record, warnings });
                }
                Ok((None, _)) => silent += 1,
                Err(errors) => rejected.push(Rejected { row, errors }),
            }
        }
        let chunk = Chunk { rows: passed, lines_used: 0, silent, records: wrap(items), rejected };
        if passed == 0 || !send(chunk) {
            return Ok(());
        }
    }
}

fn orders(
    prepared: &Prepared,
    ctx: &Context,
    catalogue: &Catalogue,
    rows: Rows<'_>,
    before: Option<String>,
    size: usize,
    send: &mut impl FnMut(Chunk) -> bool,
) -> Result<()> {
    let lines_columns = prepared.lines.as_ref().map(|lines| &lines.columns);
    let mut orders = Orders::new(prepared, rows, before)?;
    loop {
        let mut items: Vec<Item<OrderRecord>> = Vec::new();
        let mut rejected = VecDeque::new();
        let (mut passed, mut lines_used, mut held, mut done) = (0, 0, 0, true);
        while let Some((rows, group)) = orders.next()? {
            passed += rows;
            if let Some(group) = group {
                lines_used += group.lines.len() as u64;
                held += group.rows.len() + group.lines.len();
                match record::order(ctx, &prepared.columns, lines_columns, catalogue, &group) {
                    Ok((record, warnings)) => {
                        items.push(Item { rows: group.rows, record, warnings });
                    }
                    Err(errors) => rejected.extend(
                        group
                            .rows
                            .into_iter()
                            .zip(errors)
                            .map(|(row, errors)| Rejected { row, errors }),
                    ),
                }
            }
            if items.len() >= size || held >= size * 10 {
                done = false;
                break;
            }
        }
        let chunk = Chunk {
            rows: passed,
            lines_used,
            silent: 0,
            records: Records::Orders(items),
            rejected: rejected.into(),
        };
        if (passed > 0 && !send(chunk)) || done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
