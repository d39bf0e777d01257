//! One request sent, the head of one reply received, with the silent second try.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body::Body as _;
use http_body_util::combinators::BoxBody;

use super::body::{BodyError, Progress, RequestBody, StreamBody};
use super::budget::Budget;
use super::client::{Client, Reply};
use super::collect::{Announced, collect};
use super::coming::Coming;
use super::headers::{FieldLines, MakeHeaders, Names, Trailers, name};
use super::http1::{Failed, Outbox, Sending};
use super::live::{Permit, Repeat};
use super::reply::Length;
use super::settings::Place;
use super::streamed::Missed;
use super::ways::Way;
use super::{Error, Tally, Upstream, headers, reply};
use crate::base::http1::media_type;

/// The largest head of a call, in bytes: Tomcat's `maxHttpRequestHeaderSize` as shipped.
const MAX_HEAD: usize = 8 * 1024;
/// The most header lines of a call: Tomcat's `maxHeaderCount` as shipped. A reply may have as many.
pub(super) const MAX_HEADERS: usize = 100;

/// How long an event stream may be silent, at least: it is made to wait for what happens. Servers that follow the WHATWG's advice
/// send a comment every 15 seconds.
const EVENT_SILENCE: Duration = Duration::from_secs(300);

/// What is asked: every try makes a request of it.
pub(super) struct Order<'c> {
    pub(super) method: &'c Method,
    pub(super) path_and_query: &'c str,
    pub(super) headers: &'c dyn MakeHeaders,
    pub(super) repeat: Repeat,
    /// What the client says of trailers; none where they are left out.
    pub(super) trailers: Option<&'c Trailers>,
    /// Where its tries are counted, if they are.
    pub(super) tally: Option<&'c Tally>,
    /// Another protocol that is asked for. Its names belong to one hop and are written for it alone.
    pub(super) switch_to: Option<&'static str>,
}

/// The body of an order.
pub(super) enum Supply {
    /// At hand, for as many tries as need it.
    Whole(Bytes),
    /// As the client sends it: until a connection has taken it.
    Streamed(Option<BoxBody<Bytes, BodyError>>, Arc<Progress>),
}

impl Supply {
    /// Whether a try could still send it.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::Whole(_) | Self::Streamed(Some(_), _))
    }

    pub(super) fn take(&mut self, trailers: Option<&Trailers>) -> RequestBody {
        match self {
            Self::Whole(bytes) => RequestBody::Whole(bytes.clone()),
            // Gone only when it was sent, and then nobody asks for it again.
            Self::Streamed(body, progress) => match body.take() {
                Some(body) => RequestBody::Streamed {
                    body,
                    progress: Arc::clone(progress),
                    trailers: trailers.map(|trailers| trailers.gives.clone()).unwrap_or_default(),
                },
                None => RequestBody::Whole(Bytes::new()),
            },
        }
    }

    /// Takes back what no connection has taken.
    pub(super) fn restore(&mut self, unsent: RequestBody) {
        if let (Self::Streamed(place, _), RequestBody::Streamed { body, .. }) = (self, unsent) {
            *place = Some(body);
        }
    }

    pub(super) fn progress(&self) -> Option<Arc<Progress>> {
        match self {
            Self::Whole(_) => None,
            Self::Streamed(_, progress) => Some(Arc::clone(progress)),
        }
    }
}

/// A request that is ready to be sent.
pub(super) struct Outgoing<'o> {
    method: &'o Method,
    target: Uri,
    lines: FieldLines<'o>,
}

