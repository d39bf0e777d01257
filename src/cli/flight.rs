//! What the edge is at, noted in the worker's flight record.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::{Asked, Entry, Recorder};
use crate::server::{Begun, Watch};

/// Brings the edge and the record together: neither knows the other.
#[derive(Debug)]
pub(super) struct Watching {
    record: Arc<Recorder>,
    panics: AtomicU64,
}

impl Watching {
    pub(super) fn new(record: Arc<Recorder>) -> Self {
        Self { record, panics: AtomicU64::new(0) }
    }

    /// Requests that panicked.
    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Says which requests a drain cuts, one line each, as far as a log can bear it.
    pub(super) fn say_cut(&self) {
        let report = match self.record.read() {
            Ok(report) => report,
            Err(error) => {
                tracing::warn!(%error, "who is cut cannot be told");
                return;
            }
        };
        let (named, more) = report.named();
        for request in named {
            let (request_id, line, age_ms) = (request.id.as_str(), request.line.as_str(), request.age.as_millis());
            let peer = request.peer.map(tracing::field::display);
            tracing::warn!(event = "cut", request_id, line, age_ms, peer, "a request is cut");
        }
        if more > 0 {
            tracing::warn!(event = "cut", requests = more, "more requests are cut");
        }
    }
}

impl Watch for Watching {
    fn opened(&self, peer: SocketAddr) -> u64 {
        self.record.open(peer).number()
    }

    fn closed(&self, connection: u64) {
        self.record.close(Entry::of_number(connection));
    }

    fn began(&self, connection: u64, begun: &Begun<'_>) -> u64 {
        let Begun { id, method, target, started } = *begun;
        self.record.begin(Entry::of_number(connection), &Asked { id, method, target, started }).number()
    }

    fn ended(&self, request: u64) {
        self.record.end(Entry::of_number(request));
    }

    fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }
}
