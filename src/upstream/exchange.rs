//! One request sent, the head of one reply received, with the silent second try.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use hyper::body::Incoming;

use super::body::{Progress, RequestBody, StreamBody};
use super::budget::Budget;
use super::client::{Client, Lease};
use super::error::classify;
use super::{Error, Upstream, headers, reply};

/// The largest head of a call, in bytes: Tomcat's `maxHttpRequestHeaderSize` as shipped.
const MAX_HEAD: usize = 8 * 1024;
/// The most header lines of a call: Tomcat's `maxHeaderCount` as shipped.
const MAX_HEADERS: usize = 100;

/// How long an event stream may be silent, at least: it is made to wait for what happens. Servers that follow the WHATWG's advice
/// send a comment every 15 seconds.
const EVENT_SILENCE: Duration = Duration::from_secs(300);

/// A request that is ready to be sent.
pub(super) struct Outgoing {
    method: Method,
    target: Uri,
    headers: HeaderMap,
    body: RequestBody,
}

impl Outgoing {
    pub(super) fn new(
        upstream: &Upstream,
        method: Method,
        path_and_query: &str,
        mut headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Self, Error> {
        let target = upstream.request_target(path_and_query)?;
        upstream.apply_headers(&mut headers);
        let is_empty = matches!(&body, RequestBody::Whole(body) if body.is_empty());
        if is_empty && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers wait for a body that nobody announced the absence of (RFC 9110, section 8.6).
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let outgoing = Self { method, target, headers, body };
        outgoing.check_size()?;
        Ok(outgoing)
    }

    /// Asks for another protocol on the connection. Both names belong to one hop and are written for it alone.
    pub(super) fn ask_to_switch(&mut self, protocol: &'static str) {
        self.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        self.headers.insert(header::UPGRADE, HeaderValue::from_static(protocol));
    }

    /// The same request again, if it can be told twice.
    fn again(&self) -> Option<Self> {
        let RequestBody::Whole(body) = &self.body else { return None };
        if !self.method.is_idempotent() {
            return None;
        }
        let body = RequestBody::Whole(body.clone());
        Some(Self { method: self.method.clone(), target: self.target.clone(), headers: self.headers.clone(), body })
    }

    /// An upstream that refuses a large head says 400, which looks like the client's mistake: better found here.
    fn check_size(&self) -> Result<(), Error> {
        let lines = self.headers.len();
        if lines > MAX_HEADERS {
            return Err(Error::HeadTooLarge { what: format!("{lines} headers"), limit: MAX_HEADERS });
        }
        let target = self.target.path_and_query().map_or(1, |target| target.as_str().len());
        let request_line = self.method.as_str().len() + target + " HTTP/1.1\r\n ".len();
        let fields: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        // The length of the body is added when it is sent.
        let size = request_line + fields + "content-length: 18446744073709551615\r\n\r\n".len();
        if size > MAX_HEAD {
            return Err(Error::HeadTooLarge { what: format!("{size} bytes"), limit: MAX_HEAD });
        }
        Ok(())
    }

    fn into_request(self) -> Request<RequestBody> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target;
        *request.headers_mut() = self.headers;
        request
    }

    fn from_request(request: Request<RequestBody>) -> Self {
        let (head, body) = request.into_parts();
        Self { method: head.method, target: head.uri, headers: head.headers, body }
    }

    fn progress(&self) -> Option<Arc<Progress>> {
        match &self.body {
            RequestBody::Streamed { progress, .. } => Some(Arc::clone(progress)),
            RequestBody::Whole(_) => None,
        }
    }
}

/// A reply whose head is there, and the connection that its body comes on.
pub(super) struct Exchange {
    pub(super) response: Response<Incoming>,
    pub(super) lease: Lease,
    pub(super) progress: Option<Arc<Progress>>,
}

impl Exchange {
    /// The reply as it is passed down.
    pub(super) fn pass(self, upstream: &Upstream) -> Result<Response<StreamBody>, Error> {
        let Self { response, lease, progress } = self;
        let (mut head, body) = response.into_parts();
        reply::check(&head)?;
        reply::settle_length(&mut head);
        let between_bytes = upstream.settings().timeouts.between_bytes;
        let between_bytes = if is_event_stream(&head.headers) { between_bytes.max(EVENT_SILENCE) } else { between_bytes };
        headers::strip_reply(&mut head.headers);
        let body = StreamBody::new(body, lease, progress, between_bytes);
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request until the head of a reply is there.
    pub(super) async fn run(
        client: &Client,
        upstream: &Upstream,
        mut outgoing: Outgoing,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let progress = outgoing.progress();
        let mut fresh = false;
        loop {
            let (mut lease, reused) = client.connection(upstream.place(), fresh, budget).await?;
            // Only a connection that waited can turn out to be closed, and the second try is on a new one.
            let again = if reused { outgoing.again() } else { None };
            lease.connection.watch.begin();
            let sent = lease.connection.sender.try_send_request(outgoing.into_request());
            let answered = match &progress {
                Some(progress) => budget.first_byte_of_upload(progress.turn(), sent).await?,
                None => budget.first_byte(sent).await?,
            };
            let mut error = match answered {
                Ok(response) => return Ok(Self { response, lease, progress }),
                Err(error) => error,
            };
            if let Some(unsent) = error.take_message().filter(|_| reused) {
                outgoing = Outgoing::from_request(unsent);
                continue;
            }
            if let Some(error) = progress.as_ref().and_then(|progress| progress.take_failure()) {
                return Err(Error::ClientBody(error));
            }
            let error = classify(&error.into_error(), None);
            let gone = matches!(error, Error::Closed | Error::Reset { .. }) && !lease.connection.watch.is_answered();
            outgoing = again.filter(|_| gone).ok_or(error)?;
            fresh = true;
        }
    }
}

/// Whether a reply is a stream of server-sent events.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.split(|byte| *byte == b';').next().is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream"))
}
