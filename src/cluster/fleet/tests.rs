//! What the fleet does, told as stories, and the laws that hold whatever happens.

mod trials;

use std::os::unix::process::ExitStatusExt;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::life::{Obituary, State};
use super::*;

const HEARTBEAT: Duration = Duration::from_secs(10);

fn rules() -> Rules {
    let (start, drain, heartbeat) = (Duration::from_secs(30), Duration::from_secs(5), HEARTBEAT);
    Rules { restart: RestartPolicy::default(), start, drain, heartbeat }
}

/// A fleet with a clock, and the processes that a master would have.
struct World {
    fleet: Fleet,
    now: Instant,
    alive: BTreeMap<Key, u32>,
    ready: BTreeMap<Key, u32>,
    told: Vec<Action>,
    spawned: usize,
    /// Those that say nothing any more.
    mute: BTreeSet<Key>,
    generation: u64,
}

impl World {
    fn new(workers: u32) -> Self {
        let now = Instant::now();
        let fleet = Fleet::new(1, workers, 1, rules(), 1, now);
        let mut world = Self {
            fleet,
            now,
            alive: BTreeMap::new(),
            ready: BTreeMap::new(),
            told: vec![],
            spawned: 0,
            mute: BTreeSet::new(),
            generation: 1,
        };
        world.pass(Duration::ZERO);
        world
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for key in self.alive.keys().filter(|key| !self.mute.contains(key)) {
            self.fleet.heard(*key, self.now);
        }
        self.fleet.tick(self.now);
        self.obey();
    }

    /// What the master does with a generation on trial.
    fn lead(&mut self) {
        match self.fleet.trial(self.now) {
            Trial::Started => self.fleet.switch(Duration::from_secs(2), self.now),
            Trial::Passed => self.fleet.commit(self.now),
            Trial::Failed(_) => self.fleet.roll_back(self.now),
            Trial::None | Trial::Pending => {}
        }
        self.obey();
    }

    fn reload(&mut self, size: u32) -> bool {
        let free = self.fleet.trial(self.now) == Trial::None;
        if free {
            self.generation += 1;
            self.fleet.prepare(self.generation, size, self.now);
            self.obey();
        }
        free
    }

    fn generations(&self) -> Vec<u64> {
        let generation = |key: &Key| self.fleet.lives.get(key).map(Life::generation);
        self.ready.keys().filter_map(generation).collect()
    }

    fn obey(&mut self) {
        while let Some(action) = self.fleet.next_action() {
            match &action {
                Action::Spawn { key, slot, .. } => {
                    self.spawned += 1;
                    assert!(self.alive.insert(*key, *slot).is_none());
                }
                Action::Ready { key, .. } => assert!(self.ready.insert(*key, self.alive[key]).is_none()),
                Action::Unready { key } => assert!(self.ready.remove(key).is_some()),
                _ => {}
            }
            self.told.push(action);
        }
        let slots: BTreeSet<_> = self.ready.values().collect();
        assert_eq!(slots.len(), self.ready.len(), "two workers of one slot in rotation");
        assert_eq!(self.ready.len(), self.fleet.in_rotation());
    }

    fn up(&mut self, key: Key) {
        let _ = self.fleet.online(key);
        let _ = self.fleet.listening(key, self.now);
        self.obey();
    }

    fn all_up(&mut self) {
        for key in self.alive.keys().copied().collect::<Vec<_>>() {
            self.up(key);
        }
    }

    fn dies(&mut self, key: Key, raw: i32) -> Option<Obituary> {
        self.alive.remove(&key);
        let obituary = self.fleet.ended(key, Some(ExitStatus::from_raw(raw)), self.now);
        self.obey();
        obituary
    }

    fn keys(&self) -> Vec<Key> {
        self.alive.keys().copied().collect()
    }
}

#[test]
fn a_killed_worker_is_replaced_at_once() {
    let mut world = World::new(2);
    world.all_up();
    let first = world.keys()[0];
    assert_eq!(world.dies(first, 9).unwrap().state, State::Failed);
    assert!(matches!(world.told.last(), Some(Action::Restart { slot: 1, delay: Duration::ZERO, count: 1 })));
    world.pass(Duration::ZERO);
    assert_eq!(world.alive.len(), 2);
    world.all_up();
    assert_eq!(world.ready.len(), 2);
}

