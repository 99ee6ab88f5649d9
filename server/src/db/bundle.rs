//! Several lists read by one statement.
//!
//! A page about one customer is a dozen short lists. A statement of its own for each costs more than
//! the reading: on SQLite threads hand over to each other for every statement and every row, on
//! PostgreSQL each is a way to the server and back.

use serde::de::{DeserializeOwned, Deserializer};

use super::{Arg, DbError, Sql, Tx};

/// Between the lists; JSON never has it unescaped.
const BETWEEN: char = '\u{1e}';

/// A list to be read.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The columns of `select`, in the order of the fields of the type they are read into. Truth
    /// values begin with `?`, JSON documents with `{}`; those of a struct within it stand together,
    /// `[a, ?b]`.
    pub columns: &'a [&'a str],
    /// The whole `SELECT`, ordered and limited; its arguments are those of the bundle.
    pub select: &'a str,
}

impl Part<'_> {
    fn sql(&self, postgres: bool) -> String {
        let (row, select) = (array(self.columns.iter().copied(), postgres), self.select);
        if postgres {
            format!("(SELECT COALESCE(json_agg({row}), '[]')::text FROM ({select}) AS part)")
        } else {
            format!("(SELECT json_group_array({row}) FROM ({select}) AS part)")
        }
    }
}

/// The columns as a JSON array.
fn array<'a>(columns: impl Iterator<Item = &'a str>, postgres: bool) -> String {
    let columns: Vec<String> = columns.map(|column| value(column, postgres)).collect();
    let function = if postgres { "json_build_array" } else { "json_array" };
    format!("{function}({})", columns.join(", "))
}

fn value(column: &str, postgres: bool) -> String {
    if let Some(inner) = column.strip_prefix('[') {
        return array(inner.trim_end_matches(']').split(", "), postgres);
    }
    match (column.strip_prefix('?'), column.strip_prefix("{}"), postgres) {
        (Some(flag), _, false) => {
            format!("json(CASE {flag} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
        }
        (_, Some(document), false) => format!("json({document})"),
        (Some(name), ..) | (_, Some(name), _) => name.to_owned(),
        (None, None, _) => column.to_owned(),
    }
}

/// The lists, to be taken in their order.
#[derive(Debug)]
pub struct Bundle(std::vec::IntoIter<String>);

impl Bundle {
    /// The next list.
    pub fn list<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, DbError> {
        let text = self.0.next().ok_or(DbError::RowNotFound)?;
        serde_json::from_str(&text).map_err(|error| DbError::Decode(Box::new(error)))
    }

    /// The only row of the next list; none is an error ([`DbError::RowNotFound`]).
    pub fn one<T: DeserializeOwned>(&mut self) -> Result<T, DbError> {
        self.list()?.pop().ok_or(DbError::RowNotFound)
    }
}

/// A field that is in none of the columns and filled in later, after all others:
/// `#[serde(default, deserialize_with = "absent")]`.
pub fn absent<'de, D: Deserializer<'de>, T: Default>(_: D) -> Result<T, D::Error> {
    Ok(T::default())
}

impl Tx {
    /// Reads the lists in one statement with these arguments.
    pub async fn bundle(
        &mut self,
        parts: &[Part<'_>],
        args: impl IntoIterator<Item = Arg>,
    ) -> Result<Bundle, DbError> {
        let postgres = self.is_postgres();
        let parts: Vec<String> = parts.iter().map(|part| part.sql(postgres)).collect();
        let between = if postgres { " || chr(30) || " } else { " || char(30) || " };
        let sql = Sql::new(format!("SELECT {}", parts.join(between)));
        let sql = args.into_iter().fold(sql, Sql::bind);
        let text: String = self.scalar(sql).await?;
        let lists: Vec<String> = text.split(BETWEEN).map(ToOwned::to_owned).collect();
        Ok(Bundle(lists.into_iter()))
    }
}
