//! The client: one a worker, shared by all upstreams.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::body::{BodyError, RequestBody, StreamBody};
use super::budget::Budget;
use super::connect::Connector;
use super::exchange::{Exchange, Outgoing};
use super::pool::{Connection, Pool};
use super::resolve::Names;
use super::settings::Place;
use super::wire::{Watch, Watched};
use super::{ConnectError, Error, Upstream, collect, headers, reply};

/// How much is read from a connection at once, at most, in bytes: what a large reply holds of a worker's memory follows from it.
const READ: usize = 128 * 1024;

/// Opens a connection to the sample backend of `demo:` targets, in memory.
pub trait Dial: Send + Sync {
    /// The client's end; the other end is served already.
    fn dial(&self) -> DuplexStream;
}

/// A call whose body is at hand. Its `Debug` form shows no header and no body, which may hold secrets.
#[derive(Clone)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// What comes after the upstream's base path, percent-encoded: `/items/7?page=2`.
    pub path_and_query: String,
    /// Its headers, as [`headers::forward`] prepares them.
    pub headers: HeaderMap,
    /// Its body, empty for none.
    pub body: Bytes,
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

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("bytes", &self.body.len()).finish_non_exhaustive()
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
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    pool: Arc<Pool>,
    handshake: http1::Builder,
    /// Connections opened so far.
    opened: AtomicU32,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client without connections. `demo` serves `demo:` targets; without it they cannot be called.
    pub fn new(demo: Option<Arc<dyn Dial>>) -> Self {
        Self::with_connector(Connector::new(demo, Names::System))
    }

    pub(super) fn with_connector(connector: Connector) -> Self {
        let shared = Shared { connector, pool: Arc::default(), handshake: handshake(), opened: AtomicU32::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a call and collects its reply, bounded in time by the upstream's timeouts and `deadline`, in size by its
    /// `max_bytes`. The head of the call gets the upstream's Host and header rules; the length follows from the body.
    ///
    /// Redirects are never followed. A connection that waited and turns out to be closed costs nothing: the call goes out
    /// once more, provided that nothing was sent yet, or that the method is idempotent and no byte of a reply came.
    ///
    /// # Errors
    /// See [`Error`]: every way not to get a whole, well-formed reply in time has a variant of its own.
    pub async fn send(&self, upstream: &Upstream, call: Call, deadline: Instant) -> Result<Reply, Error> {
        let mut budget = Budget::begin(upstream.settings().timeouts, deadline);
        let Call { method, path_and_query, headers, body } = call;
        let outgoing = Outgoing::new(upstream, method.clone(), &path_and_query, headers, RequestBody::Whole(body))?;
        let Exchange { response, lease, .. } = Exchange::run(self, upstream, outgoing, &mut budget).await?;
        let (mut head, body) = response.into_parts();
        reply::check(&head)?;
        let body = collect::collect(&mut head, &method, body, upstream.settings().max_bytes, &budget).await?;
        lease.give_back();
        headers::strip_reply(&mut head.headers);
        Ok(Reply { status: head.status, headers: head.headers, body })
    }

    /// Sends a call whose body comes as the client sends it, and passes the reply down as it comes: content coding and
    /// length untouched, hop-by-hop headers gone. `timeout.total` and `deadline` bound the time to the head of the reply,
    /// without the time that the client takes to send its body; after that only `timeout.between_bytes` counts. `max_bytes`
    /// does not.
    ///
    /// # Errors
    /// As [`Client::send`] up to the head of the reply; what happens later ends the body in an error.
    pub async fn open(
        &self,
        upstream: &Upstream,
        method: Method,
        path_and_query: &str,
        headers: HeaderMap,
        body: BoxBody<Bytes, BodyError>,
        deadline: Instant,
    ) -> Result<http::Response<StreamBody>, Error> {
        let mut budget = Budget::begin(upstream.settings().timeouts, deadline);
        let body = if body.is_end_stream() {
            RequestBody::Whole(Bytes::new())
        } else {
            RequestBody::Streamed { body, progress: Arc::default() }
        };
        let outgoing = Outgoing::new(upstream, method, path_and_query, headers, body)?;
        Exchange::run(self, upstream, outgoing, &mut budget).await?.pass(upstream)
    }

    /// A connection that waited, and whether it did; else a new one.
    pub(super) async fn connection(&self, place: &Place, fresh: bool, budget: &Budget) -> Result<(Lease, bool), Error> {
        let lease = |connection| Lease { connection, pool: Arc::clone(&self.shared.pool), origin: Arc::clone(&place.origin) };
        if let Some(connection) = (!fresh).then(|| self.shared.pool.take(&place.origin)).flatten() {
            return Ok((lease(connection), true));
        }
        let open = self.shared.connector.open(place.dial.as_ref(), budget.connect_within());
        let wire = budget.connect(open).await?.map_err(|error| match error {
            // The last address used up its share of the time a moment before the time was up.
            ConnectError::Socket { kind: std::io::ErrorKind::TimedOut, .. } => Error::ConnectTimeout,
            error => Error::Connect(error),
        })?;
        let watch = Arc::new(Watch::default());
        let io = TokioIo::new(Watched::new(wire, Arc::clone(&watch)));
        let (sender, driver) = self.shared.handshake.handshake(io).await.map_err(|_| Error::Closed)?;
        // How it ends is told to whoever waits for the reply.
        let driver = tokio::spawn(async { drop(driver.with_upgrades().await) }).abort_handle();
        let turn = self.shared.opened.fetch_add(1, Ordering::Relaxed);
        Ok((lease(Connection::new(sender, watch, driver, turn)), false))
    }

    #[cfg(test)]
    pub(super) fn waiting(&self, upstream: &Upstream) -> usize {
        self.shared.pool.waiting(&upstream.place().origin)
    }

    #[cfg(test)]
    pub(super) fn opened(&self) -> u32 {
        self.shared.opened.load(Ordering::Relaxed)
    }
}

/// How connections are spoken on.
fn handshake() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(READ);
    builder
}

/// A connection in use. Dropped, it is cut; given back, it waits for the next call.
pub(super) struct Lease {
    pub(super) connection: Connection,
    pool: Arc<Pool>,
    origin: Arc<str>,
}

impl Lease {
    /// The exchange has ended, request and reply.
    pub(super) fn give_back(self) {
        let Self { connection, pool, origin } = self;
        pool.put(&origin, connection);
    }
}
