//! From rows to records: every rule that needs no database. Pure; never panics.

mod catalogue;
mod customer;
mod line;
mod order;
mod total;

use chrono::{DateTime, NaiveDate, Utc};

use super::amount::{self, Unreadable};
use super::date::{self, When};
use super::fields::Field;
use super::mapping::Columns;
use super::status::Answers;
use super::{Format, Kind, currency, text};
use crate::clock::Clock;
use crate::db::{Money, PhoneNumber};
use crate::districts;

pub use catalogue::{CategoryRecord, ProductRecord, VariantContext, category, product};
pub use customer::{CustomerRecord, customer};
pub use order::{Catalogue, CatalogueProduct, LineRecord, MAX_ROWS, OrderRecord, OrderRows, order};

/// A row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it begins, bytes.
    pub byte: u64,
    /// Line in the file on which it begins, from 1; of a workbook the row's number.
    pub line: u64,
    /// Its cells.
    pub record: csv::StringRecord,
    /// What is wrong with the row as a whole.
    pub damage: Option<Damage>,
}

/// What can be wrong with a row as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The file ends in the middle of it.
    CutOff,
    /// It has more cells than the header.
    Cells,
}

/// Why a row is not taken or, as a warning, what a person should know of a row that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The column concerned.
    pub column: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// One sentence for the person who corrects it.
    pub reason: String,
    /// The value found.
    pub value: Option<String>,
}

impl RowError {
    /// About the row as a whole.
    pub fn row(code: &'static str, reason: impl Into<String>) -> Self {
        Self { column: None, code, reason: reason.into(), value: None }
    }
}

/// What parsing needs to know of the world.
#[derive(Clone, Debug)]
pub struct Context {
    /// What is imported.
    pub kind: Kind,
    /// Whose export it is.
    pub format: Format,
    /// Zone and today.
    pub clock: Clock,
    /// The company's day on which the import runs.
    pub today: NaiveDate,
    /// What status words mean, as answered.
    pub statuses: Answers,
}

/// A record with its warnings, or why the row is not taken.
pub type Read<T> = Result<(T, Vec<RowError>), Vec<RowError>>;

/// Warnings about a record, each with the index of the row among the record's that it is about.
pub type Warnings = Vec<(usize, RowError)>;

/// Code and reason of a date such as 03/04/2026 in a column that has both orders.
const AMBIGUOUS_DATE: (&str, &str) =
    ("ambiguous_date", "Day and month could be either way round; write it such as 2026-11-21.");

