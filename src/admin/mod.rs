//! Running it: the control socket with what an operator may want of a master, the service manager's notifications, and the
//! rotation of log files.
//!
//! Stands on `cluster` (its handle, and what it says of itself), `cache` (how a purge is written), `base` (the did-you-mean) and `telemetry` (events, log files). Never decides how a
//! command is carried out: it passes on, and tells what came of it. Nothing in here stops the gateway from serving.

mod control;
mod events;
mod notify;
pub mod place;
mod problem;
mod purge;
mod rotate;
mod routes;
mod socket;
#[cfg(test)]
mod tests;

pub use control::{Control, Serving};
pub use notify::Notifier;
pub use purge::KnownRoutes;
pub use rotate::rotate;
pub use socket::{SocketError, Taking};
