//! Single values as PBX software sends them. Pure; `None`: it cannot be read.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// Longest call believed, seconds.
const MAX_DURATION: f64 = 86_400.0;
/// A time without a zone.
const LOCAL: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
/// No PBX is older: the first second of the year 2000.
const EARLIEST: i64 = 946_684_800;

/// A text; also a number or a truth value as one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        // Some languages have no integers: 7.0 is 7.
        Value::Number(number) => {
            let whole = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e15)?;
            Some((whole as i64).to_string())
        }
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A length of time: `35`, `"35.0"`, `"35 s"`, `"00:35"`, `"0:01:05"`; seconds, rounded down.
pub(super) fn seconds(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            let plain =
                ["seconds", "secs", "sec", "s"].iter().find_map(|unit| text.strip_suffix(unit));
            clock(&text).or_else(|| plain.unwrap_or(&text).trim().parse().ok())?
        }
        _ => return None,
    };
    (0.0..=MAX_DURATION).contains(&seconds).then_some(seconds as i64)
}

/// `mm:ss` and `hh:mm:ss`, in seconds.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0.0;
    for (n, part) in parts.iter().enumerate() {
        let digits = part.split('.').next().unwrap_or_default();
        let fits = (1..=3).contains(&digits.len())
            && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let value: f64 = part.parse().ok().filter(|v| fits && (n == 0 || *v < 60.0))?;
        seconds = seconds * 60.0 + value;
    }
    Some(seconds)
}

/// `PJSIP/201-0000002a`, `SIP/201`, `Local/201@agents`, `sip:201@host` → `201`; anything else as it
/// is.
pub(super) fn extension(text: &str) -> &str {
    let rest = text.rsplit_once('/').map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("sip:").unwrap_or(rest);
    let user = rest.split(['@', ';']).next().unwrap_or_default();
    let user = match user.rsplit_once('-') {
        Some((user, suffix))
            if suffix.len() == 8 && suffix.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            user
        }
        _ => user,
    };
    let dialled = |b: u8| b.is_ascii_digit() || b == b'*' || b == b'#';
    if !user.is_empty() && user.bytes().all(dialled) { user } else { text }
}

/// An instant: RFC 3339, RFC 2822 and common spellings of them; without a zone in `zone`; seconds,
/// milli-, micro- or nanoseconds since 1970 as number or text.
pub(super) fn instant(value: &Value, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let at = match value {
        Value::Number(number) => epoch(number.as_i64(), number.as_f64()),
        Value::String(text) => {
            let text = text.trim();
            let number =
                || epoch(text.parse().ok(), text.parse().ok().filter(|f: &f64| f.is_finite()));
            written(text, zone).or_else(number)
        }
        _ => None,
    }?;
    // Both databases keep microseconds; far beyond any clock's fault it is no time.
    let latest = now + chrono::TimeDelta::days(3653);
    DateTime::from_timestamp_micros(at.timestamp_micros())
        .filter(|at| at.timestamp() >= EARLIEST && *at < latest)
}

/// Time since 1970, whose unit its size tells.
fn epoch(whole: Option<i64>, float: Option<f64>) -> Option<DateTime<Utc>> {
    if let Some(n) = whole {
        return match n.unsigned_abs() {
            0..100_000_000_000 => DateTime::from_timestamp(n, 0),
            100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(n),
            100_000_000_000_000..100_000_000_000_000_000 => DateTime::from_timestamp_micros(n),
            _ => Some(DateTime::from_timestamp_nanos(n)),
        };
    }
    let n = float?;
    let seconds = if n.abs() < 1e11 { n } else { n / 1e3 };
    (seconds.abs() < 1e11).then(|| DateTime::from_timestamp_micros((seconds * 1e6) as i64))?
}

