//! What is said when something is refused: `application/problem+json` (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::cluster::Refused;

/// A refusal: a status, a stable code, and what there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    /// The request is not one.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, code) = match &refused {
            Refused::Configuration(_) => (StatusCode::UNPROCESSABLE_ENTITY, "configuration"),
            Refused::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            Refused::Busy(_) => (StatusCode::CONFLICT, "busy"),
            Refused::Invalid(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Refused::Unknown(_) => (StatusCode::NOT_FOUND, "unknown"),
            Refused::Leaving => (StatusCode::SERVICE_UNAVAILABLE, "leaving"),
        };
        Self::new(status, code, refused.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let document = json!({
            "type": "about:blank",
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        let mut response = format!("{document}\n").into_response();
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
