//! What all connections of an edge share.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use axum::Router;
use tokio::sync::watch;

use super::drain::Drain;
use super::gauge::Gauge;
use super::house::{self, Readiness};
use super::settings::EdgeSettings;

/// How far the edge is with leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Connections close as soon as they politely can.
    Draining(Drain),
    /// Connections close.
    Cut,
}

impl Phase {
    /// The drain, while there is one.
    pub(super) fn drain(self) -> Option<Drain> {
        if let Self::Draining(drain) = self { Some(drain) } else { None }
    }
}

/// Settings, switches and counters.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) settings: EdgeSettings,
    phase: watch::Sender<Phase>,
    pub(super) house: Router,
    pub(super) readiness: Readiness,
    pub(super) gauge: Gauge,
    /// Connections close behind their answers, though nobody leaves.
    pub(super) is_closing: AtomicBool,
    /// The phase is not the first one any more: what every answer asks.
    is_leaving: AtomicBool,
    /// How many streams and WebSockets there have been.
    pub(super) lasting: AtomicU32,
}

impl Core {
    /// Follows how far the edge is with leaving.
    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The number of a stream or WebSocket that begins.
    pub(super) fn lasts(&self) -> u32 {
        self.lasting.fetch_add(1, Ordering::Relaxed)
    }

    /// Begins the drain, unless there is one already, or everything is being cut.
    pub(super) fn drain(&self, drain: Drain) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.phase.send_if_modified(|phase| {
            let begins = *phase == Phase::Serving;
            if begins {
                *phase = Phase::Draining(drain);
            }
            begins
        });
    }

    /// Has every connection close now.
    pub(super) fn cut(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.phase.send_replace(Phase::Cut);
    }

    /// Whether a connection closes behind the answer that is about to begin, for a reason that all of them have.
    pub(super) fn closes(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed) || self.is_closing.load(Ordering::Relaxed)
    }

    pub(super) fn new(settings: EdgeSettings) -> Self {
        let readiness = Readiness::default();
        let house = house::router(&readiness);
        Self {
            settings,
            phase: watch::Sender::new(Phase::Serving),
            house,
            readiness,
            gauge: Gauge::default(),
            is_closing: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            lasting: AtomicU32::new(0),
        }
    }
}
