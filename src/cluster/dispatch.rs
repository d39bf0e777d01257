//! Who gets which connection, as a pure structure: it owns every accepted connection until a worker has taken it.
//!
//! A connection is in exactly one place: waiting in the queue, or held for one worker. It leaves by being taken, by being
//! closed with the queue, or by being let go. A worker that refuses, dies or cannot be reached gives its connections back
//! to the front of the queue, so nothing that was accepted is lost with it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::fleet::Key;
use super::message::{Handoff, MOST_DESCRIPTORS};

/// Connections that one worker may have been sent without having picked them up. A blocked worker gets no more.
pub(crate) const WINDOW: u64 = 64;

/// Connections that may wait for a worker in the master before it stops accepting and leaves them to the kernel.
pub(crate) const QUEUE: usize = 256;

/// Copies held for one worker of connections that it has picked up but that have not sent a byte yet. Past it the oldest
/// are let go: they stay with their worker and live and die with it.
const SPARE: usize = 1024;

/// An accepted connection; `C` is its descriptor.
#[derive(Debug)]
struct Waiting<C> {
    handoff: Handoff,
    connection: C,
}

#[derive(Debug)]
struct Held<C> {
    waiting: Waiting<C>,
    /// Its place in the order in which this worker is sent connections, from 0.
    place: u64,
}

/// What is known of one worker.
#[derive(Debug)]
struct Hand<C> {
    ready: bool,
    /// Set when it refuses; cleared when it beats, so that nothing ping-pongs.
    paused: bool,
    /// Set when its channel is full; cleared when it picks something up, or beats.
    full: bool,
    /// Connections sent, or about to be.
    sent: u64,
    /// Connections that it has picked up.
    seen: u64,
    held: BTreeMap<u64, Held<C>>,
    /// Numbers dealt but not sent yet, in order.
    outbox: VecDeque<u64>,
}

/// A packet to send: the handoffs, and the descriptors that go with them.
#[derive(Debug)]
pub(crate) struct Parcel<'a, C> {
    pub(crate) key: Key,
    pub(crate) handoffs: Vec<Handoff>,
    pub(crate) connections: Vec<&'a C>,
}

/// Every connection that the master owns.
#[derive(Debug)]
pub(crate) struct Dispatch<C> {
    queue: VecDeque<Waiting<C>>,
    hands: BTreeMap<Key, Hand<C>>,
    /// The worker that got the last connection.
    last: Option<Key>,
    next: u64,
}

impl<C> Dispatch<C> {
    pub(crate) fn new(_policy: super::configuration::Policy, _weights: Vec<u32>) -> Self {
        Self { queue: VecDeque::new(), hands: BTreeMap::new(), last: None, next: 0 }
    }

    pub(crate) fn set_policy(&mut self, _policy: super::configuration::Policy, _weights: Vec<u32>) {}

    pub(crate) fn load(&mut self, _key: Key, _open: u64) {}

    pub(crate) fn stall(&mut self, key: Key) -> usize {
        self.unready(key);
        0
    }

    /// How many connections may be accepted now.
    pub(crate) fn room(&self) -> usize {
        QUEUE.saturating_sub(self.queue.len())
    }

    /// Connections that wait for a worker.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Connections that the master has a descriptor of.
    pub(crate) fn owned(&self) -> usize {
        self.queue.len() + self.hands.values().map(|hand| hand.held.len()).sum::<usize>()
    }

    /// A connection has been accepted.
    pub(crate) fn accept(&mut self, connection: C, peer: SocketAddr, listener: u32) {
        let handoff = Handoff { number: self.next, peer, listener };
        self.next += 1;
        self.queue.push_back(Waiting { handoff, connection });
    }

    /// A worker listens.
    pub(crate) fn ready(&mut self, key: Key, _slot: u32) {
        self.hands.entry(key).or_default().ready = true;
    }

