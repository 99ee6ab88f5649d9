//! Phone numbers: the identity of a customer, normalised at this one place.
//!
//! Bangladeshi mobiles are `+8801[3-9]` and eight digits; they are accepted as `017…`, `88017…`,
//! `+88017…`, `0088017…`, with spaces, dashes, brackets and digits of other scripts. Numbers of
//! other countries are accepted in E.164 and checked against their numbering plan. What programs
//! leave around a number is taken off: invisible marks, `tel:` and the like, a spreadsheet's
//! `="017…"`, `'017…` and `1712345678.0`.

use serde::{Deserialize, Serialize};

use super::Arg;
use crate::text;

/// A number in E.164, e.g. `+8801712345678`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct PhoneNumber(String);

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing there.
    #[error("the phone number is missing")]
    Empty,
    /// Characters that no number has.
    #[error("a phone number has only digits, spaces, dashes, brackets and a leading +")]
    Characters,
    /// Digits, but no valid number.
    #[error(
        "not a Bangladeshi mobile (01[3-9] and 8 more digits) nor a valid number with country code"
    )]
    Invalid,
}

impl PhoneNumber {
    /// Reads any accepted spelling.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let Dialled { mut digits, mut plus } = dialled(text)?;
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        if let Some(international) = digits.strip_prefix("00")
            && !plus
        {
            digits = international.to_owned();
            plus = true;
        }
        if let Some(mobile) = bangladeshi_mobile(&digits, plus) {
            return Ok(Self(format!("+880{mobile}")));
        }
        if !plus || digits.starts_with("880") {
            return Err(PhoneError::Invalid);
        }
        let number = format!("+{digits}");
        let valid = phonenumber::parse(None, &number).is_ok_and(|n| phonenumber::is_valid(&n));
        if valid { Ok(Self(number)) } else { Err(PhoneError::Invalid) }
    }

    /// Reads a text that may hold several numbers (`017… / 018…`): those that are valid, in their
    /// order, and the other parts. Fails if none is.
    pub fn parse_all(text: &str) -> Result<(Vec<Self>, Vec<String>), PhoneError> {
        let alone = match Self::parse(text) {
            Ok(phone) => return Ok((vec![phone], Vec::new())),
            Err(error) => error,
        };
        let (mut numbers, mut others): (Vec<Self>, Vec<String>) = (Vec::new(), Vec::new());
        for part in parts(text) {
            match Self::parse(part) {
                Ok(phone) if numbers.contains(&phone) => {}
                Ok(phone) => numbers.push(phone),
                Err(PhoneError::Empty) => {}
                Err(_) => others.push(part.to_owned()),
            }
        }
        if numbers.is_empty() { Err(alone) } else { Ok((numbers, others)) }
    }

    /// The E.164 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Fit for a log line: `+88017******78`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }

    /// The last digit, 0-9.
    pub fn last_digit(&self) -> u8 {
        self.0.bytes().last().map_or(0, |b| b - b'0')
    }
}

/// The digits of a number, or of its beginning, and whether a plus stands before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialled {
    /// `0`-`9`, at most 18.
    pub digits: String,
    /// A plus stands before them.
    pub plus: bool,
}

/// Reads the digits of a number in any spelling; nothing is said of its validity.
pub fn dialled(text: &str) -> Result<Dialled, PhoneError> {
    let bare = if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b' ' | b'-')) {
        text.to_owned()
    } else {
        let shown: String = text.chars().filter(|c| !text::is_invisible(*c)).collect();
        bare(&text::ascii_digits(&shown))?
    };
    let mut found = Dialled::default();
    for c in bare.chars() {
        match c {
            '0'..='9' => found.digits.push(c),
            '+' | '\u{ff0b}' if found.digits.is_empty() && !found.plus => found.plus = true,
            '(' | ')' | '.' | '/' | '\u{ff08}' | '\u{ff09}' | '\u{b7}' => {}
            c if c.is_whitespace() || text::is_dash(c) => {}
            _ => return Err(PhoneError::Characters),
        }
        if found.digits.len() > 18 {
            return Err(PhoneError::Invalid);
        }
    }
    Ok(found)
}

/// What programs put before a number.
const LABELS: &[&str] = &[
    "tel",
    "telephone",
    "phone",
    "ph",
    "p",
    "mobile",
    "mob",
    "cell",
    "whatsapp",
    "callto",
    "sip",
    "sips",
    "মোবাইল",
    "ফোন",
];

