//! The catalogue: products, categories, how long a pack lasts.

pub mod api;
pub mod defaults;
mod names;
pub mod store;

pub use names::{ProductName, ProductNames};

use crate::db::text_enum;

text_enum! {
    /// The unit in which quantities of a category are compared.
    pub enum BaseUnit {
        /// Grams.
        Gram = "g",
        /// Millilitres.
        Millilitre = "ml",
        /// Pieces.
        Piece = "pcs",
    }
}

text_enum! {
    /// The unit printed on a pack.
    pub enum PackUnit {
        /// Kilograms.
        Kilogram = "kg",
        /// Grams.
        Gram = "g",
        /// Litres.
        Litre = "litre",
        /// Millilitres.
        Millilitre = "ml",
        /// Pieces.
        Piece = "pcs",
    }
}

/// Largest amount in one pack, base units (a tonne).
pub const MAX_BASE_QTY: i64 = 1_000_000;

/// What one pack holds in its category's base unit, rounded to a whole unit; so 5 kg of rice is
/// 5,000. Weight and volume compare one to one (a litre of oil beside a kilogram of ghee): the
/// figure only says how much longer one purchase lasts than another. `None` if the units cannot be
/// compared or the amount is not above 0 and at most [`MAX_BASE_QTY`].
pub fn base_qty(size: f64, unit: PackUnit, base: BaseUnit) -> Option<i64> {
    let factor = match (unit, base) {
        (PackUnit::Kilogram | PackUnit::Litre, BaseUnit::Gram | BaseUnit::Millilitre) => 1_000.0,
        (PackUnit::Gram | PackUnit::Millilitre, BaseUnit::Gram | BaseUnit::Millilitre)
        | (PackUnit::Piece, BaseUnit::Piece) => 1.0,
        _ => return None,
    };
    let amount = (size * factor).round();
    (amount >= 1.0 && amount <= MAX_BASE_QTY as f64).then_some(amount as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_are_compared_in_the_base_unit() {
        assert_eq!(base_qty(5.0, PackUnit::Kilogram, BaseUnit::Gram), Some(5_000));
        assert_eq!(base_qty(0.25, PackUnit::Kilogram, BaseUnit::Gram), Some(250));
        assert_eq!(base_qty(1.5, PackUnit::Litre, BaseUnit::Millilitre), Some(1_500));
        assert_eq!(base_qty(12.0, PackUnit::Piece, BaseUnit::Piece), Some(12));
    }

    #[test]
    fn what_cannot_be_compared_has_no_quantity() {
        assert_eq!(base_qty(5.0, PackUnit::Kilogram, BaseUnit::Piece), None);
        assert_eq!(base_qty(12.0, PackUnit::Piece, BaseUnit::Gram), None);
        for size in [0.0, -1.0, 0.0001, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(base_qty(size, PackUnit::Kilogram, BaseUnit::Gram), None, "{size}");
        }
    }
}
