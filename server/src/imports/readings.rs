//! How the amounts and dates of a file are written, judged over whole columns. Pure.

use chrono::Datelike as _;

use super::amount::{self, Mark};
use super::date::{self, DateOrder, Style};
use super::fields::Field;
use super::mapping::Columns;
use super::record::RowError;

/// What is known of a file's dates before its rows are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// What the user said of the order of day and month.
    pub date_order: Option<DateOrder>,
    /// The company's year.
    pub this_year: i32,
}

impl Said {
    /// On this day of the company.
    pub fn on(today: chrono::NaiveDate, date_order: Option<DateOrder>) -> Self {
        Self { date_order, this_year: today.year() }
    }
}

/// How the amounts and dates of each field are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    marks: Vec<(Field, Mark)>,
    styles: Vec<(Field, Style)>,
}

impl Readings {
    /// The decimal mark of a field's amounts.
    pub fn mark(&self, field: Field) -> Mark {
        self.marks.iter().find(|(of, _)| *of == field).map_or(Mark::Unknown, |(_, mark)| *mark)
    }

    /// How a field's dates are read.
    pub fn style(&self, field: Field) -> Style {
        self.styles.iter().find(|(of, _)| *of == field).map(|(_, style)| *style).unwrap_or_default()
    }
}

/// Looks at every row of a file.
#[derive(Debug)]
pub struct Survey {
    said: Said,
    amounts: Vec<(Field, amount::Evidence)>,
    dates: Vec<(Field, date::Evidence)>,
    columns: usize,
    /// Rows with fewer cells than the heading.
    pub short_rows: u64,
}

impl Survey {
    /// Of a file with these columns.
    pub fn new(columns: &Columns, said: Said) -> Self {
        let present = || Field::ALL.iter().copied().filter(|field| columns.has(*field));
        let amounts = present().filter(|field| field.is_amount());
        let dates = present().filter(|field| field.is_date());
        Self {
            said,
            amounts: amounts.map(|field| (field, amount::Evidence::default())).collect(),
            dates: dates.map(|field| (field, date::Evidence::default())).collect(),
            columns: columns.names.len(),
            short_rows: 0,
        }
    }

    /// Looks at a row.
    pub fn see(&mut self, columns: &Columns, record: &csv::StringRecord) {
        self.short_rows += u64::from(record.len() < self.columns);
        for (field, evidence) in &mut self.amounts {
            evidence.see(columns.cell(record, *field));
        }
        for (field, evidence) in &mut self.dates {
            evidence.see(columns.cell(record, *field), self.said.this_year);
        }
    }

    /// How the file is read, and what a person should know of it. A column that says nothing is
    /// read as the others of the file.
    pub fn settle(self, columns: &Columns) -> (Readings, Vec<RowError>) {
        let all = self.amounts.iter().fold(amount::Evidence::default(), |all, (_, e)| all.and(*e));
        let of = |e: amount::Evidence| if e.is_silent() { all.mark() } else { e.mark() };
        let marks = self.amounts.iter().map(|(field, e)| (*field, of(*e))).collect();
        let all = self.dates.iter().fold(date::Evidence::default(), |all, (_, e)| all.and(*e));
        let (mut styles, mut notes) = (Vec::new(), Vec::new());
        for (field, evidence) in self.dates {
            let evidence = evidence.or_as(all);
            let (style, assumed) = evidence.settle(self.said.date_order, self.said.this_year);
            styles.push((field, style));
            if assumed {
                notes.push(RowError {
                    column: columns.name(field).map(ToOwned::to_owned),
                    code: "date_order_assumed",
                    reason: "Dates such as 03/04/2026 are read day first: nothing in the column \
                             shows the order. Choose month first if that is wrong."
                        .to_owned(),
                    value: None,
                });
            }
        }
        (Readings { marks, styles }, notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::mapping::{Overrides, Part, column_names};
    use crate::imports::{Format, Kind};

    fn survey(rows: &[[&str; 4]]) -> (Readings, Vec<RowError>) {
        let names = column_names(["order_date", "created_at", "unit_price", "total"]);
        let part = Part::Main { has_lines_file: false };
        let columns = Columns::of(names, Kind::Orders, Format::Own, part, &Overrides::new());
        let mut survey = Survey::new(&columns, Said { date_order: None, this_year: 2026 });
        for row in rows {
            survey.see(&columns, &csv::StringRecord::from(row.to_vec()));
        }
        survey.settle(&columns)
    }

    #[test]
    fn a_column_that_says_nothing_is_read_as_the_others_of_its_file() {
        let (readings, notes) = survey(&[["11/05/2026", "11/21/2026", "1.500", "1.500,00"]]);
        assert_eq!(readings.mark(Field::UnitPrice), Mark::Comma);
        let day = date::day("11/05/2026", readings.style(Field::OrderDate));
        assert_eq!(day.map(|day| (day.month(), day.day())), Ok((11, 5)));
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn an_order_that_nothing_shows_is_said() {
        let (readings, notes) = survey(&[["11/05/2026", "2026-11-21", "1.500", "1,500"]]);
        assert_eq!(readings.mark(Field::UnitPrice), Mark::Unknown);
        let said: Vec<_> = notes.iter().map(|n| (n.column.as_deref(), n.code)).collect();
        assert_eq!(said, [(Some("order_date"), "date_order_assumed")]);
    }
}
