//! Who gets which connection, as a pure structure: it owns every accepted connection until a worker has taken it.
//!
//! A connection is in exactly one place: waiting in the queue, or held for one worker. It leaves by being taken, by being
//! closed with the queue, or by being let go. A worker that refuses, dies, stalls or cannot be reached gives its connections
//! back to the front of the queue, so nothing that was accepted is lost with it.
//!
//! **No request reaches two workers.** A worker says `taken` before it reads, and reads only what it could say that of. So
//! before a living worker's connections are passed on, its channel is closed against it ([`Channel::disown`]) and what it
//! said before is heard to the end ([`Report::Silent`]): from then on it can take nothing, whatever it wakes up to do, and
//! [`Dispatch::rescue_stalled`] passes on what is left. It never comes back into rotation.
//!
//! [`Channel::disown`]: super::channel::Channel::disown
//! [`Report::Silent`]: super::attend::Report::Silent

mod hand;
mod schedule;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use self::hand::Hand;
use self::schedule::{Schedule, Weight, in_turn};
use super::configuration::Policy;
use super::fleet::Key;
use super::message::{Handoff, MOST_DESCRIPTORS};

/// Connections that may wait for a worker in the master before it stops accepting and leaves them to the kernel.
pub(crate) const QUEUE: usize = 256;

/// An accepted connection; `C` is its descriptor.
#[derive(Debug)]
struct Waiting<C> {
    handoff: Handoff,
    connection: C,
    /// The worker that refused it last: it goes to another one, as long as there is another one.
    refused_by: Option<Key>,
}

/// A connection that a worker has taken, with the descriptor that was the master's.
#[derive(Debug)]
pub(crate) struct Taken<C>(Waiting<C>);

impl<C> Taken<C> {
    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.0.handoff.number
    }
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
    /// Those that were refused; they go before the queue.
    returned: VecDeque<Waiting<C>>,
    hands: BTreeMap<Key, Hand<C>>,
    schedule: Schedule,
    /// The most connections in a packet.
    batch: usize,
    /// The worker that was sent the last packet.
    posted: Option<Key>,
    next: u64,
}

impl<C> Dispatch<C> {
    /// `weights` are for the slots 1, 2 and so on, under [`Policy::Weighted`]; slots beyond the list weigh 1.
    pub(crate) fn new(policy: Policy, weights: Vec<u32>) -> Self {
        Self {
            queue: VecDeque::new(),
            returned: VecDeque::new(),
            hands: BTreeMap::new(),
            schedule: Schedule::new(policy, weights),
            batch: MOST_DESCRIPTORS,
            posted: None,
            next: 0,
        }
    }

    /// Other rules from now on, for all workers.
    pub(crate) fn set_policy(&mut self, policy: Policy, weights: Vec<u32>) {
        self.schedule.set(policy, weights);
        for hand in self.hands.values_mut() {
            hand.weight = self.schedule.weight(hand.slot);
        }
    }

    /// How many connections a packet may carry, 1 to [`MOST_DESCRIPTORS`], which it starts with.
    pub(crate) fn set_batch(&mut self, batch: usize) {
        self.batch = batch.clamp(1, MOST_DESCRIPTORS);
    }

    /// How many connections may be accepted now.
    pub(crate) fn room(&self) -> usize {
        QUEUE.saturating_sub(self.waiting())
    }

