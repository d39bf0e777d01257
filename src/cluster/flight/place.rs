//! Where what stands in a record: 64-bit words, all little-endian texts, all zero at first.
//!
//! A head, then a table of connections, then a table of requests, then the marks of connections that are being read from. The
//! tables are far larger than a worker needs on most days; pages that were never touched take no memory.

use std::ops::Range;

/// What the first word is once a worker has mapped the record. Changes with the layout.
pub(super) const VERSION: u64 = 0x464c_4947_4854_0002;

pub(super) const HEAD_WORDS: usize = 16;
/// Words of the head.
pub(super) mod head {
    pub(in super::super) const VERSION: usize = 0;
    /// How often the event loop has beaten.
    pub(in super::super) const BEATS: usize = 1;
    /// When it last did.
    pub(in super::super) const BEAT_AT: usize = 2;
    /// The place of the request that was begun last, plus one, and when it was.
    pub(in super::super) const LAST: usize = 3;
    pub(in super::super) const LAST_AT: usize = 4;
    /// How many places of the tables were ever in use.
    pub(in super::super) const USED_CONNECTIONS: usize = 5;
    pub(in super::super) const USED_REQUESTS: usize = 6;
    /// What is open and under way and found no place.
    pub(in super::super) const MORE_CONNECTIONS: usize = 7;
    pub(in super::super) const MORE_REQUESTS: usize = 8;
}

/// The first words of every place in a table.
pub(super) const STATE: usize = 0;
/// The next free place, plus one, while this one is free.
pub(super) const NEXT: usize = 1;
/// When the entry began.
pub(super) const SINCE: usize = 2;

/// Words of a connection.
pub(super) mod connection {
    pub(in super::super) const WORDS: usize = 8;
    /// Requests begun on it.
    pub(in super::super) const REQUESTS: usize = 3;
    /// The port; 4 or 6 above it.
    pub(in super::super) const PORT: usize = 4;
    pub(in super::super) const ADDRESS: usize = 5;
}

/// Words of a request.
pub(super) mod request {
    use std::ops::Range;

    pub(in super::super) const WORDS: usize = 24;
    /// Its connection: see [`super::on`]; 0 for one without a place.
    pub(in super::super) const CONNECTION: usize = 3;
    /// How long its texts are, in bytes: the id, and above it the line.
    pub(in super::super) const LENGTHS: usize = 4;
    pub(in super::super) const ID: Range<usize> = 5..13;
    pub(in super::super) const LINE: Range<usize> = 13..24;
}

/// Connections and requests that a record has places for.
pub(super) const CONNECTIONS: usize = 8192;
pub(super) const REQUESTS: usize = 2048;

/// The words of the table of connections, and of that of requests.
pub(super) const CONNECTION_TABLE: Range<usize> = HEAD_WORDS..HEAD_WORDS + CONNECTIONS * connection::WORDS;
pub(super) const REQUEST_TABLE: Range<usize> = CONNECTION_TABLE.end..CONNECTION_TABLE.end + REQUESTS * request::WORDS;

/// The marks: the word of a connection holds the master's number of it, plus one, from just before it is first read. The
/// numbers share the words in turn, and only grow.
pub(super) const MARKS: usize = 1024;
pub(super) const MARK_TABLE: Range<usize> = REQUEST_TABLE.end..REQUEST_TABLE.end + MARKS;

/// The word of a connection's mark, within the table.
pub(super) fn mark(number: u64) -> usize {
    usize::try_from(number % MARKS as u64).unwrap_or_default()
}

/// The size of a record.
pub(super) const WORDS: usize = MARK_TABLE.end;
pub(super) const BYTES: u64 = WORDS as u64 * 8;

/// What a place is at. A state is this, and above it a number that grows whenever the place is taken.
pub(super) const FREE: u64 = 0;
pub(super) const BEING_WRITTEN: u64 = 1;
pub(super) const WHOLE: u64 = 2;
pub(super) const PHASE: u64 = 3;
pub(super) const TAKING: u64 = 4;

/// How a request says which connection it is on: the place, plus one, and which of those that had the place in turn.
pub(super) fn on(place: u32, state: u64) -> u64 {
    (u64::from(place) + 1) | ((state >> 2) << 32)
}
