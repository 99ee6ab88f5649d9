//! Extractors that answer with problems, request bodies included.

pub mod headers;
pub mod idempotency;
pub mod rendered;
pub mod text;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};

use crate::error::{Error, Result};

/// Largest JSON body, bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON body or answer.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.split(';').next().is_some_and(|m| m.trim().ends_with("json")));
        if !is_json {
            return Err(Error::problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_problem)?;
        parse_checked(&bytes).map(Self)
    }
}

/// Reads JSON; text with control characters is refused.
fn parse_checked<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let value = parse_json(bytes)?;
    text::check_json(bytes)?;
    Ok(value)
}

/// A JSON body that may be absent: then `T`'s default.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let bytes = Bytes::from_request(request, state).await.map_err(body_problem)?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        parse_checked(&bytes).map(Self)
    }
}

/// Reads JSON; a wrong value names its field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            let detail = cause.to_string();
            let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
            Error::invalid("invalid_field", if path == "." { "body" } else { &path }, detail)
        } else {
            Error::problem(
                StatusCode::BAD_REQUEST,
                "malformed_json",
                format!("The body is not JSON: {cause}."),
            )
        }
    })?;
    reader.end().map_err(|_| {
        Error::problem(
            StatusCode::BAD_REQUEST,
            "malformed_json",
            "There is something after the JSON document.",
        )
    })?;
    Ok(value)
}

/// What a body that could not be read is answered with.
pub fn body_problem(rejection: BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        body_too_large()
    } else if is_late(&rejection) {
        body_too_slow()
    } else {
        Error::problem(StatusCode::BAD_REQUEST, "unreadable_body", "The body broke off.")
    }
}

/// Whether reading the body timed out.
pub fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
    })
}

/// 408.
pub fn body_too_slow() -> Error {
    Error::problem(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body was sent too slowly.")
}

/// 413.
pub fn body_too_large() -> Error {
    Error::problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large.")
}

/// Path parameters.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        text::check_path(parts.uri.path())?;
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection| {
                Error::problem(StatusCode::BAD_REQUEST, "invalid_path", rejection.body_text())
            })
    }
}

/// Query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        text::check_query(parts.uri.query().unwrap_or_default())?;
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| {
                Error::problem(StatusCode::BAD_REQUEST, "invalid_query", rejection.body_text())
            })
    }
}

/// For a field of a partial update that may be cleared: absent is `None` (with
/// `#[serde(default)]`), `null` is `Some(None)`.
pub fn nullable<'de, D, T>(deserializer: D) -> std::result::Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Reads a civil date, `YYYY-MM-DD`.
pub fn parse_day(field: &str, text: &str) -> Result<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10)
        .ok_or_else(|| Error::invalid("invalid_date", field, "Send a date as YYYY-MM-DD."))
}
