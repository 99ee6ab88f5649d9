//! A small fixed-window rate limit per address, in memory: it slows guessing down, while the
//! pauses in the database are what stops it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// Addresses remembered at most; past that the oldest windows are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// At most `limit` admissions per address in `window` seconds.
#[derive(Debug)]
pub struct RateLimit {
    limit: u32,
    window: i64,
    seen: Mutex<HashMap<IpAddr, (i64, u32)>>,
}

impl RateLimit {
    /// `limit` admissions in `window` seconds.
    pub fn new(limit: u32, window: i64) -> Self {
        Self { limit, window, seen: Mutex::new(HashMap::new()) }
    }

    /// Counts one attempt; `Err` with the seconds to wait when there were too many.
    pub fn admit(&self, address: IpAddr, now: DateTime<Utc>) -> Result<(), u64> {
        let now = now.timestamp();
        let window = now.div_euclid(self.window);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_ADDRESSES {
            seen.retain(|_, (w, _)| *w == window);
        }
        let entry = seen.entry(address).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        entry.1 += 1;
        if entry.1 > self.limit {
            Err(u64::try_from(self.window - now.rem_euclid(self.window)).unwrap_or(1))
        } else {
            Ok(())
        }
    }

    /// Takes an admission of this window back: it was an honest one.
    pub fn forgive(&self, address: IpAddr, now: DateTime<Utc>) {
        let window = now.timestamp().div_euclid(self.window);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((counted, admitted)) = seen.get_mut(&address)
            && *counted == window
        {
            *admitted = admitted.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use chrono::{DateTime, TimeDelta};

    use super::RateLimit;

    #[test]
    fn the_limit_is_per_address_and_window() {
        let limit = RateLimit::new(2, 60);
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let there = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let now = DateTime::from_timestamp(600, 0).expect("valid");
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
}
