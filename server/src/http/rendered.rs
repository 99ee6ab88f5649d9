//! Long answers that many ask for: made and compressed once, sent to each as they are.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::Result;

/// How a client takes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Plain,
    /// Compressed by Zstandard (RFC 8878).
    Zstd,
}

impl Coding {
    /// The shortest the client understands.
    fn accepted(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
        let mut codings =
            lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
        let zstd = codings.any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused =
                weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case("zstd") && !refused
        });
        if zstd { Self::Zstd } else { Self::Plain }
    }
}

impl<S: Sync> FromRequestParts<S> for Coding {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::accepted(&parts.headers))
    }
}

/// A JSON answer ready to be sent.
#[derive(Clone, Debug)]
pub struct Rendered {
    body: Bytes,
    coding: Coding,
}

impl Rendered {
    /// Renders `value` on a thread for such work.
    pub async fn of(value: impl Serialize + Send + 'static, coding: Coding) -> Result<Self> {
        let body = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<u8>> {
            let plain = serde_json::to_vec(&value)?;
            Ok(match coding {
                Coding::Plain => plain,
                Coding::Zstd => zstd::bulk::compress(&plain, zstd::DEFAULT_COMPRESSION_LEVEL)?,
            })
        });
        let body = Bytes::from(body.await.map_err(anyhow::Error::from)??);
        Ok(Self { body, coding })
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json"), (header::VARY, "accept-encoding")];
        match self.coding {
            Coding::Plain => (kind, self.body).into_response(),
            Coding::Zstd => (kind, [(header::CONTENT_ENCODING, "zstd")], self.body).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::Coding;

    #[test]
    fn zstandard_goes_to_those_alone_who_understand_it() {
        let accepts = |said: &'static str| {
            let value = HeaderValue::from_static(said);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            Coding::accepted(&headers) == Coding::Zstd
        };
        assert!(accepts("gzip, deflate, br, zstd") && accepts("ZSTD;q=0.5"));
        assert!(
            !accepts("gzip, zstd;q=0")
                && !accepts("zstd; q=0.0")
                && !accepts("azstd")
                && !accepts("")
        );
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Plain);
    }
}
