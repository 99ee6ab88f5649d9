//! When two orders are the same one: by source and id, whatever programs did to the id's spelling.
//! Pure.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::text::ascii_digits;

/// An id or number without what spreadsheets and shops add to it: `'61001`, `#61001` and `61001.0`
/// are `61001`.
pub fn key(cell: &str) -> Cow<'_, str> {
    let text = cell.trim().trim_start_matches('\'').trim_start();
    let text = text.strip_prefix('#').unwrap_or(text).trim_start();
    match ascii_digits(text) {
        Cow::Borrowed(text) => Cow::Borrowed(whole(text)),
        Cow::Owned(latin) => Cow::Owned(whole(&latin).to_owned()),
    }
}

/// A whole number without the `.0` of a float; any other text as it is.
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && !zeros.is_empty()
                && zeros.bytes().all(|b| b == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

/// An order number as people see it: its `#` stays.
pub fn number(cell: &str) -> String {
    let is_marked = cell.trim().trim_start_matches('\'').trim_start().starts_with('#');
    let key = key(cell);
    if is_marked { format!("#{key}") } else { key.into_owned() }
}

/// Most days between two tellings of one order; zones and day boundaries move a day.
const MAX_DAYS_APART: u64 = 7;

/// Whether two days can be those of one order.
pub fn is_near(one: NaiveDate, other: NaiveDate) -> bool {
    (one - other).num_days().unsigned_abs() <= MAX_DAYS_APART
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_id_are_one_key() {
        for cell in [
            "61001",
            " 61001 ",
            "#61001",
            "# 61001",
            "'61001",
            "61001.0",
            "61001.00",
            "৬১০০১",
            "'#61001",
        ] {
            assert_eq!(key(cell), "61001", "{cell}");
        }
        for cell in ["1.2", "SO-1.0", ".0", "1.", "61001-A", ""] {
            assert_eq!(key(cell), cell);
        }
        assert_eq!(number("'#4001"), "#4001");
        assert_eq!(number("61001.0"), "61001");
    }

    #[test]
    fn days_of_one_order_are_near() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).expect("valid");
        assert!(is_near(day(10), day(11)) && is_near(day(11), day(4)));
        assert!(!is_near(day(10), day(18)) && !is_near(day(18), day(10)));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key_unless_more_was_added(cell in "[0-9A-Za-z.-]{0,12}") {
            let once = key(&cell).into_owned();
            prop_assert_eq!(key(&once), once.as_str());
        }
    }
}
