//! Amounts of money as files write them: any usual notation is read, what has two readings is
//! refused unless the other amounts of its column settle it. Pure; never panics.

use crate::db::Money;
use crate::text;

/// Why a cell cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is nothing of the kind.
    Wrong,
    /// It has two readings and nothing settles which is meant.
    Ambiguous,
}

/// What the amounts of a column say about its decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing, or contradictory things.
    #[default]
    Unknown,
    /// `1,234.50`.
    Point,
    /// `1.234,50`.
    Comma,
}

/// Gathers what the amounts of a column say about its decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    point: bool,
    comma: bool,
    /// `12,50`, which may also be a slip.
    short_comma: bool,
}

impl Evidence {
    /// Looks at a cell.
    pub fn see(&mut self, cell: &str) {
        if let Some((_, fraction)) = plain(cell) {
            self.point |= !fraction.is_empty();
            return;
        }
        let Some((_, body)) = body(cell) else { return };
        match Shape::of(&body) {
            Some(
                Shape::Grouped { mark: Some(mark), .. } | Shape::Groups { mark: Some(mark), .. },
            ) => {
                self.point |= mark == Mark::Point;
                self.comma |= mark == Mark::Comma;
            }
            Some(Shape::One { whole, comma, fraction })
                if fraction.len() != 3 || could_not_group(whole) =>
            {
                self.point |= !comma && !fraction.is_empty();
                self.short_comma |= comma && !fraction.is_empty();
            }
            _ => {}
        }
    }

    /// Both columns' evidence.
    pub fn and(self, other: Self) -> Self {
        Self {
            point: self.point | other.point,
            comma: self.comma | other.comma,
            short_comma: self.short_comma | other.short_comma,
        }
    }

    /// Whether it says nothing.
    pub fn is_silent(self) -> bool {
        self == Self::default()
    }

    /// The decimal mark of the column.
    pub fn mark(self) -> Mark {
        match (self.point, self.comma, self.short_comma) {
            (true, false, _) => Mark::Point,
            (false, true, _) | (false, false, true) => Mark::Comma,
            (true, true, _) | (false, false, false) => Mark::Unknown,
        }
    }
}

/// An amount in taka, also a negative one: `1,23,456.50`, `৳ 99`, `Tk. 1.234,50`, `(5.00)`.
///
/// `1,234` is 1234 unless the column has a decimal comma. `1.234` and `1.500` have two readings
/// unless the column settles it. More than two decimals are read only where they say nothing:
/// zeros, or the tail of a binary fraction (`432.32000000000005`).
pub fn amount(cell: &str, column: Mark) -> Result<Money, Unreadable> {
    if let Some((whole, fraction)) = plain(cell) {
        return poisha(whole, fraction).map(Money).ok_or(Unreadable::Wrong);
    }
    let (negative, body) = body(cell).ok_or(Unreadable::Wrong)?;
    let shape = Shape::of(&body).ok_or(Unreadable::Wrong)?;
    let (whole, fraction) = match shape {
        Shape::Groups { whole, .. } => (whole, String::new()),
        Shape::Grouped { whole, fraction, .. } => (whole, fraction.to_owned()),
        Shape::One { whole, comma, fraction } => {
            let decimal = (whole.to_owned(), fraction.to_owned());
            let grouped = (format!("{whole}{fraction}"), String::new());
            let own = if comma { Mark::Comma } else { Mark::Point };
            if fraction.len() != 3 || could_not_group(whole) {
                // A decimal comma in a column of decimal points may be a slip for 1,250.
                if comma && column == Mark::Point {
                    return Err(Unreadable::Ambiguous);
                }
                decimal
            } else if column == own {
                decimal
            } else if comma || column != Mark::Unknown {
                grouped
            } else {
                return Err(Unreadable::Ambiguous);
            }
        }
    };
    let poisha = poisha(&whole, &fraction).ok_or(Unreadable::Wrong)?;
    Ok(Money(if negative { -poisha } else { poisha }))
}

/// The two parts of an amount with one reading, such as `1234` and `1234.50`: most are.
fn plain(cell: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits = !whole.is_empty() && fraction.len() <= 2 && digits(whole) && digits(fraction);
    fits.then_some((whole, fraction))
}

