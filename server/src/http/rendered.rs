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
    /// Compressed by Brotli.
    Brotli,
}

impl Coding {
    /// The shortest the client understands.
    fn accepted(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
        let mut codings =
            lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
        let brotli = codings.any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused =
                weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case("br") && !refused
        });
        if brotli { Self::Brotli } else { Self::Plain }
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
                Coding::Brotli => compress(&plain)?,
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
            Coding::Brotli => (kind, [(header::CONTENT_ENCODING, "br")], self.body).into_response(),
        }
    }
}

/// As fast as Brotli does well.
fn compress(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams { quality: 4, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*body, &mut out, &params)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::Coding;

    #[test]
    fn brotli_goes_to_those_alone_who_understand_it() {
        let accepts = |said: &'static str| {
            let value = HeaderValue::from_static(said);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
            Coding::accepted(&headers) == Coding::Brotli
        };
        assert!(accepts("gzip, deflate, br, zstd") && accepts("BR;q=0.5"));
        assert!(
            !accepts("gzip, br;q=0") && !accepts("br; q=0.0") && !accepts("abr") && !accepts("")
        );
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Plain);
    }
}