    /// A worker gets no more. What it has been sent stays its own until it is taken, refused or the worker has ended.
    pub(crate) fn unready(&mut self, key: Key) {
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.ready = false;
        }
        self.unsent(key);
    }

    /// Is there a worker that may be given connections, now or when it has caught up?
    pub(crate) fn anybody_ready(&self) -> bool {
        self.hands.values().any(|hand| hand.ready)
    }

    /// A worker has picked up `seen` connections in its life. False when it cannot have.
    pub(crate) fn seen(&mut self, key: Key, seen: u64) -> bool {
        let Some(hand) = self.hands.get_mut(&key) else { return true };
        if seen < hand.seen || seen > hand.sent {
            return false;
        }
        hand.full &= seen == hand.seen;
        hand.seen = seen;
        while hand.held.len() > SPARE && hand.let_go_oldest() {}
        true
    }

    /// A worker is about to read from these: the copies go. Returns how many were held.
    pub(crate) fn taken(&mut self, key: Key, numbers: &[u64]) -> usize {
        let Some(hand) = self.hands.get_mut(&key) else { return 0 };
        numbers.iter().filter_map(|number| hand.held.remove(number)).count()
    }

    /// A worker has not read from these and will not: they go to the front of the queue, and it is left alone for a while.
    pub(crate) fn refused(&mut self, key: Key, numbers: &[u64]) -> usize {
        let Some(hand) = self.hands.get_mut(&key) else { return 0 };
        hand.paused = true;
        let back: Vec<_> = numbers.iter().filter_map(|number| hand.held.remove(number)).collect();
        let count = back.len();
        self.front(back);
        count
    }

    /// A worker lives and may be tried again.
    pub(crate) fn resume(&mut self, key: Key) {
        if let Some(hand) = self.hands.get_mut(&key) {
            (hand.paused, hand.full) = (false, false);
        }
    }

    /// A worker has ended: what it had not taken goes to the front of the queue. Returns how many.
    pub(crate) fn rescue(&mut self, key: Key) -> usize {
        let Some(hand) = self.hands.remove(&key) else { return 0 };
        let count = hand.held.len();
        self.front(hand.held.into_values().collect());
        count
    }

    /// Lets go of all copies that a worker has picked up, to have their descriptors back. Returns how many.
    pub(crate) fn let_go(&mut self) -> usize {
        let mut count = 0;
        for hand in self.hands.values_mut() {
            while hand.let_go_oldest() {
                count += 1;
            }
        }
        count
    }

    /// Closes what waits. Returns how many.
    pub(crate) fn close_queue(&mut self) -> usize {
        self.queue.drain(..).count()
    }

    /// Deals the queue out, one connection to each ready worker in turn, as far as their windows go.
    pub(crate) fn deal(&mut self) {
        while !self.queue.is_empty() {
            let after = |key: &Key| self.last.is_none_or(|last| *key > last);
            let open = |(_, hand): &(&Key, &mut Hand<C>)| hand.is_open();
            let (mut first, mut next) = (None, None);
            for (key, hand) in self.hands.iter_mut().filter(open) {
                if after(key) {
                    next = Some((*key, hand));
                    break;
                }
                if first.is_none() {
                    first = Some((*key, hand));
                }
            }
            let Some((key, hand)) = next.or(first) else { return };
            let Some(waiting) = self.queue.pop_front() else { return };
            hand.outbox.push_back(waiting.handoff.number);
            hand.held.insert(waiting.handoff.number, Held { waiting, place: hand.sent });
            hand.sent += 1;
            self.last = Some(key);
        }
    }

    /// The next packet that is dealt but not sent, if any.
    pub(crate) fn parcel(&self) -> Option<Parcel<'_, C>> {
        let (key, hand) = self.hands.iter().find(|(_, hand)| !hand.outbox.is_empty())?;
        let numbers = hand.outbox.iter().take(MOST_DESCRIPTORS);
        let held = numbers.filter_map(|number| hand.held.get(number).map(|held| &held.waiting));
        let (handoffs, connections) = held.map(|waiting| (waiting.handoff.clone(), &waiting.connection)).unzip();
        Some(Parcel { key: *key, handoffs, connections })
    }

    /// The packet of `count` connections for a worker has been sent.
    pub(crate) fn sent(&mut self, key: Key, count: usize) {
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.outbox.drain(..count.min(hand.outbox.len()));
        }
    }

    /// A worker's channel is full: what was dealt to it goes back, and it is left alone until it has caught up.
    pub(crate) fn full(&mut self, key: Key) {
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.full = true;
        }
        self.unsent(key);
    }

    fn unsent(&mut self, key: Key) {
        let Some(hand) = self.hands.get_mut(&key) else { return };
        let unsent: Vec<_> = hand.outbox.drain(..).filter_map(|number| hand.held.remove(&number)).collect();
        hand.sent -= unsent.len() as u64;
        self.front(unsent);
    }

    fn front(&mut self, back: Vec<Held<C>>) {
        for held in back.into_iter().rev() {
            self.queue.push_front(held.waiting);
        }
    }
}

impl<C> Default for Hand<C> {
    fn default() -> Self {
        let (held, outbox) = (BTreeMap::new(), VecDeque::new());
        Self { ready: false, paused: false, full: false, sent: 0, seen: 0, held, outbox }
    }
}

impl<C> Hand<C> {
    fn is_open(&self) -> bool {
        self.ready && !self.paused && !self.full && self.sent - self.seen < WINDOW
    }

    /// Lets the oldest copy go that the worker has picked up.
    fn let_go_oldest(&mut self) -> bool {
        let oldest = self.held.iter().find(|(_, held)| held.place < self.seen).map(|(number, _)| *number);
        oldest.and_then(|number| self.held.remove(&number)).is_some()
    }
}

#[cfg(test)]
mod tests;
