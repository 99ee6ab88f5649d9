//! Customers: who they are, what they are worth, how they are segmented.

pub mod alerts;
pub mod api;
pub mod catalogue;
pub mod changes;
pub mod edit;
mod figures;
pub mod filter;
pub mod pins;
pub mod pins_api;
pub mod profile;
pub mod read;
pub mod recommend;
pub mod rekey;
pub mod search;
pub mod segment;
pub mod segments;
pub mod store;
pub mod terms;
pub mod view;

use crate::db::text_enum;

text_enum! {
    /// How far along repeat purchase a customer is, by counted orders.
    pub enum PurchaseStage {
        /// At most one order.
        New = "new",
        /// Two.
        Repeat2 = "repeat_2",
        /// Three.
        Repeat3 = "repeat_3",
        /// Four to seven.
        Regular = "regular",
        /// Eight or more. Not the membership level of the same name.
        Permanent = "permanent",
    }
}

text_enum! {
    /// What a customer is worth, by spend and average order.
    pub enum ValueStage {
        /// Neither of the others.
        Normal = "normal",
        /// Spend of 8,000 taka or an average order of 1,500.
        Medium = "medium",
        /// Spend of 20,000 taka or an average order of 3,000.
        Vip = "vip",
    }
}

text_enum! {
    /// Where a customer stands in time.
    pub enum LifecycleStage {
        /// No counted order.
        Prospect = "prospect",
        /// First order at most 30 days ago.
        New = "new",
        /// Last order at most 30 days, or 1.5 own cycles, ago.
        Active = "active",
        /// Last order at most 90 days ago.
        AtRisk = "at_risk",
        /// Longer ago.
        Churned = "churned",
    }
}

text_enum! {
    /// The guides' coarse type.
    pub enum CustomerType {
        /// One order at most.
        New = "new",
        /// More.
        Repeat = "repeat",
        /// VIP by value.
        Vip = "vip",
        /// Churned.
        Inactive = "inactive",
    }
}

text_enum! {
    /// How warm the lead is; decides channel and queue order.
    pub enum Temperature {
        /// VIP, permanent, or active with three orders or more.
        Hot = "hot",
        /// The rest.
        Warm = "warm",
        /// Churned or prospect.
        Cold = "cold",
    }
}

text_enum! {
    /// Membership level: a card, not a purchase stage.
    pub enum MembershipLevel {
        /// 3 orders or 5,000 taka.
        Silver = "silver",
        /// 6 orders or 12,000 taka.
        Gold = "gold",
        /// 12 orders or 25,000 taka.
        Permanent = "permanent",
    }
}
