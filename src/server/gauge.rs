//! How many connections are open.

use std::fmt;

use tokio::sync::watch;

use super::watch::Watched;

/// Counts open connections and lets others wait until there are none.
#[derive(Debug, Clone)]
pub(super) struct Gauge {
    count: watch::Sender<usize>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { count: watch::Sender::new(0) }
    }
}

impl Gauge {
    /// One more, until what is given back is dropped.
    pub(super) fn open(&self, watched: Option<Watched>) -> Open {
        self.count.send_modify(|count| *count += 1);
        Open { count: Some(self.count.clone()), watched }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        *self.count.borrow()
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
    count: Option<watch::Sender<usize>>,
    watched: Option<Watched>,
}

impl Open {
    /// The connection as it is watched, if it is.
    pub(super) fn watched(&self) -> Option<&Watched> {
        self.watched.as_ref()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(count) = &self.count {
            count.send_modify(|count| *count = count.saturating_sub(1));
        }
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Open")
    }
}
