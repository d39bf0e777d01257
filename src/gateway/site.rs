//! What the gateway answers from its configuration alone: `/robots.txt`, in one piece, without a backend that could fail.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response};

use super::Body;
use crate::plan::Robots;

/// The file for robots, when that is what is asked for. Robots that the configuration does not mention stand back behind routes.
pub(super) fn robots(robots: &Robots, parts: &Parts, is_found: bool) -> Option<Response<Body>> {
    let is_asked = parts.uri.path() == Robots::PATH && matches!(parts.method, Method::GET | Method::HEAD);
    if !is_asked || (is_found && !robots.is_written()) {
        return None;
    }
    let mut response = Response::new(Body::full(Bytes::copy_from_slice(robots.text().as_bytes())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    Some(response)
}
