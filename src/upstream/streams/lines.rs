//! The connections that calls share, by origin, and who opens the next one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::line::{Line, Slot};
use crate::upstream::ConnectError;
use crate::upstream::resolve::Whereabouts;

/// A server that takes fewer calls than this on a connection gets a new one for every call that finds no room, at the same time: one
/// after the other would take too long.
const FEW: usize = 8;

/// What a server chose to speak, the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::upstream) enum Protocol {
    Unknown,
    /// HTTP/1.1: every call has a connection for itself.
    Http1,
    /// HTTP/2.
    Http2,
    /// HTTP/2, few calls at once.
    Few,
}

/// All connections that are shared.
#[derive(Default)]
pub(in crate::upstream) struct Lines {
    origins: Mutex<HashMap<Arc<str>, Arc<Origin>>>,
}

impl Lines {
    pub(in crate::upstream) fn origin(&self, name: &Arc<str>) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(name) {
            return Arc::clone(origin);
        }
        let new = Arc::<Origin>::default();
        origins.insert(Arc::clone(name), Arc::clone(&new));
        new
    }
}

/// Those to one origin.
#[derive(Default)]
pub(in crate::upstream) struct Origin {
    lines: Mutex<Vec<Arc<Line>>>,
    protocol: AtomicU8,
    /// Held by whoever opens a connection, so that many calls that come at the same time find one, not many.
    turn: tokio::sync::Mutex<Option<(Instant, ConnectError)>>,
}

/// The turn to open a connection.
pub(in crate::upstream) struct Turn<'o>(Option<tokio::sync::MutexGuard<'o, Option<(Instant, ConnectError)>>>);

impl Turn<'_> {
    /// Nobody waits for anybody.
    pub(in crate::upstream) const NONE: Self = Self(None);

    /// It failed, for all who have been waiting.
    pub(in crate::upstream) fn failed(&mut self, error: &ConnectError) {
        if let Some(last) = &mut self.0 {
            **last = Some((Instant::now(), error.clone()));
        }
    }
}

impl Origin {
    /// A place for a call on a connection that stands. Those that came first are filled first, so that the others come to an end.
    pub(in crate::upstream) fn slot(&self) -> Option<Slot> {
        let mut lines = self.lines();
        // One to an address that the name has left takes no new calls.
        lines.retain(|line| line.whereabouts.as_ref().is_none_or(Whereabouts::holds));
        lines.iter().find_map(Line::slot)
    }

    /// The turn to open a connection, for a call that has been waiting since then.
    ///
    /// # Errors
    /// Whoever had the turn in the meantime failed.
    pub(in crate::upstream) async fn turn(&self, since: Instant) -> Result<Turn<'_>, ConnectError> {
        let last = self.turn.lock().await;
        match &*last {
            Some((at, error)) if *at >= since => Err(error.clone()),
            _ => Ok(Turn(Some(last))),
        }
    }

    /// A new connection takes calls; the first place on it.
    pub(in crate::upstream) fn add(&self, line: Line) -> Option<Slot> {
        self.speaks(if line.room() < FEW { Protocol::Few } else { Protocol::Http2 });
        let line = Arc::new(line);
        let mut lines = self.lines();
        let slot = line.slot();
        lines.push(line);
        slot
    }

    pub(in crate::upstream) fn protocol(&self) -> Protocol {
        let known = [Protocol::Unknown, Protocol::Http1, Protocol::Http2, Protocol::Few];
        known.get(usize::from(self.protocol.load(Ordering::Relaxed))).copied().unwrap_or(Protocol::Unknown)
    }

    pub(in crate::upstream) fn speaks(&self, protocol: Protocol) {
        self.protocol.store(protocol as u8, Ordering::Relaxed);
    }

    /// A connection takes no more calls; those that it has go on.
    pub(super) fn forget(&self, number: u32) {
        self.lines().retain(|line| line.number != number);
    }

    /// As [`Origin::forget`], unless a call has just come.
    pub(super) fn retire(&self, number: u32, is_old: bool) {
        self.lines().retain(|line| line.number != number || !(is_old || line.is_stale()));
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(in crate::upstream) fn count(&self) -> usize {
        self.lines().len()
    }
}
