//! What the edge allows, and for how long it waits.

use std::sync::Arc;
use std::time::Duration;

use super::watch::Watch;
use crate::telemetry::AccessLog;

/// The longest request target that any setting allows: what an `http::Uri` holds.
const URI_BYTES: usize = 64_000;
/// The least that a head may be, so that a setting of nothing cannot shut every client out.
const HEAD_BYTES: usize = 1024;

/// How large a request's head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request target; beyond it 414.
    pub uri: usize,
    /// Bytes of the whole head with its line ends; beyond it 431.
    pub head: usize,
    /// Header lines; beyond it 431.
    pub headers: usize,
    /// Requests on one connection, after which it closes politely.
    pub requests: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { uri: 8 * 1024, head: 32 * 1024, headers: 100, requests: 1000 }
    }
}

impl Limits {
    /// The same limits within what the parsers below can hold.
    pub(super) fn bounded(self) -> Self {
        let (uri, head) = (self.uri.clamp(1, URI_BYTES), self.head.clamp(HEAD_BYTES, 1 << 20));
        Self { uri, head, headers: self.headers.clamp(1, 1000), requests: self.requests.max(1) }
    }
}

/// How long the edge waits for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a head to its last; beyond it 408.
    pub head: Duration,
    /// Without a request on a connection that has had one; beyond it the connection closes without a word.
    pub idle: Duration,
    /// Without a byte of a body that is awaited; beyond it the body is an error.
    pub body_idle: Duration,
    /// Without a byte of an answer being taken; beyond it the connection is cut.
    pub write: Duration,
    /// Age of a connection after which it closes politely, so that clients spread over new workers and machines.
    pub age: Duration,
    /// When draining, how long ago a connection must have been active to count as idle. A client that was active just now
    /// may have its next request on the wire already.
    pub settle: Duration,
    /// When draining, how long a head may take that has begun, from its first byte or from the beginning of the drain.
    pub last_head: Duration,
    /// Without a byte in either direction of a WebSocket; beyond it the client gets a close frame and both sides are closed.
    pub tunnel_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_idle: Duration::from_secs(10),
            write: Duration::from_secs(30),
            age: Duration::from_secs(3600),
            settle: Duration::from_secs(1),
            last_head: Duration::from_secs(2),
            tunnel_idle: Duration::from_secs(300),
        }
    }
}

/// What an [`Edge`](super::Edge) is built with.
#[derive(Debug, Clone, Default)]
pub struct EdgeSettings {
    /// Sizes.
    pub limits: Limits,
    /// Waits.
    pub timeouts: Timeouts,
    /// Where each request leaves its line; nowhere without it.
    pub access: Option<AccessLog>,
    /// Who is told of connections and requests while they last; nobody without it.
    pub watch: Option<Arc<dyn Watch>>,
}
