//! The client: one a worker, shared by all upstreams.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::body::{BodyError, StreamBody};
use super::budget::Budget;
use super::connect::Connector;
use super::exchange::{Order, Supply};
use super::headers::{FieldLines, MakeHeaders};
use super::live::Repeat;
use super::pool::Pool;
use super::resolve::Names;
use super::streams::Lines;
use super::tries::{self, Begun};
use super::{Error, Tally, Upstream, headers, hedged};

/// Opens a connection to the sample backend of `demo:` targets, in memory.
pub trait Dial: Send + Sync {
    /// The client's end; the other end is served already.
    fn dial(&self) -> DuplexStream;
}

/// A call whose body is at hand. Its `Debug` form shows no header and no body, which may hold secrets.
#[derive(Clone)]
pub struct Call<'c> {
    /// Its method.
    pub method: Method,
    /// What comes after the upstream's base path, percent-encoded: `/items/7?page=2`.
    pub path_and_query: String,
    /// Its headers, as [`headers::Forwarding::read`] prepares them.
    pub headers: CallHeaders<'c>,
    /// Its body, empty for none.
    pub body: Bytes,
    /// Whether it can be told twice.
    pub repeat: Repeat,
    /// Where its tries are counted.
    pub tally: Tally,
}

/// The headers of a call.
#[derive(Clone)]
pub enum CallHeaders<'c> {
    /// These.
    Fixed(HeaderMap),
    /// Those that are made when they are needed.
    Made(&'c dyn MakeHeaders),
}

impl std::fmt::Debug for CallHeaders<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallHeaders").finish_non_exhaustive()
    }
}

impl From<HeaderMap> for CallHeaders<'_> {
    fn from(headers: HeaderMap) -> Self {
        Self::Fixed(headers)
    }
}

impl MakeHeaders for CallHeaders<'_> {
    fn make(&self) -> FieldLines<'_> {
        match self {
            Self::Fixed(headers) => headers.make(),
            Self::Made(made) => made.make(),
        }
    }
}

/// A call whose body comes as the client sends it. Its `Debug` form shows no header, which may hold secrets.
pub struct Head<'c> {
    /// Its method.
    pub method: Method,
    /// As in [`Call`].
    pub path_and_query: &'c str,
    /// Its headers, as [`headers::Forwarding::untouched`] prepares them.
    pub headers: CallHeaders<'c>,
    /// Whether it can be told twice.
    pub repeat: Repeat,
    /// What the client says of trailers.
    pub trailers: headers::Trailers,
    /// Where its tries are counted.
    pub tally: Tally,
}

/// A reply whose body is at hand. Its `Debug` form shows no header and no body, which may hold secrets.
#[derive(Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, without those that end here ([`headers::strip_reply`]).
    pub headers: HeaderMap,
    /// Its body, without content coding.
    pub body: Bytes,
}

impl Reply {
    /// A reply from its head and its body without content coding.
    pub(super) fn new(mut head: Parts, body: Bytes) -> Self {
        headers::strip_reply(&mut head.headers);
        Self { status: head.status, headers: head.headers, body }
    }
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head").field("method", &self.method).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Sends calls and keeps connections for the next ones. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) connector: Connector,
    /// Connections of HTTP/1.1 that wait.
    pub(super) pool: Arc<Pool>,
    /// Connections of HTTP/2.
    pub(super) lines: Lines,
    /// Connections opened so far.
    pub(super) opened: AtomicU32,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client without connections. `demo` serves `demo:` targets; without it they cannot be called.
    pub fn new(demo: Option<Arc<dyn Dial>>) -> Self {
        Self::with_connector(Connector::new(demo, Names::system()))
    }

