//! Security and cache headers of every response.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

/// Content security policy of the app: connections only to this server and to the PBX's WebSocket.
#[derive(Clone, Debug)]
pub struct PagePolicy(HeaderValue);

impl PagePolicy {
    /// `pbx` is the WebSocket URL of the PBX.
    pub fn new(pbx: Option<&str>) -> Self {
        let pbx = pbx.and_then(|address| address.parse::<Url>().ok()).and_then(|url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!(" {}://{}{port}", url.scheme(), url.host_str()?))
        });
        let text = format!(
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             media-src 'self' blob:; connect-src 'self'{}; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
            pbx.unwrap_or_default()
        );
        // A URL's host is valid in a header.
        Self(HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'self'")))
    }
}

/// Browser features: those the app uses, and those it turns off.
const PERMISSIONS: &str = "microphone=(self), autoplay=(self), camera=(), display-capture=(), \
                           geolocation=(), payment=(), usb=(), serial=(), hid=()";

/// One year.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Adds the headers. API responses hold personal data: `no-store` unless the handler set another value.
pub async fn secure(State(page): State<PagePolicy>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let by_tls = request
        .headers()
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if by_tls {
        set(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    if is_api {
        set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox");
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, page.0);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::PagePolicy;

    #[test]
    fn connections_are_limited_to_this_server_and_the_pbx() {
        let connects = |pbx| {
            let policy = PagePolicy::new(pbx).0;
            let text = policy.to_str().expect("ASCII").to_owned();
            let start = text.find("connect-src ").expect("a rule");
            text[start..].split(';').next().expect("its end").to_owned()
        };
        assert_eq!(connects(None), "connect-src 'self'");
        let pbx = connects(Some("wss://pbx.example.com:8089/ws"));
        assert_eq!(pbx, "connect-src 'self' wss://pbx.example.com:8089");
        let odd = connects(Some("ws://x; script-src *"));
        assert!(!odd.contains("script-src"), "{odd}");
    }
}
