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
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::new(), hands: BTreeMap::new(), last: None, next: 0 }
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
    pub(crate) fn ready(&mut self, key: Key) {
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
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::super::fleet::{Action, Fleet, Rules};
    use super::super::restart::RestartPolicy;
    use super::*;

    /// Stands for a descriptor; closing it twice is impossible, closing it at all is counted.
    struct Token(Rc<Cell<usize>>);

    impl Drop for Token {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    fn keys(count: u32) -> Vec<Key> {
        let rules = Rules { restart: RestartPolicy::default(), start: Duration::ZERO, drain: Duration::ZERO };
        let mut fleet = Fleet::new(count, rules, 0, Instant::now());
        fleet.tick(Instant::now());
        std::iter::from_fn(|| fleet.next_action())
            .filter_map(|action| if let Action::Spawn { key, .. } = action { Some(key) } else { None })
            .collect()
    }

    struct Desk {
        dispatch: Dispatch<Token>,
        closed: Rc<Cell<usize>>,
        accepted: usize,
    }

    impl Desk {
        fn new() -> Self {
            Self { dispatch: Dispatch::new(), closed: Rc::default(), accepted: 0 }
        }

        fn accept(&mut self, count: usize) {
            for _ in 0..count {
                self.dispatch.accept(Token(self.closed.clone()), "127.0.0.1:1".parse().unwrap(), 0);
            }
            self.accepted += count;
        }

        /// Sends all that can be dealt, and says what went where.
        fn send(&mut self) -> Vec<(Key, Vec<u64>)> {
            self.dispatch.deal();
            let mut sent = vec![];
            while let Some(parcel) = self.dispatch.parcel() {
                assert_eq!(parcel.handoffs.len(), parcel.connections.len());
                let numbers: Vec<_> = parcel.handoffs.iter().map(|handoff| handoff.number).collect();
                let key = parcel.key;
                self.dispatch.sent(key, numbers.len());
                sent.push((key, numbers));
            }
            sent
        }
    }

    #[test]
    fn connections_go_round_in_packets_of_sixteen() {
        let (mut desk, keys) = (Desk::new(), keys(2));
        desk.accept(1);
        assert!(desk.send().is_empty());
        keys.iter().for_each(|key| desk.dispatch.ready(*key));
        desk.accept(39);
        let sent = desk.send();
        let evens = |from: u64, count| (0..count).map(|n| from + n * 2).collect::<Vec<_>>();
        assert_eq!(sent, [(keys[0], evens(0, 16)), (keys[0], evens(32, 4)), (keys[1], evens(1, 16)), (keys[1], evens(33, 4))]);
        desk.accept(2);
        assert_eq!(desk.send(), [(keys[0], vec![40]), (keys[1], vec![41])]);
        assert_eq!(desk.closed.get(), 0);
    }

    #[test]
    fn a_blocked_worker_fills_its_window_and_gets_no_more() {
        let (mut desk, keys) = (Desk::new(), keys(2));
        keys.iter().for_each(|key| desk.dispatch.ready(*key));
        desk.accept(200);
        let count = |sent: &[(Key, Vec<u64>)]| sent.iter().map(|(_, numbers)| numbers.len()).sum::<usize>();
        assert_eq!(count(&desk.send()), 128);
        assert!(desk.dispatch.seen(keys[1], 10));
        let sent = desk.send();
        assert!(sent.iter().all(|(key, _)| *key == keys[1]));
        assert_eq!((count(&sent), desk.dispatch.waiting()), (10, 62));
    }

    #[test]
    fn a_worker_that_refuses_is_left_alone_until_it_beats() {
        let (mut desk, keys) = (Desk::new(), keys(1));
        desk.dispatch.ready(keys[0]);
        desk.accept(3);
        desk.send();
        assert_eq!(desk.dispatch.refused(keys[0], &[0, 1, 7]), 2);
        assert!(desk.send().is_empty());
        assert!(desk.dispatch.seen(keys[0], 1));
        assert!(desk.send().is_empty());
        desk.dispatch.resume(keys[0]);
        assert_eq!(desk.send(), [(keys[0], vec![0, 1])]);
    }

    #[test]
    fn a_dead_workers_connections_go_first_to_the_next_one() {
        let (mut desk, keys) = (Desk::new(), keys(2));
        desk.dispatch.ready(keys[0]);
        desk.accept(4);
        desk.send();
        assert_eq!(desk.dispatch.taken(keys[0], &[1]), 1);
        assert_eq!(desk.closed.get(), 1);
        desk.accept(1);
        assert_eq!(desk.dispatch.rescue(keys[0]), 3);
        assert_eq!(desk.dispatch.rescue(keys[0]), 0);
        desk.dispatch.ready(keys[1]);
        assert_eq!(desk.send(), [(keys[1], vec![0, 2, 3, 4])]);
    }

    #[test]
    fn a_full_channel_gives_back_what_was_not_sent() {
        let (mut desk, keys) = (Desk::new(), keys(1));
        desk.dispatch.ready(keys[0]);
        desk.accept(20);
        desk.dispatch.deal();
        desk.dispatch.sent(keys[0], 16);
        desk.dispatch.full(keys[0]);
        assert_eq!((desk.dispatch.waiting(), desk.send().len()), (4, 0));
        assert!(!desk.dispatch.seen(keys[0], 17));
        assert!(desk.dispatch.seen(keys[0], 16));
        assert_eq!(desk.send(), [(keys[0], vec![16, 17, 18, 19])]);
    }

    #[test]
    fn idle_copies_are_bounded_and_only_picked_up_ones_are_let_go() {
        let (mut desk, keys) = (Desk::new(), keys(1));
        desk.dispatch.ready(keys[0]);
        let mut seen = 0;
        for _ in 0..40 {
            desk.accept(50);
            desk.send();
            seen += 50;
            assert!(desk.dispatch.seen(keys[0], seen));
        }
        assert_eq!(desk.closed.get(), 2000 - SPARE);
        desk.accept(5);
        desk.send();
        assert_eq!(desk.dispatch.let_go(), SPARE);
        assert_eq!(desk.dispatch.rescue(keys[0]), 5);
    }

    #[derive(Debug, Clone)]
    enum Chance {
        Accept(usize),
        Send,
        SendFails(usize),
        Ready(usize),
        Unready(usize),
        Seen(usize, u64),
        Taken(usize, Vec<u64>),
        Refused(usize, Vec<u64>),
        Resume(usize),
        Dies(usize),
        LetGo,
        CloseQueue,
    }

    fn chance() -> impl Strategy<Value = Chance> {
        let numbers = || prop::collection::vec(0u64..60, 1..20);
        prop_oneof![
            4 => (1usize..30).prop_map(Chance::Accept),
            4 => Just(Chance::Send),
            1 => (0usize..4).prop_map(Chance::SendFails),
            4 => (0usize..4).prop_map(Chance::Ready),
            1 => (0usize..4).prop_map(Chance::Unready),
            2 => (0usize..4, 0u64..60).prop_map(|(which, seen)| Chance::Seen(which, seen)),
            4 => (0usize..4, numbers()).prop_map(|(which, numbers)| Chance::Taken(which, numbers)),
            2 => (0usize..4, numbers()).prop_map(|(which, numbers)| Chance::Refused(which, numbers)),
            2 => (0usize..4).prop_map(Chance::Resume),
            1 => (0usize..4).prop_map(Chance::Dies),
            1 => Just(Chance::LetGo),
            1 => Just(Chance::CloseQueue),
        ]
    }

    proptest! {
        #[test]
        fn every_connection_has_one_owner_or_is_closed(chances in prop::collection::vec(chance(), 0..200)) {
            let (mut desk, keys) = (Desk::new(), keys(4));
            let mut given_away = 0;
            for chance in chances {
                let before = desk.closed.get();
                match chance {
                    Chance::Accept(count) => desk.accept(count.min(desk.dispatch.room())),
                    Chance::Send => drop(desk.send()),
                    Chance::SendFails(which) => {
                        desk.dispatch.deal();
                        desk.dispatch.full(keys[which]);
                        desk.send();
                    }
                    Chance::Ready(which) => desk.dispatch.ready(keys[which]),
                    Chance::Unready(which) => desk.dispatch.unready(keys[which]),
                    Chance::Seen(which, seen) => drop(desk.dispatch.seen(keys[which], seen)),
                    Chance::Taken(which, numbers) => given_away += desk.dispatch.taken(keys[which], &numbers),
                    Chance::Refused(which, numbers) => drop(desk.dispatch.refused(keys[which], &numbers)),
                    Chance::Resume(which) => desk.dispatch.resume(keys[which]),
                    Chance::Dies(which) => drop(desk.dispatch.rescue(keys[which])),
                    Chance::LetGo => given_away += desk.dispatch.let_go(),
                    Chance::CloseQueue => given_away += desk.dispatch.close_queue(),
                }
                prop_assert_eq!(desk.closed.get(), given_away, "closed before: {}", before);
                prop_assert_eq!(desk.accepted, given_away + desk.dispatch.owned());
                for hand in desk.dispatch.hands.values() {
                    prop_assert!(hand.outbox.is_empty() && hand.sent - hand.seen <= WINDOW);
                }
            }
            let Desk { dispatch, closed, accepted } = desk;
            drop(dispatch);
            prop_assert_eq!(closed.get(), accepted);
        }
    }
}
