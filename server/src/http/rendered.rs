//! Long answers that many ask for: made and compressed once, sent to each as they are.

use std::convert::Infallible;
use std::io::Write;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::error::Result;

/// How a client takes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Plain,
    /// Compressed by gzip: older browsers, and all of them without TLS.
    Gzip,
    /// Compressed by Zstandard (RFC 8878).
    Zstd,
}

impl Coding {
    /// The best the client understands.
    fn accepted(headers: &HeaderMap) -> Self {
        let takes = |wanted: &str| {
            let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
            let mut codings =
                lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
            codings.any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                let refused =
                    weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
                name.trim().eq_ignore_ascii_case(wanted) && !refused
            })
        };
        if takes("zstd") {
            Self::Zstd
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    fn compress(self, plain: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(plain),
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::default());
                packed.write_all(&plain)?;
                packed.finish()
            }
            Self::Zstd => zstd::bulk::compress(&plain, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
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
            Ok(coding.compress(serde_json::to_vec(&value)?)?)
        });
        let body = Bytes::from(body.await.map_err(anyhow::Error::from)??);
        Ok(Self { body, coding })
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json"), (header::VARY, "accept-encoding")];
        let coding = match self.coding {
            Coding::Plain => None,
            Coding::Gzip => Some([(header::CONTENT_ENCODING, "gzip")]),
            Coding::Zstd => Some([(header::CONTENT_ENCODING, "zstd")]),
        };
        (kind, coding, self.body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::Coding;

    #[test]
    fn the_best_coding_goes_to_those_alone_who_understand_it() {
        let accepted = |said: &'static str| {
            let value = HeaderValue::from_static(said);
            Coding::accepted(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        for said in ["gzip, deflate, br, zstd", "ZSTD;q=0.5"] {
            assert_eq!(accepted(said), Coding::Zstd, "{said}");
        }
        for said in ["gzip, deflate", "zstd;q=0, gzip", "azstd,GZIP;q=0.1"] {
            assert_eq!(accepted(said), Coding::Gzip, "{said}");
        }
        for said in ["", "br", "gzip; q=0.0", "zstd; q=0.0"] {
            assert_eq!(accepted(said), Coding::Plain, "{said}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Plain);
    }
}
