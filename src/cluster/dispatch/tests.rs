//! Who gets what, and the law that every connection has one owner or is closed.

use std::cell::Cell;
use std::rc::Rc;

use proptest::prelude::*;

use super::super::configuration::Policy;
use super::*;

/// Stands for a descriptor; closing it twice is impossible, closing it at all is counted.
struct Token(Rc<Cell<usize>>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

fn keys(count: u64) -> Vec<Key> {
    (1..=count).map(|number| Key::new(1, number)).collect()
}

struct Desk {
    dispatch: Dispatch<Token>,
    closed: Rc<Cell<usize>>,
    accepted: usize,
}

impl Desk {
    fn new() -> Self {
        Self { dispatch: Dispatch::new(Policy::RoundRobin, vec![]), closed: Rc::default(), accepted: 0 }
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
    keys.iter().for_each(|key| desk.dispatch.ready(*key, 1));
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
    keys.iter().for_each(|key| desk.dispatch.ready(*key, 1));
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
    desk.dispatch.ready(keys[0], 1);
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
    desk.dispatch.ready(keys[0], 1);
    desk.accept(4);
    desk.send();
    assert_eq!(desk.dispatch.taken(keys[0], &[1]), 1);
    assert_eq!(desk.closed.get(), 1);
    desk.accept(1);
    assert_eq!(desk.dispatch.rescue(keys[0]), 3);
    assert_eq!(desk.dispatch.rescue(keys[0]), 0);
    desk.dispatch.ready(keys[1], 1);
    assert_eq!(desk.send(), [(keys[1], vec![0, 2, 3, 4])]);
}

#[test]
fn a_full_channel_gives_back_what_was_not_sent() {
    let (mut desk, keys) = (Desk::new(), keys(1));
    desk.dispatch.ready(keys[0], 1);
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
    desk.dispatch.ready(keys[0], 1);
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
                Chance::Ready(which) => desk.dispatch.ready(keys[which], 1),
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
