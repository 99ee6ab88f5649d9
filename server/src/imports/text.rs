//! Reading the text of one cell: amounts, days, instants, packs. Pure; never panics.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::db::Money;
use crate::products::PackUnit;

/// Bangla digits as the usual ones.
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| ('০'..='৯').contains(&c)) {
        return Cow::Borrowed(text);
    }
    let digit = |c: char| match c {
        '০'..='৯' => char::from(b'0' + (u32::from(c) - u32::from('০')) as u8),
        c => c,
    };
    Cow::Owned(text.chars().map(digit).collect())
}

/// An amount in taka, not negative: `1,23,456.50`, `৳ 99`, `৯৯ টাকা`. A comma before one or two
/// last digits (`12,50`) could be a decimal one and is refused, not taken for a hundred times as
/// much.
pub fn money(text: &str) -> Option<Money> {
    let text = ascii_digits(text);
    let text = text.trim();
    let text = ["টাকা", "৳", "Tk.", "Tk", "BDT", "$"]
        .iter()
        .fold(text, |t, mark| t.strip_suffix(mark).unwrap_or(t).trim_end());
    if !text.contains('.')
        && let Some((_, last)) = text.rsplit_once(',')
        && last.len() != 3
    {
        return None;
    }
    Money::parse(text).filter(|amount| amount.0 >= 0)
}

/// A whole number, also written `2.0`.
pub fn whole(text: &str) -> Option<i64> {
    let text = ascii_digits(text);
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if fraction.bytes().any(|b| b != b'0') || whole.len() > 18 {
        return None;
    }
    whole.parse().ok()
}

/// A number such as a weight.
pub fn decimal(text: &str) -> Option<f64> {
    let number: f64 = ascii_digits(text).trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// yes or no, in the spellings of spreadsheets and shops.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" | "active" | "published" | "হ্যাঁ" => {
            Some(true)
        }
        "0" | "-1" | "no" | "n" | "false" | "f" | "off" | "inactive" | "draft" | "archived"
        | "না" => Some(false),
        _ => None,
    }
}

/// A point in time as a file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Only the day.
    Day(NaiveDate),
    /// Day and time without zone: the company's.
    Local(NaiveDateTime),
    /// With its zone.
    Instant(DateTime<Utc>),
}

const DAYS: &[&str] = &["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y"];
const TIMES: &[&str] = &["%H:%M:%S", "%H:%M", "%H:%M:%S%.f", "%I:%M:%S %p", "%I:%M %p"];

/// A day, or day and time. Years come first or last; `03/04/2026` is the third of April.
pub fn when(text: &str) -> Option<When> {
    let text = ascii_digits(text);
    let text = text.trim();
    if let Ok(at) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
        return in_range(at.date()).then_some(When::Local(at));
    }
    for format in ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%#z"] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return in_range(at.date_naive()).then_some(When::Instant(at.to_utc()));
        }
    }
    if let Some(day) = day(text) {
        return Some(When::Day(day));
    }
    let (date, time) = text.split_once(['T', ' ']).or_else(|| text.split_once(", "))?;
    let date = day(date.trim_end_matches(','))?;
    TIMES
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(time.trim(), format).ok())
        .map(|time| When::Local(date.and_time(time)))
}

/// A day.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = ascii_digits(text);
    let text = text.trim();
    DAYS.iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|day| in_range(*day))
}

/// Years that make sense, and that both databases keep.
fn in_range(day: NaiveDate) -> bool {
    use chrono::Datelike as _;
    (1900..=2200).contains(&day.year())
}

/// The unit of a pack, as shops write it.
pub fn pack_unit(text: &str) -> Option<PackUnit> {
    Some(match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "kg" | "kgs" | "kilo" | "kilogram" | "kilograms" | "কেজি" => PackUnit::Kilogram,
        "g" | "gm" | "gms" | "gr" | "gram" | "grams" | "গ্রাম" => PackUnit::Gram,
        "l" | "lt" | "ltr" | "litre" | "litres" | "liter" | "liters" | "লিটার" => {
            PackUnit::Litre
        }
        "ml" | "millilitre" | "milliliter" | "মিলি" => PackUnit::Millilitre,
        "pc" | "pcs" | "piece" | "pieces" | "pack" | "box" | "bottle" | "jar" | "পিস" => {
            PackUnit::Piece
        }
        _ => return None,
    })
}

