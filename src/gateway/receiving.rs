//! The body of a request: whole and within its limit for a shaped route, and what to say of one that broke off.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::answer::Incoming;
use super::edge::BodyError;
use super::fault::Fault;
use crate::upstream;

/// How long a request's body may take to arrive in all.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The request's body, whole.
pub(super) async fn received<B: Incoming>(body: B, parts: &Parts, limit: usize) -> Result<Bytes, Fault> {
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Fault::BodyTooLarge(limit));
    }
    if http_body::Body::is_end_stream(&body) {
        return Ok(Bytes::new());
    }
    let collected = tokio::time::timeout(BODY_TIME, Limited::new(body, limit).collect()).await.map_err(|_| Fault::BodyTimeout)?;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| broken(error, limit))
}

/// Why a body ended before its end: the client's doing, whoever was reading.
pub(super) fn broken(error: upstream::BodyError, limit: usize) -> Fault {
    if error.is::<LengthLimitError>() {
        return Fault::BodyTooLarge(limit);
    }
    match error.downcast::<BodyError>() {
        Ok(error) if matches!(*error, BodyError::Timeout | BodyError::TooSlow) => Fault::BodyTimeout,
        Ok(error) => Fault::BodyBroken(error.to_string()),
        Err(error) => Fault::BodyBroken(error.to_string()),
    }
}
