//! The HTTP edge: HTTP/1.1 and HTTP/2 on connections that somebody else accepted.
//!
//! Holds what stands between a socket and the gateway: the protocol's choice, the check of every raw byte of HTTP/1, limits
//! and timers, the request id, WebSockets, the canonical path, the paths below `/_forecourt/`, the access log line, and the way out.
//! Stands on h2 for the frames of HTTP/2, on `base::http1`, `gateway::edge` and `telemetry`. Never listens, never decides what a request means, and answers nothing
//! itself but its own paths: whatever it refuses goes to the service as a [`Refusal`](crate::gateway::edge::Refusal), so that
//! every fault looks the same.

mod admit;
mod answer;
mod body;
mod core;
mod date;
mod departures;
mod drain;
mod drive;
mod edge;
mod events;
mod flow;
mod frames;
mod framing;
mod gauge;
mod house;
mod lasting;
mod path;
mod peek;
mod plain;
mod queue;
mod record;
mod service;
mod settings;
mod streams;
mod timer;
mod traffic;
mod tunnel;
mod watch;
mod wire;

pub use body::Body;
pub use departures::{Departures, Ways};
pub use edge::{Admitted, Edge};
pub use settings::{EdgeSettings, Limits, Timeouts};
pub use watch::{Begun, Watch};

#[cfg(test)]
mod tests;
