//! The demo shop: a fresh, otherwise unconfigured start shows a working business (SPEC §12.3).
//!
//! [`DemoShop::generate`] is pure and deterministic: the same day and seed give the same shop on every
//! machine. The telephone numbers are well-formed Bangladeshi mobiles made from a counter; some may
//! belong to somebody, so demo data is only ever worked with the simulator.

mod catalogue;
pub mod export;
mod orders;
mod people;
mod rng;
pub mod store;
mod vocabulary;

use chrono::NaiveDate;

pub use catalogue::{
    CATEGORIES, DemoCategory, DemoProduct, DemoProfile, DemoRule, PRODUCTS, PROFILES, ProfileOf,
    RULES,
};
pub use orders::{DemoLine, DemoOrder, HISTORY_DAYS};
pub use people::{DemoCustomer, DemoTeam, DemoUser, TEAMS};
use rng::Rng;

/// The seed of the shop everybody sees.
pub const SEED: u64 = 20_260_103;

/// Customers of the shop everybody sees.
pub const CUSTOMERS: usize = 3_200;

/// Everything the demo starts with.
#[derive(Clone, Debug)]
pub struct DemoShop {
    /// The day it ends on.
    pub today: NaiveDate,
    /// Staff.
    pub users: Vec<DemoUser>,
    /// Teams A-E.
    pub teams: &'static [DemoTeam],
    /// Categories.
    pub categories: &'static [DemoCategory],
    /// Products.
    pub products: &'static [DemoProduct],
    /// Consumption profiles.
    pub profiles: &'static [DemoProfile],
    /// Recommendation rules.
    pub rules: &'static [DemoRule],
    /// Customers, in the order of their first contact with the shop.
    pub customers: Vec<DemoCustomer>,
    /// Orders by date.
    pub orders: Vec<DemoOrder>,
    /// What agents wrote down.
    pub notes: Vec<DemoNote>,
    /// Calls promised for today.
    pub promises: Vec<DemoPromise>,
    /// Calls nobody answered yesterday evening.
    pub missed_calls: Vec<DemoMissedCall>,
}

/// A note on a customer.
#[derive(Clone, Copy, Debug)]
pub struct DemoNote {
    /// Index of the customer.
    pub customer: usize,
    /// Days before today, at least one.
    pub days_ago: i64,
    /// Local time, in seconds of the day.
    pub second: u32,
    /// What it says.
    pub text: &'static str,
}

/// A call promised for today.
#[derive(Clone, Copy, Debug)]
pub struct DemoPromise {
    /// Index of the customer.
    pub customer: usize,
    /// Days before today on which it was promised.
    pub days_ago: i64,
    /// Promised local time, in seconds of the day.
    pub second: u32,
    /// What was agreed.
    pub text: &'static str,
}

/// A call that nobody answered.
#[derive(Clone, Copy, Debug)]
pub struct DemoMissedCall {
    /// Index of the customer.
    pub customer: usize,
    /// Local time of the day before today, in seconds of the day.
    pub second: u32,
}

impl DemoShop {
    /// The shop as everybody sees it on `today`.
    pub fn of_today(today: NaiveDate) -> Self {
        Self::generate(today, SEED, CUSTOMERS)
    }

    /// A shop of any size.
    pub fn generate(today: NaiveDate, seed: u64, customers: usize) -> Self {
        let people: Vec<DemoCustomer> =
            (0..customers).map(|i| people::customer(seed, i, today)).collect();
        let mut orders: Vec<DemoOrder> = people
            .iter()
            .enumerate()
            .flat_map(|(i, person)| orders::orders(seed, i, person.district == "ঢাকা", today))
            .collect();
        orders.sort_by_key(|order| (order.date, order.second, order.customer));

        let mut rng = Rng::new(seed, "notes", 0);
        let mut notes = Vec::new();
        let mut promises = Vec::new();
        let mut missed_calls = Vec::new();
        for (customer, person) in people.iter().enumerate() {
            let hour = |rng: &mut Rng| rng.between(10 * 3600, 19 * 3600) as u32;
            if rng.chance(0.12) {
                let days_ago = 1 + rng.exponential(60.0).min(600.0) as i64;
                let text = rng.pick(vocabulary::NOTES);
                notes.push(DemoNote { customer, days_ago, second: hour(&mut rng), text });
            }
            if person.do_not_call.is_some() || !person.consent_call {
                continue;
            }
            match rng.weighted([8, 3, 989]) {
                0 => promises.push(DemoPromise {
                    customer,
                    days_ago: rng.between(1, 6),
                    // On the quarter of an hour, as people promise.
                    second: rng.between(4 * 10, 4 * 19) as u32 * 900,
                    text: rng.pick(vocabulary::PROMISES),
                }),
                1 => missed_calls.push(DemoMissedCall { customer, second: hour(&mut rng) }),
                _ => {}
            }
        }
        Self {
            today,
            users: people::users(),
            teams: TEAMS,
            categories: CATEGORIES,
            products: PRODUCTS,
            profiles: PROFILES,
            rules: RULES,
            customers: people,
            orders,
            notes,
            promises,
            missed_calls,
        }
    }
}

#[cfg(test)]
mod tests;
