//! Whoever wants to know what the edge is at while it is at it: the access log tells afterwards, and a process that was
//! killed writes none.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Is told of every connection and request as it begins and as it ends. It is asked on the way of each request, and must
/// neither wait nor take long. The numbers that it gives out come back with what is said of the same thing later.
pub trait Watch: fmt::Debug + Send + Sync {
    /// A connection is open.
    fn opened(&self, peer: SocketAddr) -> u64;
    /// It is closed.
    fn closed(&self, connection: u64);
    /// A request began on this connection: its head is read.
    fn began(&self, connection: u64, begun: &Begun<'_>) -> u64;
    /// It is over: the last byte of its answer was handed over, the client left, or it was cut.
    fn ended(&self, request: u64);
    /// A request, or the body of its answer, panicked.
    fn panicked(&self);
}

/// A request that begins.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// Its name in logs and headers.
    pub id: &'a str,
    /// Its method; empty when the head was too broken to tell.
    pub method: &'a str,
    /// Its target as the access log has it, the query included.
    pub target: &'a str,
    /// When its head had been read.
    pub started: Instant,
}

/// A connection that is watched, until it is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    watch: Arc<dyn Watch>,
    connection: u64,
}

impl Watched {
    pub(super) fn new(watch: Arc<dyn Watch>, peer: SocketAddr) -> Self {
        // An IPv4 client of a dual-stack socket is an IPv4 client.
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let connection = watch.opened(peer);
        Self { watch, connection }
    }

    pub(super) fn began(&self, begun: &Begun<'_>) -> u64 {
        self.watch.began(self.connection, begun)
    }

    pub(super) fn ended(&self, request: u64) {
        self.watch.ended(request);
    }

    pub(super) fn panicked(&self) {
        self.watch.panicked();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.closed(self.connection);
    }
}