/// The number without what programs leave around it.
fn bare(text: &str) -> Result<String, PhoneError> {
    let quotes = |c: char| c.is_whitespace() || c == '"' || text::is_apostrophe(c);
    let mut rest = text.trim();
    rest = rest.strip_prefix('=').unwrap_or(rest).trim_matches(quotes);
    let lower = rest.to_lowercase();
    for address in ["https://", "http://"] {
        if lower.starts_with(address) {
            rest = &rest[address.len()..];
        }
    }
    rest = rest.strip_prefix("wa.me/").unwrap_or(rest);
    if let Some((label, number)) = rest.split_once(':') {
        let label = text::key(label);
        if !LABELS.contains(&label.trim_end_matches(['.', ' '])) {
            return Err(PhoneError::Characters);
        }
        rest = number.trim_matches(quotes);
        // `sip:017…@host;transport=udp`, `tel:+88017…;ext=1`
        rest = rest.split(['@', ';']).next().unwrap_or_default();
    }
    // WhatsApp's own addresses.
    for host in ["@c.us", "@s.whatsapp.net"] {
        rest = rest.strip_suffix(host).unwrap_or(rest);
    }
    float(rest).unwrap_or_else(|| Ok(rest.to_owned()))
}

/// A number that a program wrote as one with decimals: `1712345678.0`, `1.712345678E+09`. One whose
/// last digits are lost (`1.71E+09`) is no phone number.
fn float(text: &str) -> Option<Result<String, PhoneError>> {
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            (mantissa, Some(exponent.parse::<usize>().ok()?))
        }
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (plus, whole) = whole.strip_prefix('+').map_or(("", whole), |rest| ("+", rest));
    if !all_digits(whole) || !(fraction.is_empty() || all_digits(fraction)) {
        return None;
    }
    match exponent {
        Some(exponent) if whole.len() == 1 && fraction.len() == exponent => {
            Some(Ok(format!("{plus}{whole}{fraction}")))
        }
        Some(_) => Some(Err(PhoneError::Invalid)),
        // Dots also separate the groups of a number, but not a last nought.
        None if !fraction.is_empty()
            && fraction.bytes().all(|b| b == b'0')
            && fraction.len() < 3 =>
        {
            Some(Ok(format!("{plus}{whole}")))
        }
        None => None,
    }
}

/// The parts of a text with several numbers; those that only spaces separate if each is a number.
fn parts(text: &str) -> Vec<&str> {
    let separate = |c: char| matches!(c, '/' | ',' | ';' | '|' | '&' | '\n' | '\r' | '\u{964}');
    let words = |text| -> Vec<&str> {
        let mut parts: Vec<&str> = vec![text];
        for word in [" or ", " and ", " ও ", " অথবা ", " বা "] {
            parts = parts.into_iter().flat_map(|part| part.split(word)).collect();
        }
        parts
    };
    text.split(separate)
        .flat_map(words)
        .flat_map(|part| {
            let numbers: Vec<&str> = part.split_whitespace().collect();
            let each = numbers.iter().all(|number| PhoneNumber::parse(number).is_ok());
            if each { numbers } else { vec![part.trim()] }
        })
        .collect()
}

/// Hides the middle of a number for logs.
pub fn mask(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    if chars.len() <= 6 {
        return "*".repeat(chars.len());
    }
    let keep = if chars.len() > 10 { 6 } else { 2 };
    chars
        .iter()
        .enumerate()
        .map(|(i, c)| if i < keep || i + 2 >= chars.len() { *c } else { '*' })
        .collect()
}

/// `1[3-9]` and eight digits, without the trunk zero, if the digits are a Bangladeshi mobile.
fn bangladeshi_mobile(digits: &str, plus: bool) -> Option<&str> {
    let mobile = if let Some(rest) = digits.strip_prefix("880") {
        rest.strip_prefix('0').filter(|r| r.len() == 10).unwrap_or(rest)
    } else if plus {
        return None;
    } else if let Some(rest) = digits.strip_prefix('0') {
        rest
    } else {
        // Spreadsheets drop the leading zero.
        digits
    };
    let bytes = mobile.as_bytes();
    (bytes.len() == 10 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])).then_some(mobile)
}

impl std::fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Debug output ends up in logs, so it is masked.
impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl From<PhoneNumber> for Arg {
    fn from(phone: PhoneNumber) -> Self {
        Self::Text(Some(phone.0))
    }
}

