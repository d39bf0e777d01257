//! What each policy makes of the same connections.

use std::collections::BTreeMap;

use super::*;

/// How many connections each worker got.
#[derive(Default)]
struct Tally(BTreeMap<Key, u64>);

impl Tally {
    /// Sends all that waits; every worker picks up at once what it gets.
    fn run(&mut self, desk: &mut Desk) {
        for (key, numbers) in desk.send() {
            let got = self.0.entry(key).or_default();
            *got += numbers.len() as u64;
            assert!(desk.dispatch.seen(key, *got));
            desk.dispatch.taken(key, &numbers);
        }
    }

    fn of(&self, keys: &[Key]) -> Vec<u64> {
        keys.iter().map(|key| self.0.get(key).copied().unwrap_or_default()).collect()
    }
}

#[test]
fn round_robin_is_even_whether_connections_come_one_by_one_or_in_heaps() {
    for heap in [1, 2, 3, 7, 16, 64, 200] {
        let (mut desk, keys) = Desk::open(4);
        let mut tally = Tally::default();
        while desk.accepted < 10_000 {
            desk.accept(heap);
            tally.run(&mut desk);
        }
        let (most, least) = (*tally.of(&keys).iter().max().unwrap(), *tally.of(&keys).iter().min().unwrap());
        assert!(most - least <= 1, "heaps of {heap}: {:?}", tally.of(&keys));
    }
}

#[test]
fn weights_are_kept_and_the_turns_of_a_heavy_worker_are_spread() {
    let (mut desk, keys) = (Desk::new(Policy::Weighted, &[5, 1]), keys(3));
    desk.all_ready(&keys);
    let mut order = vec![];
    for _ in 0..7 {
        desk.accept(1);
        order.extend(desk.send().into_iter().map(|(key, _)| keys.iter().position(|other| *other == key).unwrap()));
    }
    // nginx's own example: a a b a c a a
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn weights_hold_among_those_that_can_take_one_and_change_at_once() {
    let (mut desk, keys) = (Desk::new(Policy::Weighted, &[3, 1, 0]), keys(4));
    desk.all_ready(&keys);
    let mut tally = Tally::default();
    let mut pour = |desk: &mut Desk, count| {
        let before = tally.of(&keys);
        for _ in 0..count {
            desk.accept(1);
            tally.run(desk);
        }
        tally.of(&keys).iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>()
    };
    assert_eq!(pour(&mut desk, 600), [300, 100, 100, 100]);
    desk.dispatch.unready(keys[3]);
    assert_eq!(pour(&mut desk, 500), [300, 100, 100, 0]);
    desk.dispatch.set_policy(Policy::Weighted, vec![1, 1, 2]);
    assert_eq!(pour(&mut desk, 400), [100, 100, 200, 0]);
    desk.dispatch.set_policy(Policy::RoundRobin, vec![]);
    assert_eq!(pour(&mut desk, 300), [100, 100, 100, 0]);
}

#[test]
fn the_least_busy_worker_is_next_and_equals_take_turns() {
    let (mut desk, keys) = (Desk::new(Policy::LeastConnections, &[]), keys(3));
    desk.all_ready(&keys);
    for (key, open) in keys.iter().zip([2, 0, 1]) {
        desk.dispatch.load(*key, open);
    }
    desk.accept(6);
    // what is on its way counts: 2 0 1, then 2 1 1, 2 1 2, 2 2 2 and from there in turn
    assert_eq!(desk.send(), [(keys[0], vec![4]), (keys[1], vec![0, 2, 5]), (keys[2], vec![1, 3])]);
    // a worker that took its two and finished them is the least busy again
    assert!(desk.dispatch.seen(keys[2], 2));
    assert_eq!(desk.dispatch.taken(keys[2], &[1, 3]).len(), 2);
    desk.dispatch.load(keys[2], 0);
    desk.accept(2);
    assert_eq!(desk.send(), [(keys[2], vec![6, 7])]);
}

#[test]
fn a_worker_full_of_silent_connections_is_busy_even_when_their_copies_are_gone() {
    let (mut desk, keys) = (Desk::new(Policy::LeastConnections, &[]), keys(2));
    desk.dispatch.ready(keys[0], 1);
    desk.accept(50);
    desk.send();
    assert!(desk.dispatch.seen(keys[0], 50));
    assert_eq!(desk.dispatch.let_go(), 50);
    desk.dispatch.ready(keys[1], 2);
    desk.accept(50);
    assert!(desk.send().iter().all(|(key, _)| *key == keys[1]));
    // as they speak and end, they count no more
    desk.dispatch.taken(keys[0], &(0..50).collect::<Vec<_>>());
    desk.dispatch.load(keys[0], 0);
    desk.accept(10);
    assert!(desk.send().iter().all(|(key, _)| *key == keys[0]));
}
