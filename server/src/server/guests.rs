//! How many connections an address may have.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::{self, Network};

/// Counts open connections by address, or by network where an address is one of many.
#[derive(Debug)]
pub(super) struct Guests {
    each: usize,
    all: usize,
    /// Not counted by address: behind them are many.
    proxies: Vec<Network>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// This address has its share.
    Address,
    /// The process has no more files.
    Server,
}

impl Guests {
    pub(super) fn new(each: usize, all: usize, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { each, all, proxies, open: Mutex::default() })
    }

    /// A place for a connection from `address`, until it is dropped.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let address = address.to_canonical();
        let counted = !address.is_loopback() && !address::is_in(&self.proxies, address);
        let network = counted.then(|| address::network(address));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all {
            return Err(Full::Server);
        }
        if let Some(network) = network {
            let count = open.by_network.entry(network).or_default();
            if *count >= self.each {
                return Err(Full::Address);
            }
            *count += 1;
        }
        open.all += 1;
        Ok(Place { guests: Arc::clone(self), network })
    }
}

/// A place that is taken.
#[derive(Debug)]
pub(super) struct Place {
    guests: Arc<Guests>,
    network: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.guests.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(network) = self.network
            && let Some(count) = open.by_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share_and_gets_it_back() {
        let proxies = vec!["192.0.2.9".parse().expect("an address")];
        let guests = Guests::new(2, 7, proxies);
        let admit = |text: &str| guests.admit(text.parse().expect("an address"));
        let mut places = vec![admit("192.0.2.1").expect("a place"), admit("192.0.2.1").expect("a place")];
        assert_eq!(admit("192.0.2.1").expect_err("has two"), Full::Address);
        assert_eq!(admit("::ffff:192.0.2.1").expect_err("the same address"), Full::Address);
        places.pop();
        places.push(admit("192.0.2.1").expect("one was given back"));
        for _ in 0..3 {
            places.push(admit("127.0.0.1").expect("this machine is not counted"));
        }
        places.push(admit("192.0.2.9").expect("nor a proxy"));
        places.push(admit("2001:db8::1").expect("the last"));
        assert_eq!(admit("127.0.0.1").expect_err("the server is full"), Full::Server);
        places.clear();
        let _places = [admit("2001:db8::1"), admit("2001:db8::2")];
        assert_eq!(admit("2001:db8::ffff:3").expect_err("one network"), Full::Address);
        assert!(admit("2001:db8:0:1::1").is_ok(), "another network");
    }
}
