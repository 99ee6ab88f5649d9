//! Statements and their arguments, independent of the driver.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
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
    /// A list of numbers ([`Sql::push_ids`]).
    Ints(Vec<i64>),
    /// A list of texts ([`Sql::push_texts`]).
    Texts(Vec<String>),
    /// A column of many rows, all of one kind ([`super::Values`]); PostgreSQL only.
    Column(Vec<Arg>),
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

    /// Its text and its arguments, to become part of another one.
    pub fn into_parts(self) -> (String, Vec<Arg>) {
        (self.text, self.args)
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

    /// Appends ` = ANY(…)`, true for each of these numbers: for lists too long for [`Sql::push_list`],
    /// or statements worth keeping.
    pub fn push_ids<I: Into<i64>>(&mut self, ids: impl IntoIterator<Item = I>) -> &mut Self {
        let ids = ids.into_iter().map(Into::into).collect();
        self.push_any(Arg::Ints(ids))
    }

    /// Appends ` = ANY(…)`, true for each of these texts.
    pub fn push_texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let texts = texts.into_iter().map(ToOwned::to_owned).collect();
        self.push_any(Arg::Texts(texts))
    }

    fn push_any(&mut self, list: Arg) -> &mut Self {
        self.args.push(list);
        let text = format!(" = ANY(${})", self.args.len());
        self.push(&text)
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
    ($out:ident, $args:ident, $($rest:pat => $add:expr),*) => {
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
                $($rest => $add,)*
            }
            .map_err(encoding)?;
        }
    };
}

/// PostgreSQL's name of the kind of an argument.
pub(super) const fn kind(arg: &Arg) -> &'static str {
    match arg {
        Arg::Int(_) | Arg::Ints(_) => "bigint",
        Arg::Float(_) => "double precision",
        Arg::Text(_) | Arg::Static(_) | Arg::Texts(_) | Arg::Column(_) => "text",
        Arg::Bool(_) => "boolean",
        Arg::Date(_) => "date",
        Arg::Time(_) => "timestamptz",
        Arg::Json(_) => "jsonb",
    }
}

/// An argument as SQLite's JSON functions give it back the way it is stored.
pub(super) fn sqlite_json(arg: &Arg) -> serde_json::Value {
    match arg {
        Arg::Int(v) => (*v).into(),
        Arg::Float(v) => (*v).into(),
        Arg::Text(v) => v.clone().into(),
        Arg::Static(v) => (*v).into(),
        Arg::Bool(v) => v.map(i64::from).into(),
        Arg::Date(v) => v.map(|day| day.to_string()).into(),
        Arg::Time(v) => v.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, false)).into(),
        Arg::Json(v) => v.as_ref().map(ToString::to_string).into(),
        Arg::Ints(v) => json(v).into(),
        Arg::Texts(v) => json(v).into(),
        Arg::Column(_) => serde_json::Value::Null,
    }
}

/// A column as PostgreSQL's array.
fn add_column(out: &mut PgArguments, column: Vec<Arg>) -> Result<(), BoxDynError> {
    macro_rules! array {
        ($variant:ident) => {{
            let value = |arg| if let Arg::$variant(v) = arg { v } else { None };
            out.add(column.into_iter().map(value).collect::<Vec<_>>())
        }};
    }
    match column.first() {
        Some(Arg::Int(_)) => array!(Int),
        Some(Arg::Float(_)) => array!(Float),
        Some(Arg::Bool(_)) => array!(Bool),
        Some(Arg::Date(_)) => array!(Date),
        Some(Arg::Time(_)) => array!(Time),
        Some(Arg::Json(_)) => {
            let value = |arg| if let Arg::Json(v) = arg { v.map(Json) } else { None };
            out.add(column.into_iter().map(value).collect::<Vec<_>>())
        }
        _ => {
            let value = |arg| match arg {
                Arg::Text(text) => text,
                Arg::Static(text) => Some(text.to_owned()),
                _ => None,
            };
            out.add(column.into_iter().map(value).collect::<Vec<_>>())
        }
    }
}

/// From this many arguments on a statement is worth rewriting for SQLite.
const MANY: usize = 64;

/// The statement's text as SQLite likes it: `$1` is a *named* parameter there, and the driver looks
/// each name up in time linear in their number, so thousands of them (a multi-row insert, a long `IN`)
/// take ten times as long as plain `?`. Those mean the same as long as the numbers run 1, 2, 3 …; a
/// text in which they do not, or that quotes a `$`, stays as it is.
///
/// A list is a JSON array there.
pub(super) fn sqlite_text(text: String, args: &[Arg]) -> String {
    let mut text = text;
    for (n, arg) in args.iter().enumerate() {
        if matches!(arg, Arg::Ints(_) | Arg::Texts(_)) {
            let n = n + 1;
            let list = format!(" IN (SELECT value FROM json_each(${n}))");
            text = text.replace(&format!(" = ANY(${n})"), &list);
        }
    }
    let args = args.len();
    if args < MANY || !text.contains('$') {
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

fn json(list: &impl serde::Serialize) -> String {
    // Lists of numbers and texts serialise.
    serde_json::to_string(list).expect("a list")
}

pub(super) fn sqlite(args: Vec<Arg>) -> Result<SqliteArguments, DbError> {
    let mut out = SqliteArguments::default();
    add_all!(out, args,
        Arg::Ints(v) => out.add(json(&v)),
        Arg::Texts(v) => out.add(json(&v)),
        Arg::Column(_) => Err("SQLite has no arrays".into())
    );
    Ok(out)
}

pub(super) fn postgres(args: Vec<Arg>) -> Result<PgArguments, DbError> {
    let mut out = PgArguments::default();
    add_all!(out, args,
        Arg::Ints(v) => out.add(v),
        Arg::Texts(v) => out.add(v),
        Arg::Column(v) => add_column(&mut out, v)
    );
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{Arg, Sql, sqlite_text};

    fn text(text: String, args: usize) -> String {
        sqlite_text(text, &vec![Arg::Int(None); args])
    }

    #[test]
    fn a_list_is_a_json_array_for_sqlite() {
        let mut sql = Sql::new("SELECT id FROM t WHERE day = $1 AND id").bind(7_i64);
        sql.push_ids([1_i64, 2]);
        assert_eq!(sql.text, "SELECT id FROM t WHERE day = $1 AND id = ANY($2)");
        assert_eq!(
            sqlite_text(sql.text, &sql.args),
            "SELECT id FROM t WHERE day = $1 AND id IN (SELECT value FROM json_each($2))"
        );
    }

    fn numbered(count: usize) -> String {
        let list: Vec<String> = (1..=count).map(|n| format!("${n}")).collect();
        format!("SELECT 1 WHERE 2 IN ({})", list.join(", "))
    }

    #[test]
    fn long_lists_become_positional_for_sqlite() {
        let plain = format!("SELECT 1 WHERE 2 IN ({})", vec!["?"; 100].join(", "));
        assert_eq!(text(numbered(100), 100), plain);
        assert_eq!(text(numbered(10), 10), numbered(10));
    }

    #[test]
    fn what_positions_cannot_say_stays_numbered() {
        for tail in [" AND $1 = 3", " AND x = '$'", " AND x = '$101x'"] {
            let plain = numbered(100) + tail;
            assert_eq!(text(plain.clone(), 100), plain, "{tail}");
        }
        let out_of_order = numbered(100).replacen("$1, $2", "$2, $1", 1);
        assert_eq!(text(out_of_order.clone(), 100), out_of_order);
    }
}
