//! Days and points in time as files write them: any usual notation is read; whether the day or the
//! month comes first is judged over the whole column. Pure; never panics.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono::{TimeDelta, TimeZone as _};

use super::amount::Unreadable;
use crate::db::text_enum;
use crate::text;

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

text_enum! {
    /// Which of day and month comes first in dates such as 03/04/2026.
    pub enum DateOrder {
        /// 03/04/2026 is 3 April.
        DayFirst = "day_first",
        /// 03/04/2026 is 4 March.
        MonthFirst = "month_first",
    }
}

/// Where a year of two digits stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShortYear {
    First,
    Last,
}

/// How the dates of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Day or month first; `None`: the column holds both.
    order: Option<DateOrder>,
    short_year: Option<ShortYear>,
    /// The company's year: two digits above its own are of the century before.
    this_year: i32,
}

impl Default for Style {
    /// Day first, as the country writes.
    fn default() -> Self {
        Self { order: Some(DateOrder::DayFirst), short_year: None, this_year: 2000 }
    }
}

/// Gathers what the dates of a column say about their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    day_first: bool,
    month_first: bool,
    /// There are dates with two readings.
    open: bool,
    year_first: bool,
    year_last: bool,
}

impl Evidence {
    /// Looks at a cell.
    pub fn see(&mut self, cell: &str, this_year: i32) {
        let bytes = cell.as_bytes();
        if bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) {
            return;
        }
        match parse(cell).map(|parsed| parsed.date) {
            Some(Date::Numbers { a, b, .. }) => self.pair(a, b),
            Some(Date::ShortYear { a, b, c }) => {
                let now = this_year.rem_euclid(100) as u32;
                let is_year = |own: u32, other: u32| own > 31 || (other > now && other <= 31);
                let (last, first) = (is_year(c, a), is_year(a, c));
                self.year_last |= last && !first;
                self.year_first |= first && !last;
                if last && !first {
                    self.pair(a, b);
                }
            }
            _ => {}
        }
    }

    /// Both columns' evidence.
    pub fn and(self, other: Self) -> Self {
        Self {
            day_first: self.day_first | other.day_first,
            month_first: self.month_first | other.month_first,
            open: self.open | other.open,
            year_first: self.year_first | other.year_first,
            year_last: self.year_last | other.year_last,
        }
    }

    /// What a column does not show itself as `others` show it.
    pub fn or_as(self, others: Self) -> Self {
        let (day_first, month_first) = match (self.day_first, self.month_first) {
            (false, false) => (others.day_first, others.month_first),
            own => own,
        };
        let (year_first, year_last) = match (self.year_first, self.year_last) {
            (false, false) => (others.year_first, others.year_last),
            own => own,
        };
        Self { day_first, month_first, open: self.open, year_first, year_last }
    }

    fn pair(&mut self, a: u32, b: u32) {
        self.day_first |= a > 12 && b <= 12;
        self.month_first |= b > 12 && a <= 12;
        self.open |= a <= 12 && b <= 12 && a != b;
    }

    /// How the column is read, and whether its order is only assumed: nothing in the column shows
    /// it and nothing was said.
    pub fn settle(self, said: Option<DateOrder>, this_year: i32) -> (Style, bool) {
        let (order, assumed) = match (said, self.day_first, self.month_first) {
            (Some(order), ..) => (Some(order), false),
            (None, true, true) => (None, false),
            (None, false, true) => (Some(DateOrder::MonthFirst), false),
            (None, true, false) => (Some(DateOrder::DayFirst), false),
            (None, false, false) => (Some(DateOrder::DayFirst), self.open),
        };
        let short_year = match (self.year_first, self.year_last) {
            (true, false) => Some(ShortYear::First),
            (false, true) => Some(ShortYear::Last),
            _ => None,
        };
        (Style { order, short_year, this_year }, assumed)
    }
}

/// A day, or day and time.
pub fn when(cell: &str, style: Style) -> Result<When, Unreadable> {
    let parsed = parse(cell).ok_or(Unreadable::Wrong)?;
    let date = parsed.day(style)?;
    Ok(match (parsed.time, parsed.zone) {
        (None, _) => When::Day(date),
        (Some(time), None) => When::Local(date.and_time(time)),
        (Some(time), Some(zone)) => {
            let local = date.and_time(time);
            let at = zone.from_local_datetime(&local).single().ok_or(Unreadable::Wrong)?;
            When::Instant(at.to_utc())
        }
    })
}

/// The day as written, whatever its time and zone.
pub fn day(cell: &str, style: Style) -> Result<NaiveDate, Unreadable> {
    parse(cell).ok_or(Unreadable::Wrong)?.day(style)
}

