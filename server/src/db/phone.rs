//! Phone numbers: the identity of a customer, normalised at this one place.
//!
//! Bangladeshi mobiles are `+8801[3-9]` and eight digits; they are accepted as `017…`, `88017…`,
//! `+88017…`, `008817…`-style prefixes, with spaces, dashes, brackets and Bangla digits. Numbers of
//! other countries are accepted in E.164 and checked against their numbering plan.

use serde::{Deserialize, Serialize};

use super::Arg;

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
        let mut digits = String::with_capacity(16);
        let mut plus = false;
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                '০'..='৯' => digits.push(char::from(b'0' + (c as u32 - '০' as u32) as u8)),
                '+' if digits.is_empty() && !plus => plus = true,
                ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2011}' | '\u{2013}'
                | '\u{200e}' | '\u{202a}' | '\u{202c}' => {}
                _ => return Err(PhoneError::Characters),
            }
            if digits.len() > 18 {
                return Err(PhoneError::Invalid);
            }
        }
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
        for text in ["0121234567", "01212345678", "017123456789", "+8801", "+999123456789", "12"] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError::Invalid), "{text}");
        }
    }

    proptest! {
        #[test]
        fn normalising_is_idempotent_and_never_panics(text in "\\PC{0,40}") {
            if let Ok(phone) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(phone.as_str()), Ok(phone));
            }
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
