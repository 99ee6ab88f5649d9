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
    fn amounts_are_written_in_taka() {
        for (amount, text) in [(123_450, "1234.50"), (5, "0.05"), (-9_900, "-99.00")] {
            assert_eq!(Money(amount).to_string(), text);
        }
    }
}
