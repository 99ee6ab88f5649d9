//! Where a request comes from, and networks (CIDR) in settings.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// A network, or a single address, as written in a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| format!("`{text}` is no address and no network such as 192.0.2.0/24"))
    }
}

fn within(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.0.contains(&address))
}

/// Whether an address is in one of the networks.
pub fn is_in(networks: &[Network], address: IpAddr) -> bool {
    within(networks, address.to_canonical())
}

/// The address a request really comes from. What `X-Forwarded-For` says is believed only as far as
/// it was written by `proxies`: from the right, the first address that is none of them. `None`: a
/// trusted proxy passed on something unreadable.
pub fn client(peer: SocketAddr, headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let peer = peer.ip().to_canonical();
    if !within(proxies, peer) {
        return Some(peer);
    }
    let mut nearest = peer;
    for line in headers.get_all("x-forwarded-for").iter().rev() {
        for hop in line.to_str().ok()?.rsplit(',') {
            let hop = hop.trim();
            let address = hop
                .parse::<IpAddr>()
                .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
                .ok()?
                .to_canonical();
            if !within(proxies, address) {
                return Some(address);
            }
            nearest = address;
        }
    }
    Some(nearest)
}

/// Whether a proxy passed the request on, ours or not.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client_of(peer: &str, forwarded: &[&'static str]) -> Option<String> {
        let proxies = ["10.0.0.0/8", "::1"].map(|n| n.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        client(peer.parse().expect("a peer"), &headers, &proxies).map(|a| a.to_string())
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(client_of("192.0.2.7:1", &["127.0.0.1"]).as_deref(), Some("192.0.2.7"));
        // Written by the stranger, appended to by our proxy.
        let spoofed = client_of("10.0.0.1:1", &["127.0.0.1, 192.0.2.7"]);
        assert_eq!(spoofed.as_deref(), Some("192.0.2.7"));
        let lines = client_of("10.0.0.1:1", &["127.0.0.1", "192.0.2.7, 10.0.0.2"]);
        assert_eq!(lines.as_deref(), Some("192.0.2.7"));
    }

    #[test]
    fn without_a_header_the_proxy_itself_asks() {
        assert_eq!(client_of("[::1]:1", &[]).as_deref(), Some("::1"));
        assert_eq!(client_of("10.0.0.1:1", &["nonsense"]), None);
        assert_eq!(
            client_of("[::ffff:10.0.0.1]:1", &["2001:db8::1"]).as_deref(),
            Some("2001:db8::1")
        );
    }

    #[test]
    fn a_network_is_a_network_or_an_address() {
        let networks = ["192.0.2.0/24", "2001:db8::1"].map(|n| n.parse().expect("a network"));
        assert!(is_in(&networks, "192.0.2.200".parse().expect("an address")));
        assert!(!is_in(&networks, "192.0.3.1".parse().expect("an address")));
        assert!("192.0.2.0/33".parse::<Network>().is_err());
    }
}
