//! Digits, amounts, quantities and times as a Bangla or an English speaker says them.

use chrono::{NaiveTime, Timelike as _};
use serde::{Deserialize, Serialize};

use super::content::Content;

/// A language of the product.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Bangla, with Bangla digits.
    #[default]
    Bn,
    /// English.
    En,
}

impl std::str::FromStr for Lang {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "bn" => Ok(Self::Bn),
            "en" => Ok(Self::En),
            _ => Err(()),
        }
    }
}

/// What a category's quantities are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BaseUnit {
    /// Grams.
    Gram,
    /// Millilitres.
    Millilitre,
    /// Pieces.
    Piece,
}

impl std::str::FromStr for BaseUnit {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "g" => Ok(Self::Gram),
            "ml" => Ok(Self::Millilitre),
            "pcs" => Ok(Self::Piece),
            _ => Err(()),
        }
    }
}

/// The text with ASCII digits as Bangla ones.
pub fn bangla_digits(text: &str) -> String {
    text.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => char::from_u32('০' as u32 + digit).unwrap_or(c),
            None => c,
        })
        .collect()
}

/// The text with the language's own digits.
pub fn in_digits(text: &str, lang: Lang) -> String {
    match lang {
        Lang::Bn => bangla_digits(text),
        Lang::En => text
            .chars()
            .map(|c| match c {
                '০'..='৯' => char::from(b'0' + (c as u32 - '০' as u32) as u8),
                _ => c,
            })
            .collect(),
    }
}

