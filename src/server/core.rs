//! What all connections of an edge share.

use axum::Router;
use tokio::sync::watch;

use super::gauge::Gauge;
use super::house::{self, Readiness};
use super::settings::EdgeSettings;

/// How far the edge is with leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Connections close as soon as they politely can.
    Draining,
    /// Connections close.
    Cut,
}

/// Settings, switches and counters.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) settings: EdgeSettings,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) house: Router,
    pub(super) readiness: Readiness,
    pub(super) gauge: Gauge,
}

impl Core {
    pub(super) fn new(settings: EdgeSettings) -> Self {
        let readiness = Readiness::default();
        let house = house::router(&readiness);
        Self { settings, phase: watch::Sender::new(Phase::Serving), house, readiness, gauge: Gauge::default() }
    }
}