/// Amount and unit in one text: `5kg`, `250 g`, `১ লিটার`.
pub fn pack(text: &str) -> Option<(f64, PackUnit)> {
    let text = ascii_digits(text.trim());
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let size = decimal(&text[..end]).filter(|size| *size > 0.0)?;
    Some((size, pack_unit(&text[end..])?))
}

/// The pack a name speaks of: `Miniket Rice 5 kg` or `চাল (৫কেজি)`.
pub fn pack_in_name(name: &str) -> Option<(f64, PackUnit)> {
    let name = ascii_digits(name);
    let words: Vec<&str> = name
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '-' | ',' | '[' | ']' | '/'))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().rev().find_map(|(n, word)| {
        pack(word).or_else(|| {
            let size = decimal(word).filter(|size| *size > 0.0)?;
            Some((size, pack_unit(words.get(n + 1)?)?))
        })
    })
}

/// A category's stable name from what people call it: `Dates & dry fruit` → `dates_dry_fruit`.
pub fn slug(name: &str) -> String {
    super::mapping::normal(name).chars().take(60).collect()
}

/// At most `max` characters, without those a database cannot keep.
pub fn cut(text: &str, max: usize) -> String {
    text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c }).take(max).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_in_the_spellings_of_shops() {
        for text in ["1234.50", "1,234.50", "৳ 1234.5", "১২৩৪.৫০", "1234.50 Tk", "1234.50৳"]
        {
            assert_eq!(money(text), Some(Money(123_450)), "{text}");
        }
        assert_eq!(money("1,23,456"), Some(Money::taka(123_456)));
        for text in ["", "12,50", "-5", "abc", "1.2.3"] {
            assert_eq!(money(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_instants() {
        let day_of = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("valid");
        let nov = day_of(2026, 11, 21);
        for text in ["2026-11-21", "2026/11/21", "21/11/2026", "21-11-2026", "২১.১১.২০২৬"]
        {
            assert_eq!(when(text), Some(When::Day(nov)), "{text}");
        }
        let at = nov.and_hms_opt(20, 19, 4).expect("valid");
        for text in ["2026-11-21 20:19:04", "2026-11-21T20:19:04", "21/11/2026 08:19:04 PM"] {
            assert_eq!(when(text), Some(When::Local(at)), "{text}");
        }
        let utc = Utc.with_ymd_and_hms(2026, 11, 21, 14, 19, 4).single().expect("valid");
        for text in
            ["2026-11-21 20:19:04 +0600", "2026-11-21T20:19:04+06:00", "2026-11-21T14:19:04Z"]
        {
            assert_eq!(when(text), Some(When::Instant(utc)), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-02-30", "21/11", "0001-01-01"] {
            assert_eq!(when(text), None, "{text}");
        }
    }

    #[test]
    fn packs_are_read_from_labels_and_names() {
        assert_eq!(pack("5kg"), Some((5.0, PackUnit::Kilogram)));
        assert_eq!(pack("250 gm"), Some((250.0, PackUnit::Gram)));
        assert_eq!(pack("১ লিটার"), Some((1.0, PackUnit::Litre)));
        assert_eq!(pack("kg"), None);
        assert_eq!(pack("5"), None);
        assert_eq!(pack_in_name("Miniket Rice 5 kg"), Some((5.0, PackUnit::Kilogram)));
        assert_eq!(pack_in_name("মধু (৫০০গ্রাম)"), Some((500.0, PackUnit::Gram)));
        assert_eq!(pack_in_name("Miniket Rice"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = (money(&text), whole(&text), decimal(&text), truth(&text), when(&text));
            let _ = (day(&text), pack(&text), pack_in_name(&text), slug(&text), cut(&text, 5));
        }

        #[test]
        fn no_number_is_too_odd(text in "[0-9০-৯.,:/ T+-]{0,30}") {
            let _ = (money(&text), whole(&text), decimal(&text), when(&text), day(&text));
            let _ = (pack(&text), pack_in_name(&text));
        }
    }
}
