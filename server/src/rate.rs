//! A small fixed-window rate limit per network, in memory: it slows guessing down, while the
//! pauses in the database are what stops it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::address::prefix;

/// Maximum networks with their own counter per window; later ones share one.
const MAX_NETWORKS: usize = 10_000;
/// Limit of the shared counter, as a multiple of `limit`.
const SHARED: u32 = 20;

/// At most `limit` admissions per network in `window` seconds (see [`prefix`]).
#[derive(Debug)]
pub struct RateLimit {
    limit: u32,
    window: i64,
    counted: Mutex<Counted>,
}

/// The admissions of one window.
#[derive(Debug, Default)]
struct Counted {
    window: i64,
    each: HashMap<IpAddr, u32>,
    others: u32,
}

impl Counted {
    /// The counter of `network` and the factor of its limit.
    fn of(&mut self, network: IpAddr) -> (&mut u32, u32) {
        if self.each.len() >= MAX_NETWORKS && !self.each.contains_key(&network) {
            return (&mut self.others, SHARED);
        }
        (self.each.entry(network).or_default(), 1)
    }
}

impl RateLimit {
    /// `limit` admissions in `window` seconds.
    pub fn new(limit: u32, window: i64) -> Self {
        Self { limit, window, counted: Mutex::default() }
    }

    /// Counts one attempt; `Err` with the seconds to wait when there were too many.
    pub fn admit(&self, address: IpAddr, now: DateTime<Utc>) -> Result<(), u64> {
        let now = now.timestamp();
        let window = now.div_euclid(self.window);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.window != window {
            *counted = Counted { window, ..Counted::default() };
        }
        let (count, times) = counted.of(prefix(address));
        *count = count.saturating_add(1);
        if *count > self.limit.saturating_mul(times) {
            Err(u64::try_from(self.window - now.rem_euclid(self.window)).unwrap_or(1))
        } else {
            Ok(())
        }
    }

    /// Takes an admission of this window back: it was an honest one.
    pub fn forgive(&self, address: IpAddr, now: DateTime<Utc>) {
        let window = now.timestamp().div_euclid(self.window);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.window == window {
            let (count, _) = counted.of(prefix(address));
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use chrono::{DateTime, TimeDelta, Utc};

    use super::{MAX_NETWORKS, RateLimit, SHARED};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(600, 0).expect("valid")
    }

    #[test]
    fn the_limit_is_per_address_and_window() {
        let limit = RateLimit::new(2, 60);
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let there = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let now = now();
        assert!(limit.admit(here, now).is_ok());
        assert!(limit.admit(here, now).is_ok());
        assert_eq!(limit.admit(here, now), Err(60));
        assert!(limit.admit(there, now).is_ok());
        let next = now + TimeDelta::seconds(60);
        assert!(limit.admit(here, next).is_ok());
        assert!(limit.admit(here, next).is_ok());
        limit.forgive(here, now);
        assert!(limit.admit(here, next).is_err(), "another window's admission");
        limit.forgive(here, next);
        limit.forgive(here, next);
        assert!(limit.admit(here, next).is_ok());
    }

    #[test]
    fn an_ipv6_64_shares_one_counter() {
        let limit = RateLimit::new(2, 60);
        let in_network = |network: u16, host: u16| {
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, host, 0, 0, 1))
        };
        assert!(limit.admit(in_network(1, 1), now()).is_ok());
        assert!(limit.admit(in_network(1, 2), now()).is_ok());
        assert!(limit.admit(in_network(1, 3), now()).is_err(), "the third of one network");
        assert!(limit.admit(in_network(2, 1), now()).is_ok(), "another network");
        let mapped = "::ffff:192.0.2.1".parse().expect("an address");
        let plain = "192.0.2.1".parse().expect("an address");
        assert!(limit.admit(mapped, now()).is_ok() && limit.admit(plain, now()).is_ok());
        assert!(limit.admit(mapped, now()).is_err(), "one address, written in two ways");
    }

    #[test]
    fn networks_beyond_the_maximum_share_one_counter() {
        let limit = RateLimit::new(1, 60);
        let address = |n: usize| IpAddr::V4(Ipv4Addr::from(u32::try_from(n).expect("small")));
        for n in 0..MAX_NETWORKS {
            assert!(limit.admit(address(n), now()).is_ok());
        }
        let late = MAX_NETWORKS..MAX_NETWORKS + 1_000;
        let admitted = late.filter(|n| limit.admit(address(*n), now()).is_ok()).count();
        assert_eq!(admitted, SHARED as usize);
        assert!(limit.admit(address(1), now()).is_err(), "those counted before still are");
        let next = now() + TimeDelta::seconds(60);
        assert!(limit.admit(address(MAX_NETWORKS + 5), next).is_ok(), "another window");
    }
}