impl From<&PhoneNumber> for Arg {
    fn from(phone: &PhoneNumber) -> Self {
        Self::Text(Some(phone.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PhoneError, PhoneNumber};

    #[test]
    fn every_spelling_is_the_same_customer() {
        for text in [
            "01712345678",
            "+8801712345678",
            "8801712345678",
            "008801712345678",
            "+880 1712-345678",
            "017 1234 5678",
            "(017) 12345678",
            "০১৭১২৩৪৫৬৭৮",
            "+৮৮০১৭১২৩৪৫৬৭৮",
            "1712345678",
            "+88001712345678",
            "\u{202d}01712345678\u{202c}",
            "\u{2066}+8801712345678\u{2069}",
            "\u{200b}01712\u{2060}345678\u{feff}",
            "01712\u{2010}345\u{2011}678",
            "01712\u{2013}345\u{2014}678",
            "01712\u{202f}345\u{a0}678\u{2009}",
            "=\"01712345678\"",
            "\"01712345678\"",
            "'01712345678",
            "\u{2019}+8801712345678",
            "1712345678.0",
            "8801712345678.00",
            "1.712345678E9",
            "1.712345678e+09",
            "8.801712345678E+12",
            "p:+8801712345678",
            "tel:+880-1712-345678",
            "Tel. : 01712345678",
            "TEL:01712345678;ext=5",
            "whatsapp:+8801712345678",
            "8801712345678@c.us",
            "https://wa.me/8801712345678",
            "sip:01712345678@10.0.0.1:5060;transport=udp",
            "মোবাইল: ০১৭১২৩৪৫৬৭৮",
            "０１７１２３４５６７８",
            "٠١٧١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(
                PhoneNumber::parse(text).map(|p| p.as_str().to_owned()),
                Ok("+8801712345678".to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn other_countries_need_their_code() {
        assert_eq!(
            PhoneNumber::parse("+44 7400 123456").map(|p| p.to_string()),
            Ok("+447400123456".to_owned())
        );
        assert_eq!(PhoneNumber::parse("7400123456"), Err(PhoneError::Invalid));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(PhoneNumber::parse("  "), Err(PhoneError::Empty));
        assert_eq!(PhoneNumber::parse("ask his wife"), Err(PhoneError::Characters));
        for text in
            ["sip:asterisk@10.0.0.1", "order: 01712345678", "asterisk", "01712345678 (wife)"]
        {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError::Characters), "{text}");
        }
        for text in
            ["1.71E+09", "1.7123456781E9", "0171234567.0", "1.712345678E12", "01712345678.5"]
        {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError::Invalid), "{text}");
        }
        for text in ["0121234567", "01212345678", "017123456789", "+8801", "+999123456789", "12"] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError::Invalid), "{text}");
        }
    }

    #[test]
    fn a_text_with_several_numbers_gives_each_of_them() {
        let all = |text: &str| {
            let (numbers, others) = PhoneNumber::parse_all(text)?;
            let numbers: Vec<String> = numbers.iter().map(|n| n.as_str()[3..].to_owned()).collect();
            Ok::<_, PhoneError>((numbers, others))
        };
        let two = vec!["01712345678".to_owned(), "01812345678".to_owned()];
        for text in [
            "01712345678 / 01812345678",
            "01712345678, +8801812345678",
            "01712345678;01812345678",
            "01712345678 01812345678",
            "01712345678\n01812345678",
            "০১৭১২৩৪৫৬৭৮ অথবা ০১৮১২৩৪৫৬৭৮",
            "01712-345678 / 01812-345678 / 01712345678",
        ] {
            assert_eq!(all(text), Ok((two.clone(), vec![])), "{text}");
        }
        assert_eq!(all("017/12345678"), Ok((two[..1].to_vec(), vec![])));
        assert_eq!(
            all("01712345678, 02-9876543"),
            Ok((two[..1].to_vec(), vec!["02-9876543".to_owned()]))
        );
        assert_eq!(all("02-9876543"), Err(PhoneError::Invalid));
        assert_eq!(all(" / "), Err(PhoneError::Empty));
        assert_eq!(all("none"), Err(PhoneError::Characters));
    }

    proptest! {
        #[test]
        fn normalising_is_idempotent_and_never_panics(text in "\\PC{0,40}") {
            if let Ok(phone) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(phone.as_str()), Ok(phone));
            }
            let _ = PhoneNumber::parse_all(&text);
        }

        #[test]
        fn any_mobile_in_any_spelling(operator in 3u8..=9, rest in 0u32..100_000_000, dashes: bool) {
            let local = format!("01{operator}{rest:08}");
            let spelt = if dashes { format!("{}-{}", &local[..5], &local[5..]) } else { local.clone() };
            let want = format!("+88{local}");
            prop_assert_eq!(PhoneNumber::parse(&spelt).map(|p| p.to_string()), Ok(want.clone()));
            let parsed = PhoneNumber::parse(&want[1..]).map(|p| p.to_string());
            prop_assert_eq!(parsed, Ok(want));
        }
    }
}