#[test]
fn a_retiring_worker_serves_until_its_successor_listens() {
    let mut world = World::new(1);
    world.all_up();
    let old = world.keys()[0];
    world.fleet.retiring(old, "memory".into(), world.now);
    world.pass(Duration::ZERO);
    assert!(world.ready.contains_key(&old));
    let new = world.keys()[1];
    world.up(new);
    assert_eq!(world.ready.keys().collect::<Vec<_>>(), [&new]);
    assert!(matches!(world.told.last(), Some(Action::Disconnect { key, .. }) if *key == old));
    assert_eq!(world.dies(old, 0).unwrap().state, State::Stopped);
    assert_eq!(world.keys(), [new]);
    assert_eq!(world.fleet.end(), None);
}

#[test]
fn a_successor_that_never_gets_ready_never_replaces_a_good_worker() {
    let mut world = World::new(1);
    world.all_up();
    let old = world.keys()[0];
    world.fleet.retiring(old, "memory".into(), world.now);
    for _ in 0..100 {
        world.pass(Duration::from_secs(1));
        for key in world.keys().into_iter().filter(|key| *key != old) {
            world.dies(key, 1 << 8);
        }
        assert!(world.ready.contains_key(&old));
    }
    assert_eq!(world.fleet.end(), None);
    assert!(world.spawned < 20, "{}", world.spawned);
}

#[test]
fn a_worker_that_never_listens_is_killed_and_counts_as_a_failed_start() {
    let mut world = World::new(1);
    world.pass(Duration::from_secs(29));
    assert_eq!(world.told.len(), 1);
    world.pass(Duration::from_secs(1));
    assert!(matches!(&world.told[1], Action::Kill { reason, .. } if reason.contains("time to start")));
    let key = world.keys()[0];
    assert!(world.dies(key, 9).unwrap().reason.contains("did not listen"));
    assert!(matches!(world.told.last(), Some(Action::Restart { .. })));
}

#[test]
fn a_storm_ends_in_giving_up_with_the_reason_of_the_last_one() {
    let mut world = World::new(2);
    let start = world.now;
    while world.fleet.end().is_none() {
        for key in world.keys() {
            world.fleet.exiting(key, "routes.yaml is broken".into(), 0);
            world.dies(key, 78 << 8);
        }
        world.pass(Duration::from_millis(10));
    }
    assert_eq!(world.spawned, 12);
    assert!(world.now - start < Duration::from_secs(10));
    let given_up = world.told.iter().filter(|action| matches!(action, Action::GiveUp { .. })).count();
    assert_eq!(given_up, 2);
    let Some(End::GaveUp { reason, status }) = world.fleet.end() else { panic!() };
    assert!(
        reason.contains("worker 2: it was restarted 5 times within 60s; the last time it exited with code 78: routes.yaml"),
        "{reason}"
    );
    assert_eq!(status, Some(ExitStatus::from_raw(78 << 8)));
}

#[test]
fn one_slot_given_up_leaves_the_others_serving() {
    let mut world = World::new(2);
    world.all_up();
    for _ in 0..6 {
        let sick = world.alive.iter().find(|(_, slot)| **slot == 1).map(|(key, _)| *key).unwrap();
        world.up(sick);
        world.dies(sick, 9);
        world.pass(Duration::from_secs(2));
    }
    assert!(matches!(world.told.last(), Some(Action::GiveUp { slot: 1, .. })));
    world.pass(Duration::from_secs(3600));
    assert_eq!((world.alive.len(), world.ready.len()), (1, 1));
    assert_eq!(world.fleet.end(), None);
}

#[test]
fn stopping_drains_who_serves_kills_who_does_not_and_names_who_was_cut() {
    let mut world = World::new(3);
    let keys = world.keys();
    world.up(keys[0]);
    world.up(keys[1]);
    world.fleet.beat(keys[1], 4, 9, 0);
    world.fleet.drain_all(world.now);
    world.obey();
    assert!(world.ready.is_empty());
    assert!(world.told.iter().any(|action| matches!(action, Action::Kill { key, .. } if *key == keys[2])));
    world.dies(keys[2], 9);
    world.dies(keys[0], 0);
    assert_eq!(world.fleet.end(), None);
    world.pass(Duration::from_secs(6));
    assert!(matches!(world.told.last(), Some(Action::Kill { key, .. }) if *key == keys[1]));
    world.dies(keys[1], 9);
    let Some(End::Stopped(cuts)) = world.fleet.end() else { panic!() };
    assert_eq!(cuts.iter().map(|cut| (cut.worker, cut.connections)).collect::<Vec<_>>(), [(2, 4)]);
}

#[derive(Debug, Clone)]
enum Chance {
    Reload(u32),
    Resize(u32),
    Mute(usize),
    Panics(usize),
    Up(usize),
    Retires(usize),
    Dies(usize, i32),
    CannotStart,
    Passes(u64),
    Drain,
    KillAll,
}

