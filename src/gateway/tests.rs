//! What no data case can show: every fault beside the others, and time.

mod beside;
mod calls;
mod early;
mod kept;
mod late;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::edge::{BodyError, Refusal};
use super::fault::Fault;
use super::foreign::Foreign;
use super::{Gateway, problem, receiving};
use crate::check::{In, Violation};
use crate::json::Node;
use crate::spec::Snapshot;
use crate::upstream::{self, Client, ConnectError, Dial, Malformed};
use crate::{page, plan, shape};

const SECRET: &str = "secret-of-the-log";

fn call(error: upstream::Error) -> Fault {
    Fault::Call { upstream: SECRET.to_owned(), error }
}

fn answered(status: u16) -> Fault {
    let status = StatusCode::from_u16(status).unwrap();
    Fault::Status { upstream: SECRET.to_owned(), status, said: Box::default(), headers: Vec::new() }
}

fn shaped(error: shape::Error) -> Fault {
    Fault::Shape(error)
}

/// Every kind of fault, its status and its code.
fn faults() -> Vec<(Fault, u16, &'static str)> {
    use upstream::Error as E;
    let violation =
        Violation { place: In::Query, path: "q".to_owned(), rule: "r".to_owned(), message: "must be text".to_owned() };
    let secret = || SECRET.to_owned();
    vec![
        (Fault::Refused(Refusal::BadRequest("a_rule")), 400, "bad_request"),
        (Fault::Refused(Refusal::BadPath("a_rule")), 400, "bad_path"),
        (Fault::Refused(Refusal::NotFound), 404, "no_route"),
        (Fault::Refused(Refusal::MethodNotAllowed), 405, "method_not_allowed"),
        (Fault::Refused(Refusal::Timeout), 408, "request_timeout"),
        (Fault::Refused(Refusal::UriTooLong), 414, "uri_too_long"),
        (Fault::Refused(Refusal::ExpectationFailed), 417, "expectation_failed"),
        (Fault::Refused(Refusal::HeadTooLarge), 431, "head_too_large"),
        (Fault::Refused(Refusal::Panicked), 500, "internal"),
        (Fault::NoRoute, 404, "no_route"),
        (Fault::MethodNotAllowed(vec![Method::GET]), 405, "method_not_allowed"),
        (Fault::NotAcceptable, 406, "not_acceptable"),
        (Fault::Overloaded { limit: "worker" }, 503, "overloaded"),
        (Fault::BodyTooLarge(7), 413, "body_too_large"),
        (Fault::BodyTimeout, 408, "body_timeout"),
        (Fault::BodyBroken(secret()), 400, "body_broken"),
        (Fault::Malformed(violation.clone()), 400, "malformed_request"),
        (Fault::UnsupportedMediaType, 415, "unsupported_media_type"),
        (Fault::Invalid(vec![violation]), 422, "validation_failed"),
        (call(E::Connect(ConnectError::Tls(secret()))), 502, "upstream_connect"),
        (call(E::ConnectTimeout), 504, "upstream_connect_timeout"),
        (call(E::FirstByteTimeout), 504, "upstream_first_byte_timeout"),
        (call(E::BetweenBytesTimeout), 504, "upstream_between_bytes_timeout"),
        (call(E::TotalTimeout), 504, "upstream_total_timeout"),
        (call(E::Deadline), 504, "deadline"),
        (call(E::BreakerOpen { retry_after: Duration::from_millis(1200) }), 503, "upstream_breaker_open"),
        (call(E::BulkheadFull), 503, "upstream_bulkhead_full"),
        (call(E::Closed), 502, "upstream_closed"),
        (call(E::Reset { in_body: true }), 502, "upstream_reset"),
        (call(E::Incomplete { received: 7 }), 502, "upstream_incomplete"),
        (call(Malformed::Head(secret()).into()), 502, "upstream_malformed"),
        (call(E::TooLarge { limit: 7 }), 502, "upstream_too_large"),
        (call(E::Coding(upstream::CodingError::Unknown(secret()))), 502, "upstream_coding"),
        (call(E::Ratio { limit: 7 }), 502, "upstream_ratio"),
        (call(E::HeadTooLarge { what: secret(), limit: 7 }), 431, "head_too_large"),
        (call(E::Path(secret())), 500, "internal"),
        (answered(404), 404, "upstream_refused"),
        (answered(499), 499, "upstream_refused"),
        (answered(500), 502, "upstream_failed"),
        (answered(503), 503, "upstream_failed"),
        (answered(504), 504, "upstream_failed"),
        (Fault::Contract { upstream: secret(), code: "upstream_not_json", reason: secret() }, 502, "upstream_not_json"),
        (shaped(shape::Error::MissingData), 502, "upstream_data_missing"),
        (shaped(shape::Error::Mismatch { step: "convert", path: secret(), found: "array" }), 502, "shape_mismatch"),
        (shaped(shape::Error::Number { path: secret(), token: secret() }), 502, "shape_failed"),
        (Fault::File { path: secret(), error: std::io::Error::other(SECRET) }, 500, "internal"),
        (Fault::Page(page::Error::NotFound(secret())), 500, "page_failed"),
        (Fault::NoData, 404, "no_data"),
        (Fault::Unavailable { fault: Box::new(answered(500)), fallback: None }, 503, "upstream_failed"),
        (Fault::Unavailable { fault: Box::new(answered(429)), fallback: None }, 503, "upstream_refused"),
        (Fault::Late, 504, "deadline"),
        (Fault::Page(page::Error::Deadline), 504, "deadline"),
    ]
}

