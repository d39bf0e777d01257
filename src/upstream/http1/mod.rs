//! HTTP/1.1: connections that carry one call at a time, each driven by the call that has it (RFC 9112).
//!
//! Not hyper's client for it: that gives each connection two buffers of 8 KiB, a channel and a task of its own, whether anything is under
//! way or not, and hides whether any of a request was sent and any byte of a reply came, on which a silent second try depends. The lines
//! of a head are httparse's.

mod beside;
mod connection;
mod incoming;
mod outbox;
mod parse;
mod sending;
mod spare;

pub(super) use beside::Beside;
pub(super) use connection::Connection;
pub(super) use incoming::{Broken, Incoming};
pub(super) use outbox::Outbox;
pub(super) use sending::{Failed, Sending};