    pub(super) fn with_connector(connector: Connector) -> Self {
        let (pool, lines, opened) = (Arc::default(), Lines::default(), AtomicU32::new(0));
        let shared = Shared { connector, pool, lines, opened };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a call and collects its reply, bounded in time by the upstream's timeouts and `deadline`, in size by its
    /// `max_bytes`. The head of the call gets the upstream's Host and header rules; the length follows from the body.
    ///
    /// Redirects are never followed. A connection that waited and turns out to be closed costs nothing: the call goes out
    /// once more, provided that nothing was sent yet, or that the method is idempotent and no byte of a reply came. What fails
    /// otherwise is made again as the upstream's policies say, within the same time.
    ///
    /// # Errors
    /// See [`Error`]: every way not to get a whole, well-formed reply in time has a variant of its own.
    pub async fn send(&self, upstream: &Upstream, call: Call<'_>, deadline: Instant) -> Result<Reply, Error> {
        if hedged::takes(upstream, &call) {
            return Box::pin(self.send_hedged(upstream, &call, deadline)).await;
        }
        self.send_once(upstream, &call, deadline).await
    }

    /// Sends a call, in as many tries as it takes, and collects its reply.
    pub(super) async fn send_once(&self, upstream: &Upstream, call: &Call<'_>, deadline: Instant) -> Result<Reply, Error> {
        let Call { method, path_and_query, headers, body, repeat, tally } = call;
        let (repeat, body) = (*repeat, body.clone());
        let order = Order { method, path_and_query, headers, repeat, trailers: None, tally: Some(tally), switch_to: None };
        let budget = Budget::begin(upstream.settings().timeouts, deadline);
        let Begun { exchange, budget, pass, permit } = self.begin(upstream, &order, Supply::Whole(body), budget).await?;
        let status = exchange.response.status();
        let collected = exchange.whole(upstream, method, &budget).await;
        if let Some(pass) = pass {
            pass.settle(collected.as_ref().map_or_else(Error::verdict, |_| tries::verdict(status)));
        }
        drop(permit);
        collected
    }

    /// Sends a call whose body comes as the client sends it, and passes the reply down as it comes: content coding and
    /// length untouched, hop-by-hop headers gone, trailers that were announced both ways behind the bodies. `timeout.total` and `deadline` bound the time to the head of the reply,
    /// without the time that the client takes to send its body; after that only `timeout.between_bytes` counts. `max_bytes`
    /// does not.
    ///
    /// # Errors
    /// As [`Client::send`] up to the head of the reply; what happens later ends the body in an error.
    pub async fn open(
        &self,
        upstream: &Upstream,
        head: Head<'_>,
        body: BoxBody<Bytes, BodyError>,
        deadline: Instant,
    ) -> Result<http::Response<StreamBody>, Error> {
        let Head { method, path_and_query, headers, repeat, trailers, tally } = head;
        let supply =
            if body.is_end_stream() { Supply::Whole(Bytes::new()) } else { Supply::Streamed(Some(body), Arc::default()) };
        let order = Order {
            method: &method,
            path_and_query,
            headers: &headers,
            repeat,
            trailers: Some(&trailers),
            tally: Some(&tally),
            switch_to: None,
        };
        let budget = Budget::begin(upstream.settings().timeouts, deadline);
        let Begun { exchange, pass, permit, .. } = self.begin(upstream, &order, supply, budget).await?;
        let status = exchange.response.status();
        let passed = exchange.pass(upstream, permit, trailers.takes);
        if let Some(pass) = pass {
            pass.settle(passed.as_ref().map_or_else(Error::verdict, |_| tries::verdict(status)));
        }
        passed
    }

    /// What gives a clone of this client, as long as it is used by anybody else.
    pub(super) fn weak(&self) -> impl Fn() -> Option<Self> + Send + use<> {
        let shared = Arc::downgrade(&self.shared);
        move || shared.upgrade().map(|shared| Self { shared })
    }

    #[cfg(test)]
    pub(super) fn waiting(&self, upstream: &Upstream) -> usize {
        upstream.places().iter().map(|place| self.shared.pool.waiting(&place.origin)).sum()
    }

    #[cfg(test)]
    pub(super) fn opened(&self) -> u32 {
        self.shared.opened.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Connections that take calls side by side.
    #[cfg(test)]
    pub(super) fn sharing(&self, upstream: &Upstream) -> usize {
        upstream.places().iter().map(|place| self.shared.lines.origin(&place.origin).count()).sum()
    }
}
