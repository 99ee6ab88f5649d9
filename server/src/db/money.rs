//! Amounts of money.

use super::Arg;

/// An amount in poisha (1 taka = 100 poisha). Integer, so sums are exact.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Largest amount accepted from outside: ten billion taka.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// From whole taka.
    pub const fn taka(taka: i64) -> Self {
        Self(taka * 100)
    }

    /// From a decimal text such as `1,234.50`, `৳ 99` or `-3`; at most two decimals count.
    /// `None` if it is no amount or beyond [`Money::MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let cleaned: String = text
            .trim()
            .trim_start_matches(['৳', '$'])
            .trim_start_matches("BDT")
            .chars()
            .filter(|c| !matches!(c, ',' | ' ' | '\u{a0}'))
            .collect();
        let (negative, digits) = match cleaned.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || whole.len() > 11 {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut cents = fraction.bytes().chain([b'0', b'0']).map(|b| i64::from(b - b'0'));
        let fraction = cents.next()? * 10 + cents.next()?;
        let amount = whole * 100 + fraction;
        (amount <= Self::MAX.0).then_some(Self(if negative { -amount } else { amount }))
    }
}

/// Taka with two decimals, for messages: `1234.50`.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let poisha = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", poisha / 100, poisha % 100)
    }
}

impl From<Money> for Arg {
    fn from(amount: Money) -> Self {
        Self::Int(Some(amount.0))
    }
}

impl std::ops::Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.map(|m| m.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn amounts_are_read_to_the_poisha() {
        assert_eq!(Money::parse("1,234.50"), Some(Money(123_450)));
        assert_eq!(Money::parse("৳ 99"), Some(Money(9_900)));
        assert_eq!(Money::parse("0.5"), Some(Money(50)));
        assert_eq!(Money::parse("-3"), Some(Money(-300)));
    }

    #[test]
    fn amounts_are_written_in_taka() {
        for (amount, text) in [(123_450, "1234.50"), (5, "0.05"), (-9_900, "-99.00")] {
            assert_eq!(Money(amount).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "abc", "1.2.3", "1e5", "-", "999999999999999"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }
}
