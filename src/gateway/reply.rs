//! From a backend's reply to the answer: decode, envelope, shape, then JSON or page (`showing`).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::accept::Form;
use super::edge::Trace;
use super::fault::Fault;
use super::foreign::Foreign;
use super::fragment::{self, Wanted};
use super::paper::Paper;
use super::showing::{Composed, Visit};
use super::{Body, Gateway};
use crate::base::http1::any_lists;
use crate::cache;
use crate::json::Node;
use crate::plan::{Answer, Backend, Call, Route};
use crate::shape::{self, Notes, Shape};
use crate::upstream::{Reply, headers};

/// The word of `Cache-Control` that lets nobody change the body.
pub(super) const NO_TRANSFORM: &str = "no-transform";

impl Gateway {
    #[expect(
        clippy::too_many_arguments,
        reason = "the straight line hands on what it has; a struct of all would only rename them"
    )]
    pub(super) fn compose(
        &self,
        route: &Arc<Route>,
        call: &Call,
        shape: &Shape,
        reply: &Reply,
        wanted: &Wanted,
        visit: &Visit<'_>,
        trace: &mut Trace,
    ) -> Result<Composed, Fault> {
        let backend = call.backend();
        if !is_success(reply.status) {
            return unsuccessful(backend, reply, self.plan.origin()).map(Composed::Answer);
        }
        let mut head = headers::for_new_body(&reply.headers);
        let page = route.page().filter(|_| wanted.form == Form::Html);
        if reply.body.is_empty() || reply.status == StatusCode::RESET_CONTENT {
            if page.is_some() && matches!(visit.parts.method, Method::GET | Method::HEAD) {
                return Err(Fault::NoData);
            }
            if let Some(page) = route.page() {
                vary_on(&mut head, &fragment::vary(page, self.plan.templates()));
            }
            return Ok(Composed::Answer(respond(empty_status(reply.status), head, None)));
        }
        let text = backend
            .decode()
            .text(&reply.body, content_type(reply))
            .map_err(|error| broken(backend, "upstream_not_json", &error))?;
        // The fast forms have nothing to note: what they have to say something about, they leave to the lines below.
        if let (Some(fused), Some(depth)) = (route.fused(), backend.decode().literal_depth(&text)) {
            if let Some(page) = page.filter(|page| page.view().stays().is_none())
                && let Some(source) = fused.payload(&text, depth, |at, levels| page.view().source_at(&text, at, levels))
            {
                return self.show(route, page, Paper::Read(source), head, wanted, visit);
            }
            if let Some(body) = fused.run(&text, depth) {
                if let Some(page) = page {
                    return self.show(route, page, Paper::Text(body), head, wanted, visit);
                }
                return Ok(Composed::Answer(self.json(route, reply.status, head, Body::full(Bytes::from(body)))));
            }
        }
        let mut document = backend.decode().node(&text).map_err(|error| not_json(backend, reply, &error))?;
        let mut notes = Notes::default();
        if let Some(envelope) = backend.envelope() {
            envelope.run(&mut document, &mut notes).map_err(|error| shaped(backend, reply, error))?;
        }
        shape.run(&mut document, &mut notes).map_err(|error| shaped(backend, reply, error))?;
        self.finish(route, document, &notes, reply.status, head, wanted, visit, trace)
    }

    /// The answer with a shaped document: JSON, or the route's page.
    #[expect(
        clippy::too_many_arguments,
        reason = "the straight line hands on what it has; a struct of all would only rename them"
    )]
    pub(super) fn finish(
        &self,
        route: &Arc<Route>,
        document: Node<'_>,
        notes: &Notes,
        status: StatusCode,
        head: HeaderMap,
        wanted: &Wanted,
        visit: &Visit<'_>,
        trace: &mut Trace,
    ) -> Result<Composed, Fault> {
        trace.warnings = u32::try_from(notes.warnings()).unwrap_or(u32::MAX);
        for text in notes.texts() {
            tracing::debug!(route = trace.route.as_deref(), "{text}");
        }
        match route.page().filter(|_| wanted.form == Form::Html) {
            Some(page) => self.show(route, page, Paper::Tree(document), head, wanted, visit),
            None => Ok(Composed::Answer(self.json(route, status, head, Body::full(Bytes::from(document.to_json()))))),
        }
    }

    /// The same as [`Gateway::compose`], beside the event loop: for a reply whose size says that it takes long.
    pub(super) async fn compose_aside(
        &self,
        route: &Arc<Route>,
        reply: Reply,
        wanted: &Wanted,
        visit: &Visit<'_>,
        trace: &mut Trace,
    ) -> Result<Composed, Fault> {
        let (gateway, route, wanted, away) = (self.clone(), Arc::clone(route), wanted.clone(), visit.away());
        let work = move || {
            let mut trace = Trace { route: Some(Arc::clone(route.name())), ..Trace::default() };
            let composed = match route.answer() {
                Answer::Call { call, shape } => gateway.compose(&route, call, shape, &reply, &wanted, &away.visit(), &mut trace),
                // Nobody brings the reply of any other route here.
                Answer::Calls { .. } | Answer::Proxy(_) => Err(Fault::NoRoute),
            };
            (composed, trace.warnings)
        };
        let (composed, warnings) = self.aside.run(visit.deadline, work).await?;
        trace.warnings = warnings;
        composed
    }

    /// A shaped document.
    pub(super) fn json(&self, route: &Route, status: StatusCode, mut head: HeaderMap, body: Body) -> Response<Body> {
        if let Some(page) = route.page() {
            vary_on(&mut head, &fragment::vary(page, self.plan.templates()));
        }
        respond(status, head, Some(("application/json", body)))
    }
}

