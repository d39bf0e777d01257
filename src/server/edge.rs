//! The front door: takes connections, serves them, and lets them go.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use super::answer::Cause;
use super::body::Body;
use super::core::Core;
use super::departures::Departures;
use super::drain::Drain;
use super::drive::drive;
use super::gauge::Open;
use super::peek::{Peeked, Protocol, peek};
use super::plain::Plain;
use super::service::Adapter;
use super::settings::EdgeSettings;
use super::streams::Streams;
use super::traffic::Traffic;
use super::tunnel::{self, Slot};
use super::watch::Watched;
use super::wire::{Socket, Wire};
use crate::gateway::edge::Peer;

/// Serves HTTP/1.1 and HTTP/2 on connections that it is given. It listens nowhere itself. Clones are the same edge.
#[derive(Clone)]
pub struct Edge<S> {
    service: S,
    core: Arc<Core>,
}

/// A connection that an edge counts as open, until it has been served or this is dropped.
#[derive(Debug)]
pub struct Admitted {
    open: Open,
    peer: SocketAddr,
}

impl<S> Edge<S> {
    /// Whether connections of HTTP/1 close behind their answers from now on, so that those that are idle take no memory.
    pub fn set_closing(&self, closing: bool) {
        self.core.is_closing.store(closing, Ordering::Relaxed);
    }
}

impl<S, B> Edge<S>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    /// An edge in front of `service`, which answers every request, the refused ones too.
    pub fn new(service: S, mut settings: EdgeSettings) -> Self {
        settings.limits = settings.limits.bounded();
        Self { service, core: Arc::new(Core::new(settings)) }
    }

    /// Counts a connection as open, and shows it to whoever watches, from this call on. Whoever is served is admitted first.
    pub fn admit(&self, peer: SocketAddr) -> Admitted {
        let watched = self.core.settings.watch.clone().map(|watch| Watched::new(watch, peer));
        Admitted { open: self.core.gauge.open(watched), peer }
    }

    /// Serves a connection of TCP until it closes. See [`Edge::serve`].
    pub fn serve_tcp(&self, stream: TcpStream, admitted: Admitted) -> impl Future<Output = ()> + Send + use<S, B> {
        // An answer is written whole: waiting for more to send would only delay its end. A socket that cannot do without
        // the wait is served all the same.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small writes back");
        }
        self.serve_on(stream, admitted, Socket::TCP)
    }

    /// Serves a connection of a socket in the file system until it closes. See [`Edge::serve`].
    pub fn serve_unix(&self, stream: UnixStream, admitted: Admitted) -> impl Future<Output = ()> + Send + use<S, B> {
        self.serve_on(stream, admitted, Socket::UNIX)
    }

    /// Serves one connection until it closes: by the client, by its limits, or by [`Edge::drain`] and [`Edge::cut`].
    /// Dropping the future cuts it.
    pub fn serve<T>(&self, stream: T, admitted: Admitted) -> impl Future<Output = ()> + Send + use<S, B, T>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.serve_on(stream, admitted, Socket::NONE)
    }

    fn serve_on<T>(&self, mut stream: T, admitted: Admitted, socket: Socket<T>) -> impl Future<Output = ()> + Send + use<S, B, T>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { service, core } = self.clone();
        async move {
            let Admitted { open, peer } = admitted;
            let (limits, timeouts) = (core.settings.limits, core.settings.timeouts);
            let mut phase = core.phase();
            let born = Instant::now();
            let Some(Peeked { protocol, early, first_byte }) = peek(&mut stream, socket, &timeouts, &mut phase).await else {
                return;
            };
            let multiplexed = protocol == Protocol::Http2;
            let traffic = Arc::new(Traffic::new(limits, timeouts, multiplexed, born, first_byte, open));
            let peer = Peer { address: peer, secure: false };
            let slot = Slot::default();
            let adapter = Adapter::new(service, Arc::clone(&core), Arc::clone(&traffic), peer, Arc::clone(&slot));
            let wire = Wire::new(stream, early, Arc::clone(&traffic), socket);
            match protocol {
                Protocol::Http1 => {
                    let mut connection = pin!(Plain::new(wire, adapter, limits, Arc::clone(&traffic)));
                    if !drive(connection.as_mut(), &traffic, &mut phase).await {
                        return;
                    }
                    let switch = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(switch) = switch {
                        let (wire, early) = connection.into_tunnel();
                        // In a box, as below: every connection would have room for it while it is served.
                        Box::pin(tunnel::run(wire, &early, switch, &core, &mut phase)).await;
                    }
                }
                Protocol::Http2 => {
                    let mut connection = Box::pin(Streams::new(wire, adapter, &limits));
                    drive(connection.as_mut(), &traffic, &mut phase).await;
                }
            }
        }
    }

    /// Begins to leave and resolves once every connection has closed. Idle ones close at once, busy ones after the answer
    /// they are at. Readiness is gone from this call on. Waits without an end: the caller sets one and then calls
    /// [`Edge::cut`].
    pub fn drain(&self) -> impl Future<Output = ()> + Send + use<S, B> {
        self.leave(None)
    }

    /// As [`Edge::drain`], with an end for what would go on for ever. WebSockets and streams of events are told to come back
    /// in the second half of `streams`, each at a moment of its own; whatever has no known end and is left then is cut.
    pub fn drain_within(&self, streams: Duration) -> impl Future<Output = ()> + Send + use<S, B> {
        self.leave(Some(streams))
    }

    fn leave(&self, window: Option<Duration>) -> impl Future<Output = ()> + Send + use<S, B> {
        self.set_ready(false);
        self.core.gauge.begin_drain();
        self.core.drain(Drain { since: Instant::now(), window });
        let core = Arc::clone(&self.core);
        async move { core.gauge.closed().await }
    }

    /// Closes every connection now, whatever it is at.
    pub fn cut(&self) {
        self.core.cut();
    }

    /// Sets what `/_forecourt/ready` says, without any effect on connections: a balancer in front should learn that this
    /// process leaves before it does. Starts as ready.
    pub fn set_ready(&self, ready: bool) {
        self.core.readiness.set(ready);
    }

    /// What became of the connections that have ended since the drain began.
    pub fn departures(&self) -> Departures {
        self.core.gauge.departures()
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.core.gauge.count()
    }
}

impl<S> fmt::Debug for Edge<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("settings", &self.core.settings)
            .field("open", &self.core.gauge.count())
            .finish_non_exhaustive()
    }
}
