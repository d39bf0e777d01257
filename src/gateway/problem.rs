//! A fault as a document: `application/problem+json` (RFC 9457) for programs, a page for browsers.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderValue, Response, StatusCode};

use super::{body::Body, fault::Fault, internals};
use crate::check::Violation;
use crate::json::{Node, Object, Text};
use crate::page::{self, Around, Templates};

/// The template that a browser sees a fault in, unless there is one for its status: `404.html`.
const TEMPLATE: &str = "error.html";

/// How large the details of a fault may be, in bytes.
const MOST_DETAILS: usize = 64 << 10;

/// The page when the site has no such template, or when it fails.
const PLAIN_PAGE: &str = include_str!("problem.html");

/// The answer to a failed request.
pub(super) fn answer(fault: &Fault, request_id: &str, page: Option<(&Templates, &Around<'_>)>) -> Response<Body> {
    let status = fault.status();
    let document = document(fault, request_id);
    let (content_type, body) = match page {
        Some((templates, around)) => ("text/html; charset=utf-8", html(templates, around, fault, &document)),
        None => ("application/problem+json", document.to_json()),
    };
    let mut response = Response::new(Body::full(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if matches!(fault, Fault::NoFragment) {
        let depends = "accept, x-fragment, hx-request, hx-target, hx-request-type, turbo-frame";
        headers.insert(VARY, HeaderValue::from_static(depends));
    }
    if let Fault::NoRange { of: Some(of) } = fault {
        headers.insert(CONTENT_RANGE, of.clone());
    }
    if let Some(allowed) = fault.allowed() {
        headers.insert(ALLOW, super::allow(allowed));
    }
    if let Fault::Status { headers: kept, .. } | Fault::Business { headers: kept, .. } = fault.root() {
        for (name, line) in kept {
            headers.append(name, line.clone());
        }
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        // Whole seconds, rounded up: whoever asks before that time asks in vain.
        let seconds = fault.retry_after().map_or(1, |wait| wait.as_millis().div_ceil(1000).max(1));
        headers.entry(RETRY_AFTER).or_insert_with(|| HeaderValue::from(u64::try_from(seconds).unwrap_or(1)));
    }
    if matches!(fault, Fault::BodyTooLarge(_) | Fault::BodyTimeout | Fault::BodyBroken(_)) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn html(templates: &Templates, around: &Around<'_>, fault: &Fault, document: &Node<'_>) -> Vec<u8> {
    let of_status = format!("{}.html", fault.status().as_u16());
    let names = fault.fallback().into_iter().chain([of_status.as_str(), TEMPLATE]);
    for template in names.filter(|name| templates.has(name)) {
        match templates.show_alone(template, document, around) {
            Ok(page) => return page.into_bytes(),
            Err(error) => tracing::error!(template, error = %error, "the error page failed"),
        }
    }
    let text = |name: &str| {
        let value = document.as_object().and_then(|object| object.get(name));
        escape(&value.map_or_else(String::new, |value| match value {
            Node::String(text) => text.decode().into_owned(),
            Node::Number(number) => number.as_raw().to_owned(),
            _ => String::new(),
        }))
    };
    let mut page = PLAIN_PAGE.to_owned();
    for name in ["status", "title", "detail", "request_id"] {
        page = page.replace(&format!("[[{name}]]"), &text(name));
    }
    page.replace("[[nonce]]", around.nonce).into_bytes()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    page::escape(&mut out, text);
    // Nor is it a place for what comes next.
    out.replace('[', "&#91;")
}

fn document(fault: &Fault, request_id: &str) -> Node<'static> {
    let status = fault.status();
    let mut object = Object::new();
    let mut member = |name: &'static str, value: Node<'static>| object.push(Text::plain(name), value);
    member("type", Node::text("about:blank"));
    member("title", Node::text(status.canonical_reason().unwrap_or("Error")));
    member("status", Node::Number(u64::from(status.as_u16()).into()));
    member("detail", Node::text(fault.detail()));
    member("code", Node::text(fault.code()));
    if let Fault::Business { verdict, details, .. } = fault.root() {
        member("upstream_code", Node::text(verdict.clone()));
        let shown = details.as_deref().and_then(internals::without);
        if let Some(details) = shown.filter(|details| details.to_json().len() <= MOST_DETAILS) {
            member("details", details);
        }
    }
    member("request_id", Node::text(request_id.to_owned()));
    let errors = fault.errors();
    if !errors.is_empty() {
        member("errors", Node::Array(errors.into_iter().map(error).collect()));
    }
    Node::Object(object)
}

fn error(violation: Violation) -> Node<'static> {
    let mut object = Object::new();
    object.push(Text::plain("in"), Node::text(violation.place.to_string()));
    object.push(Text::plain("path"), Node::text(violation.path));
    object.push(Text::plain("rule"), Node::text(violation.rule));
    object.push(Text::plain("message"), Node::text(violation.message));
    Node::Object(object)
}