/// The numbers of a date, before their order is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Date {
    Known(NaiveDate),
    /// Day and month in an order the column settles.
    Numbers {
        a: u32,
        b: u32,
        year: i32,
    },
    /// As before, but the year has two digits and may stand first.
    ShortYear {
        a: u32,
        b: u32,
        c: u32,
    },
}

struct Parsed {
    date: Date,
    time: Option<NaiveTime>,
    zone: Option<FixedOffset>,
}

impl Parsed {
    fn day(&self, style: Style) -> Result<NaiveDate, Unreadable> {
        match self.date {
            Date::Known(day) => Ok(day),
            Date::Numbers { a, b, year } => ordered(a, b, year, style),
            Date::ShortYear { a, b, c } => {
                let year_last = c > 31 || style.short_year == Some(ShortYear::Last);
                let year_first = a > 31 || style.short_year == Some(ShortYear::First);
                match (year_first, year_last) {
                    (false, true) => ordered(a, b, full_year(c, style), style),
                    (true, false) => calendar(full_year(a, style), b, c).ok_or(Unreadable::Wrong),
                    _ => Err(Unreadable::Ambiguous),
                }
            }
        }
    }
}

fn full_year(short: u32, style: Style) -> i32 {
    let century = style.this_year - style.this_year.rem_euclid(100);
    let year = century + short as i32;
    if year > style.this_year { year - 100 } else { year }
}

fn ordered(a: u32, b: u32, year: i32, style: Style) -> Result<NaiveDate, Unreadable> {
    let (day, month) = match (a > 12, b > 12, style.order) {
        (true, true, _) => return Err(Unreadable::Wrong),
        (true, false, _) | (false, false, Some(DateOrder::DayFirst)) => (a, b),
        (false, true, _) | (false, false, Some(DateOrder::MonthFirst)) => (b, a),
        (false, false, None) if a == b => (a, b),
        (false, false, None) => return Err(Unreadable::Ambiguous),
    };
    calendar(year, month, day).ok_or(Unreadable::Wrong)
}

/// A day of a year that makes sense, and that both databases keep.
fn calendar(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).filter(|day| (1900..=2200).contains(&day.year()))
}

fn parse(cell: &str) -> Option<Parsed> {
    if cell.len() > 120 {
        return None;
    }
    let folded = text::key(&text::ascii_digits(cell));
    let folded = folded.trim_start_matches(['=', '\'']).trim_matches(['"', ' ']);
    // JavaScript adds the zone's name in brackets.
    let folded = folded.split_once(" (").map_or(folded, |(before, _)| before);
    if let Some(serial) = serial(folded) {
        return Some(serial);
    }
    let Some(colon) = folded.find(':') else {
        return Some(Parsed { date: date(folded)?, time: None, zone: None });
    };
    let hour_at = folded[..colon]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + folded[at..].chars().next().map_or(1, char::len_utf8));
    let before = folded[..hour_at].trim_end();
    let before = before.strip_suffix("at").or_else(|| before.strip_suffix('t')).unwrap_or(before);
    let before = before.trim_end_matches([' ', ',']);
    let (time, zone) = time(&folded[hour_at..])?;
    Some(Parsed { date: date(before)?, time: Some(time), zone })
}

/// A spreadsheet's number of a day (1 is 1 January 1900), or a day as `20261121`.
fn serial(text: &str) -> Option<Parsed> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) || fraction.len() > 17 {
        return None;
    }
    let number: u32 = whole.parse().ok()?;
    if whole.len() == 8 && fraction.is_empty() {
        let date = calendar((number / 10_000) as i32, number / 100 % 100, number % 100)?;
        return Some(Parsed { date: Date::Known(date), time: None, zone: None });
    }
    if whole.len() != 5 || number > 80_000 {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let part: f64 = format!("0.{fraction}0").parse().ok()?;
    let seconds = (part * 86_400.0).round() as i64;
    let at =
        day.and_hms_opt(0, 0, 0)? + TimeDelta::days(number.into()) + TimeDelta::seconds(seconds);
    let time = (seconds > 0).then(|| at.time());
    Some(Parsed { date: Date::Known(at.date()), time, zone: None })
}