/// An amount of poisha as people write it, grouped 3-2-2: `৳১৪,২৩০`, `৳14,230`, `৳99.50`.
pub fn taka(poisha: i64, lang: Lang) -> String {
    let taka = (poisha / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (i, digit) in taka.chars().enumerate() {
        let left = taka.len() - i;
        if i > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if poisha < 0 { "-" } else { "" };
    let rest = (poisha % 100).unsigned_abs();
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:02}") };
    in_digits(&format!("{sign}৳{grouped}{fraction}"), lang)
}

/// A quantity in base units as it is said: `10 kg`, `1.5 litre`, `500 g`, `৬ পিস`.
/// `None` for nothing.
pub fn quantity(base: i64, unit: BaseUnit, lang: Lang) -> Option<String> {
    if base <= 0 {
        return None;
    }
    let (name, thousand) = match unit {
        BaseUnit::Gram => ("g", Some("kg")),
        BaseUnit::Millilitre => ("ml", Some("litre")),
        BaseUnit::Piece => ("pcs", None),
    };
    let (amount, name) = match thousand {
        Some(large) if base >= 1000 => {
            let decimals = format!("{:03}", base % 1000);
            let decimals = decimals.trim_end_matches('0');
            let dot = if decimals.is_empty() { "" } else { "." };
            (format!("{}{dot}{decimals}", base / 1000), large)
        }
        _ => (base.to_string(), name),
    };
    let word = Content::embedded().unit(name, lang);
    Some(format!("{} {word}", in_digits(&amount, lang)))
}

/// A time of day as it is said: `বিকেল ৪:৩০`, `4:30 pm`.
pub fn clock_time(time: NaiveTime, lang: Lang) -> String {
    let (pm, hour) = time.hour12();
    let minute = time.minute();
    match lang {
        Lang::Bn => {
            let part = Content::embedded().day_part(time.hour());
            bangla_digits(&format!("{part} {hour}:{minute:02}"))
        }
        Lang::En => format!("{hour}:{minute:02} {}", if pm { "pm" } else { "am" }),
    }
}

/// A moment as it is said, to a quarter of an hour: `গতকাল বিকেল চারটার দিকে`, `around 4 pm yesterday`.
/// `days_ago`: company days since, -1 is tomorrow; `None` for later days.
pub(super) fn around(days_ago: i64, time: NaiveTime, lang: Lang) -> Option<String> {
    let minutes = ((time.hour() * 60 + time.minute() + 7) / 15 * 15).min(23 * 60 + 45);
    let (hour, quarter) = (minutes / 60, minutes % 60);
    let hour12 = (hour + 11) % 12 + 1;
    match lang {
        Lang::Bn => {
            let content = Content::embedded();
            let day = match days_ago {
                -1 => "আগামীকাল".to_owned(),
                0 => "আজ".to_owned(),
                1 => "গতকাল".to_owned(),
                2.. => bangla_digits(&format!("{days_ago} দিন আগে")),
                _ => return None,
            };
            let word = content.hour(hour12);
            let spoken = match quarter {
                0 => word.to_owned(),
                15 => format!("সোয়া {word}"),
                30 => {
                    content.half_past(hour12).map_or_else(|| format!("সাড়ে {word}"), str::to_owned)
                }
                _ => format!("পৌনে {}", content.hour(hour12 % 12 + 1)),
            };
            Some(format!("{day} {} {spoken} দিকে", content.day_part(hour)))
        }
        Lang::En => {
            let day = match days_ago {
                -1 => "tomorrow".to_owned(),
                0 => "today".to_owned(),
                1 => "yesterday".to_owned(),
                2.. => format!("{days_ago} days ago"),
                _ => return None,
            };
            let half = if hour < 12 { "am" } else { "pm" };
            let clock =
                if quarter == 0 { hour12.to_string() } else { format!("{hour12}:{quarter:02}") };
            Some(format!("around {clock} {half} {day}"))
        }
    }
}

/// Days as months, rounded; `None` where it is less than one.
pub(super) fn months(days: i64, lang: Lang) -> Option<String> {
    /// Mean length of a month, hundredths of a day.
    const MONTH: i64 = 3_044;
    if days < 25 {
        return None;
    }
    let count = ((days * 100 + MONTH / 2) / MONTH).max(1);
    match (count, lang) {
        (_, Lang::Bn) => Some(bangla_digits(&format!("{count} মাস"))),
        (1, Lang::En) => Some("1 month".to_owned()),
        (_, Lang::En) => Some(format!("{count} months")),
    }
}

/// A number of days as it is said; `None` below one.
pub(super) fn days(count: i64, lang: Lang) -> Option<String> {
    match (count, lang) {
        (..1, _) => None,
        (_, Lang::Bn) => Some(bangla_digits(&format!("{count} দিন"))),
        (1, Lang::En) => Some("1 day".to_owned()),
        (_, Lang::En) => Some(format!("{count} days")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;
    use proptest::prelude::*;

    use super::{
        BaseUnit, Lang, around, bangla_digits, clock_time, days, in_digits, months, quantity, taka,
    };

    #[test]
    fn amounts_are_grouped_the_south_asian_way() {
        assert_eq!(taka(1_423_000, Lang::Bn), "৳১৪,২৩০");
        assert_eq!(taka(1_423_000, Lang::En), "৳14,230");
        assert_eq!(taka(1_234_567_800, Lang::En), "৳1,23,45,678");
        assert_eq!(taka(9_950, Lang::En), "৳99.50");
        assert_eq!(taka(-100_000, Lang::En), "-৳1,000");
        assert_eq!(taka(0, Lang::Bn), "৳০");
    }

    #[test]
    fn quantities_use_the_larger_unit() {
        let say = |base, unit, lang| quantity(base, unit, lang).unwrap_or_default();
        assert_eq!(say(10_000, BaseUnit::Gram, Lang::Bn), "১০ কেজি");
        assert_eq!(say(1_500, BaseUnit::Millilitre, Lang::En), "1.5 litre");
        assert_eq!(say(250, BaseUnit::Gram, Lang::En), "250 g");
        assert_eq!(say(6, BaseUnit::Piece, Lang::Bn), "৬ পিস");
        assert_eq!(quantity(0, BaseUnit::Gram, Lang::Bn), None);
    }

    #[test]
    fn times_name_the_part_of_the_day() {
        let at = |h, m| NaiveTime::from_hms_opt(h, m, 0).unwrap_or_default();
        assert_eq!(clock_time(at(16, 30), Lang::Bn), "বিকেল ৪:৩০");
        assert_eq!(clock_time(at(9, 5), Lang::Bn), "সকাল ৯:০৫");
        assert_eq!(clock_time(at(0, 0), Lang::Bn), "রাত ১২:০০");
        assert_eq!(clock_time(at(16, 30), Lang::En), "4:30 pm");
    }

    #[test]
    fn a_moment_is_said_with_its_day_to_a_quarter_of_an_hour() {
        let at = |h, m| NaiveTime::from_hms_opt(h, m, 0).unwrap_or_default();
        for (days_ago, time, bn, en) in [
            (1, at(16, 3), "গতকাল বিকেল চারটার দিকে", "around 4 pm yesterday"),
            (0, at(10, 30), "আজ সকাল সাড়ে দশটার দিকে", "around 10:30 am today"),
            (0, at(13, 30), "আজ দুপুর দেড়টার দিকে", "around 1:30 pm today"),
            (2, at(11, 46), "২ দিন আগে সকাল পৌনে বারোটার দিকে", "around 11:45 am 2 days ago"),
            (-1, at(12, 12), "আগামীকাল দুপুর সোয়া বারোটার দিকে", "around 12:15 pm tomorrow"),
            (0, at(23, 59), "আজ রাত পৌনে বারোটার দিকে", "around 11:45 pm today"),
            (0, at(0, 2), "আজ রাত বারোটার দিকে", "around 12 am today"),
            (0, at(14, 30), "আজ দুপুর আড়াইটার দিকে", "around 2:30 pm today"),
        ] {
            assert_eq!(around(days_ago, time, Lang::Bn).as_deref(), Some(bn));
            assert_eq!(around(days_ago, time, Lang::En).as_deref(), Some(en));
        }
        assert_eq!(around(-2, at(9, 0), Lang::En), None);
    }

    #[test]
    fn months_are_rounded_and_never_none_of_a_month() {
        assert_eq!(months(62, Lang::Bn).as_deref(), Some("২ মাস"));
        assert_eq!(months(30, Lang::En).as_deref(), Some("1 month"));
        assert_eq!(months(91, Lang::En).as_deref(), Some("3 months"));
        assert_eq!(months(24, Lang::En), None);
    }

    #[test]
    fn one_day_is_singular() {
        assert_eq!(days(1, Lang::En).as_deref(), Some("1 day"));
        assert_eq!(days(22, Lang::Bn).as_deref(), Some("২২ দিন"));
        assert_eq!(days(0, Lang::En), None);
    }

    proptest! {
        #[test]
        fn digits_go_there_and_back(text in "[a-zA-Z0-9 অ-হ]{0,30}") {
            let bangla = bangla_digits(&text);
            prop_assert!(!bangla.contains(|c: char| c.is_ascii_digit()));
            prop_assert_eq!(in_digits(&bangla, Lang::En), text);
        }
    }
}
