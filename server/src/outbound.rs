//! Requests this server makes to others.

use std::time::Duration;

/// Longest time to reach somebody.
const CONNECT: Duration = Duration::from_secs(3);

/// A client that gives up after `timeout`; it does not follow redirects, because what it calls is a
/// configured address and nobody else's.
pub fn client(timeout: Duration) -> reqwest::Result<reqwest::Client> {
    // The first one wins; whoever comes later finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("trustcart/", env!("CARGO_PKG_VERSION")))
        .build()
}
