//! What the process says about itself: the program's log on stderr, and one access log line a request on stdout.
//!
//! Stands on nothing of this crate. Never blocks anybody: both are written by threads of their own, and what these cannot
//! keep up with is dropped and counted. Both may be files, which are opened again and rotated while they are written. Never writes a body, a header's value, or a secret of a query string.

mod access;
mod clock;
mod escape;
mod files;
mod log;
mod outbox;
mod redact;
mod rotation;
mod sink;
mod standard;
mod tap;
mod text;

pub use access::Entry;
pub use files::{FileError, LogFiles};
pub use log::{Format, InitError, flush, init, say};
pub use rotation::Rotation;
pub use sink::AccessLog;
pub use standard::Standard;
pub use tap::{Events, events};

#[cfg(test)]
pub(crate) mod tests {
    use tracing_subscriber::prelude::*;

    /// Tells those who follow this process's events one that has this word in it.
    pub(crate) fn tell(word: &str) {
        let subscriber = tracing_subscriber::registry().with(super::tap::ToFollowers);
        tracing::subscriber::with_default(subscriber, || tracing::info!(event = "message", word));
    }
}
