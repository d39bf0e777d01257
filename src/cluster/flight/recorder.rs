//! The worker's end of its record: what it opens, begins, ends and closes.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::map::map;
use super::place::{self, CONNECTION_TABLE, MARK_TABLE, REQUEST_TABLE, SINCE, STATE, connection, head, request};
use super::report::FlightReport;
use super::table::Table;
use super::{now, read};

/// The bytes of a line that are kept: method, blank, path.
const LINE: usize = (request::LINE.end - request::LINE.start) * 8;

/// A worker's own flight record. All of it may be called from any thread; nothing waits.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    head: &'static [AtomicU64],
    connections: Table,
    requests: Table,
    marks: &'static [AtomicU64],
    /// The same moment on two clocks: the one that costs nothing more, and the one that the master shares.
    started: (Instant, u64),
}

/// An entry, to be given back when it is over. One that found no place is counted instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(u32);

impl Entry {
    /// The entry of what found no place.
    pub const NOWHERE: Self = Self(u32::MAX);

    /// As a number, for those who can keep nothing else.
    pub fn number(self) -> u64 {
        u64::from(self.0)
    }

    /// From its number.
    pub fn of_number(number: u64) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

/// What the record keeps of a request.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its method.
    pub method: &'a str,
    /// Its target; the query is left out, for it may hold what no log should.
    pub target: &'a str,
    /// When it began.
    pub started: Instant,
}

impl Recorder {
    /// Maps the record that the master gave this worker.
    ///
    /// # Errors
    /// The descriptor is no record, or there is no room for it.
    pub fn new(record: OwnedFd) -> std::io::Result<Self> {
        let file = File::from(record);
        let words = map(&file)?;
        let part = |range| words.get(range).unwrap_or_default();
        let head = part(0..place::HEAD_WORDS);
        let word = |index| head.get(index).ok_or_else(|| std::io::Error::other("a record without a head"));
        let connections = Table::new(part(CONNECTION_TABLE), connection::WORDS, word(head::USED_CONNECTIONS)?);
        let requests = Table::new(part(REQUEST_TABLE), request::WORDS, word(head::USED_REQUESTS)?);
        word(head::VERSION)?.store(place::VERSION, Ordering::Release);
        let marks = part(MARK_TABLE);
        let recorder = Self { file, head, connections, requests, marks, started: (Instant::now(), now()) };
        recorder.beat();
        Ok(recorder)
    }

    /// The event loop goes round.
    pub fn beat(&self) {
        self.head(head::BEAT_AT, |word| word.store(now(), Ordering::Relaxed));
        self.head(head::BEATS, |word| word.fetch_add(1, Ordering::Release));
    }

    /// The connection that the master gave this number is read from, from now on.
    pub(crate) fn reads(&self, number: u64) {
        if let Some(mark) = self.marks.get(place::mark(number)) {
            // Two threads may share the word: the higher number is the later one.
            mark.fetch_max(number + 1, Ordering::Release);
        }
    }

    /// A connection is open.
    pub fn open(&self, peer: SocketAddr) -> Entry {
        let Some(taken) = self.connections.take() else {
            self.head(head::MORE_CONNECTIONS, |word| word.fetch_add(1, Ordering::Relaxed));
            return Entry::NOWHERE;
        };
        let (family, address) = match peer.ip() {
            IpAddr::V4(address) => (4, u128::from(u32::from(address))),
            IpAddr::V6(address) => (6, u128::from(address)),
        };
        taken.set(SINCE, now());
        taken.set(connection::REQUESTS, 0);
        taken.set(connection::PORT, u64::from(peer.port()) | (family << 32));
        let (low, high) = (address & u128::from(u64::MAX), address >> 64);
        taken.set(connection::ADDRESS, u64::try_from(low).unwrap_or_default());
        taken.set(connection::ADDRESS + 1, u64::try_from(high).unwrap_or_default());
        Entry(taken.publish())
    }

    /// It is closed. Every entry is given back once.
    pub fn close(&self, connection: Entry) {
        self.give_back(&self.connections, head::MORE_CONNECTIONS, connection);
    }

    /// A request began on this connection.
    pub fn begin(&self, connection: Entry, asked: &Asked<'_>) -> Entry {
        let mut on = 0;
        if let Some(place) = self.connections.place(connection.0) {
            on = place.get(STATE).map_or(0, |state| place::on(connection.0, state.load(Ordering::Relaxed)));
            if let Some(begun) = place.get(connection::REQUESTS) {
                begun.fetch_add(1, Ordering::Relaxed);
            }
        }
        let since = self.time_of(asked.started);
        self.head(head::LAST_AT, |word| word.store(since, Ordering::Relaxed));
        let Some(taken) = self.requests.take() else {
            self.head(head::LAST, |word| word.store(0, Ordering::Relaxed));
            self.head(head::MORE_REQUESTS, |word| word.fetch_add(1, Ordering::Relaxed));
            return Entry::NOWHERE;
        };
        let mut line = [0; LINE];
        let target = asked.target.as_bytes();
        let path = memchr::memchr2(b'?', b'#', target).and_then(|end| target.get(..end)).unwrap_or(target);
        let mut length = 0;
        for part in [asked.method.as_bytes(), b" ", path] {
            length += put(line.get_mut(length..).unwrap_or_default(), part);
        }
        taken.set(SINCE, since);
        taken.set(request::CONNECTION, on);
        let id = taken.text(request::ID, asked.id.as_bytes());
        let line = taken.text(request::LINE, line.get(..length).unwrap_or_default());
        taken.set(request::LENGTHS, id | (line << 32));
        let index = taken.publish();
        self.head(head::LAST, |word| word.store(u64::from(index) + 1, Ordering::Release));
        Entry(index)
    }

    /// It is over: its last byte is out, or it was cut. Every entry is given back once.
    pub fn end(&self, request: Entry) {
        self.give_back(&self.requests, head::MORE_REQUESTS, request);
    }

    /// What this worker is at, as its master would see it now.
    ///
    /// # Errors
    /// The memory cannot be read.
    pub fn read(&self) -> std::io::Result<FlightReport> {
        read::read(&self.file)
    }

    /// Begins a request and gets no further, for tests.
    #[cfg(test)]
    pub(super) fn stop_within_a_request(&self, id: &str) {
        let taken = self.requests.take().expect("a free place");
        taken.text(request::ID, id.as_bytes());
    }

    fn head<T>(&self, word: usize, change: impl FnOnce(&AtomicU64) -> T) {
        if let Some(word) = self.head.get(word) {
            change(word);
        }
    }

    fn give_back(&self, table: &Table, more: usize, entry: Entry) {
        if entry == Entry::NOWHERE {
            self.head(more, |word| word.fetch_sub(1, Ordering::Relaxed));
        } else {
            table.give_back(entry.0);
        }
    }

    /// A moment on the master's clock.
    fn time_of(&self, moment: Instant) -> u64 {
        let (instant, nanos) = self.started;
        let since = moment.saturating_duration_since(instant).as_nanos();
        nanos.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

/// Copies as much of a text as there is room for, and gives how much that was.
fn put(room: &mut [u8], text: &[u8]) -> usize {
    let length = room.len().min(text.len());
    if let (Some(room), Some(text)) = (room.get_mut(..length), text.get(..length)) {
        room.copy_from_slice(text);
    }
    length
}
