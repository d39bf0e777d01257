//! What became of every request.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// A kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    KeepAlive,
    OneEach,
    Upload,
    Stream,
}

impl Kind {
    /// The beginning of the names of its requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::OneEach => "one-each",
            Self::Upload => "upload",
            Self::Stream => "stream",
        }
    }
}

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// With 2xx, whole, under its own name and with the body that belongs to it.
    Answered,
    /// Whole, with another status.
    Failed(u16),
    /// Nobody took the connection.
    Refused,
    /// A new connection ended before the first byte of an answer.
    Reset,
    /// A connection that had served before, and was open when the request was sent, ended before the first byte of an
    /// answer. Clients send such a request once more, when they dare.
    Raced,
    /// The connection ended within the answer.
    Cut,
    /// The answer was not whole in time.
    TimedOut,
    /// The answer was no answer to this request: broken framing, another request's name, another body.
    Wrong,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(_) => "failed",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Raced => "raced",
            Self::Cut => "cut",
            Self::TimedOut => "timed out",
            Self::Wrong => "wrong",
        }
    }
}

/// A request that was not answered as it should have been.
#[derive(Debug, Clone)]
pub struct Lost {
    /// Its X-Request-Id.
    pub id: String,
    pub fate: Fate,
    /// The client's end of its connection, when there was one.
    pub local: Option<SocketAddr>,
    /// What was seen.
    pub detail: String,
}

/// One client's counts.
#[derive(Debug, Clone, Default)]
struct Row {
    begun: u64,
    ended: u64,
    answered: u64,
    connections: u64,
    /// How long each answered request took from its connection's beginning, or from its own on a used connection.
    took: Vec<Duration>,
}

/// What became of all requests so far.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: BTreeMap<(Kind, usize), Row>,
    /// In the order in which they were lost.
    pub lost: Vec<Lost>,
    /// Connections that were torn down behind a whole answer: no loss, and not polite.
    pub torn: u64,
    /// Connections that the server closed while they were idle, before anything was sent on them.
    pub idle_closes: u64,
}

impl Ledger {
    /// An empty ledger with a row for each of these clients.
    pub(super) fn of(clients: impl Iterator<Item = (Kind, usize)>) -> Self {
        Self { rows: clients.map(|client| (client, Row::default())).collect(), ..Self::default() }
    }

    pub(super) fn connected(&mut self, kind: Kind, client: usize) {
        self.row(kind, client).connections += 1;
    }

    pub(super) fn begin(&mut self, kind: Kind, client: usize) {
        self.row(kind, client).begun += 1;
    }

    pub(super) fn end(&mut self, kind: Kind, client: usize, took: Duration, lost: Option<Lost>) {
        let row = self.row(kind, client);
        row.ended += 1;
        match lost {
            None => {
                row.answered += 1;
                row.took.push(took);
            }
            Some(lost) => self.lost.push(lost),
        }
    }

    fn row(&mut self, kind: Kind, client: usize) -> &mut Row {
        self.rows.entry((kind, client)).or_default()
    }

    /// Requests of all clients that were begun.
    pub fn begun(&self) -> u64 {
        self.rows.values().map(|row| row.begun).sum()
    }

    /// Requests that were begun and have not ended.
    pub fn under_way(&self) -> u64 {
        self.rows.values().map(|row| row.begun - row.ended).sum()
    }

    /// The same of one kind.
    pub fn under_way_of(&self, kind: Kind) -> u64 {
        self.rows_of(kind).map(|row| row.begun - row.ended).sum()
    }

    /// Requests of all clients that were answered as they should be.
    pub fn answered(&self) -> u64 {
        self.rows.values().map(|row| row.answered).sum()
    }

    /// Requests of one kind that were answered as they should be.
    pub fn answered_of(&self, kind: Kind) -> u64 {
        self.rows_of(kind).map(|row| row.answered).sum()
    }

    fn rows_of(&self, kind: Kind) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |((of, _), _)| *of == kind).map(|(_, row)| row)
    }

    /// What this share of the answered requests of one kind took at most: 0.5 is the median.
    pub fn slowest(&self, kind: Kind, share: f64) -> Duration {
        let mut took: Vec<Duration> = self.rows_of(kind).flat_map(|row| row.took.iter().copied()).collect();
        took.sort_unstable();
        let place = (took.len() as f64 * share).ceil() as usize;
        took.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many requests became this.
    pub fn count(&self, fate: Fate) -> usize {
        self.lost.iter().filter(|lost| lost.fate.word() == fate.word()).count()
    }

    /// Each client's count of begun requests, for [`Ledger::rounds_since`].
    pub fn rounds(&self) -> Vec<u64> {
        self.rows.values().map(|row| row.begun).collect()
    }

    /// Whether every client has begun a request after `before` was taken, and ended it.
    pub fn rounds_since(&self, before: &[u64]) -> bool {
        assert!(!before.is_empty() && before.len() == self.rows.len(), "a load without clients goes round at once");
        self.rows.values().zip(before).all(|(row, before)| row.ended > *before)
    }

    /// Every request was answered, on connections that ended in good order.
    ///
    /// # Panics
    /// One was not.
    pub fn flawless(&self) {
        let first: Vec<_> = self.lost.iter().take(20).collect();
        assert!(self.lost.is_empty() && self.torn == 0, "{self}\n{first:#?}");
        assert_eq!(self.begun(), self.answered(), "every request is accounted for");
    }
}

/// One line of counts.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests (", self.begun())?;
        let mut kinds: Vec<Kind> = self.rows.keys().map(|(kind, _)| *kind).collect();
        kinds.dedup();
        for (place, kind) in kinds.into_iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            let connections: u64 = self.rows_of(kind).map(|row| row.connections).sum();
            let slowest = self.slowest(kind, 1.0).as_millis();
            let begun: u64 = self.rows_of(kind).map(|row| row.begun).sum();
            write!(f, "{comma}{} {begun} on {connections} connections, slowest {slowest} ms", kind.word())?;
        }
        write!(f, "): {} answered", self.answered())?;
        let fates = [Fate::Failed(0), Fate::Refused, Fate::Reset, Fate::Raced, Fate::Cut, Fate::TimedOut, Fate::Wrong];
        for fate in fates {
            write!(f, ", {} {}", self.count(fate), fate.word())?;
        }
        write!(f, "; {} connections torn, {} closed while idle", self.torn, self.idle_closes)
    }
}
