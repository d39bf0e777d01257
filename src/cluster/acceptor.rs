//! A worker that accepts connections itself, from listeners that it shares with other workers: the policy `shared`.

use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::accept::{Accepted, Listeners};

/// The pauses after accepting failed for want of descriptors or memory; doubling from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Accepts for one worker. Dropping it closes this worker's copies of the listeners; the other workers' go on.
#[derive(Debug, Default)]
pub(crate) struct Acceptor {
    listeners: Listeners,
    /// One has been accepted since the others had their turn.
    took: bool,
    /// Accepting failed last time, and rests until then, for this long.
    rest: Option<(Instant, Duration)>,
}

impl Acceptor {
    /// Accepts from one more listener, under the number that the master gave it.
    pub(crate) fn add(&mut self, number: u32, listener: OwnedFd) -> std::io::Result<()> {
        self.listeners.add_socket(number, listener)
    }

    /// The next connection. Dropping the future loses none.
    ///
    /// One at a time, and after each the rest of this worker has its turn: a busy worker comes back later than an idle one,
    /// so what the kernel has ready goes to those that can serve it.
    pub(crate) async fn accept(&mut self) -> Accepted {
        loop {
            if let Some((until, _)) = self.rest {
                sleep_until(until).await;
            }
            if std::mem::take(&mut self.took) {
                tokio::task::yield_now().await;
            }
            let batch = self.listeners.accept(1).await;
            if let Some(trouble) = batch.trouble {
                let pause = self.rest.map_or(PAUSE.0, |(_, pause)| (pause * 2).min(PAUSE.1));
                self.rest = Some((Instant::now() + pause, pause));
                let pause_ms = pause.as_millis() as u64;
                warn!(event = "accept", reason = %trouble, pause_ms, "cannot accept connections for the moment");
            } else {
                self.rest = None;
            }
            // No more than one was asked for.
            if let Some(accepted) = batch.accepted.into_iter().next() {
                self.took = true;
                return accepted;
            }
        }
    }
}
