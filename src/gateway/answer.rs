//! The straight line.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::accept::{Form, Wish};
use super::compressing::AsItIs;
use super::early;
use super::edge::{BodyError, Refusal, RequestId, Trace};
use super::fault::Fault;
use super::fragment::Wanted;
use super::nonce::Nonce;
use super::reply::vary_on;
use super::shedding::Term;
use super::{Body, Gateway, allow, compressing, degrading, fragment, problem};
use crate::check::{self, In, Input, Refusal as Unchecked, Violation};
use crate::json::Node;
use crate::page::Around;
use crate::plan::Route;
use crate::route::Found;
use crate::upstream::Tally;

/// What a request's body must be, to be read or passed on.
pub trait Incoming: http_body::Body<Data = Bytes, Error = BodyError> + Send + Sync + 'static {}

impl<B: http_body::Body<Data = Bytes, Error = BodyError> + Send + Sync + 'static> Incoming for B {}

/// What is to be answered: a request and what is known of it before its body is read, within which time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'t> {
    pub(super) route: &'t Arc<Route>,
    pub(super) parts: &'t Parts,
    /// The values of the holes of the route's path.
    pub(super) holes: &'t [(String, String)],
    pub(super) wanted: &'t Wanted,
    pub(super) term: Term<'t>,
}

impl Gateway {
    /// Answers one request. Never fails: what goes wrong is answered as a problem document, or as the error page to a browser.
    ///
    /// The request carries [`RequestId`] and the peer as extensions, and a [`Refusal`] when the edge refused it; the answer carries a
    /// [`Trace`].
    pub async fn answer<B: Incoming>(&self, request: Request<B>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let tally = Tally::default();
        parts.extensions.insert(tally.clone());
        let head = parts.method == Method::HEAD;
        let mut trace = Trace::default();
        let mut response = match self.line(&parts, body, &mut trace).await {
            Ok(response) => response,
            Err(fault) => match fault.allowed().filter(|_| parts.method == Method::OPTIONS) {
                Some(allowed) => options(allowed),
                None => self.faulted(&parts, &fault, &mut trace),
            },
        };
        without_content(&mut response);
        if let Some(wanted) = compressing::wanted(&parts, &mut response) {
            // In a box, for its size: what is not encoded pays nothing for it.
            response = Box::pin(self.encoded(wanted, response)).await;
        }
        if !self.injections.is_empty() {
            response = self.truncated(response, &trace);
        }
        if head {
            bodiless(&mut response);
        }
        trace.calls = tally.calls();
        response.extensions_mut().insert(trace);
        response
    }

    async fn line<B: Incoming>(&self, parts: &Parts, body: B, trace: &mut Trace) -> Result<Response<Body>, Fault> {
        if let Some(refusal) = parts.extensions.get::<Refusal>() {
            return Err(Fault::Refused(*refusal));
        }
        let found = self.plan.router().find(&parts.method, parts.uri.path());
        if let Some(answered) = self.of_site(parts, &found, trace).await {
            return answered;
        }
        let (route, holes) = match found {
            Found::Route(route, holes) => (route, holes),
            Found::MethodNotAllowed(allowed) => return Err(Fault::MethodNotAllowed(allowed)),
            Found::NotFound => return Err(Fault::NoRoute),
        };
        trace.route = Some(Arc::clone(route.name()));
        let holes = decoded(holes)?;
        let mut response = if early::may_be(route, parts) {
            Box::pin(self.early(route, parts, body, holes, trace)).await
        } else {
            self.routed(route, parts, body, holes, trace).await?
        };
        if !route.compresses() {
            response.extensions_mut().insert(AsItIs);
        }
        Ok(response)
    }

    /// The answer of the route that a request is for.
    pub(super) async fn routed<B: Incoming>(
        &self,
        route: &Arc<Route>,
        parts: &Parts,
        body: B,
        holes: Vec<(String, String)>,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let place = self.shedding.enter(route)?;
        self.harm(route.name()).await?;
        let wanted = fragment::wanted(route, self.plan.templates(), parts)?;
        let bare = fragment::without_parameter(route, parts);
        let parts = bare.as_ref().unwrap_or(parts);
        let response = match route.caching() {
            Some(caching) => {
                // What may be kept has no body worth waiting for.
                place.begin();
                let response = self.through_cache(route, caching, parts, body, holes, wanted, trace).await;
                if matches!(trace.cache, Some("hit" | "stale")) {
                    place.tell_nothing();
                }
                response
            }
            None => {
                let term = Term { time: self.time(route, &wanted), place: Some(&place) };
                self.answered(Task { route, parts, holes: &holes, wanted: &wanted, term }, body, trace).await?
            }
        };
        if !response.status().is_server_error() {
            place.succeed();
        }
        Ok(response)
    }

