//! Statements and their arguments, independent of the driver.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, error::BoxDynError, types::Json};

use super::DbError;

/// One argument of a statement. `None` is SQL NULL of that type.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A 64-bit integer.
    Int(Option<i64>),
    /// A floating-point number.
    Float(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Text known at compile time; saves an allocation.
    Static(&'static str),
    /// A truth value.
    Bool(Option<bool>),
    /// A civil date.
    Date(Option<NaiveDate>),
    /// An instant.
    Time(Option<DateTime<Utc>>),
    /// A JSON document.
    Json(Option<serde_json::Value>),
}

macro_rules! arg_from {
    ($($type:ty => $variant:ident($convert:expr)),* $(,)?) => {$(
        impl From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }
        impl From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

arg_from! {
    i64 => Int(std::convert::identity),
    i32 => Int(i64::from),
    u32 => Int(i64::from),
    f64 => Float(std::convert::identity),
    String => Text(std::convert::identity),
    &String => Text(Clone::clone),
    &str => Text(str::to_owned),
    bool => Bool(std::convert::identity),
    NaiveDate => Date(std::convert::identity),
    DateTime<Utc> => Time(std::convert::identity),
    serde_json::Value => Json(std::convert::identity),
}

impl From<usize> for Arg {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).ok())
    }
}

impl Arg {
    /// A JSON document from anything that serialises.
    pub fn json<T: serde::Serialize>(value: &T) -> Self {
        // Values stored here are this program's own types, whose serialisation cannot fail.
        Self::Json(Some(serde_json::to_value(value).expect("own types serialise")))
    }
}

/// A statement with its arguments: `sql("… $1 …").bind(x)`.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    pub(super) text: String,
    pub(super) args: Vec<Arg>,
    pub(super) persistent: bool,
}

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Sql {
    /// A statement whose text is worth keeping prepared.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), args: Vec::new(), persistent: true }
    }

    /// The next placeholder's value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder and its value.
    pub fn push_bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.args.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }

    /// Appends `(v1, v2, …)` for an `IN`; an empty list becomes `(NULL)`, which matches nothing.
    pub fn push_list<A: Into<Arg>>(&mut self, values: impl IntoIterator<Item = A>) -> &mut Self {
        self.text.push('(');
        let mut any = false;
        for value in values {
            if any {
                self.text.push_str(", ");
            }
            any = true;
            self.push_bind(value);
        }
        self.text.push_str(if any { ")" } else { "NULL)" });
        self.persistent = false;
        self
    }

    /// Do not keep the statement prepared (its text varies).
    #[must_use]
    pub fn ad_hoc(mut self) -> Self {
        self.persistent = false;
        self
    }
}

fn encoding(error: BoxDynError) -> DbError {
    DbError::Encode(error)
}

macro_rules! add_all {
    ($out:ident, $args:ident) => {
        for arg in $args {
            match arg {
                Arg::Int(v) => $out.add(v),
                Arg::Float(v) => $out.add(v),
                Arg::Text(v) => $out.add(v),
                Arg::Static(v) => $out.add(v),
                Arg::Bool(v) => $out.add(v),
                Arg::Date(v) => $out.add(v),
                Arg::Time(v) => $out.add(v),
                Arg::Json(v) => $out.add(v.map(Json)),
            }
            .map_err(encoding)?;
        }
    };
}

/// From this many arguments on a statement is worth rewriting for SQLite.
const MANY: usize = 64;

/// The statement's text as SQLite likes it: `$1` is a *named* parameter there, and the driver looks
/// each name up in time linear in their number, so thousands of them (a multi-row insert, a long `IN`)
/// take ten times as long as plain `?`. Those mean the same as long as the numbers run 1, 2, 3 …; a
/// text in which they do not, or that quotes a `$`, stays as it is.
pub(super) fn sqlite_text(text: String, args: usize) -> String {
    if args < MANY {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('$');
    out.push_str(parts.next().unwrap_or_default());
    let mut seen = 0;
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        seen += 1;
        if part[..digits].parse() != Ok(seen) {
            return text;
        }
        out.push('?');
        out.push_str(&part[digits..]);
    }
    if seen == args { out } else { text }
}

pub(super) fn sqlite(args: Vec<Arg>) -> Result<SqliteArguments, DbError> {
    let mut out = SqliteArguments::default();
    add_all!(out, args);
    Ok(out)
}

pub(super) fn postgres(args: Vec<Arg>) -> Result<PgArguments, DbError> {
    let mut out = PgArguments::default();
    add_all!(out, args);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::sqlite_text;

    fn numbered(count: usize) -> String {
        let list: Vec<String> = (1..=count).map(|n| format!("${n}")).collect();
        format!("SELECT 1 WHERE 2 IN ({})", list.join(", "))
    }

    #[test]
    fn long_lists_become_positional_for_sqlite() {
        let plain = format!("SELECT 1 WHERE 2 IN ({})", vec!["?"; 100].join(", "));
        assert_eq!(sqlite_text(numbered(100), 100), plain);
        assert_eq!(sqlite_text(numbered(10), 10), numbered(10));
    }

    #[test]
    fn what_positions_cannot_say_stays_numbered() {
        for tail in [" AND $1 = 3", " AND x = '$'", " AND x = '$101x'"] {
            let text = numbered(100) + tail;
            assert_eq!(sqlite_text(text.clone(), 100), text, "{tail}");
        }
        let out_of_order = numbered(100).replacen("$1, $2", "$2, $1", 1);
        assert_eq!(sqlite_text(out_of_order.clone(), 100), out_of_order);
    }
}
