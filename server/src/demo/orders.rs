//! Two years of orders: every customer has a rhythm, most have few orders, some have many.

use chrono::{Duration, NaiveDate};

use super::catalogue::{CATEGORIES, DemoProduct, PRODUCTS, RULES, profile_of};
use super::rng::Rng;

/// Days of history: 24 months.
pub const HISTORY_DAYS: i64 = 730;

/// An order of the demo shop.
#[derive(Clone, Debug)]
pub struct DemoOrder {
    /// Index of the customer.
    pub customer: usize,
    /// Company day, the day before `today` at the latest.
    pub date: NaiveDate,
    /// Local time, in seconds of the day.
    pub second: u32,
    /// `placed` … `returned`.
    pub status: &'static str,
    /// Poisha.
    pub discount: i64,
    /// Poisha.
    pub delivery_charge: i64,
    /// `cod`, `bkash`, `nagad`, `card`.
    pub payment_method: &'static str,
    /// What was bought.
    pub lines: Vec<DemoLine>,
}

/// A line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoLine {
    /// Index into the products.
    pub product: usize,
    /// Packs.
    pub quantity: i64,
    /// Poisha per pack, on that day.
    pub unit_price: i64,
}

impl DemoOrder {
    /// Poisha, sum of the lines.
    pub fn subtotal(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity * line.unit_price).sum()
    }

    /// Whether it counts: neither cancelled nor returned.
    pub fn counted(&self) -> bool {
        !matches!(self.status, "cancelled" | "returned")
    }
}

/// What one customer buys and how often.
struct Habit {
    /// Favourite product of each category they buy; the first sets the rhythm.
    favourites: Vec<&'static DemoProduct>,
    /// Packs of the first.
    packs: i64,
    /// Median days between orders.
    gap: f64,
    /// Spread of the gaps (sigma of their logarithm): small for clockwork customers.
    spread: f64,
}

fn favourite(category: &str, rng: &mut Rng) -> &'static DemoProduct {
    let candidates: Vec<&DemoProduct> =
        PRODUCTS.iter().filter(|p| p.category == category).collect();
    candidates[rng.weighted(candidates.iter().map(|p| p.pull).collect::<Vec<_>>())]
}

fn habit(rng: &mut Rng) -> Habit {
    let main = CATEGORIES[rng.weighted(CATEGORIES.iter().map(|c| c.pull))].slug;
    let first = favourite(main, rng);
    let mut favourites = vec![first];
    for _ in 0..rng.weighted([30, 34, 22, 14]) {
        // Half of the time something that goes with what they have.
        let with = RULES.iter().filter(|rule| rule.trigger == main).collect::<Vec<_>>();
        let category = if !with.is_empty() && rng.chance(0.5) {
            rng.pick(&with).recommended
        } else {
            CATEGORIES[rng.weighted(CATEGORIES.iter().map(|c| c.pull))].slug
        };
        if favourites.iter().all(|product| product.category != category) {
            favourites.push(favourite(category, rng));
        }
    }
    let packs = 1 + rng.weighted([68, 24, 8]) as i64;
    let profile = profile_of(first);
    let lasts = profile.avg_consumption_days * packs * first.base_qty / profile.typical_base_qty;
    let lasts = lasts.clamp(profile.min_days, profile.max_days) as f64;
    Habit {
        favourites,
        packs,
        gap: rng.log_normal(lasts, 0.25).clamp(6.0, 150.0),
        spread: if rng.chance(0.6) { 0.18 } else { 0.45 },
    }
}

/// Heavy-tailed: four in ten bought once, one in eight more than seven times.
fn order_count(rng: &mut Rng) -> i64 {
    match rng.weighted([40, 17, 11, 7, 6, 4, 3, 12]) {
        7 => 8 + (rng.exponential(6.0) as i64).min(34),
        few => few as i64 + 1,
    }
}