impl<'o> Outgoing<'o> {
    fn new(
        (upstream, place): (&'o Upstream, &'o Place),
        order: &'o Order<'_>,
        attempt: u32,
        supply: &Supply,
    ) -> Result<Self, Error> {
        let (method, mut lines) = (order.method, order.headers.make());
        let target = place.request_target(order.path_and_query)?;
        upstream.apply_headers(place, &mut lines);
        let is_empty = matches!(supply, Supply::Whole(body) if body.is_empty());
        if is_empty && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers wait for a body that nobody announced the absence of (RFC 9110, section 8.6).
            lines.set(&name::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let Some(trailers) = order.trailers {
            announce(trailers, &mut lines);
        }
        if attempt > 0 {
            lines.set(&name::X_RETRY_ATTEMPT, HeaderValue::from(attempt));
        }
        if let Some(protocol) = order.switch_to {
            lines.set(&name::CONNECTION, HeaderValue::from_static("upgrade"));
            lines.set(&name::UPGRADE, HeaderValue::from_static(protocol));
        }
        let outgoing = Self { method, target, lines };
        outgoing.check_size(!is_empty)?;
        Ok(outgoing)
    }

    /// An upstream that refuses a large head says 400, which looks like the client's mistake: better found here. How a body is framed is
    /// one line, which is added when it is sent.
    fn check_size(&self, has_body: bool) -> Result<(), Error> {
        let lines = self.lines.len() + usize::from(has_body);
        if lines > MAX_HEADERS {
            return Err(Error::HeadTooLarge { what: format!("{lines} headers"), limit: MAX_HEADERS });
        }
        let target = self.target.path_and_query().map_or(1, |target| target.as_str().len());
        let request_line = self.method.as_str().len() + target + " HTTP/1.1\r\n ".len();
        let fields: usize = self.lines.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let size = request_line + fields + "content-length: 18446744073709551615\r\n\r\n".len();
        if size > MAX_HEAD {
            return Err(Error::HeadTooLarge { what: format!("{size} bytes"), limit: MAX_HEAD });
        }
        Ok(())
    }

    /// As the lines of HTTP/1.1.
    fn into_outbox(self, body: RequestBody) -> Outbox {
        Outbox::new(self.method, &self.target, &self.lines, body)
    }

    /// As the head of a stream: the host is a part of the URI, and nothing is said of the connection, which is not this call's alone
    /// (RFC 9113, section 8.2.2).
    pub(super) fn into_stream(self, place: &Place, body: &RequestBody) -> Request<()> {
        let Self { method, target, lines } = self;
        let mut headers = lines.into_map();
        headers.remove(header::CONNECTION);
        let host = headers.remove(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
        if let (Some(length @ 1..), false) = (body.size_hint().exact(), headers.contains_key(header::CONTENT_LENGTH)) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let mut request = Request::new(());
        let mut parts = target.clone().into_parts();
        parts.scheme = Some(if place.is_secure { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = host.or_else(|| place.dial.as_ref().and_then(Uri::authority).cloned());
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or(target);
        *request.method_mut() = method.clone();
        *request.headers_mut() = headers;
        *request.version_mut() = Version::HTTP_2;
        request
    }
}

/// A reply whose head is there and can be believed, and the connection that its body comes on.
pub(super) struct Exchange {
    pub(super) response: Response<Coming>,
    /// The announced length.
    pub(super) length: Option<Length>,
    pub(super) progress: Option<Arc<Progress>>,
}

impl Exchange {
    /// The whole reply; its connection waits for the next call.
    pub(super) async fn whole(self, upstream: &Upstream, method: &Method, budget: &Budget) -> Result<Reply, Error> {
        let Self { response, length, .. } = self;
        let (mut head, mut coming) = response.into_parts();
        let announced = Announced::of(&head, method, length)?;
        let body = collect(&mut head, announced, &mut coming, upstream.settings().max_bytes, budget).await?;
        coming.give_back();
        Ok(Reply::new(head, body))
    }

    /// The reply as it is passed down, with its trailers if they are wanted. A stream of events, which may last for ever, keeps no place
    /// among the calls under way.
    pub(super) fn pass(self, upstream: &Upstream, permit: Option<Permit>, trailers: bool) -> Result<Response<StreamBody>, Error> {
        let Self { response, length, progress } = self;
        let (mut head, body) = response.into_parts();
        reply::settle_length(&mut head.headers, length);
        let between_bytes = upstream.settings().timeouts.between_bytes;
        let (between_bytes, permit) =
            if is_event_stream(&head.headers) { (between_bytes.max(EVENT_SILENCE), None) } else { (between_bytes, permit) };
        let trailers = if trailers { Names::announced(&head.headers) } else { Names::default() };
        headers::strip_reply(&mut head.headers);
        if let Some(line) = trailers.line() {
            head.headers.insert(header::TRAILER, line);
        }
        let body = StreamBody::new(body, permit, progress, trailers, between_bytes).look_ahead()?;
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request to a place until the head of a reply is there. Afterwards, `supply` still holds what was not sent.
    pub(super) async fn run(
        client: &Client,
        upstream: &Upstream,
        place: &Place,
        (order, attempt): (&Order<'_>, u32),
        supply: &mut Supply,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let progress = supply.progress();
        let (mut alone, mut fresh) = (order.switch_to.is_some(), false);
        loop {
            let outgoing = Outgoing::new((upstream, place), order, attempt, supply)?;
            // The futures of what is rare have a place of their own, so that those of all calls are small.
            let (way, reused) = match client.at_once(place, (alone, fresh)) {
                Some(waited) => (Way::Alone(waited), true),
                None => Box::pin(client.way(place, (alone, fresh), budget)).await?,
            };
            let alone = match way {
                Way::Alone(alone) => alone,
                Way::Shared(slot) => {
                    let run = Self::on_stream((slot, reused), outgoing, (place, order), supply, budget);
                    match Box::pin(run).await {
                        Err(Missed::Unsent) => {}
                        Err(Missed::Again { alone: insists, .. }) if !fresh => (alone, fresh) = (insists, true),
                        Err(Missed::Again { error, .. } | Missed::Over(error)) => return Err(error),
                        Ok(exchange) => return Ok(exchange),
                    }
                    continue;
                }
            };
            // Where it stands it stays: passed on from one function to the next, it would be copied each time.
            let mut sending = Sending::new(alone, order.method, outgoing.into_outbox(supply.take(order.trailers)));
            let head = poll_fn(|cx| sending.poll_head(cx));
            let answered = match &progress {
                // In a box, for what few calls need.
                Some(progress) => Box::pin(budget.first_byte_of_upload(progress.turn(), head)).await?,
                None => budget.first_byte(head).await?,
            };
            let failed = match answered {
                Ok(head) if head.status == StatusCode::SWITCHING_PROTOCOLS && order.switch_to.is_some() => {
                    let response = Response::from_parts(head, Coming::Switched(sending.into_alone()));
                    return Ok(Self { response, length: None, progress });
                }
                Ok(head) => {
                    let length = reply::check(&head)?;
                    let body = sending.into_body(&head, length.map(|length| length.bytes));
                    return Ok(Self { response: Response::from_parts(head, body), length, progress });
                }
                Err(failed) => failed,
            };
            let gone = matches!(failed, Failed::Wire(_) | Failed::Closed) && !sending.is_answered();
            if let Some(unsent) = sending.into_unsent().filter(|_| reused && gone) {
                supply.restore(unsent);
                continue;
            }
            let error = failed.error(progress.as_ref().and_then(|progress| progress.take_failure()));
            // Only a connection that waited can turn out to be closed, and the second try is on a new one.
            if !(gone && reused && order.method.is_idempotent() && matches!(supply, Supply::Whole(_))) {
                return Err(error);
            }
            fresh = true;
        }
    }
}

/// Says to the next hop what the client says of trailers: for this hop alone, so the line names itself in `Connection`.
fn announce(trailers: &Trailers, lines: &mut FieldLines<'_>) {
    if trailers.takes {
        lines.set(&name::TE, HeaderValue::from_static("trailers"));
        lines.set(&name::CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(line) = trailers.gives.line() {
        lines.set(&name::TRAILER, line);
    }
}

/// Whether a reply is a stream of server-sent events.
fn is_event_stream(headers: &HeaderMap) -> bool {
    media_type(headers).eq_ignore_ascii_case(b"text/event-stream")
}
