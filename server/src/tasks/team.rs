//! Which team a customer belongs to (SPEC §4.3, §10.1).

use crate::customers::{PurchaseStage, ValueStage};
use crate::db::text_enum;

text_enum! {
    /// Code of a sales team.
    pub enum TeamCode {
        /// New customers.
        A = "A",
        /// Two orders.
        B = "B",
        /// Three orders.
        C = "C",
        /// Regular customers and the rest.
        D = "D",
        /// VIP and permanent.
        E = "E",
    }
}

/// VIP or permanent → E; new → A; repeat-2 → B; repeat-3 → C; regular and the rest → D.
pub const fn team_of(purchase: PurchaseStage, value: ValueStage) -> TeamCode {
    match (purchase, value) {
        (_, ValueStage::Vip) | (PurchaseStage::Permanent, _) => TeamCode::E,
        (PurchaseStage::New, _) => TeamCode::A,
        (PurchaseStage::Repeat2, _) => TeamCode::B,
        (PurchaseStage::Repeat3, _) => TeamCode::C,
        (PurchaseStage::Regular, _) => TeamCode::D,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_follows_the_table() {
        for value in [ValueStage::Normal, ValueStage::Medium] {
            assert_eq!(team_of(PurchaseStage::New, value), TeamCode::A);
            assert_eq!(team_of(PurchaseStage::Repeat2, value), TeamCode::B);
            assert_eq!(team_of(PurchaseStage::Repeat3, value), TeamCode::C);
            assert_eq!(team_of(PurchaseStage::Regular, value), TeamCode::D);
            assert_eq!(team_of(PurchaseStage::Permanent, value), TeamCode::E);
        }
        for purchase in PurchaseStage::ALL {
            assert_eq!(team_of(*purchase, ValueStage::Vip), TeamCode::E);
        }
    }
}