/// Reads the cells of one row and collects what is wrong with them.
pub(super) struct Cells<'a> {
    columns: &'a Columns,
    row: &'a Row,
    pub(super) errors: Vec<RowError>,
    pub(super) warnings: Vec<RowError>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(columns: &'a Columns, row: &'a Row) -> Self {
        let mut errors = Vec::new();
        match row.damage {
            Some(Damage::CutOff) => errors
                .push(RowError::row("cut_off_row", "The file ends in the middle of this row.")),
            Some(Damage::Cells) => errors.push(RowError::row(
                "wrong_cell_count",
                format!(
                    "The row has {} cells, the header {}.",
                    row.record.len(),
                    columns.names.len()
                ),
            )),
            None => {}
        }
        Self { columns, row, errors, warnings: Vec::new() }
    }

    /// The cell as it is, trimmed; empty if there is none.
    pub(super) fn raw(&self, field: Field) -> &'a str {
        self.columns.cell(&self.row.record, field)
    }

    pub(super) fn error(&mut self, field: Field, code: &'static str, reason: impl Into<String>) {
        let error = self.about(field, code, reason);
        self.errors.push(error);
    }

    /// Says something about a cell of a row that is taken.
    pub(super) fn warn(&mut self, field: Field, code: &'static str, reason: impl Into<String>) {
        let warning = self.about(field, code, reason);
        self.warnings.push(warning);
    }

    fn about(&self, field: Field, code: &'static str, reason: impl Into<String>) -> RowError {
        let value = self.raw(field);
        RowError {
            column: self.columns.name(field).map(ToOwned::to_owned),
            code,
            reason: reason.into(),
            value: (!value.is_empty()).then(|| text::cut(value, 200)),
        }
    }

    /// A text of at most `max` characters; empty is `None`.
    pub(super) fn text(&mut self, field: Field, max: usize) -> Option<String> {
        let value = self.raw(field);
        if value.is_empty() {
            return None;
        }
        if value.contains('\0') {
            self.error(field, "invalid_character", "The text holds a NUL character.");
            return None;
        }
        if value.len() > max && value.chars().count() > max {
            self.error(field, "too_long", format!("At most {max} characters."));
            return None;
        }
        Some(value.to_owned())
    }

    /// A text of which the first `max` characters are kept, with a warning; empty is `None`.
    pub(super) fn label(&mut self, field: Field, max: usize) -> Option<String> {
        let value = self.raw(field);
        let length = value.chars().count();
        if length <= max {
            return self.text(field, max);
        }
        let cut = self.text(field, length)?.chars().take(max).collect::<String>();
        self.warn(field, "cut_to_length", format!("Only the first {max} characters are kept."));
        Some(cut.trim_end().to_owned())
    }

    /// A cell read by `parse`; empty is `None`, anything unreadable an error.
    fn read<T>(
        &mut self,
        field: Field,
        code: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(field);
        if value.is_empty() {
            return None;
        }
        let parsed = parse(value);
        if parsed.is_none() {
            self.error(field, code, expected);
        }
        parsed
    }

    pub(super) fn money(&mut self, field: Field) -> Option<Money> {
        let amount = self.amount(field)?;
        if amount.0 < 0 {
            self.error(field, "invalid_amount", "Expected an amount that is not negative.");
            return None;
        }
        Some(amount)
    }

    /// What was paid back; some exports write it as a negative amount. Nothing paid back is `None`.
    pub(super) fn refund(&mut self) -> Option<Money> {
        let amount = self.amount(Field::Refunded)?;
        Some(Money(amount.0.saturating_abs())).filter(|amount| *amount > Money(0))
    }

    /// An amount in taka, also a negative one.
    fn amount(&mut self, field: Field) -> Option<Money> {
        if currency::is_foreign(self.raw(field)) {
            let reason = "Amounts are taka (BDT); convert the amount first.";
            self.error(field, "foreign_currency", reason);
            return None;
        }
        let mark = self.columns.readings.mark(field);
        self.judged(
            field,
            |cell| amount::amount(cell, mark),
            ("invalid_amount", "Expected an amount in taka such as 1234.50."),
            ("ambiguous_amount", "The amount has two readings; write it such as 1234.50."),
        )
    }

    pub(super) fn day(&mut self, field: Field) -> Option<NaiveDate> {
        let style = self.columns.readings.style(field);
        self.judged(
            field,
            |cell| date::day(cell, style),
            ("invalid_date", "Expected a date such as 2026-11-21."),
            AMBIGUOUS_DATE,
        )
    }

    pub(super) fn when(&mut self, field: Field) -> Option<When> {
        let style = self.columns.readings.style(field);
        self.judged(
            field,
            |cell| date::when(cell, style),
            ("invalid_date", "Expected a date such as 2026-11-21 or 2026-11-21 20:19:04."),
            AMBIGUOUS_DATE,
        )
    }

    /// A cell read by `parse`, or the code and reason of what is wrong with it; empty is `None`.
    fn judged<T>(
        &mut self,
        field: Field,
        parse: impl FnOnce(&str) -> Result<T, Unreadable>,
        wrong: (&'static str, &str),
        ambiguous: (&'static str, &str),
    ) -> Option<T> {
        let value = self.raw(field);
        if value.is_empty() {
            return None;
        }
        let (code, reason) = match parse(value) {
            Ok(read) => return Some(read),
            Err(Unreadable::Wrong) => wrong,
            Err(Unreadable::Ambiguous) => ambiguous,
        };
        self.error(field, code, reason);
        None
    }

    pub(super) fn truth(&mut self, field: Field) -> Option<bool> {
        self.read(field, "invalid_value", "Expected yes or no.", text::truth)
    }

    pub(super) fn whole(
        &mut self,
        field: Field,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let expected =
            format!("Expected a whole number from {} to {}.", range.start(), range.end());
        self.read(field, "invalid_number", &expected, |t| {
            text::whole(t).filter(|n| range.contains(n))
        })
    }

    pub(super) fn decimal(&mut self, field: Field) -> Option<f64> {
        self.read(field, "invalid_number", "Expected a number above 0.", |t| {
            text::decimal(t).filter(|n| *n > 0.0)
        })
    }

    /// One of an enum's words; spelling of `aliases` first.
    pub(super) fn word<T: std::str::FromStr>(
        &mut self,
        field: Field,
        allowed: &str,
        alias: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.read(field, "invalid_value", &format!("Expected one of: {allowed}."), |t| {
            let word = t.to_lowercase();
            alias(&word).or_else(|| word.parse().ok())
        })
    }

    /// The numbers of the first cell that holds one, several as in `017… / 018…`; what is no number
    /// there or in the cells before is said.
    pub(super) fn phones(&mut self, field: Field) -> Vec<PhoneNumber> {
        let (phones, others) = self.first_phones(field, false);
        if !others.is_empty() {
            let reason = format!("Not a phone number, so left out: {}.", others.join("; "));
            self.warn(field, "phone_left_out", reason);
        }
        phones
    }

    /// The customer's number: the first one among the columns that mean it; and what else these
    /// columns hold.
    pub(super) fn first_phone(&mut self) -> (Option<PhoneNumber>, Vec<String>) {
        let (phones, mut others) = self.first_phones(Field::Phone, true);
        let mut phones = phones.into_iter();
        let first = phones.next();
        others.splice(0..0, phones.map(|phone| phone.to_string()));
        others.truncate(5);
        (first, others)
    }

    /// The numbers of the first cell that holds one (`all`: of every cell), and the other parts.
    fn first_phones(&mut self, field: Field, all: bool) -> (Vec<PhoneNumber>, Vec<String>) {
        let (mut phones, mut others): (Vec<PhoneNumber>, Vec<String>) = (Vec::new(), Vec::new());
        let mut wrong = None;
        for cell in self.columns.cells(&self.row.record, field) {
            match PhoneNumber::parse_all(cell) {
                Ok((found, rest)) => {
                    let new = found.into_iter().filter(|phone| !phones.contains(phone));
                    let new: Vec<PhoneNumber> = new.collect();
                    phones.extend(new);
                    others.extend(rest);
                }
                Err(error) => {
                    others.push(text::cut(cell, 100));
                    wrong = wrong.or(Some(error));
                }
            }
            if !all && !phones.is_empty() {
                break;
            }
        }
        if phones.is_empty()
            && let Some(error) = wrong
        {
            self.error(field, "invalid_phone", format!("{error}."));
            others.clear();
        }
        (phones, others)
    }

    /// How many packs came back; some exports write a negative number.
    pub(super) fn returned(&mut self, most: i64) -> Option<i64> {
        let expected = format!("Expected a whole number from 0 to {most}.");
        self.read(Field::RefundedQuantity, "invalid_number", &expected, |cell| {
            text::whole(cell.trim_start_matches(['-', '\u{2212}']))
                .filter(|n| (0..=most).contains(n))
        })
    }

    /// The record and its warnings, if nothing was wrong.
    pub(super) fn finish<T>(self, record: Option<T>) -> Read<T> {
        match record {
            Some(record) if self.errors.is_empty() => Ok((record, self.warnings)),
            _ => Err(self.errors),
        }
    }
}

/// A district by its official name, or as the file says it where it names none.
pub(super) fn district(cells: &mut Cells<'_>) -> Option<String> {
    cells.label(Field::District, 80).map(|name| districts::stored(&name).to_owned())
}

/// The instant and company day of a point in time.
pub(super) fn placed(clock: &Clock, when: When) -> (NaiveDate, DateTime<Utc>) {
    match when {
        When::Day(day) => (day, clock.start_of(day)),
        When::Local(local) => (local.date(), clock.instant(local)),
        When::Instant(at) => (clock.day_of(at), at),
    }
}
