use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike as _, Duration, NaiveDate};

use super::{DemoShop, HISTORY_DAYS};

fn shop() -> DemoShop {
    DemoShop::of_today(NaiveDate::from_ymd_opt(2026, 11, 21).expect("a date"))
}

fn is_bangla(text: &str) -> bool {
    text.chars().any(|c| ('\u{980}'..='\u{9ff}').contains(&c))
        && !text.chars().any(|c| c.is_ascii_alphanumeric())
}

#[test]
fn the_same_day_gives_the_same_shop() {
    assert_eq!(format!("{:?}", shop()), format!("{:?}", shop()));
}

#[test]
fn customers_are_many_bangla_and_reachable() {
    let shop = shop();
    assert!(shop.customers.len() >= 3_000);
    let phones: BTreeSet<&str> = shop.customers.iter().map(|c| c.phone.as_str()).collect();
    assert_eq!(phones.len(), shop.customers.len());
    for customer in &shop.customers {
        let digits = customer.phone.strip_prefix("+8801").unwrap_or_default();
        assert!(digits.len() == 9 && digits.bytes().all(|b| b.is_ascii_digit()));
        assert!((b'3'..=b'9').contains(&digits.as_bytes()[0]), "{}", customer.phone);
        assert!(is_bangla(&customer.name), "{}", customer.name);
        assert!(is_bangla(&customer.address), "{}", customer.address);
    }
    let names: BTreeSet<&str> = shop.customers.iter().map(|c| c.name.as_str()).collect();
    assert!(names.len() > 1_000, "{}", names.len());
    let today = (shop.today.month(), shop.today.day());
    let birthdays = shop
        .customers
        .iter()
        .filter_map(|c| c.birthday)
        .filter(|b| (b.month(), b.day()) == today)
        .count();
    assert!((12..60).contains(&birthdays), "{birthdays}");
    let refused = shop.customers.iter().filter(|c| c.do_not_call.is_some()).count();
    assert!((10..150).contains(&refused), "{refused}");
}

#[test]
fn orders_span_two_years_with_a_heavy_tail() {
    let shop = shop();
    let first = shop.orders.iter().map(|o| o.date).min().expect("orders");
    let last = shop.orders.iter().map(|o| o.date).max().expect("orders");
    assert_eq!(last, shop.today - Duration::days(1));
    assert!(first >= shop.today - Duration::days(HISTORY_DAYS));
    assert!(first < shop.today - Duration::days(HISTORY_DAYS - 30));
    assert!(shop.orders.is_sorted_by_key(|o| o.date));

    let mut counts: HashMap<usize, usize> = HashMap::new();
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for order in &shop.orders {
        *statuses.entry(order.status).or_default() += 1;
        assert!(!order.lines.is_empty());
        assert!(order.subtotal() > 0 && order.discount < order.subtotal());
        if order.counted() {
            *counts.entry(order.customer).or_default() += 1;
        }
    }
    for status in ["placed", "confirmed", "shipped", "delivered", "cancelled", "returned"] {
        assert!(statuses.get(status).copied().unwrap_or_default() > 5, "{statuses:?}");
    }
    let share = |from: usize, to: usize| {
        let n = counts.values().filter(|n| (from..=to).contains(*n)).count();
        n as f64 / shop.customers.len() as f64
    };
    assert!((0.3..0.5).contains(&share(1, 1)), "{}", share(1, 1));
    for (from, to) in [(2, 2), (3, 3), (4, 7), (8, 99)] {
        assert!(share(from, to) > 0.06, "{from}-{to}: {}", share(from, to));
    }
    assert!(counts.values().max().copied().unwrap_or_default() > 25);
    assert!(shop.customers.len() > counts.len(), "some are prospects");
}

#[test]
fn there_are_five_teams_of_two_and_every_role() {
    let shop = shop();
    let logins: Vec<&str> = shop.users.iter().map(|u| u.login.as_str()).collect();
    for login in ["admin", "manager", "tl", "support", "delivery", "agent1", "agent10"] {
        assert!(logins.contains(&login), "{login}");
    }
    for team in shop.teams {
        assert_eq!(shop.users.iter().filter(|u| u.team == Some(team.code)).count(), 2);
    }
    let extensions: BTreeSet<_> = shop.users.iter().filter_map(|u| u.extension.as_ref()).collect();
    assert_eq!(extensions.len(), shop.users.len());
}

#[test]
fn today_has_something_of_every_kind() {
    let shop = shop();
    assert!((10..60).contains(&shop.promises.len()), "{}", shop.promises.len());
    assert!((3..30).contains(&shop.missed_calls.len()), "{}", shop.missed_calls.len());
    assert!(shop.notes.len() > 200);

    // Last purchase of each customer and category, as the reorder table sees it.
    let mut last: HashMap<(usize, &str), (NaiveDate, i64)> = HashMap::new();
    for order in shop.orders.iter().filter(|o| o.counted()) {
        let mut today: HashMap<&str, i64> = HashMap::new();
        for line in &order.lines {
            let product = &shop.products[line.product];
            *today.entry(product.category).or_default() += product.base_qty * line.quantity;
        }
        for (category, quantity) in today {
            last.insert((order.customer, category), (order.date, quantity));
        }
    }
    let days_since = |date: NaiveDate| (shop.today - date).num_days();
    let due = last
        .iter()
        .filter(|((_, category), (date, quantity))| {
            let profile = shop
                .profiles
                .iter()
                .find(|p| p.of == super::ProfileOf::Category(category))
                .expect("a profile");
            let days = profile.avg_consumption_days * quantity / profile.typical_base_qty;
            let due = days.clamp(profile.min_days, profile.max_days) - profile.buffer_days;
            (due..due + 7).contains(&days_since(*date))
        })
        .count();
    assert!((200..2_000).contains(&due), "{due} reminders");
    let cross = shop
        .rules
        .iter()
        .map(|rule| {
            last.iter()
                .filter(|((customer, category), (date, _))| {
                    *category == rule.trigger
                        && (rule.min_days..=rule.max_days).contains(&days_since(*date))
                        && !last.contains_key(&(*customer, rule.recommended))
                })
                .count()
        })
        .collect::<Vec<_>>();
    assert!(cross.iter().all(|n| *n > 5), "{cross:?}");
    let mut latest: HashMap<usize, NaiveDate> = HashMap::new();
    for ((customer, _), (date, _)) in &last {
        let entry = latest.entry(*customer).or_insert(*date);
        *entry = (*entry).max(*date);
    }
    let lost = latest.values().filter(|date| days_since(**date) > 90).count();
    assert!((200..2_000).contains(&lost), "{lost} churned");
}
