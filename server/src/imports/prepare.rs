//! Everything that can be said of an import before its first row is read.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::fields::Field;
use super::file::{self, Run, Source, missing_columns};
use super::mapping::{Columns, LINES_PREFIX, Overrides, Part, detect};
use super::readings::{Said, Survey};
use super::record::RowError;
use super::{Format, Kind};
use crate::error::{Error, Result};

/// The second file of an order import.
#[derive(Debug)]
pub struct LinesFile {
    /// The file.
    pub source: Source,
    /// Its columns.
    pub columns: Columns,
    /// Where each order's lines are, by key.
    pub runs: Vec<Run>,
    /// Its data rows.
    pub total: u64,
}

/// An import ready to be read.
#[derive(Debug)]
pub struct Prepared {
    /// What it holds.
    pub kind: Kind,
    /// Whose export it is.
    pub format: Format,
    /// The file.
    pub main: Source,
    /// Its columns.
    pub columns: Columns,
    /// The order lines, if they are in a second file.
    pub lines: Option<LinesFile>,
    /// What tells orders apart.
    pub key: Field,
    /// Orders whose rows are not together.
    pub scattered: HashMap<u64, Vec<Run>>,
    /// Data rows.
    pub total_rows: u64,
    /// What a person should know of the file.
    pub notes: Vec<RowError>,
}

/// The heading of an import and what is wrong with it.
#[derive(Debug)]
pub struct Heading {
    /// Whose export it is.
    pub format: Format,
    /// The file.
    pub main: Source,
    /// Its columns.
    pub columns: Columns,
    /// The second file and its columns.
    pub lines: Option<(Source, Columns)>,
    /// What is missing.
    pub problem: Option<Error>,
}

/// Which field groups an order's rows; with a lines file one that both have. Shopify has its id on
/// an order's first row only.
fn order_key(format: Format, columns: &Columns, lines: Option<&Columns>) -> Option<Field> {
    let fields = match format {
        Format::Shopify => [Field::OrderNo, Field::ExternalId],
        Format::Own | Format::WooCommerce => [Field::ExternalId, Field::OrderNo],
    };
    fields
        .into_iter()
        .find(|field| columns.has(*field) && lines.is_none_or(|lines| lines.has(*field)))
}

fn check_overrides(said: &Overrides, main: &Source, lines: Option<&Source>) -> Result<()> {
    for column in said.keys() {
        let known = match column.strip_prefix(LINES_PREFIX) {
            Some(column) => lines.is_some_and(|lines| lines.names.iter().any(|n| n == column)),
            None => false,
        } || main.names.contains(column);
        if !known {
            let detail = format!("The file has no column `{column}`.");
            return Err(Error::invalid("unknown_column", "mapping", detail).allowed(&main.names));
        }
    }
    Ok(())
}

/// Reads the headings. Fails on files that cannot be read at all; missing columns are told in the
/// answer.
pub fn heading(
    kind: Kind,
    format: Option<Format>,
    said: &Overrides,
    main: &Path,
    lines: Option<&Path>,
) -> Result<Heading> {
    if lines.is_some() && kind != Kind::Orders {
        let detail = "Only orders have a second file with their lines.";
        return Err(Error::invalid("unexpected_lines_file", "linesFile", detail));
    }
    let main = Source::open(main)?;
    let lines = lines.map(Source::open).transpose()?;
    check_overrides(said, &main, lines.as_ref())?;
    let format = format.unwrap_or_else(|| detect(&main.names, kind));
    let part = Part::Main { has_lines_file: lines.is_some() };
    let columns = main.columns(kind, format, part, said)?;
    let lines = lines
        .map(|source| {
            let columns = source.columns(kind, format, Part::Lines, said)?;
            Ok::<_, Error>((source, columns))
        })
        .transpose()?;
    let missing = columns.missing(kind, part);
    let problem = if missing.is_empty() {
        lines.as_ref().and_then(|(source, of_lines)| {
            let missing = of_lines.missing(kind, Part::Lines);
            if missing.is_empty() {
                order_key(format, &columns, Some(of_lines)).is_none().then(|| {
                    let key: &[&[Field]] = &[&[Field::ExternalId], &[Field::OrderNo]];
                    missing_columns(key, &source.names, "linesFile")
                })
            } else {
                Some(missing_columns(&missing, &source.names, "linesFile"))
            }
        })
    } else {
        Some(missing_columns(&missing, &main.names, "file"))
    };
    Ok(Heading { format, main, columns, lines, problem })
}

/// Reads the headings, counts the rows and finds each order's rows.
pub fn prepare(
    kind: Kind,
    format: Option<Format>,
    said: &Overrides,
    main: &Path,
    lines: Option<&Path>,
    dates: Said,
) -> Result<Prepared> {
    let heading = heading(kind, format, said, main, lines)?;
    match heading.problem {
        Some(problem) => Err(problem),
        None => heading.read(kind, dates),
    }
}

impl Heading {
    /// Counts the rows, finds each order's rows and judges how amounts and dates are written.
    pub fn read(self, kind: Kind, dates: Said) -> Result<Prepared> {
        let Self { format, mut main, mut columns, lines, .. } = self;
        let key =
            order_key(format, &columns, lines.as_ref().map(|l| &l.1)).unwrap_or(Field::ExternalId);
        let mut survey = Survey::new(&columns, dates);
        let look = |record: &csv::StringRecord| survey.see(&columns, record);
        let (total_rows, scattered) = if kind == Kind::Orders {
            let (total, runs) = file::runs(&main, &columns, key, look)?;
            (total, file::scattered(runs))
        } else {
            (file::count(&main, look)?, HashMap::new())
        };
        main.short_rows = survey.short_rows;
        let (readings, notes) = survey.settle(&columns);
        columns.readings = readings;
        let lines = lines
            .map(|(mut source, mut columns)| {
                let mut survey = Survey::new(&columns, dates);
                let look = |record: &csv::StringRecord| survey.see(&columns, record);
                let (total, mut runs) = file::runs(&source, &columns, key, look)?;
                runs.sort_unstable();
                source.short_rows = survey.short_rows;
                columns.readings = survey.settle(&columns).0;
                Ok::<_, Error>(LinesFile { source, columns, runs, total })
            })
            .transpose()?;
        Ok(Prepared { kind, format, main, columns, lines, key, scattered, total_rows, notes })
    }
}

impl Prepared {
    /// Column → field of both files, as kept with the job.
    pub fn mapping(&self) -> BTreeMap<String, Field> {
        let lines = self.lines.iter().flat_map(|lines| lines.columns.as_mapping());
        let lines = lines.map(|(column, field)| (format!("{LINES_PREFIX}{column}"), field));
        self.columns.as_mapping().into_iter().chain(lines).collect()
    }
}

/// A kept mapping as overrides: what it does not name means nothing.
pub fn exactly(
    mapping: BTreeMap<String, Field>,
    main: &[String],
    lines: Option<&[String]>,
) -> Overrides {
    let lines = lines.into_iter().flatten().map(|name| format!("{LINES_PREFIX}{name}"));
    let mut said: Overrides = main.iter().cloned().chain(lines).map(|name| (name, None)).collect();
    said.extend(mapping.into_iter().map(|(column, field)| (column, Some(field))));
    said
}