fn date(text: &str) -> Option<Date> {
    let mut parts: Vec<&str> = Vec::new();
    let mut separators: Vec<char> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_digit = |c: char| c.is_ascii_digit();
        let is_word = |c: char| !c.is_ascii() || c.is_ascii_alphabetic();
        let end = if rest.starts_with(is_digit) {
            rest.find(|c| !is_digit(c))
        } else if rest.starts_with(is_word) {
            rest.find(|c| !is_word(c))
        } else {
            let separator = rest.chars().next()?;
            if !matches!(separator, ' ' | '/' | '-' | '.' | ',') {
                return None;
            }
            separators.push(separator);
            rest = &rest[1..];
            continue;
        };
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        let behind_number = parts.last().is_some_and(|last| last.starts_with(is_digit));
        if !is_filler(part, behind_number) {
            parts.push(part);
        }
        rest = after;
    }
    let [first, second, third] = parts[..] else { return None };
    let number = |part: &str| -> Option<u32> {
        (part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    match (number(first), number(second), number(third)) {
        (Some(a), Some(b), Some(c)) => {
            let [one, two] = separators[..] else { return None };
            if one != two || one == ',' || second.len() > 2 {
                return None;
            }
            match (first.len(), third.len()) {
                (4, 1 | 2) => calendar(a as i32, b, c).map(Date::Known),
                (1 | 2, 4) => Some(Date::Numbers { a, b, year: c as i32 }),
                (1 | 2, 2) => Some(Date::ShortYear { a, b, c }),
                _ => None,
            }
        }
        (Some(a), None, Some(c)) => {
            let month = month(second)?;
            match (first.len(), third.len()) {
                (4, 1 | 2) => calendar(a as i32, month, c).map(Date::Known),
                (1 | 2, 4) => calendar(c as i32, month, a).map(Date::Known),
                (1 | 2, 2) => calendar(2000 + c as i32, month, a).map(Date::Known),
                _ => None,
            }
        }
        (None, Some(b), Some(c)) if third.len() == 4 => {
            calendar(c as i32, month(first)?, b).map(Date::Known)
        }
        _ => None,
    }
}

/// A word that adds nothing: the day of the week, the ending of an ordinal number, `of`.
fn is_filler(word: &str, behind_number: bool) -> bool {
    const DAYS: &[&str] = &[
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sun",
        "mon",
        "tue",
        "tues",
        "wed",
        "thu",
        "thur",
        "thurs",
        "fri",
        "sat",
        "রবিবার",
        "সোমবার",
        "মঙ্গলবার",
        "বুধবার",
        "বৃহস্পতিবার",
        "শুক্রবার",
        "শনিবার",
    ];
    const ENDINGS: &[&str] = &["st", "nd", "rd", "th", "শে", "ই", "লা", "রা", "ঠা"];
    DAYS.contains(&word) || word == "of" || (behind_number && ENDINGS.contains(&word))
}

fn month(word: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["january", "jan", "জানুয়ারি", "জানুয়ারী", "জানু"],
        &["february", "feb", "ফেব্রুয়ারি", "ফেব্রুয়ারী", "ফেব"],
        &["march", "mar", "মার্চ"],
        &["april", "apr", "এপ্রিল"],
        &["may", "মে"],
        &["june", "jun", "জুন"],
        &["july", "jul", "জুলাই"],
        &["august", "aug", "আগস্ট", "আগষ্ট", "অগাস্ট", "আগ"],
        &["september", "sep", "sept", "সেপ্টেম্বর", "সেপ্টে", "সেপ"],
        &["october", "oct", "অক্টোবর", "অক্টো"],
        &["november", "nov", "নভেম্বর", "নভে"],
        &["december", "dec", "ডিসেম্বর", "ডিসে"],
    ];
    let at = NAMES.iter().position(|names| names.iter().any(|name| text::key(name) == word))?;
    Some(at as u32 + 1)
}

/// `20:19`, `8:19:04.5 pm`, with `Z`, `UTC`, `+0600` or `GMT+6` behind.
fn time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.');
    let (clock, rest) = text.split_at(end.unwrap_or(text.len()));
    let (clock, nanos) = match clock.split_once('.') {
        Some((clock, fraction)) if !fraction.is_empty() && fraction.len() <= 9 => {
            (clock, format!("{fraction:0<9}").parse().ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let parts: Vec<u32> = clock
        .split(':')
        .map(|part| (1..=2).contains(&part.len()).then(|| part.parse().ok()).flatten())
        .collect::<Option<_>>()?;
    let (mut hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let rest = rest.trim();
    let half = [("am", 0), ("a.m.", 0), ("pm", 12), ("p.m.", 12), ("এএম", 0), ("পিএম", 12)];
    let found = half.iter().find_map(|(word, add)| Some((rest.strip_prefix(word)?, *add)));
    let rest = if let Some((rest, add)) = found {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + add;
        rest.trim()
    } else {
        rest
    };
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    Some((time, zone(rest)?))
}

/// The offset from UTC; `Some(None)` where nothing is said, `None` where it is not understood.
fn zone(text: &str) -> Option<Option<FixedOffset>> {
    if text.is_empty() {
        return Some(None);
    }
    let rest = ["utc", "gmt", "z"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(FixedOffset::east_opt(0));
    }
    let (sign, digits) = match rest.split_at(1) {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |part: &str, most: i32| -> Option<i32> {
        let fits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten().filter(|n| *n <= most)
    };
    let seconds = number(hours, 14)? * 3600 + number(minutes, 59)? * 60;
    Some(Some(FixedOffset::east_opt(sign * seconds)?))
}

#[cfg(test)]
mod tests;
