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
    fn write(&self, sql: &mut String, postgres: bool) {
        sql.push_str(if postgres {
            "(SELECT COALESCE(json_agg("
        } else {
            "(SELECT json_group_array("
        });
        write_array(sql, self.columns.iter().copied(), postgres);
        sql.push_str(if postgres { "), '[]')::text FROM (" } else { ") FROM (" });
        sql.push_str(self.select);
        sql.push_str(") AS part)");
    }
}

/// The columns as a JSON array.
fn write_array<'a>(sql: &mut String, columns: impl Iterator<Item = &'a str>, postgres: bool) {
    sql.push_str(if postgres { "json_build_array(" } else { "json_array(" });
    for (n, column) in columns.enumerate() {
        if n > 0 {
            sql.push_str(", ");
        }
        write_value(sql, column, postgres);
    }
    sql.push(')');
}

fn write_value(sql: &mut String, column: &str, postgres: bool) {
    if let Some(inner) = column.strip_prefix('[') {
        return write_array(sql, inner.trim_end_matches(']').split(", "), postgres);
    }
    let (before, name, after) = match (column.strip_prefix('?'), column.strip_prefix("{}")) {
        (Some(flag), _) if !postgres => {
            ("json(CASE ", flag, " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
        }
        (_, Some(document)) if !postgres => ("json(", document, ")"),
        (Some(name), _) | (_, Some(name)) => ("", name, ""),
        (None, None) => ("", column, ""),
    };
    for piece in [before, name, after] {
        sql.push_str(piece);
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
        let between = if postgres { " || chr(30) || " } else { " || char(30) || " };
        // Put together for every page: one text that grows, not many that are joined.
        let mut sql = String::with_capacity(1024 * parts.len());
        for (n, part) in parts.iter().enumerate() {
            sql.push_str(if n == 0 { "SELECT " } else { between });
            part.write(&mut sql, postgres);
        }
        let sql = Sql::new(sql);
        let sql = args.into_iter().fold(sql, Sql::bind);
        let text: String = self.scalar(sql).await?;
        let lists: Vec<String> = text.split(BETWEEN).map(ToOwned::to_owned).collect();
        Ok(Bundle(lists.into_iter()))
    }
}