    /// The answer of a route, made anew.
    pub(super) async fn answered<B: Incoming>(
        &self,
        task: Task<'_>,
        body: B,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let made = self.made(task, body, trace).await;
        made.map_err(|fault| fault.of_page(task.route, task.wanted))
    }

    /// How long an answer may take: a page has a deadline of its own.
    pub(super) fn time(&self, route: &Route, wanted: &Wanted) -> Duration {
        let deadline = degrading::deadline(route, wanted);
        deadline.map_or(route.timeout(), |deadline| deadline.hard.min(route.timeout()))
    }

    /// The answer to a fault.
    pub(super) fn faulted(&self, parts: &Parts, fault: &Fault, trace: &mut Trace) -> Response<Body> {
        let id = parts.extensions.get::<RequestId>().map_or("", RequestId::as_str);
        trace.code = Some(fault.code().into());
        if fault.status().is_server_error() {
            tracing::warn!(request_id = id, route = trace.route.as_deref(), code = fault.code(), cause = %Chain(fault), "a request failed");
        }
        let mut around = around(self.plan.origin(), parts, id, trace.route.as_deref(), &[], &[]);
        let nonce = self.plan.csp().map(|_| Nonce::new());
        around.nonce = nonce.as_ref().map_or("", Nonce::as_str);
        let asked = match self.plan.router().find(&parts.method, parts.uri.path()) {
            Found::Route(route, _) => route.page(),
            Found::MethodNotAllowed(_) | Found::NotFound => None,
        };
        let wish = Wish::of(&parts.headers);
        let is_for_markup = || asked.is_some() && wish.takes(Form::Html) && fragment::is_for_markup(parts);
        // What stands in for a page is one, whatever a page for everyone was asked with.
        let is_page = fault.fallback().is_some() || wish.page() || is_for_markup();
        let page = is_page.then(|| (self.plan.templates(), &around));
        let mut response = problem::answer(fault, id, page);
        if let Some(page) = asked {
            vary_on(response.headers_mut(), &fragment::vary(page, self.plan.templates()));
        }
        if let (Some(csp), Some(nonce), true) = (self.plan.csp(), &nonce, is_page) {
            response.headers_mut().insert(csp.name(), csp.value(nonce.as_str()));
        }
        response
    }
}

/// What a template sees beside its document.
pub(super) fn around<'a>(
    origin: Option<&'a str>,
    parts: &'a Parts,
    id: &'a str,
    route: Option<&'a str>,
    params: &'a [(String, Node<'static>)],
    query: &'a [(String, Node<'static>)],
) -> Around<'a> {
    Around {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        id,
        nonce: "",
        params,
        query,
        route: route.unwrap_or_default(),
        origin,
        deadline: None,
        on_loop: false,
    }
}

/// An error with its sources, on one line.
pub(super) struct Chain<'e>(pub(super) &'e dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

fn options(allowed: &[Method]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow(allowed));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether an answer has a status that never has a body.
fn never_has_body(response: &Response<Body>) -> bool {
    matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Takes away what a status has no room for, whatever a backend sends with it (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). What a 304
/// says of a length is of the document that the client has.
fn without_content(response: &mut Response<Body>) {
    if !never_has_body(response) {
        return;
    }
    if response.body().is_passed() {
        response.extensions_mut().insert(AsItIs);
    }
    *response.body_mut() = Body::empty();
    if response.status() != StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

/// HEAD: the same head, no body. The length is the one that GET would have, so it is told only where that is known: not when
/// a backend answered HEAD itself, and not for a status that never has a body.
fn bodiless(response: &mut Response<Body>) {
    let never = never_has_body(response);
    if let Some(length) = response.body().len().filter(|_| !never) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

/// The holes as text: the path is canonical, so what is still encoded is text in UTF-8 or nothing we can use.
fn decoded(mut holes: Vec<(String, String)>) -> Result<Vec<(String, String)>, Fault> {
    for (name, raw) in holes.iter_mut().filter(|(_, raw)| raw.contains('%')) {
        let text = percent_decode_str(raw).decode_utf8().map(Cow::into_owned);
        *raw = text.map_err(|_| {
            Fault::Malformed(Violation {
                place: In::Path,
                path: name.clone(),
                rule: "encoding".to_owned(),
                message: "must be UTF-8, percent-encoded".to_owned(),
            })
        })?;
    }
    Ok(holes)
}

/// What a request says, if it keeps the rules of its route.
pub(super) fn checked<'r>(
    route: &Route,
    parts: &'r Parts,
    holes: &'r [(String, String)],
    body: &'r [u8],
) -> Result<Input<'r>, Fault> {
    let request = check::Request { path: holes, query: parts.uri.query(), headers: &parts.headers, body };
    route.rules().check(&request).map_err(|refusal| match refusal {
        Unchecked::Malformed(violation) => Fault::Malformed(violation),
        Unchecked::UnsupportedMediaType => Fault::UnsupportedMediaType,
        Unchecked::Violations(violations) => Fault::Invalid(violations),
    })
}
