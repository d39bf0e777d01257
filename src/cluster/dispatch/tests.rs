//! Who gets what, and the law that every connection has one owner or is closed.

mod histories;
mod policies;

use std::cell::Cell;
use std::rc::Rc;

use super::hand::{SPARE, WINDOW};
use super::*;

/// Stands for a descriptor; closing it twice is impossible, closing it at all is counted.
struct Token(Rc<Cell<usize>>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

fn keys(count: u32) -> Vec<Key> {
    (1..=count).map(|number| Key::new(1, number.into())).collect()
}

struct Desk {
    dispatch: Dispatch<Token>,
    closed: Rc<Cell<usize>>,
    accepted: usize,
}

impl Desk {
    fn new(policy: Policy, weights: &[u32]) -> Self {
        Self { dispatch: Dispatch::new(policy, weights.to_vec()), closed: Rc::default(), accepted: 0 }
    }

    /// Under round robin, with workers that are ready.
    fn open(workers: u32) -> (Self, Vec<Key>) {
        let (mut desk, keys) = (Self::new(Policy::RoundRobin, &[]), keys(workers));
        desk.all_ready(&keys);
        (desk, keys)
    }

    fn all_ready(&mut self, keys: &[Key]) {
        for (key, slot) in keys.iter().zip(1..) {
            self.dispatch.ready(*key, slot);
        }
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
    let (mut desk, keys) = (Desk::new(Policy::RoundRobin, &[]), keys(2));
    desk.accept(1);
    assert!(desk.send().is_empty());
    desk.all_ready(&keys);
    desk.accept(39);
    let sent = desk.send();
    let evens = |from: u64, count| (0..count).map(|n| from + n * 2).collect::<Vec<_>>();
    // nobody waits for the second packet of another
    assert_eq!(sent, [(keys[0], evens(0, 16)), (keys[1], evens(1, 16)), (keys[0], evens(32, 4)), (keys[1], evens(33, 4))]);
    desk.accept(2);
    assert_eq!(desk.send(), [(keys[0], vec![40]), (keys[1], vec![41])]);
    assert_eq!(desk.closed.get(), 0);
}

#[test]
fn a_packet_is_as_long_as_it_may_be() {
    for (batch, expected) in [(0, 1), (1, 1), (5, 5), (16, 16), (99, 16)] {
        let (mut desk, _) = Desk::open(1);
        desk.dispatch.set_batch(batch);
        desk.accept(32);
        assert!(desk.send().iter().rev().skip(1).all(|(_, numbers)| numbers.len() == expected), "{batch}");
    }
}

#[test]
fn a_blocked_worker_fills_its_window_and_gets_no_more() {
    let (mut desk, keys) = Desk::open(2);
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
    let (mut desk, keys) = Desk::open(1);
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
fn what_was_refused_goes_to_another_worker_first_and_holds_nobody_up() {
    let (mut desk, keys) = Desk::open(2);
    desk.accept(128);
    desk.send();
    assert!(desk.dispatch.seen(keys[0], 64));
    assert_eq!(desk.dispatch.refused(keys[0], &[0, 2, 4]), 3);
    desk.dispatch.resume(keys[0]);
    // the other's window is full: they wait for it, and a new one goes past them
    desk.accept(1);
    assert_eq!(desk.send(), [(keys[0], vec![128])]);
    assert!(desk.dispatch.seen(keys[1], 2));
    assert_eq!(desk.send(), [(keys[1], vec![0, 2])]);
    // without another worker, the one that refused is tried again
    desk.dispatch.unready(keys[1]);
    assert_eq!(desk.send(), [(keys[0], vec![4])]);
}

#[test]
fn a_dead_workers_connections_go_first_to_the_next_one() {
    let keys = keys(2);
    let (mut desk, _) = Desk::open(1);
    desk.accept(4);
    desk.send();
    assert_eq!(desk.dispatch.taken(keys[0], &[1]).len(), 1);
    assert_eq!(desk.closed.get(), 1);
    desk.accept(1);
    assert_eq!(desk.dispatch.rescue(keys[0]), 3);
    assert_eq!(desk.dispatch.rescue(keys[0]), 0);
    desk.dispatch.ready(keys[1], 2);
    assert_eq!(desk.send(), [(keys[1], vec![0, 2, 3, 4])]);
}

#[test]
fn a_stalled_worker_loses_what_it_did_not_take_and_never_comes_back() {
    let (mut desk, keys) = Desk::open(2);
    desk.accept(6);
    desk.send();
    assert!(desk.dispatch.seen(keys[0], 2));
    assert_eq!(desk.dispatch.taken(keys[0], &[0]).len(), 1);
    assert_eq!(desk.dispatch.rescue_stalled(keys[0]), 2);
    desk.dispatch.ready(keys[0], 1);
    desk.dispatch.resume(keys[0]);
    assert_eq!(desk.send(), [(keys[1], vec![2, 4])]);
    // whatever it might still say is about nothing
    assert_eq!((desk.dispatch.taken(keys[0], &[2]).len(), desk.dispatch.refused(keys[0], &[4])), (0, 0));
    assert_eq!(desk.closed.get(), 1);
    assert_eq!(desk.dispatch.rescue(keys[0]), 0);
}

#[test]
fn a_full_channel_gives_back_what_was_not_sent() {
    let (mut desk, keys) = Desk::open(1);
    desk.accept(20);
    desk.dispatch.deal();
    desk.dispatch.sent(keys[0], 16);
    // what it was not sent it cannot have
    assert!(!desk.dispatch.seen(keys[0], 17));
    assert_eq!(desk.dispatch.taken(keys[0], &[16]).len(), 0);
    desk.dispatch.full(keys[0]);
    assert_eq!((desk.dispatch.waiting(), desk.send().len()), (4, 0));
    assert!(!desk.dispatch.seen(keys[0], 17));
    assert!(desk.dispatch.seen(keys[0], 16));
    assert_eq!(desk.send(), [(keys[0], vec![16, 17, 18, 19])]);
}

#[test]
fn idle_copies_are_bounded_and_only_picked_up_ones_are_let_go() {
    let (mut desk, keys) = Desk::open(1);
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
