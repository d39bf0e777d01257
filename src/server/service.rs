//! Between a connection and the gateway: what every request is given, and every answer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use tower::ServiceExt;

use super::admit::{Unfit, admit};
use super::answer::{Cause, Origin, Outgoing};
use super::body::{Body, Source};
use super::core::Core;
use super::house::{PREFIX, Unanswered};
use super::lasting::Lasting;
use super::record::{Answer, Asked, Record};
use super::traffic::{Refused, Traffic};
use super::tunnel::{Slot, Switch};
use crate::base::panic::message;
use crate::base::{moment, placed};
use crate::gateway::edge::{MaySwitch, Peer, Refusal, RequestId, Switched, Trace, Tunnel};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const REFERRER: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The service of one connection.
pub(super) struct Adapter<S> {
    service: S,
    core: Arc<Core>,
    traffic: Arc<Traffic>,
    peer: Peer,
    slot: Slot,
}

/// What gives the answer to a request.
pub(super) type Answered<B> = Pin<Box<dyn Future<Output = Result<Response<Outgoing<B>>, Infallible>> + Send>>;

impl<S> Adapter<S> {
    /// A 101 leaves its tunnel in `slot`.
    pub(super) fn new(service: S, core: Arc<Core>, traffic: Arc<Traffic>, peer: Peer, slot: Slot) -> Self {
        Self { service, core, traffic, peer, slot }
    }
}

impl<S, B> Adapter<S>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    /// Begins the answer to a request, of either protocol. It `may_switch` if it asks for WebSocket.
    pub(super) fn answer(&self, request: Request<Source>, may_switch: bool) -> Answered<B> {
        self.begin(request, None, may_switch)
    }

    /// Begins the answer to a request that was refused before it was one.
    pub(super) fn refuse(&self, refused: Refused, is_head: bool) -> Answered<B> {
        let mut request = Request::new(Source::Whole(None));
        if is_head {
            *request.method_mut() = Method::HEAD;
        }
        self.begin(request, Some(refused), false)
    }

    fn begin(&self, request: Request<Source>, refused: Option<Refused>, may_switch: bool) -> Answered<B> {
        let (time, started) = (SystemTime::now(), moment::now().into_std());
        let turn = self.traffic.arrive(request.version());
        let last = turn.last || refused.is_some();
        let (mut parts, source) = request.into_parts();
        let (refusal, asked) = match refused {
            Some(Refused { refusal, line }) => {
                let (method, target) = line.unwrap_or_default();
                (Some(refusal), Asked::Raw { method, target })
            }
            None => {
                let (refusal, uri) = match admit(&mut parts, &self.core.settings.limits) {
                    Ok(()) => (None, parts.uri.clone()),
                    // A path that was refused is logged as it came: its canonical form does not exist.
                    Err(Unfit { refusal, uri }) => (Some(refusal), uri),
                };
                (refusal, Asked::Parsed { method: parts.method.clone(), uri })
            }
        };
        let given = parts.headers.get(&REQUEST_ID).and_then(RequestId::adopt);
        let id = given.unwrap_or_else(|| RequestId::generate(time));
        parts.headers.insert(REQUEST_ID, id.header());
        parts.extensions.insert(id.clone());
        parts.extensions.insert(self.peer);
        if let Some(refusal) = refusal {
            parts.extensions.insert(refusal);
        }
        if may_switch {
            parts.extensions.insert(MaySwitch);
        }
        let mut record = Box::new(Record {
            access: self.core.settings.access.clone(),
            traffic: Arc::clone(&self.traffic),
            number: turn.number,
            asked,
            id,
            peer: self.peer,
            version: parts.version,
            time,
            started,
            answer: Answer::default(),
            watched: None,
        });
        record.begin();
        let body = Body::over(source, self.core.settings.timeouts.body_idle);
        let is_head = parts.method == Method::HEAD;
        let accept = parts.headers.get(header::ACCEPT).cloned();
        let is_of_house = refusal.is_none() && parts.uri.path().starts_with(PREFIX);
        let request = Request::from_parts(parts, body);
        let (mut service, core, slot) = (self.service.clone(), Arc::clone(&self.core), Arc::clone(&self.slot));
        placed(move || async move {
            // What is rare is boxed, so that others have no room for it.
            let response = if is_of_house {
                Box::pin(own(&core, service, request.into_parts().0, &record)).await
            } else {
                match settled(answering(&mut service, request), &record).await {
                    Some(response) => response,
                    None => Box::pin(again(service, accept, &record, refusal.is_some())).await,
                }
            };
            let response = if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                match response.extensions().get::<Switched>().and_then(Switched::take).filter(|_| may_switch) {
                    Some(tunnel) => return Ok(switch(response, record, tunnel, &slot)),
                    None => broken(&record),
                }
            } else {
                response
            };
            let leaves = last || core.closes() || record.traffic.is_old();
            let close = leaves && !record.traffic.is_multiplexed();
            Ok(finish(response, record, &core, is_head, close))
        })
    }
}

