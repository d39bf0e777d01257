//! How many connections are open, and what became of those that a drain found.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::departures::{Departures, Kind, Way};
use super::watch::Watched;

/// Counts open connections and lets others wait until there are none.
#[derive(Debug, Clone)]
pub(super) struct Gauge {
    count: watch::Sender<usize>,
    /// None before a drain.
    departures: Arc<Mutex<Option<Departures>>>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { count: watch::Sender::new(0), departures: Arc::default() }
    }
}

impl Gauge {
    /// One more, until what is given back is dropped.
    pub(super) fn open(&self, watched: Option<Watched>) -> Open {
        self.count.send_modify(|count| *count += 1);
        Open { gauge: Some(self.clone()), kind: Kind::default(), way: Way::default(), watched }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// From now on every connection that ends is counted.
    pub(super) fn begin_drain(&self) {
        self.departures.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// What became of the connections since the drain began.
    pub(super) fn departures(&self) -> Departures {
        self.departures.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_default()
    }

    /// Resolves once there is none.
    pub(super) async fn closed(&self) {
        // The sender is ours, so the channel cannot end before the count does.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One open connection. The default one is counted nowhere.
#[derive(Default)]
pub(super) struct Open {
    gauge: Option<Gauge>,
    kind: Kind,
    way: Way,
    watched: Option<Watched>,
}

impl Open {
    /// The connection as it is watched, if it is.
    pub(super) fn watched(&self) -> Option<&Watched> {
        self.watched.as_ref()
    }

    /// What is to be counted when it has ended.
    pub(super) fn depart(&mut self, kind: Kind, way: Way) {
        (self.kind, self.way) = (kind, way);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(gauge) = &self.gauge else { return };
        if let Some(departures) = gauge.departures.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            departures.count(self.kind, self.way);
        }
        gauge.count.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Open")
    }
}
