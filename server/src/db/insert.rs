//! Multi-row inserts: one statement for many rows, within both databases' argument limits.

use super::{Arg, DbError, Sql, Tx};

/// Most arguments in one statement (SQLite's limit is 32,766, PostgreSQL's 65,535). Fewer than
/// that keeps a statement's memory small.
const MAX_ARGS: usize = 8_000;

/// Up to so many rows a statement is prepared and kept; longer ones are read anew each time.
const KEPT_ROWS: usize = 4;

/// Collects rows for `INSERT INTO table (columns) VALUES …`.
#[derive(Debug)]
pub struct Insert {
    head: String,
    /// Of one row, with `{}` for each argument.
    row: String,
    tail: &'static str,
    width: usize,
    args: Vec<Arg>,
}

impl Insert {
    /// `tail` follows the values, e.g. `ON CONFLICT DO NOTHING`.
    pub fn new(table: &str, columns: &[&str], tail: &'static str) -> Self {
        let row = format!("({})", vec!["{}"; columns.len()].join(","));
        Self::with_row(table, columns, &row, tail)
    }

    /// Like [`Insert::new`] with values that are worked out: `row` is `({}, COALESCE({}, {}), …)` with
    /// `{}` for each argument.
    pub fn with_row(table: &str, columns: &[&str], row: &str, tail: &'static str) -> Self {
        Self {
            head: format!("INSERT INTO {table} ({}) VALUES ", columns.join(", ")),
            row: row.to_owned(),
            tail,
            width: row.matches("{}").count(),
            args: Vec::new(),
        }
    }

    /// Adds a row; its length must be the number of columns (of arguments).
    pub fn row(&mut self, values: impl IntoIterator<Item = Arg>) {
        self.args.extend(values);
        debug_assert_eq!(self.args.len() % self.width, 0, "row length: {}", self.head);
    }

    /// Whether the rows of both fit into one statement.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.head == other.head && self.row == other.row && self.tail == other.tail
    }

    /// Adds the rows of another one like this.
    pub(super) fn append(&mut self, other: Self) {
        self.args.extend(other.args);
    }

    /// Rows collected so far.
    pub fn len(&self) -> usize {
        self.args.len() / self.width
    }

    /// Whether there is nothing to insert.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// Several inserts as one statement, which saves the way to the server and back; PostgreSQL only.
    /// None of them sees the others' rows.
    pub(super) fn together(inserts: Vec<Self>) -> Sql {
        let mut sql = Sql::new("");
        let last = inserts.len().saturating_sub(1);
        for (n, insert) in inserts.into_iter().enumerate() {
            let statement = insert.statement(insert.len(), sql.args.len());
            sql.persistent &= insert.len() <= KEPT_ROWS;
            sql.args.extend(insert.args);
            if n == last {
                sql.push(&statement);
            } else {
                let with = if n == 0 { "WITH" } else { "," };
                sql.push(&format!("{with} w{n} AS ({statement}) "));
            }
        }
        sql
    }

    fn statement(&self, rows: usize, args_before: usize) -> String {
        use std::fmt::Write as _;
        let mut text = self.head.clone();
        let mut n = args_before;
        for row in 0..rows {
            if row > 0 {
                text.push(',');
            }
            for (i, part) in self.row.split("{}").enumerate() {
                if i > 0 {
                    n += 1;
                    // Writing to a String cannot fail.
                    let _ = write!(text, "${n}");
                }
                text.push_str(part);
            }
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }

    fn chunks(self) -> impl Iterator<Item = Sql> {
        let per = (MAX_ARGS / self.width).max(1);
        let total = self.len();
        let full = if total >= per { self.statement(per, 0) } else { String::new() };
        let last = self.statement(total % per, 0);
        let width = self.width;
        let mut args = self.args.into_iter();
        (0..total.div_ceil(per)).map(move |chunk| {
            let rows = per.min(total - chunk * per);
            Sql {
                text: if rows == per { full.clone() } else { last.clone() },
                args: args.by_ref().take(rows * width).collect(),
                persistent: rows == per || rows <= KEPT_ROWS,
            }
        })
    }

    /// Runs it; the number of rows inserted.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, DbError> {
        let mut touched = 0;
        for sql in self.chunks() {
            touched += tx.execute(sql).await?;
        }
        Ok(touched)
    }

    /// Runs it with a `RETURNING` tail; what it returned.
    pub async fn returning<T: super::Row>(self, tx: &mut Tx) -> Result<Vec<T>, DbError> {
        let mut rows = Vec::new();
        for sql in self.chunks() {
            rows.extend(tx.all::<T>(sql).await?);
        }
        Ok(rows)
    }
}