/// Answers a path of the product's own, or has the service refuse it.
async fn own<S, B>(core: &Core, mut service: S, parts: Parts, record: &Record) -> Response<Origin<B>>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let accept = parts.headers.get(header::ACCEPT).cloned();
    let asked = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let Ok(mut response) = core.house.clone().oneshot(asked).await;
    match response.extensions_mut().remove() {
        Some(Unanswered(refusal)) => {
            let mut request = Request::from_parts(parts, Body::empty());
            request.extensions_mut().insert(refusal);
            match settled(answering(&mut service, request), record).await {
                Some(response) => response,
                None => again(service, accept, record, false).await,
            }
        }
        None => response.map(|body| Origin::House { body }),
    }
}

/// What the service makes of a request.
async fn answering<S, B>(service: &mut S, request: Request<Body>) -> Result<Response<B>, Infallible>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    service.call(request).await
}

/// The service's answer; `None` when it panics.
async fn settled<B>(
    answering: impl Future<Output = Result<Response<B>, Infallible>>,
    record: &Record,
) -> Option<Response<Origin<B>>> {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(Ok(response)) => Some(response.map(|body| Origin::Service { body })),
        Err(panic) => {
            tracing::error!(request_id = %record.id, panic = message(&*panic), "a request panicked");
            record.panicked();
            None
        }
    }
}

/// Asks a service that has panicked once more, for the page that says so; when that panics too the answer is a bare 500. The target of
/// a request that was `refused` is not what was asked for.
async fn again<S, B>(mut service: S, accept: Option<HeaderValue>, record: &Record, refused: bool) -> Response<Origin<B>>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let mut again = Request::new(Body::empty());
    match &record.asked {
        Asked::Parsed { method, .. } => *again.method_mut() = method.clone(),
        Asked::Raw { method, .. } if method == "HEAD" => *again.method_mut() = Method::HEAD,
        Asked::Raw { .. } => {}
    }
    if let (Asked::Parsed { uri, .. }, false) = (&record.asked, refused) {
        *again.uri_mut() = uri.clone();
    }
    *again.version_mut() = record.version;
    again.headers_mut().extend(accept.map(|accept| (header::ACCEPT, accept)));
    again.headers_mut().insert(REQUEST_ID, record.id.header());
    again.extensions_mut().insert(record.id.clone());
    again.extensions_mut().insert(record.peer);
    again.extensions_mut().insert(Refusal::Panicked);
    if let Some(response) = settled(answering(&mut service, again), record).await {
        return response;
    }
    let mut response = Response::new(Origin::House { body: axum::body::Body::empty() });
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// Answers a request for WebSocket that its upstream has agreed to. The record stays open as long as the tunnel.
fn switch<B>(response: Response<Origin<B>>, mut record: Box<Record>, tunnel: Tunnel, slot: &Slot) -> Response<Outgoing<B>> {
    let (mut parts, _) = response.into_parts();
    record.answer.trace = parts.extensions.remove::<Trace>().unwrap_or_default();
    record.answer.status = Some(parts.status.as_u16());
    parts.headers.insert(REQUEST_ID, record.id.header());
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Switch { tunnel, record });
    Response::from_parts(parts, Outgoing::switched())
}

/// A 101 that nobody may give.
fn broken<B>(record: &Record) -> Response<Origin<B>> {
    tracing::error!(request_id = %record.id, "an answer switches protocols and has none to switch to");
    let mut response = Response::new(Origin::House { body: axum::body::Body::empty() });
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// Gives an answer the headers that all of them have.
fn finish<B>(
    response: Response<Origin<B>>,
    mut record: Box<Record>,
    core: &Arc<Core>,
    is_head: bool,
    close: bool,
) -> Response<Outgoing<B>>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    let (mut parts, origin) = response.into_parts();
    record.answer.trace = parts.extensions.remove::<Trace>().unwrap_or_default();
    record.answer.status = Some(parts.status.as_u16());
    let has_no_body = is_head || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    record.answer.complete = has_no_body || origin.is_end_stream();
    let headers = &mut parts.headers;
    headers.insert(REQUEST_ID, record.id.header());
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(NOSNIFF);
    headers.entry(header::REFERRER_POLICY).or_insert(REFERRER);
    if close {
        headers.insert(header::CONNECTION, CLOSE);
    }
    let has_known_end = record.answer.complete || origin.has_known_end() || parts.headers.contains_key(header::CONTENT_LENGTH);
    let lasting = (!has_known_end).then(|| Lasting::new(core, &parts.headers));
    if lasting.is_some() {
        record.stream();
    }
    Response::from_parts(parts, Outgoing::new(origin, record, lasting))
}