/// Digits and separators of an amount, without currency and sign, and whether it is negative.
fn body(cell: &str) -> Option<(bool, String)> {
    const MARKS: &[&str] =
        &["টাকা", "মাত্র", "taka", "only", "bdt", "tk.", "tk", "৳", "/-", "-/=", "/=", "=", ".-"];
    if cell.len() > 200 {
        return None;
    }
    let key = text::key(&text::ascii_digits(&entities(cell)));
    let mut rest = key.trim_start_matches(['=', '\'']).trim_matches(['"', ' ']);
    let mut negative = false;
    loop {
        let before = rest;
        for mark in MARKS {
            rest = rest.strip_suffix(mark).unwrap_or(rest).trim();
            rest = rest.strip_prefix(mark).map_or(rest, |r| r.trim_start_matches(':')).trim();
        }
        if !negative && let Some(inner) = rest.strip_prefix('-') {
            (negative, rest) = (true, inner.trim());
        }
        if !negative && let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            (negative, rest) = (true, inner.trim());
        }
        if rest == before {
            break;
        }
    }
    let rest = rest.strip_prefix('+').unwrap_or(rest).trim_start();
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ');
    (rest.ends_with(|c: char| c.is_ascii_digit()) && rest.chars().all(fits))
        .then(|| (negative, rest.to_owned()))
}

/// HTML character references, also escaped twice: WooCommerce writes `&#2547;&nbsp;99`.
fn entities(cell: &str) -> String {
    let mut text = cell.to_owned();
    for _ in 0..2 {
        if !text.contains('&') {
            break;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let decoded = rest.find(';').filter(|end| *end < 12).and_then(|end| {
                let name = &rest[1..end];
                let c = match name {
                    "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
                    "amp" => '&',
                    "minus" => '-',
                    name => {
                        let number = name.strip_prefix('#')?;
                        let code = match number.strip_prefix(['x', 'X']) {
                            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                            None => number.parse().ok()?,
                        };
                        char::from_u32(code)?
                    }
                };
                Some((c, end))
            });
            let (c, end) = decoded.unwrap_or(('&', 0));
            out.push(c);
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        text = out;
    }
    text
}

/// How the digits of an amount are separated.
enum Shape<'a> {
    /// Whole, with or without group separators; what a repeated one says about the decimal mark.
    Groups { whole: String, mark: Option<Mark> },
    /// Group separators and another decimal mark.
    Grouped { whole: String, fraction: &'a str, mark: Option<Mark> },
    /// One point or comma, which may be either.
    One { whole: &'a str, comma: bool, fraction: &'a str },
}

impl<'a> Shape<'a> {
    fn of(body: &'a str) -> Option<Self> {
        let is_mark = |c: char| !c.is_ascii_digit();
        let Some(last_at) = body.rfind(is_mark) else {
            return Some(Self::Groups { whole: body.to_owned(), mark: None });
        };
        let (before, last, after) =
            (&body[..last_at], body[last_at..].chars().next()?, &body[last_at + 1..]);
        let Some(first) = before.chars().find(|c| is_mark(*c)) else {
            return match last {
                '.' | ',' => Some(Self::One { whole: before, comma: last == ',', fraction: after }),
                group => Some(Self::Groups { whole: ungrouped(body, group)?, mark: None }),
            };
        };
        if first == last {
            let mark = match last {
                ',' => Some(Mark::Point),
                '.' => Some(Mark::Comma),
                _ => None,
            };
            return Some(Self::Groups { whole: ungrouped(body, last)?, mark });
        }
        let mark = match last {
            '.' => Mark::Point,
            ',' => Mark::Comma,
            _ => return None,
        };
        let whole = ungrouped(before, first)?;
        Some(Self::Grouped { whole, fraction: after, mark: Some(mark) })
    }
}

/// The digits of `text`, if `separator` groups them by thousands, with a comma also by lakhs.
fn ungrouped(text: &str, separator: char) -> Option<String> {
    let groups: Vec<&str> = text.split(separator).collect();
    let (first, others) = groups.split_first()?;
    let (last, middle) = others.split_last()?;
    let by = |size: usize| {
        (1..=size).contains(&first.len()) && middle.iter().all(|group| group.len() == size)
    };
    let fits = last.len() == 3 && (by(3) || (separator == ',' && by(2)));
    let digits = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    (fits && digits && !first.starts_with('0')).then(|| groups.concat())
}

/// Whether these digits cannot stand before a group of three.
fn could_not_group(whole: &str) -> bool {
    whole.is_empty() || whole.len() > 3 || whole.starts_with('0')
}

/// Hundredths, if the digits are at most two decimals or say no more than that.
fn poisha(whole: &str, fraction: &str) -> Option<i64> {
    if whole.len() > 11 || fraction.len() > 20 {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let (decimals, tail) = fraction.split_at(fraction.len().min(2));
    let cents: i64 = format!("{decimals:0<2}").parse().ok()?;
    let run = |digit: char| tail.len() >= 8 && tail[..6].chars().all(|c| c == digit);
    let up = if tail.chars().all(|c| c == '0') || run('0') {
        0
    } else if run('9') {
        1
    } else {
        return None;
    };
    let poisha = whole * 100 + cents + up;
    (poisha <= Money::MAX.0).then_some(poisha)
}

#[cfg(test)]
mod tests;
