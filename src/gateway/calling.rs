//! From a checked request to a backend's reply.

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use tokio::time::Instant;

use super::answer::Incoming;
use super::edge::{Peer, Trace};
use super::fault::Fault;
use super::keeping::Heard;
use super::receiving::broken;
use super::reply::is_success;
use super::{Body, Gateway, holes};
use crate::base::hole::Hole;
use crate::base::moment;
use crate::check::{BodyBytes, In, Input, Violation};
use crate::plan::{Call, MethodChoice};
use crate::upstream::headers::{self, FieldLines, Forwarding, MakeHeaders};
use crate::upstream::{self, Answered, CallHeaders, FillError, Reply, Tally};

/// A checked request, as the calls of a shaped route see it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) parts: &'r Parts,
    pub(super) input: &'r Input<'r>,
    pub(super) received: &'r Bytes,
}

impl Gateway {
    /// Makes a call of a shaped route.
    pub(super) async fn ask(
        &self,
        call: &Call,
        asked: &Asked<'_>,
        path_and_query: String,
        deadline: Instant,
    ) -> Result<Reply, Fault> {
        let sending = Sending::new(call, asked, deadline)?;
        let upstream = call.backend().upstream();
        let reply =
            self.client.send(upstream, sending.call(path_and_query), deadline).await.map_err(|error| self.failed(call, error))?;
        heard(asked.parts, &reply);
        Ok(reply)
    }

    /// Makes the call of a shaped route whose successful reply need not be whole above so many bytes.
    pub(super) async fn ask_for(
        &self,
        call: &Call,
        asked: &Asked<'_>,
        path_and_query: String,
        deadline: Instant,
        above: Option<u64>,
    ) -> Result<Answered, Fault> {
        let sending = Sending::new(call, asked, deadline)?;
        let request = sending.call(path_and_query);
        let above = |status: StatusCode, _: &HeaderMap| above.filter(|_| is_success(status));
        let answered = self.client.send_growing(call.backend().upstream(), request, deadline, above).await;
        let answered = answered.map_err(|error| self.failed(call, error))?;
        if let Answered::Whole(reply) = &answered {
            heard(asked.parts, reply);
        }
        Ok(answered)
    }

    /// Passes a request through, bytes both ways as they come.
    pub(super) async fn pass<B: Incoming>(
        &self,
        call: &Call,
        parts: &Parts,
        input: &Input<'_>,
        body: B,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let method = match call.method() {
            MethodChoice::Fixed(method) => method.clone(),
            MethodChoice::AsRequested => parts.method.clone(),
        };
        let forwarding = Forwarding::untouched(&parts.headers, peer(parts)).map_err(nominated)?;
        let path_and_query = target(call, parts, input)?;
        // A body of no bytes is not boxed.
        let body = if body.is_end_stream() { BoxBody::default() } else { body.map_err(upstream::BodyError::from).boxed() };
        let started = moment::now();
        let (repeat, trailers) = (call.repeat(), forwarding.trailers());
        let (path_and_query, headers) = (path_and_query.as_str(), CallHeaders::Made(&forwarding));
        let head = upstream::Head { method, path_and_query, headers, repeat, trailers, tally: tally(parts) };
        let result = self.client.open(call.backend().upstream(), head, body, deadline).await;
        trace.upstream = moment::now().saturating_duration_since(started);
        result.map(|response| response.map(Body::stream)).map_err(|error| self.failed(call, error))
    }

    pub(super) fn failed(&self, call: &Call, error: upstream::Error) -> Fault {
        match error {
            upstream::Error::ClientBody(error) => broken(error, self.plan.limits().body),
            error => Fault::Call { upstream: call.backend().upstream().name().to_owned(), error },
        }
    }
}

/// A call of a shaped route as it is sent.
struct Sending<'r> {
    call: &'r Call,
    parts: &'r Parts,
    forwarding: Forwarding<'r>,
    body: Bytes,
    deadline: Instant,
}