fn chances() -> impl Strategy<Value = Vec<Chance>> {
    let chance = prop_oneof![
        8 => (0usize..8).prop_map(Chance::Up),
        3 => (0usize..8).prop_map(Chance::Retires),
        3 => (0usize..8, prop_oneof![Just(0), Just(9), Just(256)]).prop_map(|(which, raw)| Chance::Dies(which, raw)),
        1 => Just(Chance::CannotStart),
        8 => (0u64..20_000).prop_map(Chance::Passes),
        2 => (1u32..4).prop_map(Chance::Reload),
        1 => (1u32..4).prop_map(Chance::Resize),
        1 => (0usize..8).prop_map(Chance::Mute),
        1 => (0usize..8).prop_map(Chance::Panics),
    ]
    .boxed();
    let last = prop_oneof![Just(Chance::Drain), Just(Chance::KillAll)];
    let some = |most| prop::collection::vec(chance.clone(), 0..most);
    (some(80), last, some(10)).prop_map(|(before, last, after)| before.into_iter().chain([last]).chain(after).collect())
}

proptest! {
    #[test]
    fn whatever_happens_the_laws_hold(workers in 1u32..4, chances in chances()) {
        let mut world = World::new(workers);
        let mut leaving_after = None;
        for chance in chances {
            let ready = world.ready.len();
            let before = world.generations();
            let pick = |which: usize| world.keys().get(which % world.alive.len().max(1)).copied();
            match chance {
                Chance::Up(which) => {
                    if let Some(key) = pick(which) {
                        world.up(key);
                        prop_assert!(world.ready.len() >= ready, "a worker that gets ready costs none");
                        world.lead();
                        // a whole generation at once, never some of it, and never fewer than there were
                        let (after, size) = (world.generations(), world.fleet.size() as usize);
                        if after != before && !after.is_empty() {
                            prop_assert!(after.len() >= ready.min(size), "{before:?} became {after:?}");
                        }
                    }
                }
                Chance::Retires(which) => {
                    if let Some(key) = pick(which) {
                        world.fleet.retiring(key, "asked".into(), world.now);
                        world.obey();
                        prop_assert_eq!(world.ready.len(), ready, "retiring takes nobody out of rotation");
                    }
                }
                Chance::Dies(which, raw) => {
                    if let Some(key) = pick(which) {
                        world.dies(key, raw);
                    }
                }
                Chance::CannotStart => {
                    if let Some(key) = world.alive.keys().next_back().copied() {
                        world.alive.remove(&key);
                        world.fleet.ended(key, None, world.now);
                        world.obey();
                    }
                }
                Chance::Passes(millis) => {
                    world.pass(Duration::from_millis(millis));
                    if leaving_after.is_none() {
                        world.lead();
                        // what followed at once
                        world.pass(Duration::ZERO);
                    }
                    prop_assert!(world.fleet.wake().is_none_or(|wake| wake > world.now), "a wake-up is never in the past");
                }
                Chance::Reload(size) => {
                    if leaving_after.is_none() {
                        world.reload(size);
                        prop_assert_eq!(world.ready.len(), ready, "a generation that starts costs none");
                    }
                }
                Chance::Resize(size) => {
                    if leaving_after.is_none() && world.fleet.trial(world.now) == Trial::None {
                        world.fleet.set_size(size, world.now);
                    }
                }
                Chance::Mute(which) => world.mute.extend(pick(which)),
                Chance::Panics(which) => {
                    if let Some(key) = pick(which) {
                        world.fleet.beat(key, 0, 0, 1);
                        prop_assert_eq!(world.ready.len(), ready, "a panic takes nobody out of rotation by itself");
                        world.lead();
                    }
                }
                Chance::Drain => {
                    world.fleet.drain_all(world.now);
                    leaving_after = Some(world.spawned);
                }
                Chance::KillAll => {
                    world.fleet.kill_all();
                    leaving_after = Some(world.spawned);
                }
            }
            world.obey();
            if leaving_after.is_none() {
                world.lead();
            }
            let mut serving = world.generations();
            serving.dedup();
            prop_assert!(serving.len() <= 1, "two generations serve: {serving:?}");
            let leaving = world.told.iter().filter(|action| matches!(action, Action::Disconnect { .. })).count();
            let killed = world.told.iter().filter(|action| matches!(action, Action::Kill { .. })).count();
            let stalled = world.told.iter().filter(|action| matches!(action, Action::Stalled { .. })).count();
            prop_assert!(world.alive.len() <= 3 * 4 + leaving + killed + stalled);
        }
        for key in world.keys() {
            world.dies(key, 0);
        }
        world.pass(Duration::from_secs(600));
        prop_assert_eq!(Some(world.spawned), leaving_after, "nothing starts after the order to end");
        prop_assert!(world.fleet.end().is_some());
    }
}
