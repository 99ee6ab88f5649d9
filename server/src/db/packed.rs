//! Long results, and long lists of ids in a statement.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::{DbError, Row, Sql, Tx};

/// Ids in one statement.
pub const CHUNK: usize = 2_000;

impl Tx {
    /// The `columns` of every row of `rest` (`FROM …`), in no order, where they may be a hundred
    /// thousand. SQLite's driver hands rows over from thread to thread one by one, which takes many
    /// times as long as reading them; so SQLite packs them into one JSON text. `T` has the columns as
    /// fields, in their order; truth values with [`flag`].
    pub async fn packed<T: Row + DeserializeOwned>(
        &mut self,
        columns: &str,
        rest: Sql,
    ) -> Result<Vec<T>, DbError> {
        let Sql { text, args, persistent } = rest;
        let sql = |text| Sql { text, args, persistent };
        if self.is_postgres() {
            return self.all(sql(format!("SELECT {columns} {text}"))).await;
        }
        let packed = format!("SELECT json_group_array(json_array({columns})) {text}");
        let rows: String = self.scalar(sql(packed)).await?;
        serde_json::from_str(&rows).map_err(|error| DbError::Decode(Box::new(error)))
    }
}

/// A truth value as SQLite has it: a number.
pub fn flag<'de, D: Deserializer<'de>>(packed: D) -> Result<bool, D::Error> {
    Ok(i64::deserialize(packed)? != 0)
}