/// Days since the last order: most repeat customers are within their rhythm, the others left.
fn silence(count: i64, gap: f64, rng: &mut Rng) -> i64 {
    let loyal = if count >= 4 { 0.8 } else { 0.55 };
    let days = if rng.chance(loyal) { rng.unit() * 1.25 * gap } else { rng.exponential(150.0) };
    (days as i64).clamp(0, HISTORY_DAYS - 30) + 1
}

fn status(age: i64, rng: &mut Rng) -> &'static str {
    let roll = rng.unit();
    match (age, roll) {
        (..=1, ..0.6) => "placed",
        (..=1, _) | (..=3, ..0.5) => "confirmed",
        (..=4, ..0.93) => "shipped",
        (_, ..0.055) => "cancelled",
        (5.., ..0.08) => "returned",
        _ => "delivered",
    }
}

/// Prices rose twice in two years; rounded to five taka.
fn price_on(product: &DemoProduct, age: i64) -> i64 {
    let percent = match age {
        ..=240 => 100,
        241..=480 => 96,
        _ => 92,
    };
    (product.price * percent / 100 / 500).max(1) * 500
}

fn lines(habit: &Habit, gap: f64, age: i64, rng: &mut Rng) -> Vec<DemoLine> {
    let mut lines: Vec<DemoLine> = Vec::new();
    let mut add = |product: &'static DemoProduct, quantity: i64| {
        let index = PRODUCTS.iter().position(|p| p.sku == product.sku).unwrap_or_default();
        if lines.iter().all(|line| line.product != index) {
            lines.push(DemoLine { product: index, quantity, unit_price: price_on(product, age) });
        }
    };
    let more = i64::from(rng.chance(0.08));
    add(habit.favourites[0], habit.packs + more);
    for product in &habit.favourites[1..] {
        // Each thing is bought about as often as it is used up.
        let lasts = profile_of(product).avg_consumption_days as f64;
        if rng.chance((gap / lasts).clamp(0.25, 0.95)) {
            add(product, 1 + rng.weighted([75, 20, 5]) as i64);
        }
    }
    if rng.chance(0.18) {
        let category = CATEGORIES[rng.weighted(CATEGORIES.iter().map(|c| c.pull))].slug;
        add(favourite(category, rng), 1);
    }
    if rng.chance(0.035) {
        // A feast.
        let category = ["ghee", "dry_fruit", "honey"];
        add(favourite(rng.pick(&category), rng), rng.between(2, 4));
    }
    lines
}

/// One customer's orders, oldest first. A few customers are prospects without any.
pub(super) fn orders(
    seed: u64,
    customer: usize,
    in_dhaka: bool,
    today: NaiveDate,
) -> Vec<DemoOrder> {
    let mut rng = Rng::new(seed, "orders", customer as u64);
    if rng.chance(0.02) {
        return Vec::new();
    }
    let habit = habit(&mut rng);
    let mut left = order_count(&mut rng);
    let mut age = silence(left, habit.gap, &mut rng);
    let mut orders = Vec::new();
    while left > 0 && age < HISTORY_DAYS {
        let gap = rng.log_normal(habit.gap, habit.spread).clamp(3.0, 300.0);
        let lines = lines(&habit, gap, age, &mut rng);
        let mut order = DemoOrder {
            customer,
            date: today - Duration::days(age),
            second: rng.between(9 * 3600, 21 * 3600) as u32,
            status: status(age, &mut rng),
            discount: 0,
            delivery_charge: 0,
            payment_method: ["cod", "bkash", "nagad", "card"][rng.weighted([74, 15, 7, 4])],
            lines,
        };
        let subtotal = order.subtotal();
        if rng.chance(0.14) {
            order.discount = subtotal * rng.between(5, 10) / 100 / 100 * 100;
        }
        if subtotal < 300_000 {
            order.delivery_charge = if in_dhaka { 6_000 } else { 12_000 };
        }
        orders.push(order);
        left -= 1;
        age += gap.round() as i64;
    }
    orders.reverse();
    orders
}