    /// Connections that wait for a worker.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() + self.returned.len()
    }

    /// Connections that the master has a descriptor of.
    pub(crate) fn owned(&self) -> usize {
        self.waiting() + self.hands.values().map(|hand| hand.held.len()).sum::<usize>()
    }

    /// Connections that a worker has, those included that are on their way to it or have said nothing yet.
    pub(crate) fn load_of(&self, key: Key) -> u64 {
        self.hands.get(&key).map_or(0, Hand::load)
    }

    /// A connection has been accepted.
    pub(crate) fn accept(&mut self, connection: C, peer: SocketAddr, listener: u32) {
        let handoff = Handoff { number: self.next, peer, listener };
        self.next += 1;
        self.queue.push_back(Waiting { handoff, connection, refused_by: None });
    }

    /// A worker listens. `slot` is its number in its group, from 1. One that was rescued from stays out.
    pub(crate) fn ready(&mut self, key: Key, slot: u32) {
        let hand = self.hands.entry(key).or_default();
        if hand.stalled || hand.ready {
            return;
        }
        (hand.ready, hand.slot, hand.weight) = (true, slot, self.schedule.weight(slot));
    }

    /// A worker gets no more. What it has been sent stays its own until it is taken, refused or the worker has ended.
    pub(crate) fn unready(&mut self, key: Key) {
        let Some(hand) = self.hands.get_mut(&key) else { return };
        hand.ready = false;
        let unsent = hand.unsent();
        self.front(unsent);
    }

    /// Is there a worker that may be given connections, now or when it has caught up?
    pub(crate) fn anybody_ready(&self) -> bool {
        self.hands.values().any(|hand| hand.ready)
    }

    /// A worker has picked up `seen` connections in its life. False when it cannot have.
    pub(crate) fn seen(&mut self, key: Key, seen: u64) -> bool {
        self.hands.get_mut(&key).is_none_or(|hand| hand.see(seen))
    }

    /// A worker has `open` connections that it has taken, for [`Policy::LeastConnections`]. Those of the `taken` that says
    /// so are among them: call [`Dispatch::taken`] as well.
    pub(crate) fn load(&mut self, key: Key, open: u64) {
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.open = open;
        }
    }

    /// A worker is about to read from these. Gives out the copies that were held.
    pub(crate) fn taken(&mut self, key: Key, numbers: &[u64]) -> Vec<Taken<C>> {
        let Some(hand) = self.hands.get_mut(&key) else { return Vec::new() };
        numbers.iter().filter_map(|number| hand.settle(*number)).map(Taken).collect()
    }

    /// A worker has ended and never read from these after all: they go to the front of the queue. Returns how many.
    pub(crate) fn untaken(&mut self, connections: Vec<Taken<C>>) -> usize {
        let count = connections.len();
        self.front(connections.into_iter().map(|taken| taken.0).collect());
        count
    }

    /// A worker has not read from these and will not: they go to others, before all that waits, and it is left alone for a
    /// while. Only when there is no other worker at all does it get them again.
    pub(crate) fn refused(&mut self, key: Key, numbers: &[u64]) -> usize {
        let Some(hand) = self.hands.get_mut(&key) else { return 0 };
        hand.paused = true;
        let refused = |waiting| Waiting { refused_by: Some(key), ..waiting };
        let back: Vec<_> = numbers.iter().filter_map(|number| hand.settle(*number)).map(refused).collect();
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
        let count = self.rescue_stalled(key);
        self.hands.remove(&key);
        count
    }

    /// A worker lives but its loop is silent: what it had not taken goes to the front of the queue, and it never gets
    /// anything again. Returns how many.
    ///
    /// Call it when the worker has been disowned and all that it said has been heard, no earlier: see the law above.
    pub(crate) fn rescue_stalled(&mut self, key: Key) -> usize {
        let hand = self.hands.entry(key).or_default();
        (hand.ready, hand.stalled) = (false, true);
        let back = hand.untaken();
        let count = back.len();
        self.front(back);
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
        self.returned.drain(..).chain(self.queue.drain(..)).count()
    }

    /// Deals out what waits, as the policy says, as far as the windows of the ready workers go.
    pub(crate) fn deal(&mut self) {
        if !self.hands.values().any(Hand::is_open) {
            return;
        }
        // Those that have to wait for another worker keep their order, and nobody waits behind them.
        for _ in 0..self.returned.len() {
            let Some(waiting) = self.returned.pop_front() else { break };
            let except = waiting.refused_by.filter(|by| self.hands.iter().any(|(key, hand)| hand.ready && key != by));
            match self.schedule.choose(&mut self.hands, except) {
                Some(key) => self.give(key, waiting),
                None => self.returned.push_back(waiting),
            }
        }
        while !self.queue.is_empty() {
            let Some(key) = self.schedule.choose(&mut self.hands, None) else { return };
            let Some(waiting) = self.queue.pop_front() else { return };
            self.give(key, waiting);
        }
    }

    fn give(&mut self, key: Key, waiting: Waiting<C>) {
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.deal(waiting);
        }
    }

    /// The next packet that is dealt but not sent, if any: a packet for each worker in turn.
    pub(crate) fn parcel(&self) -> Option<Parcel<'_, C>> {
        let (key, hand) = in_turn(&self.hands, self.posted).find(|(_, hand)| !hand.outbox.is_empty())?;
        let numbers = hand.outbox.iter().take(self.batch);
        let held = numbers.filter_map(|number| hand.held.get(number).map(|held| &held.waiting));
        let (handoffs, connections) = held.map(|waiting| (waiting.handoff.clone(), &waiting.connection)).unzip();
        Some(Parcel { key, handoffs, connections })
    }

    /// The packet of `count` connections for a worker has been sent.
    pub(crate) fn sent(&mut self, key: Key, count: usize) {
        self.posted = Some(key);
        if let Some(hand) = self.hands.get_mut(&key) {
            hand.outbox.drain(..count.min(hand.outbox.len()));
        }
    }

    /// A worker's channel is full: what was dealt to it goes back, and it is left alone until it has caught up.
    pub(crate) fn full(&mut self, key: Key) {
        let Some(hand) = self.hands.get_mut(&key) else { return };
        hand.full = true;
        let unsent = hand.unsent();
        self.front(unsent);
    }

    fn front(&mut self, back: Vec<Waiting<C>>) {
        for waiting in back.into_iter().rev() {
            let queue = if waiting.refused_by.is_some() { &mut self.returned } else { &mut self.queue };
            queue.push_front(waiting);
        }
    }
}

#[cfg(test)]
mod tests;
