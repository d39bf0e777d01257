//! HTTP/2 on one connection (RFC 9113): every request a stream of its own.
//!
//! Not hyper's server for it: that cannot send an interim answer, and takes a request body that is reset with `NO_ERROR` for one that has
//! ended. The frames, and every limit on them, are the `h2` crate's. Each stream runs in a task of its own; dropping the connection drops them all.

mod alive;
mod head;
mod stream;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, Connection, Handshake, SendResponse};
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use self::alive::Alive;
use super::answer::Cause;
use super::body::{Body, Source};
use super::drive;
use super::service::Adapter;
use super::settings::Limits;
use crate::base::heard::Listened;
use crate::base::stream::Received;
use crate::gateway::edge::Interim;

/// Windows: bytes of request bodies under way, for one request and for all of a connection.
const WINDOW: u32 = 256 * 1024;
/// Bytes of one answer that wait for the client.
const SEND_BUFFER: usize = 64 * 1024;
/// Requests at once on a connection.
const STREAMS: u32 = 128;
/// Heads of so many times the limit are kept, so that what is over it becomes a request and is refused like any other. What is over this
/// too the crate answers with a bare 431 that nobody else hears of; keeping more would let trailers hold more.
const HEADS_KEPT: usize = 2;
/// What each header counts for beside its name and its value (RFC 9113, section 6.5.2).
const OF_HEADER: usize = 32;
/// Requests taken back before they reached us, and protocol errors answered by a reset, before the connection goes.
const PENDING_RESETS: usize = 20;
const LOCAL_RESETS: usize = 256;

/// A connection. As a future, it ends when the connection does.
pub(super) struct Streams<T, S> {
    state: State<T>,
    adapter: Adapter<S>,
    tasks: JoinSet<()>,
    /// It was to close before it had begun.
    closes: bool,
}

enum State<T> {
    Greeting { handshake: Handshake<Listened<T>, Bytes>, alive: Option<Alive> },
    Serving { connection: Connection<Listened<T>, Bytes>, alive: Alive },
}

// Nothing of it is ever pinned.
impl<T, S> Unpin for Streams<T, S> {}

/// Why a connection ended early.
pub(super) enum Broken {
    Frames(h2::Error),
    /// The client did not say that it is there.
    Silent,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frames(error) => error.fmt(f),
            Self::Silent => f.write_str("the client answers no PING"),
        }
    }
}

impl<T, S> Streams<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    /// A connection on which nothing was read yet.
    pub(super) fn new(wire: T, adapter: Adapter<S>, limits: &Limits) -> Self {
        let (alive, wire) = alive::listen(wire);
        let handshake = builder(limits).handshake(wire);
        Self { state: State::Greeting { handshake, alive: Some(alive) }, adapter, tasks: JoinSet::new(), closes: false }
    }

    /// Takes the tasks of streams that have ended out of the set.
    fn reap(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(ended)) = self.tasks.poll_join_next(cx) {
            if let Err(error) = ended {
                tracing::error!(%error, "a stream ended without an answer");
            }
        }
    }
}

fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(Some(LOCAL_RESETS))
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(u32::try_from(HEADS_KEPT * limits.head + OF_HEADER * limits.headers).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER);
    builder
}

impl<T, S, B> Streams<T, S>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    /// Begins with a request.
    fn begin(&mut self, request: Request<h2::RecvStream>, respond: SendResponse<Bytes>) {
        let is_head = request.method() == Method::HEAD;
        let (mut parts, stream) = request.into_parts();
        let interim = Interim::default();
        parts.extensions.insert(interim.clone());
        // What follows a CONNECT is no body, and is never let through.
        let source = match parts.method {
            Method::CONNECT => Source::Whole(None),
            _ => Source::Stream(Received::new(stream, &parts.headers)),
        };
        let answering = self.adapter.answer(Request::from_parts(parts, source), false);
        self.tasks.spawn(stream::serve(answering, interim, respond, is_head));
    }
}

impl<T, S, B> Future for Streams<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    type Output = Result<(), Broken>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let State::Greeting { handshake, alive } = &mut this.state {
            let mut connection = ready!(Pin::new(handshake).poll(cx)).map_err(Broken::Frames)?;
            if this.closes {
                connection.graceful_shutdown();
            }
            if let Some(mut alive) = alive.take() {
                alive.begin(connection.ping_pong());
                this.state = State::Serving { connection, alive };
            }
        }
        this.reap(cx);
        loop {
            let State::Serving { connection, alive } = &mut this.state else { return Poll::Pending };
            if alive.poll(cx).is_ready() {
                connection.abrupt_shutdown(Reason::NO_ERROR);
            }
            match ready!(connection.poll_accept(cx)) {
                Some(Ok((request, respond))) => this.begin(request, respond),
                Some(Err(error)) => return Poll::Ready(Err(Broken::Frames(error))),
                None if alive.is_over() => return Poll::Ready(Err(Broken::Silent)),
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<T, S, B> drive::Connection for Streams<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    type Broken = Broken;

    fn close(mut self: Pin<&mut Self>) {
        match &mut self.state {
            State::Greeting { .. } => self.closes = true,
            State::Serving { connection, .. } => connection.graceful_shutdown(),
        }
    }
}