fn written(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let utc = |at: DateTime<chrono::FixedOffset>| at.with_timezone(&Utc);
    if let Ok(at) =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text))
    {
        return Some(utc(at));
    }
    let mut plain = text.replace('/', "-");
    if plain.as_bytes().get(10) == Some(&b'T') {
        plain.replace_range(10..11, " ");
    }
    let (plain, is_utc) = [" UTC", " GMT", "Z", " Z", "z"]
        .iter()
        .find_map(|mark| plain.strip_suffix(mark))
        .map_or((plain.as_str(), false), |rest| (rest, true));
    if let Some(local) =
        LOCAL.iter().find_map(|format| NaiveDateTime::parse_from_str(plain, format).ok())
    {
        let zone = if is_utc { chrono_tz::UTC } else { zone };
        return zone.from_local_datetime(&local).earliest().map(|at| at.with_timezone(&Utc));
    }
    ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%d %H:%M%#z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(plain, format).ok())
        .map(utc)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Asia::Dhaka;
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_of_time() {
        for (value, wanted) in [
            (json!(35), Some(35)),
            (json!(35.9), Some(35)),
            (json!("35"), Some(35)),
            (json!("35.0"), Some(35)),
            (json!(" 35 s"), Some(35)),
            (json!("35 seconds"), Some(35)),
            (json!("00:35"), Some(35)),
            (json!("1:05"), Some(65)),
            (json!("01:01:05"), Some(3_665)),
            (json!("00:00:35.4"), Some(35)),
            (json!(0), Some(0)),
            (json!(86_400), Some(86_400)),
            (json!(86_401), None),
            (json!(-1), None),
            (json!("-0:35"), None),
            (json!("00:75"), None),
            (json!("1:2:3:4"), None),
            (json!("NaN"), None),
            (json!("inf"), None),
            (json!("long"), None),
            (json!(1e300), None),
            (json!(true), None),
            (json!([35]), None),
        ] {
            assert_eq!(seconds(&value), wanted, "{value}");
        }
    }

    #[test]
    fn instants() {
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 4, 30, 0).single().expect("valid");
        let wanted = Utc.with_ymd_and_hms(2026, 1, 3, 10, 30, 0).single();
        for value in [
            json!("2026-01-03T10:30:00Z"),
            json!("2026-01-03T10:30:00.000z"),
            json!("2026-01-03T16:30:00+06:00"),
            json!("2026-01-03 16:30:00+0600"),
            json!("2026-01-03 16:30:00 +06:00"),
            json!("2026-01-03T16:30:00+06"),
            json!("2026-01-03T16:30:00"),
            json!("2026-01-03 16:30:00"),
            json!("2026-01-03 16:30"),
            json!("2026/01/03 16:30:00"),
            json!("2026-01-03 10:30:00 UTC"),
            json!("Sat, 03 Jan 2026 10:30:00 GMT"),
            json!("Sat, 3 Jan 2026 16:30:00 +0600"),
            json!(1_767_436_200),
            json!(1_767_436_200.0),
            json!("1767436200"),
            json!("1767436200.000"),
            json!(1_767_436_200_000_i64),
            json!("1767436200000"),
            json!(1_767_436_200_000_000_i64),
            json!(1_767_436_200_000_000_000_i64),
        ] {
            assert_eq!(instant(&value, now, Dhaka), wanted, "{value}");
        }
        for value in [
            json!("yesterday"),
            json!("9999-99-99T99:99:99Z"),
            json!("2126-01-01T00:00:00Z"),
            json!(0),
            json!(12),
            json!(-5),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(true),
            json!({"s": 1}),
        ] {
            assert_eq!(instant(&value, now, Dhaka), None, "{value}");
        }
    }

    #[test]
    fn extensions_in_the_words_of_asterisk() {
        for text in ["201", "PJSIP/201-0000002a", "SIP/201", "Local/201@agents", "sip:201@10.0.0.1"]
        {
            assert_eq!(extension(text), "201", "{text}");
        }
        for text in ["*201#", "reception", "20-1", "SIP/trunk-0000002a"] {
            assert_eq!(extension(text), text);
        }
    }
}
