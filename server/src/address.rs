//! Where a request comes from, and networks (CIDR) in settings.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use crate::app::AppState;
use crate::error::Error;

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

/// The unit of limits: an IPv4 address, or the first address of an IPv6 /64, which providers assign to
/// one customer.
pub fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
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

/// [`prefix`] as text, to store it.
pub fn network(address: IpAddr) -> String {
    match prefix(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{v6}/64"),
    }
}

/// The address of a request's client.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state)
            .await
            .map_err(|error| Error::Internal(error.into()))?;
        let proxies = &state.config.trusted_proxies;
        Ok(Self(client(peer, &parts.headers, proxies).unwrap_or(peer.ip())))
    }
}

/// Whether a proxy passed the request on, ours or not.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

/// Whether the `Host` a request names is this machine itself.
pub fn is_for_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
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
    fn the_host_is_this_machine_or_another() {
        let local = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            is_for_loopback(&headers)
        };
        for host in
            ["127.0.0.1", "127.0.0.1:8080", "localhost:80", "LOCALHOST", "[::1]:8080", "[::1]"]
        {
            assert!(local(host), "{host}");
        }
        for host in
            ["crm.example.com", "crm.example.com:80", "192.0.2.1:80", "127.0.0.1.example.com", ""]
        {
            assert!(!local(host), "{host}");
        }
        assert!(!is_for_loopback(&HeaderMap::new()));
    }

    #[test]
    fn a_subscriber_has_a_whole_64() {
        let of = |address: &str| network(address.parse().expect("an address"));
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::9"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:3::9"), of("2001:db8:1:2::9"));
    }

    #[test]
    fn a_network_is_a_network_or_an_address() {
        let networks = ["192.0.2.0/24", "2001:db8::1"].map(|n| n.parse().expect("a network"));
        assert!(is_in(&networks, "192.0.2.200".parse().expect("an address")));
        assert!(!is_in(&networks, "192.0.3.1".parse().expect("an address")));
        assert!("192.0.2.0/33".parse::<Network>().is_err());
    }
}
