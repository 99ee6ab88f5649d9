//! The one error type of the HTTP surface.
//!
//! Policy: what a caller did wrong is a [`Problem`] with a stable `code`, the field concerned and
//! what is allowed; it is worded for the person who must act on it. What we did wrong is logged
//! with its cause and answered as a bare `internal_error`; a database that is full, gone or busy as
//! `storage_full`, `database_unavailable` or `busy` with `Retry-After`. A problem never carries SQL, secrets or
//! full phone numbers. The body is `application/problem+json` (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{BadCursor, DbError, Failure};

/// What handlers and stores return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Anything that ends a request early.
#[derive(Debug)]
pub enum Error {
    /// The caller can do something about it.
    Problem(Box<Problem>),
    /// The database failed.
    Db(DbError),
    /// Anything else that is our fault.
    Internal(anyhow::Error),
}

/// RFC 9457 problem details with this product's members.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:trustcart:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    #[schema(value_type = u16)]
    #[serde(serialize_with = "status_as_number")]
    pub status: StatusCode,
    /// Stable, machine-readable reason.
    pub code: String,
    /// One sentence that says what to do.
    pub detail: String,
    /// The field concerned, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The values that would be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// What is wrong in detail, where it is more than one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before trying again (also in `Retry-After`).
    #[serde(skip_serializing_if = "Option::is_none", rename = "retryAfter")]
    pub retry_after: Option<u64>,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The field concerned, as sent.
    pub field: String,
    /// Stable, machine-readable reason.
    pub code: String,
    /// A sentence, or the value concerned.
    pub detail: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn status_as_number<S: serde::Serializer>(status: &StatusCode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u16(status.as_u16())
}

impl Error {
    /// A problem of any status.
    pub fn problem(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem::new(status, code, detail)))
    }

    /// 422: `field` has a value that is not accepted.
    pub fn invalid(code: &str, field: &str, detail: impl Into<String>) -> Self {
        Self::problem(StatusCode::UNPROCESSABLE_ENTITY, code, detail).field(field)
    }

    /// 404: no such row, or none the caller may see.
    pub fn not_found(code: &str, detail: impl Into<String>) -> Self {
        Self::problem(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::problem(StatusCode::CONFLICT, code, detail)
    }

    /// 403: the role does not allow it.
    pub fn forbidden() -> Self {
        Self::problem(StatusCode::FORBIDDEN, "forbidden", "Your role does not allow this.")
    }

    /// 401: no valid access token.
    pub fn unauthenticated() -> Self {
        Self::problem(StatusCode::UNAUTHORIZED, "unauthenticated", "Log in and try again.")
    }

    /// Names the field concerned.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.field = Some(field.to_owned());
        }
        self
    }

    /// Names what would be accepted.
    #[must_use]
    pub fn allowed<S: ToString>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.allowed = values.into_iter().map(|v| v.to_string()).collect();
        }
        self
    }

    /// Lists everything that is wrong.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.errors = errors;
        }
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.retry_after = Some(seconds);
        }
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.code,
            Self::Db(_) | Self::Internal(_) => our_fault(self.failure()).1,
        }
    }

    /// The database or disk failure behind this error, if any.
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Problem(_) => None,
            Self::Db(error) => Failure::of(error),
            Self::Internal(error) => error.chain().find_map(|cause| {
                if let Some(error) = cause.downcast_ref::<DbError>() {
                    return Failure::of(error);
                }
                let error = cause.downcast_ref::<std::io::Error>()?;
                (error.kind() == std::io::ErrorKind::StorageFull).then_some(Failure::Full)
            }),
        }
    }
}

impl Problem {
    fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:trustcart:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            field: None,
            allowed: Vec::new(),
            errors: Vec::new(),
            retry_after: None,
        }
    }
}

/// Status, code, detail and `Retry-After` (seconds). No detail claims that nothing was changed: after a
/// failed commit that is unknown.
fn our_fault(failure: Option<Failure>) -> (StatusCode, &'static str, &'static str, Option<u64>) {
    match failure {
        Some(Failure::Full) => (
            StatusCode::INSUFFICIENT_STORAGE,
            "storage_full",
            "The server's disk is full. Tell your administrator.",
            Some(30),
        ),
        Some(Failure::Unavailable) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "database_unavailable",
            "The database does not answer. Try again in a moment, and check whether it was saved.",
            Some(5),
        ),
        Some(Failure::Busy) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "The server is busy. Try again in a moment.",
            Some(2),
        ),
        None => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side. Check whether it was saved.",
            None,
        ),
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<BadCursor> for Error {
    fn from(BadCursor: BadCursor) -> Self {
        Self::invalid("invalid_cursor", "cursor", "Pass `nextCursor` of the page before.")
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Problem(p) => write!(f, "{}: {}", p.code, p.detail),
            Self::Db(e) => write!(f, "database: {e}"),
            Self::Internal(e) => write!(f, "{e:#}"),
        }
    }
}

impl std::error::Error for Error {}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let failure = self.failure();
        let problem = match self {
            Self::Problem(problem) => problem,
            ours => {
                tracing::error!(error = %ours, "request failed");
                let (status, code, detail, retry_after) = our_fault(failure);
                Box::new(Problem { retry_after, ..Problem::new(status, code, detail) })
            }
        };
        let status = problem.status;
        let retry_after = problem.retry_after;
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse as _;

    use super::Error;
    use crate::db::DbError;

    #[test]
    fn database_failures_are_503_or_507_with_retry_after() {
        let gone = || DbError::Io(io::Error::other("gone"));
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        for (error, status, code) in [
            (Error::Db(gone()), 503, "database_unavailable"),
            (Error::Db(DbError::PoolClosed), 503, "database_unavailable"),
            (Error::Db(DbError::PoolTimedOut), 503, "busy"),
            (
                Error::Internal(anyhow::Error::new(gone()).context("saving")),
                503,
                "database_unavailable",
            ),
            (Error::Internal(anyhow::Error::new(full()).context("saving")), 507, "storage_full"),
            (Error::Db(DbError::RowNotFound), 500, "internal_error"),
        ] {
            assert_eq!(error.code(), code);
            let response = error.into_response();
            assert_eq!(response.status().as_u16(), status, "{code}");
            let retry = response.headers().contains_key(header::RETRY_AFTER);
            assert_eq!(retry, response.status() != StatusCode::INTERNAL_SERVER_ERROR, "{code}");
        }
    }
}
