//! Reads a record without mapping it, whether its worker is dead, stuck or at work.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::now;
use super::place::{
    self, BEING_WRITTEN, CONNECTION_TABLE, CONNECTIONS, HEAD_WORDS, MARK_TABLE, PHASE, REQUEST_TABLE, REQUESTS, SINCE, STATE,
    VERSION, WHOLE, connection, head, request,
};
use super::report::{FlightReport, InFlight};

/// What a record says now.
///
/// # Errors
/// The file cannot be read, or a worker of another version wrote it.
pub(super) fn read(file: &File) -> std::io::Result<FlightReport> {
    let head = words(file, 0..HEAD_WORDS)?;
    let now = now();
    match word(&head, head::VERSION) {
        // The worker has not begun.
        0 => return Ok(FlightReport::default()),
        VERSION => {}
        _ => return Err(Error::new(ErrorKind::InvalidData, "the flight record has another version")),
    }
    let connections = Entries::read(file, CONNECTION_TABLE, connection::WORDS, used(&head, head::USED_CONNECTIONS, CONNECTIONS))?;
    let requests = Entries::read(file, REQUEST_TABLE, request::WORDS, used(&head, head::USED_REQUESTS, REQUESTS))?;
    let mut busy = vec![false; connections.places()];
    // The connection of a request, unless another has its place by now.
    let connection = |entry: &[u64]| {
        let on = word(entry, request::CONNECTION);
        let place = u32::try_from(on & 0xffff_ffff).ok()?.checked_sub(1)?;
        let entry = connections.whole(place as usize).filter(|entry| place::on(place, word(entry, STATE)) == on)?;
        Some((place as usize, entry))
    };
    let in_flight = |entry: &[u64]| {
        let lengths = word(entry, request::LENGTHS);
        InFlight {
            id: text(entry, request::ID, lengths & 0xffff_ffff),
            line: text(entry, request::LINE, lengths >> 32),
            age: age(now, word(entry, SINCE)),
            peer: connection(entry).and_then(|(_, connection)| peer(connection)),
        }
    };
    let mut under_way = Vec::new();
    for entry in requests.all() {
        if let Some(busy) = connection(entry).and_then(|(place, _)| busy.get_mut(place)) {
            *busy = true;
        }
        under_way.push(in_flight(entry));
    }
    under_way.sort_by_key(|request| std::cmp::Reverse(request.age));
    let idle = busy.iter().enumerate().filter(|(_, busy)| !**busy).filter_map(|(number, _)| connections.whole(number));
    let last = usize::try_from(word(&head, head::LAST)).ok().and_then(|number| requests.settled(number.checked_sub(1)?));
    Ok(FlightReport {
        requests: under_way,
        idle: idle.filter_map(peer).collect(),
        connections: connections.all().count() as u64 + word(&head, head::MORE_CONNECTIONS),
        unnamed: word(&head, head::MORE_REQUESTS),
        torn: requests.torn,
        beats: word(&head, head::BEATS),
        silent: age(now, word(&head, head::BEAT_AT)),
        last: last.map(in_flight),
    })
}

/// Which connections a worker had marked as read at one moment.
#[derive(Debug)]
pub(crate) struct Marks {
    /// None when that cannot be told, or the record is not one of this version.
    words: Option<Vec<u64>>,
}

impl Marks {
    /// What stands in the record now.
    pub(super) fn read(file: &File) -> Self {
        let head = words(file, 0..HEAD_WORDS);
        let told = head.is_ok_and(|head| word(&head, head::VERSION) == VERSION);
        Self { words: told.then(|| words(file, MARK_TABLE)).and_then(Result::ok) }
    }

    /// Whether the worker may have begun to read from the connection of this number. No only when it surely had not.
    pub(crate) fn may_have_read(&self, number: u64) -> bool {
        // A later connection may have taken the word of one that was marked before.
        self.words.as_ref().is_none_or(|words| word(words, place::mark(number)) > number)
    }
}

/// The entries of a table, as far as it was ever used.
struct Entries {
    /// Which places held the same entry before and after the words were read, and what they hold.
    places: Vec<(Held, Vec<u64>)>,
    torn: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// A whole entry.
    Entry,
    /// What is left of an entry that is over.
    Past,
    /// Something that changed under our eyes, or was being written.
    Nothing,
}

impl Entries {
    /// Reads three times: an entry counts when the first and the last reading agree on its state, so that what stands
    /// between belongs to it.
    fn read(file: &File, table: Range<usize>, width: usize, used: usize) -> std::io::Result<Self> {
        let range = table.start..table.start + used * width;
        let (before, between, after) = (words(file, range.clone())?, words(file, range.clone())?, words(file, range)?);
        let mut torn = 0;
        let places = before.chunks(width).zip(between.chunks(width)).zip(after.chunks(width)).map(|((before, entry), after)| {
            let (first, last) = (word(before, STATE), word(after, STATE));
            let held = match last & PHASE {
                WHOLE if first == last => Held::Entry,
                BEING_WRITTEN if first == last => {
                    torn += 1;
                    Held::Nothing
                }
                _ if first == last => Held::Past,
                _ => Held::Nothing,
            };
            (held, entry.to_vec())
        });
        let places = places.collect();
        Ok(Self { places, torn })
    }

    fn places(&self) -> usize {
        self.places.len()
    }

    fn all(&self) -> impl Iterator<Item = &[u64]> {
        self.places.iter().filter(|(held, _)| *held == Held::Entry).map(|(_, entry)| entry.as_slice())
    }

    fn whole(&self, number: usize) -> Option<&[u64]> {
        self.places.get(number).filter(|(held, _)| *held == Held::Entry).map(|(_, entry)| entry.as_slice())
    }

    /// A whole entry, also one that is over.
    fn settled(&self, number: usize) -> Option<&[u64]> {
        self.places.get(number).filter(|(held, _)| *held != Held::Nothing).map(|(_, entry)| entry.as_slice())
    }
}

fn words(file: &File, range: Range<usize>) -> std::io::Result<Vec<u64>> {
    let mut bytes = vec![0; range.len() * 8];
    file.read_exact_at(&mut bytes, range.start as u64 * 8)?;
    Ok(bytes.as_chunks().0.iter().map(|bytes| u64::from_ne_bytes(*bytes)).collect())
}

fn word(words: &[u64], index: usize) -> u64 {
    words.get(index).copied().unwrap_or_default()
}

/// How many places were ever used; never more than there are, whatever the record says.
fn used(head: &[u64], index: usize, most: usize) -> usize {
    usize::try_from(word(head, index)).unwrap_or(usize::MAX).min(most)
}

fn age(now: u64, since: u64) -> Duration {
    Duration::from_nanos(now.saturating_sub(since))
}

/// A text. What would not be seen in a log line is shown as unknown.
fn text(entry: &[u64], range: Range<usize>, length: u64) -> String {
    let mut bytes: Vec<u8> = entry.get(range).unwrap_or_default().iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(usize::try_from(length).unwrap_or_default());
    let text = String::from_utf8_lossy(&bytes);
    if !text.contains(char::is_control) {
        return text.into_owned();
    }
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn peer(entry: &[u64]) -> Option<SocketAddr> {
    let (port, family) = (word(entry, connection::PORT) & 0xffff, word(entry, connection::PORT) >> 32);
    let (low, high) = (word(entry, connection::ADDRESS), word(entry, connection::ADDRESS + 1));
    let address = match family {
        4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(low).ok()?)),
        6 => IpAddr::V6(Ipv6Addr::from(u128::from(low) | (u128::from(high) << 64))),
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::try_from(port).ok()?))
}