pub(super) fn respond(status: StatusCode, mut head: HeaderMap, body: Option<(&'static str, Body)>) -> Response<Body> {
    head.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let body = match body {
        None => {
            head.remove(CONTENT_TYPE);
            Body::empty()
        }
        Some((content_type, body)) => {
            head.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            body
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = head;
    response
}

/// A success without a body says so.
fn empty_status(status: StatusCode) -> StatusCode {
    if status == StatusCode::OK { StatusCode::NO_CONTENT } else { status }
}

/// Adds what `Vary` does not say yet; all of it is on one line then.
pub(super) fn vary_on(head: &mut HeaderMap, names: &[&str]) {
    if names.iter().all(|name| varies_on(head, name)) {
        return;
    }
    let mut line = Vec::with_capacity(64);
    let missing = names.iter().filter(|name| !varies_on(head, name)).map(|name| name.as_bytes());
    let known = head.get_all(VARY).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    for part in known.filter(|part| !part.is_empty()).chain(missing) {
        if !line.is_empty() {
            line.extend_from_slice(b", ");
        }
        line.extend_from_slice(part);
    }
    if let Ok(value) = HeaderValue::try_from(line) {
        head.insert(VARY, value);
    }
}

fn varies_on(head: &HeaderMap, name: &str) -> bool {
    head.contains_key(VARY) && (any_lists(head, &VARY, b"*") || any_lists(head, &VARY, name.as_bytes()))
}

/// Says who may keep an answer; and still that nobody may put it into a coding, if that was said.
pub(super) fn set_control(head: &mut HeaderMap, control: &'static str) {
    let plain = HeaderValue::from_static(control);
    let value = match cache::directs(head, NO_TRANSFORM) {
        true => HeaderValue::try_from(format!("{control}, {NO_TRANSFORM}")).unwrap_or(plain),
        false => plain,
    };
    head.insert(CACHE_CONTROL, value);
}

pub(super) fn content_type(reply: &Reply) -> Option<&str> {
    reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// Whether a reply brings what was asked for. Nobody asks for a part of a document that is to be shaped.
pub(super) fn is_success(status: StatusCode) -> bool {
    status.is_success() && status != StatusCode::PARTIAL_CONTENT
}

/// A redirect that stays on this site is passed on; any other 3xx, and every error, is a fault.
fn unsuccessful(backend: &Backend, reply: &Reply, origin: Option<&str>) -> Result<Response<Body>, Fault> {
    if reply.status.is_redirection() && stays(location(reply), origin) {
        return Ok(respond(reply.status, headers::for_new_body(&reply.headers), None));
    }
    Err(not_a_success(backend, reply))
}

/// The fault of a reply that is no success: a redirect that nobody follows, or an error status and what its body says.
pub(super) fn not_a_success(backend: &Backend, reply: &Reply) -> Fault {
    let upstream = backend.upstream().name().to_owned();
    if reply.status.is_redirection() {
        let reason = format!("answered {} to `{}`", reply.status.as_u16(), location(reply));
        return Fault::Contract { upstream, code: "upstream_redirect", reason };
    }
    if reply.status == StatusCode::PARTIAL_CONTENT {
        let reason = "answered 206, a part of a document of which all was asked for".to_owned();
        return Fault::Contract { upstream, code: "upstream_malformed", reason };
    }
    let text = backend.decode().text(&reply.body, content_type(reply)).unwrap_or_default();
    let said = backend.decode().node(&text).map(|node| Foreign::read(&node)).unwrap_or_default();
    Fault::Status { upstream, status: reply.status, said: Box::new(said), headers: kept(reply) }
}

fn location(reply: &Reply) -> &str {
    reply.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What of a failed reply's head a client needs all the same: the cookies of its session and against forgery, which come with a 401
/// as with a 200; how to log in; when to come back. Every line on its own.
fn kept(reply: &Reply) -> Vec<(HeaderName, HeaderValue)> {
    let lines =
        |name: HeaderName| reply.headers.get_all(&name).iter().map(move |line| (name.clone(), line.clone())).collect::<Vec<_>>();
    let comes_back = reply.headers.get(RETRY_AFTER).filter(|value| tells_when(value)).map(|value| (RETRY_AFTER, value.clone()));
    [SET_COOKIE, WWW_AUTHENTICATE].into_iter().flat_map(lines).chain(comes_back).collect()
}

/// Whether a `Retry-After` is one (RFC 9110, 10.2.3): seconds or a date.
fn tells_when(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    let is_seconds = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_seconds || httpdate::parse_http_date(text).is_ok()
}

/// Whether a redirect stays on this site: a path, a reference relative to one, or an address below the site's own origin. Anything
/// else could name a host that no browser should see; and browsers read a backslash as a slash, and pass over tabs.
fn stays(location: &str, origin: Option<&str>) -> bool {
    let is_below = origin.and_then(|origin| location.strip_prefix(origin)).is_some_and(|below| below.starts_with('/'));
    let first = location.split(['/', '?', '#']).next().unwrap_or_default();
    let is_relative = !location.is_empty() && !location.starts_with("//") && !first.contains(':');
    (is_below || is_relative) && !location.contains(['\\', '\t'])
}

pub(super) fn broken(backend: &Backend, code: &'static str, error: &dyn std::error::Error) -> Fault {
    Fault::Contract { upstream: backend.upstream().name().to_owned(), code, reason: error.to_string() }
}

pub(super) fn not_json(backend: &Backend, reply: &Reply, error: &dyn std::error::Error) -> Fault {
    let content_type = content_type(reply).unwrap_or("no content type").to_owned();
    let reason = format!("its {content_type} of {} bytes is not JSON: {error}", reply.body.len());
    Fault::Contract { upstream: backend.upstream().name().to_owned(), code: "upstream_not_json", reason }
}

pub(super) fn shaped(backend: &Backend, reply: &Reply, error: shape::Error) -> Fault {
    match error {
        shape::Error::Business { status, code, message, details } => Fault::Business {
            upstream: backend.upstream().name().to_owned(),
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
            verdict: code,
            message,
            details: details.map(Box::new),
            headers: kept(reply),
        },
        error => Fault::Shape(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_when_no_browser_reads_a_host_in_it() {
        for location in ["/", "/login", "/a:b?next=http://x//y", "login", "?page=2", "../up", "#top", "./a:b"] {
            assert!(stays(location, None) && stays(location, Some("https://shop.example")), "{location}");
        }
        for location in ["https://shop.example/", "https://shop.example/a?b=http://c", "https://shop.example//a"] {
            assert!(stays(location, Some("https://shop.example")) && !stays(location, None), "{location}");
        }
        for location in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "http://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "mailto:x",
            "https://shop.example",
            "https://shop.example.evil/",
            "https://shop.example@evil.example/",
            "https://shop.example/\\evil.example",
            "http://shop.example/",
        ] {
            assert!(!stays(location, Some("https://shop.example")), "{location}");
        }
    }

    #[test]
    fn a_time_to_come_back_is_seconds_or_a_date() {
        for (text, expected) in [
            ("0", true),
            ("120", true),
            ("Fri, 31 Dec 1999 23:59:59 GMT", true),
            ("", false),
            ("-1", false),
            ("1.5", false),
            ("soon", false),
            ("12345678901", false),
            ("1999-12-31", false),
        ] {
            assert_eq!(tells_when(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }

    #[test]
    fn accept_is_added_to_vary_unless_it_is_there() {
        for (lines, expected) in [
            (&[][..], &["accept"][..]),
            (&["Origin"][..], &["Origin, accept"][..]),
            (&["Origin", "accept"][..], &["Origin", "accept"][..]),
            (&["Origin, Accept"][..], &["Origin, Accept"][..]),
            (&["*"][..], &["*"][..]),
            (&["accept-language"][..], &["accept-language, accept"][..]),
            (&["", "a,", " b ,, c"][..], &["a, b, c, accept"][..]),
        ] {
            let mut head = HeaderMap::new();
            for line in lines {
                head.append(VARY, HeaderValue::from_static(line));
            }
            vary_on(&mut head, &["accept"]);
            assert_eq!(head.get_all(VARY).iter().collect::<Vec<_>>(), expected, "{lines:?}");
        }
    }
}
