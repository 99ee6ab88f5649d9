//! Long lists of ids in a statement.

use crate::db::CustomerId;

/// Ids in one statement.
pub(super) const CHUNK: usize = 2_000;

/// `(1,2,3)`: numbers written out, because thousands of placeholders cost more than the query.
pub(super) fn list(ids: &[CustomerId]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(ids.len() * 8 + 2);
    for id in ids {
        let separator = if text.is_empty() { '(' } else { ',' };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{id}");
    }
    text.push_str(if text.is_empty() { "(NULL)" } else { ")" });
    text
}