impl<'r> Sending<'r> {
    fn new(call: &'r Call, asked: &Asked<'r>, deadline: Instant) -> Result<Self, Fault> {
        let Asked { parts, input, received } = *asked;
        let forwarding = Forwarding::read(&parts.headers, peer(parts)).map_err(nominated)?;
        let carries = matches!(*method(call, parts), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
        let body = match &input.body_bytes {
            _ if !carries => Bytes::new(),
            BodyBytes::AsReceived => Bytes::clone(received),
            BodyBytes::Rewritten(bytes) => Bytes::from(bytes.clone()),
        };
        Ok(Self { call, parts, forwarding, body, deadline })
    }

    fn call(&self, path_and_query: String) -> upstream::Call<'_> {
        upstream::Call {
            method: method(self.call, self.parts).clone(),
            path_and_query,
            headers: CallHeaders::Made(self),
            body: self.body.clone(),
            repeat: self.call.repeat(),
            tally: tally(self.parts),
        }
    }
}

impl MakeHeaders for Sending<'_> {
    fn make(&self) -> FieldLines<'_> {
        let mut lines = self.forwarding.make();
        let has_body = !self.body.is_empty();
        lines.retain(|name| *name != ACCEPT && (has_body || !matches!(*name, CONTENT_TYPE | CONTENT_ENCODING)));
        lines.append(&headers::name::ACCEPT, HeaderValue::from_static("application/json, */*;q=0.1"));
        let settings = self.call.backend().upstream().settings();
        if let Some(name) = &settings.headers.deadline {
            // A backend that wants to know when nobody waits any more.
            lines.set(name, HeaderValue::from(left(self.deadline, settings.timeouts.total)));
        }
        lines
    }
}

/// The method of a call of a shaped route: a HEAD is answered from what a GET brings.
pub(super) fn method<'r>(call: &'r Call, parts: &'r Parts) -> &'r Method {
    match call.method() {
        MethodChoice::Fixed(method) => method,
        MethodChoice::AsRequested if parts.method == Method::HEAD => &Method::GET,
        MethodChoice::AsRequested => &parts.method,
    }
}

/// Where the calls of a request are counted.
pub(super) fn tally(parts: &Parts) -> Tally {
    parts.extensions.get::<Tally>().cloned().unwrap_or_default()
}

/// Lets those who keep answers know what a reply says about that.
fn heard(parts: &Parts, reply: &Reply) {
    if let Some(heard) = parts.extensions.get::<Heard>() {
        heard.add(&reply.headers);
    }
}

/// Whole milliseconds until the deadline or the upstream's own limit, whichever is nearer.
fn left(deadline: Instant, total: Duration) -> u64 {
    let left = deadline.saturating_duration_since(moment::now()).min(total);
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

/// Whom a backend may be told about.
pub(super) fn peer(parts: &Parts) -> headers::Peer<'_> {
    let peer = parts.extensions.get::<Peer>();
    headers::Peer { ip: peer.map(Peer::ip), secure: peer.is_some_and(|peer| peer.secure), host: host(parts) }
}

/// The host that was asked for, as the client wrote it.
pub(super) fn host(parts: &Parts) -> Option<&str> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
}

pub(super) fn nominated(nominated: headers::Nominated) -> Fault {
    Fault::Malformed(Violation {
        place: In::Headers,
        path: "connection".to_owned(),
        rule: "nominated".to_owned(),
        message: nominated.to_string(),
    })
}

/// Path and query of a call that takes from the request alone.
pub(super) fn target(call: &Call, parts: &Parts, input: &Input<'_>) -> Result<String, Fault> {
    filled(call, parts, input, &|_| None).map_err(|error| holes::refused(call, &error))
}

/// Path and query of a call, every hole filled with one encoded segment or value; `others` feeds the holes that the request does not.
pub(super) fn filled(
    call: &Call,
    parts: &Parts,
    input: &Input<'_>,
    others: &dyn Fn(&Hole) -> Option<String>,
) -> Result<String, FillError> {
    let Some(template) = call.target() else {
        let path = parts.uri.path();
        return Ok(if input.query_string.is_empty() { path.to_owned() } else { format!("{path}?{}", input.query_string) });
    };
    let rest = call.rest();
    let spans = |hole: &Hole| hole.source() == "path" && rest.is_some() && hole.path().first().map(String::as_str) == rest;
    let value = |hole: &Hole| if holes::of_request(hole) { holes::value(input, hole) } else { others(hole) };
    let mut filled = upstream::fill_with(template, &value, &spans)?;
    if !call.has_query() && !input.query_string.is_empty() {
        filled.push('?');
        filled.push_str(&input.query_string);
    }
    Ok(filled)
}