async fn body(response: http::Response<super::Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn every_fault_has_a_status_a_code_and_a_text_without_its_cause() {
    for (fault, status, code) in faults() {
        assert_eq!((fault.status().as_u16(), fault.code()), (status, code), "{fault}");
        let response = problem::answer(&fault, "id-of-a-request", None);
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key(ALLOW), status == 405, "{fault}");
        assert_eq!(response.headers().contains_key(RETRY_AFTER), status == 503, "{fault}");
        assert_eq!(response.headers().contains_key(CONNECTION), code.starts_with("body_"), "{fault}");
        let text = body(response).await;
        assert!(!text.contains(SECRET), "{text}");
        let node = crate::json::parse(&text, &crate::json::Limits::default()).unwrap();
        let document = node.as_object().unwrap();
        let member = |name: &str| document.get(name).and_then(Node::as_str).map(std::borrow::Cow::into_owned);
        assert_eq!(member("code").as_deref(), Some(code));
        assert_eq!(member("request_id").as_deref(), Some("id-of-a-request"));
        assert!(member("title").is_some_and(|title| !title.is_empty()), "{text}");
        assert!(member("detail").is_some_and(|detail| detail.len() > 10), "{text}");
    }
}

#[test]
fn a_client_is_told_when_to_come_back_and_not_before_it_is_worth_while() {
    for (millis, told) in [(0, "1"), (999, "1"), (1000, "1"), (1001, "2"), (60_000, "60")] {
        let fault = call(upstream::Error::BreakerOpen { retry_after: Duration::from_millis(millis) });
        assert_eq!(problem::answer(&fault, "id", None).headers()[RETRY_AFTER], told, "{millis}");
    }
}

#[tokio::test]
async fn a_failure_keeps_every_line_that_its_client_needs() {
    let line = HeaderValue::from_static;
    let headers = vec![(SET_COOKIE, line("a=1")), (SET_COOKIE, line("b=2")), (RETRY_AFTER, line("9"))];
    let said = Foreign { detail: Some("no".to_owned()), errors: Vec::new() };
    let refused = Fault::Status {
        upstream: "shop".to_owned(),
        status: StatusCode::UNAUTHORIZED,
        said: Box::new(said),
        headers: headers.clone(),
    };
    let business = Fault::Business {
        upstream: "shop".to_owned(),
        status: StatusCode::SERVICE_UNAVAILABLE,
        verdict: "7".to_owned(),
        message: None,
        details: None,
        headers,
    };
    for fault in [refused, business] {
        let response = problem::answer(&fault, "", None);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(response.headers().get_all(RETRY_AFTER).iter().collect::<Vec<_>>(), ["9"]);
        assert!(!response.headers().contains_key(COOKIE));
    }
}

#[test]
fn a_body_that_ends_early_is_the_clients_doing() {
    for (error, code) in [
        (BodyError::Timeout, "body_timeout"),
        (BodyError::TooSlow, "body_timeout"),
        (BodyError::Broken("gone".to_owned()), "body_broken"),
    ] {
        assert_eq!(receiving::broken(error.into(), 7).code(), code);
    }
    assert_eq!(receiving::broken("whatever else".into(), 7).code(), "body_broken");
}

/// A body that takes its time by the test's clock.
struct Slow {
    pause: Pin<Box<tokio::time::Sleep>>,
    sent: bool,
}

impl http_body::Body for Slow {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        std::task::ready!(self.pause.as_mut().poll(cx));
        let first = !std::mem::replace(&mut self.sent, true);
        Poll::Ready(first.then(|| Ok(Frame::data(Bytes::from_static(b"{}")))))
    }
}

/// A backend that answers `{}` at once.
struct Quick;

impl Dial for Quick {
    fn dial(&self) -> DuplexStream {
        let (near, mut far) = tokio::io::duplex(4096);
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && far.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
            let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            far.write_all(reply).await.unwrap();
        });
        near
    }
}

/// A gateway whose one route may take a second.
fn quick(route: &str) -> Gateway {
    let text =
        format!("upstreams: {{shop: {{url: \"demo:\"}}}}\nroutes: [{{route: {route}, call: \"GET shop:/\", timeout: 1s}}]\n");
    let snapshot = Snapshot { root: "routes.yaml".to_owned(), text, ..Snapshot::default() };
    Gateway::new(Arc::new(plan::compile(&snapshot).unwrap()), Client::new(Some(Arc::new(Quick))))
}

/// The answer to a POST whose body takes so long, on a route that may take a second.
async fn upload(takes: Duration) -> (u16, Option<String>) {
    let gateway = quick("POST /a");
    let body = Slow { pause: Box::pin(tokio::time::sleep(takes)), sent: false };
    let mut response = gateway.answer(Request::post("/a").body(body).unwrap()).await;
    let trace: super::edge::Trace = response.extensions_mut().remove().unwrap();
    (response.status().as_u16(), trace.code.map(std::borrow::Cow::into_owned))
}

#[test]
fn a_request_under_way_takes_little_memory() {
    let gateway = quick("POST /a");
    let body = http_body_util::Empty::new().map_err(|never: std::convert::Infallible| -> BodyError { match never {} });
    let size = size_of_val(&gateway.answer(Request::post("/a").body(body).unwrap()));
    assert!(size < 3 * 1024, "{size} bytes, which every request has room for: box what few requests need");
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_does_not_eat_the_time_of_the_backend() {
    assert_eq!(upload(Duration::from_secs(20)).await, (200, None));
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_a_limit_of_its_own() {
    assert_eq!(upload(Duration::from_secs(31)).await, (408, Some("body_timeout".to_owned())));
}
