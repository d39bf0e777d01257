//! What a record says, for a log line.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// Requests that a log line names; the others are counted.
pub(super) const NAMED: usize = 64;

/// A request that is, or was, under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// Its name.
    pub id: String,
    /// Its method and path, cut to what the record has room for.
    pub line: String,
    /// How long ago it began.
    pub age: Duration,
    /// Who sent it; unknown when its connection found no place in the record.
    pub peer: Option<SocketAddr>,
}

/// What a worker is at, or was at when it died. As text, what was under way on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlightReport {
    /// Requests under way, the oldest first; at most as many as a record has places.
    pub requests: Vec<InFlight>,
    /// The other ends of connections with no request under way.
    pub idle: Vec<SocketAddr>,
    /// Connections that are open, the idle ones and those without a place in the record included.
    pub connections: u64,
    /// Requests under way that found no place in the record.
    pub unnamed: u64,
    /// Requests whose entry was being written: what had come of it is not told.
    pub torn: u64,
    /// How often the event loop has beaten.
    pub beats: u64,
    /// How long ago it last did. Nothing of it is to be believed while `beats` is 0.
    pub silent: Duration,
    /// The request that was begun last, whether it is over or not: where a stuck event loop is to be looked for first.
    pub last: Option<InFlight>,
}

impl FlightReport {
    /// How many requests are under way, those included that cannot be named.
    pub fn in_flight(&self) -> u64 {
        self.requests.len() as u64 + self.unnamed + self.torn
    }

    /// The requests that a log names, and how many more there are.
    pub fn named(&self) -> (&[InFlight], u64) {
        let named = self.requests.get(..NAMED).unwrap_or(&self.requests);
        (named, self.in_flight() - named.len() as u64)
    }
}

impl fmt::Display for FlightReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (named, more) = self.named();
        for (number, request) in named.iter().enumerate() {
            write!(f, "{}{request}", if number > 0 { "; " } else { "" })?;
        }
        match (named.is_empty(), more) {
            (true, 0) => f.write_str("none"),
            (true, more) => write!(f, "{more} without a name"),
            (false, 0) => Ok(()),
            (false, more) => write!(f, "; and {more} more"),
        }
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}ms", self.id, self.line, self.age.as_millis())?;
        self.peer.map_or(Ok(()), |peer| write!(f, " from {peer}"))
    }
}
