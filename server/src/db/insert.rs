//! Multi-row inserts: one statement for many rows, within both databases' argument limits.

use super::tx::Ready;
use super::{Arg, DbError, Sql, Tx, arg};

/// Most arguments in one statement (SQLite's limit is 32,766, PostgreSQL's 65,535). Fewer than
/// that keeps a statement's memory small.
const MAX_ARGS: usize = 8_000;

/// Up to so many rows a statement is prepared and kept; longer ones are read anew each time.
const KEPT_ROWS: usize = 4;

/// Rows in a statement of a stream, on PostgreSQL, where a statement has one argument a column.
const STREAMED_ROWS: usize = 2_000;

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
            let statement = insert.statement(insert.len(), Some(sql.args.len() + 1));
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

    /// `numbered_from`: placeholders are `$n` from there on; otherwise `?`, which SQLite reads faster.
    fn statement(&self, rows: usize, numbered_from: Option<usize>) -> String {
        use std::fmt::Write as _;
        let mut text = self.head.clone();
        let mut n = numbered_from.unwrap_or_default();
        for row in 0..rows {
            if row > 0 {
                text.push(',');
            }
            for (i, part) in self.row.split("{}").enumerate() {
                if i > 0 && numbered_from.is_some() {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "${n}");
                    n += 1;
                } else if i > 0 {
                    text.push('?');
                }
                text.push_str(part);
            }
        }
        text.push(' ');
        text.push_str(self.tail);
        text
    }

    fn chunks(self, postgres: bool) -> impl Iterator<Item = Sql> {
        let numbered = postgres.then_some(1);
        let per = (MAX_ARGS / self.width).max(1);
        let total = self.len();
        let full = if total >= per { self.statement(per, numbered) } else { String::new() };
        let last = self.statement(total % per, numbered);
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

    /// The statements that insert the rows.
    fn statements(self, postgres: bool) -> Vec<Sql> {
        let plain = !self.row.contains(|c: char| !"({},)".contains(c));
        if !postgres || !plain || self.len() <= KEPT_ROWS {
            return self.chunks(postgres).collect();
        }
        // One argument a column: PostgreSQL reads thousands of placeholders slower than it inserts.
        let head = self.head.strip_suffix("VALUES ").unwrap_or(&self.head).to_owned();
        let columns = columns(self.args, self.width);
        let mut sql = Sql::new(format!("{head}{} {}", unnest(&columns), self.tail));
        sql.args = columns.into_iter().map(Arg::Column).collect();
        vec![sql]
    }

    /// Runs it; the number of rows inserted.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, DbError> {
        let mut touched = 0;
        for sql in self.statements(tx.is_postgres()) {
            touched += tx.execute(sql).await?;
        }
        Ok(touched)
    }

    /// Inserts these rows, making those of the next statement while the database works on the last one;
    /// the number of rows inserted.
    pub async fn stream<const N: usize>(
        self,
        tx: &mut Tx,
        rows: Box<dyn Iterator<Item = [Arg; N]> + Send + '_>,
    ) -> Result<u64, DbError> {
        let mut rows = self.in_parts(tx.is_postgres(), rows);
        let (mut touched, mut ready) = (0, rows.next());
        while let Some(statement) = ready {
            let (done, following) = futures::join!(tx.run(statement?), async { rows.next() });
            touched += done?;
            ready = following;
        }
        Ok(touched)
    }

    /// The same with a `RETURNING` tail; what it returned.
    pub async fn stream_returning<T: super::Row, const N: usize>(
        self,
        tx: &mut Tx,
        rows: Box<dyn Iterator<Item = [Arg; N]> + Send + '_>,
    ) -> Result<Vec<T>, DbError> {
        let mut rows = self.in_parts(tx.is_postgres(), rows);
        let (mut returned, mut ready) = (Vec::new(), rows.next());
        while let Some(statement) = ready {
            let (done, following) = futures::join!(tx.run_all(statement?), async { rows.next() });
            returned.extend(done?);
            ready = following;
        }
        Ok(returned)
    }

    /// The statements that insert these rows, each made when it is asked for.
    fn in_parts<'a, const N: usize>(
        self,
        postgres: bool,
        rows: Box<dyn Iterator<Item = [Arg; N]> + Send + 'a>,
    ) -> impl Iterator<Item = Result<Ready, DbError>> + Send + 'a {
        let per = if postgres { STREAMED_ROWS } else { MAX_ARGS / self.width };
        let mut rows = rows.peekable();
        std::iter::from_fn(move || {
            rows.peek()?;
            let mut part = self.like();
            part.args.reserve(per * N);
            rows.by_ref().take(per).for_each(|row| part.row(row));
            part.statements(postgres).pop().map(|sql| Ready::new(postgres, sql))
        })
    }

    /// Runs it with a `RETURNING` tail; what it returned.
    pub async fn returning<T: super::Row>(self, tx: &mut Tx) -> Result<Vec<T>, DbError> {
        let mut rows = Vec::new();
        for sql in self.statements(tx.is_postgres()) {
            rows.extend(tx.all::<T>(sql).await?);
        }
        Ok(rows)
    }

    /// Without rows.
    fn like(&self) -> Self {
        Self { head: self.head.clone(), row: self.row.clone(), args: Vec::new(), ..*self }
    }
}

/// Rows as columns.
fn columns(args: Vec<Arg>, width: usize) -> Vec<Vec<Arg>> {
    let mut columns: Vec<Vec<Arg>> =
        (0..width).map(|_| Vec::with_capacity(args.len() / width)).collect();
    for (n, arg) in args.into_iter().enumerate() {
        columns[n % width].push(arg);
    }
    columns
}

/// `SELECT` of rows given as columns, PostgreSQL only.
fn unnest(columns: &[Vec<Arg>]) -> String {
    let arrays: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(n, column)| format!("${}::{}[]", n + 1, column.first().map_or("text", arg::kind)))
        .collect();
    format!("SELECT * FROM UNNEST({})", arrays.join(", "))
}

/// Rows a statement reads as a table named `v`, for updating many rows at once.
#[derive(Debug)]
pub struct Values {
    names: &'static str,
    width: usize,
    args: Vec<Arg>,
}

impl Values {
    /// With these columns, `a, b, c`.
    pub fn new(names: &'static str) -> Self {
        Self { names, width: names.split(',').count(), args: Vec::new() }
    }

    /// Adds a row; its length must be the number of columns.
    pub fn row(&mut self, values: impl IntoIterator<Item = Arg>) {
        self.args.extend(values);
        debug_assert_eq!(self.args.len() % self.width, 0, "row length: {}", self.names);
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// `WITH v (…) AS (…) ` and then `statement`.
    pub fn with(self, tx: &Tx, statement: &str) -> Sql {
        let names = self.names;
        if tx.is_postgres() {
            let columns = columns(self.args, self.width);
            let rows = unnest(&columns);
            let mut sql = Sql::new(format!("WITH v ({names}) AS ({rows}) {statement}"));
            sql.args = columns.into_iter().map(Arg::Column).collect();
            return sql;
        }
        // One JSON text: thousands of placeholders take longer to read than to work through.
        let columns: Vec<String> = (0..self.width).map(|n| format!("value ->> {n}")).collect();
        let columns = columns.join(", ");
        let rows: Vec<Vec<serde_json::Value>> = self
            .args
            .chunks(self.width)
            .map(|row| row.iter().map(arg::sqlite_json).collect())
            .collect();
        Sql::new(format!("WITH v ({names}) AS (SELECT {columns} FROM json_each($1)) {statement}"))
            .bind(serde_json::Value::from(rows))
    }
}
