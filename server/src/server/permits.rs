//! Connection limits per client address and for the process.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::{self, Network};

/// Counts open connections per client address (see [`address::prefix`]).
#[derive(Debug)]
pub(super) struct ConnectionLimits {
    each: usize,
    all: usize,
    /// Exempt from the per-address limit: each forwards many clients.
    proxies: Vec<Network>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The address has reached its limit.
    Address,
    /// The process has reached its limit of open files.
    Server,
}

impl ConnectionLimits {
    pub(super) fn new(each: usize, all: usize, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { each, all, proxies, open: Mutex::default() })
    }

    /// Returns a permit for a connection from `address`; dropping it frees the slot.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Refusal> {
        let address = address.to_canonical();
        let counted = !address.is_loopback() && !address::is_in(&self.proxies, address);
        let network = counted.then(|| address::prefix(address));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all {
            return Err(Refusal::Server);
        }
        if let Some(network) = network {
            let count = open.by_network.entry(network).or_default();
            if *count >= self.each {
                return Err(Refusal::Address);
            }
            *count += 1;
        }
        open.all += 1;
        Ok(Permit { limits: Arc::clone(self), network })
    }
}

/// Counts one open connection until dropped.
#[derive(Debug)]
pub(super) struct Permit {
    limits: Arc<ConnectionLimits>,
    network: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limits.open.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn the_limit_is_per_network_and_closed_connections_free_it() {
        let proxies = vec!["192.0.2.9".parse().expect("an address")];
        let limits = ConnectionLimits::new(2, 7, proxies);
        let admit = |text: &str| limits.admit(text.parse().expect("an address"));
        let mut permits =
            vec![admit("192.0.2.1").expect("a permit"), admit("192.0.2.1").expect("a permit")];
        assert_eq!(admit("192.0.2.1").expect_err("has two"), Refusal::Address);
        assert_eq!(admit("::ffff:192.0.2.1").expect_err("the same address"), Refusal::Address);
        permits.pop();
        permits.push(admit("192.0.2.1").expect("one was given back"));
        for _ in 0..3 {
            permits.push(admit("127.0.0.1").expect("this machine is not counted"));
        }
        permits.push(admit("192.0.2.9").expect("nor a proxy"));
        permits.push(admit("2001:db8::1").expect("the last"));
        assert_eq!(admit("127.0.0.1").expect_err("the server is refusal"), Refusal::Server);
        permits.clear();
        let _places = [admit("2001:db8::1"), admit("2001:db8::2")];
        assert_eq!(admit("2001:db8::ffff:3").expect_err("one network"), Refusal::Address);
        assert!(admit("2001:db8:0:1::1").is_ok(), "another network");
    }
}
