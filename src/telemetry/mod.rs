//! What the process says about itself: the program's log on stderr, and one access log line a request on stdout.
//!
//! Stands on nothing of this crate. Never blocks anybody: both are written by threads of their own, and what these cannot
//! keep up with is dropped and counted. Never writes a body, a header's value, or a secret of a query string.

mod access;
mod clock;
mod escape;
mod log;
mod outbox;
mod redact;
mod sink;
mod text;

pub use access::Entry;
pub use log::{Format, InitError, flush, init, say};
pub use sink::AccessLog;
