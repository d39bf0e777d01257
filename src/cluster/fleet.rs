//! All workers together, as a pure state machine: what happened goes in, what to do comes out, time is passed in.
//!
//! A slot is a place for one serving worker. While a worker retires, its slot also has a successor, which takes over the
//! moment it listens; only then is the old one told to disconnect. So a slot never has two workers in rotation, and a
//! worker that never gets ready never replaces a good one.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::life::{Life, Obituary};
use super::message::Malformed;
use super::restart::{Dice, RestartPolicy, Restarts, Verdict};

/// How long past its deadline a draining worker may take to say whom it cut, before it is killed.
const GRACE: Duration = Duration::from_millis(1000);

/// One worker process, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u64);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The times that the fleet keeps to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) restart: RestartPolicy,
    /// From fork to `listening`.
    pub(crate) start: Duration,
    /// From `disconnect` to the end.
    pub(crate) drain: Duration,
}

/// What the master has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a process; answer with [`Fleet::ended`] if that fails.
    Spawn { key: Key, slot: u32 },
    /// Give it connections from now on.
    Ready { key: Key },
    /// Give it no more.
    Unready { key: Key },
    /// Tell it to finish.
    Disconnect { key: Key, within: Duration },
    /// Kill it.
    Kill { key: Key, reason: String },
    /// Say that the slot's worker starts again after a delay.
    Restart { slot: u32, delay: Duration, count: usize },
    /// Say that the slot is given up.
    GiveUp { slot: u32, reason: String },
}

/// A worker that was ended with connections open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The worker's number.
    pub worker: u32,
    /// Connections that were open when it ended, as it last reported them.
    pub connections: u64,
    /// Why it ended.
    pub reason: String,
}

/// How it all ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// As it was told to; these were cut.
    Stopped(Vec<Cut>),
    /// Every slot was given up.
    GaveUp { reason: String, status: Option<ExitStatus> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Leaving,
}

#[derive(Debug, Default)]
struct Slot {
    current: Option<Key>,
    successor: Option<Key>,
    /// When the next process of this slot is due.
    due: Option<Instant>,
    restarts: Restarts,
    given_up: Option<String>,
}

/// All slots and all worker processes.
#[derive(Debug)]
pub(crate) struct Fleet {
    rules: Rules,
    phase: Phase,
    slots: BTreeMap<u32, Slot>,
    lives: BTreeMap<Key, Life>,
    next: u64,
    dice: Dice,
    actions: VecDeque<Action>,
    cuts: Vec<Cut>,
    last: Option<ExitStatus>,
}

impl Fleet {
    /// Slots 1 to `workers`, each due at once.
    pub(crate) fn new(workers: u32, rules: Rules, seed: u64, now: Instant) -> Self {
        let slot = |number| (number, Slot { due: Some(now), ..Slot::default() });
        Self {
            rules,
            phase: Phase::Running,
            slots: (1..=workers).map(slot).collect(),
            lives: BTreeMap::new(),
            next: 1,
            dice: Dice::new(seed),
            actions: VecDeque::new(),
            cuts: Vec::new(),
            last: None,
        }
    }

    /// The next thing to do.
    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How many workers take connections.
    #[cfg(test)]
    pub(crate) fn in_rotation(&self) -> usize {
        self.lives.values().filter(|life| life.in_rotation()).count()
    }

    /// When [`Fleet::tick`] has something to do, if nothing else happens.
    pub(crate) fn wake(&self) -> Option<Instant> {
        let due = self.slots.values().filter_map(|slot| slot.due);
        due.chain(self.lives.values().filter_map(Life::deadline)).min()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        for (number, slot) in &mut self.slots {
            if slot.due.is_some_and(|due| due <= now) {
                slot.due = None;
                let key = Key(self.next);
                self.next += 1;
                self.lives.insert(key, Life::new(*number, now + self.rules.start));
                let place = if slot.current.is_none() { &mut slot.current } else { &mut slot.successor };
                *place = Some(key);
                self.actions.push_back(Action::Spawn { key, slot: *number });
            }
        }
        let overdue = self.lives.iter().filter_map(|(key, life)| Some((*key, life.overdue(now)?)));
        for (key, reason) in overdue.collect::<Vec<_>>() {
            self.kill(key, reason);
        }
    }

    /// A worker says `online`.
    pub(crate) fn online(&mut self, key: Key) -> Result<(), Malformed> {
        self.lives.get_mut(&key).map_or(Ok(()), Life::online)
    }

    /// A worker says `listening`: it goes into rotation, and the worker that it succeeds goes out.
    pub(crate) fn listening(&mut self, key: Key, now: Instant) -> Result<(), Malformed> {
        let Some(life) = self.lives.get_mut(&key) else { return Ok(()) };
        let number = life.slot();
        if life.listening(now)? {
            self.actions.push_back(Action::Ready { key });
            if let Some(slot) = self.slots.get_mut(&number)
                && slot.successor == Some(key)
            {
                slot.successor = None;
                if let Some(old) = slot.current.replace(key) {
                    self.drain(old, now);
                }
            }
        }
        Ok(())
    }

    /// A worker says `retiring`: its successor starts, and it serves until that listens.
    pub(crate) fn retiring(&mut self, key: Key, reason: String, now: Instant) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        if !life.retire(reason) {
            return;
        }
        let (serving, number) = (life.in_rotation(), life.slot());
        let Some(slot) = self.slots.get_mut(&number) else { return };
        if serving {
            // A worker that retires too often waits for its turn, serving; its slot is never given up for that.
            slot.due = Some(match slot.restarts.record(&self.rules.restart, now, Some(Duration::MAX), self.dice.roll()) {
                Verdict::After(delay) => now + delay,
                Verdict::Exhausted(until) => until,
            });
        } else {
            self.drain(key, now);
        }
    }

    /// A worker says `beat`.
    pub(crate) fn beat(&mut self, key: Key, connections: u64, requests: u64) {
        if let Some(life) = self.lives.get_mut(&key) {
            life.beat(connections, requests);
        }
    }

    /// A worker says `exit`.
    pub(crate) fn exiting(&mut self, key: Key, reason: String, cut: u64) {
        if let Some(life) = self.lives.get_mut(&key) {
            life.exiting(reason, cut);
        }
    }

    /// A worker has closed its channel: it gets nothing more, and has the time to drain to end.
    pub(crate) fn silent(&mut self, key: Key, now: Instant) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        if life.in_rotation() {
            self.actions.push_back(Action::Unready { key });
        }
        life.lose(now + self.rules.drain + GRACE);
    }

    /// A worker's process has ended, or could not be started.
    pub(crate) fn ended(&mut self, key: Key, status: Option<ExitStatus>, now: Instant) -> Option<Obituary> {
        let mut life = self.lives.remove(&key)?;
        if life.in_rotation() {
            self.actions.push_back(Action::Unready { key });
        }
        let (number, obituary) = (life.slot(), life.end(now, status));
        self.last = status.or(self.last);
        if obituary.cut > 0 {
            self.cuts.push(Cut { worker: number, connections: obituary.cut, reason: obituary.reason.clone() });
        }
        let slot = self.slots.get_mut(&number)?;
        if slot.current == Some(key) {
            slot.current = slot.successor.take();
        } else if slot.successor == Some(key) {
            slot.successor = None;
        } else {
            return Some(obituary); // a successor has taken its place already
        }
        if self.phase == Phase::Running {
            self.replace(number, &obituary, now);
        }
        Some(obituary)
    }

    /// Finds the next worker for a slot that has just lost one.
    fn replace(&mut self, number: u32, obituary: &Obituary, now: Instant) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        let serving = slot.current.and_then(|key| self.lives.get(&key)).is_some_and(Life::in_rotation);
        // A successor has moved up, or a process is due anyway.
        if slot.due.is_some() || (slot.current.is_some() && !serving) {
            return;
        }
        match slot.restarts.record(&self.rules.restart, now, obituary.served, self.dice.roll()) {
            Verdict::After(delay) => {
                slot.due = Some(now + delay);
                self.actions.push_back(Action::Restart { slot: number, delay, count: slot.restarts.count() });
            }
            Verdict::Exhausted(until) if serving => slot.due = Some(until),
            Verdict::Exhausted(_) => {
                let (count, within) = (slot.restarts.count(), self.rules.restart.within);
                let reason = format!("it was restarted {count} times within {within:?}; the last time it {}", obituary.reason);
                slot.given_up = Some(reason.clone());
                self.actions.push_back(Action::GiveUp { slot: number, reason });
            }
        }
    }

    /// Everybody finishes within the time to drain; who is not ready yet is not waited for.
    pub(crate) fn drain_all(&mut self, now: Instant) {
        self.leave();
        for key in self.lives.keys().copied().collect::<Vec<_>>() {
            if self.lives.get(&key).is_some_and(Life::has_served) {
                self.drain(key, now);
            } else {
                self.kill(key, "it was not ready when the master was told to stop");
            }
        }
    }

    /// Everybody ends now.
    pub(crate) fn kill_all(&mut self) {
        self.leave();
        for key in self.lives.keys().copied().collect::<Vec<_>>() {
            self.kill(key, "the master was told to stop now");
        }
    }

    fn leave(&mut self) {
        self.phase = Phase::Leaving;
        for slot in self.slots.values_mut() {
            slot.due = None;
        }
    }

    /// How it ended, once it has.
    pub(crate) fn end(&mut self) -> Option<End> {
        if !self.lives.is_empty() || !self.actions.is_empty() {
            return None;
        }
        if self.phase == Phase::Leaving {
            return Some(End::Stopped(std::mem::take(&mut self.cuts)));
        }
        let reasons = self.slots.iter().map(|(number, slot)| Some(format!("worker {number}: {}", slot.given_up.as_ref()?)));
        let reasons: Option<Vec<_>> = reasons.collect();
        reasons.map(|reasons| End::GaveUp { reason: reasons.join("; "), status: self.last })
    }

    fn drain(&mut self, key: Key, now: Instant) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        let rotating = life.in_rotation();
        if !life.drain(now + self.rules.drain + GRACE) {
            return;
        }
        if rotating {
            self.actions.push_back(Action::Unready { key });
        }
        self.actions.push_back(Action::Disconnect { key, within: self.rules.drain });
    }

    /// Kills one worker; it goes on to be replaced when it has ended.
    pub(crate) fn kill(&mut self, key: Key, reason: &str) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        let rotating = life.in_rotation();
        if life.kill(reason) {
            if rotating {
                self.actions.push_back(Action::Unready { key });
            }
            self.actions.push_back(Action::Kill { key, reason: reason.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use proptest::prelude::*;

    use super::super::life::State;
    use super::*;

    fn rules() -> Rules {
        Rules { restart: RestartPolicy::default(), start: Duration::from_secs(30), drain: Duration::from_secs(5) }
    }

    /// A fleet with a clock, and the processes that a master would have.
    struct World {
        fleet: Fleet,
        now: Instant,
        alive: BTreeMap<Key, u32>,
        ready: BTreeMap<Key, u32>,
        told: Vec<Action>,
        spawned: usize,
    }

    impl World {
        fn new(workers: u32) -> Self {
            let now = Instant::now();
            let fleet = Fleet::new(workers, rules(), 1, now);
            let mut world = Self { fleet, now, alive: BTreeMap::new(), ready: BTreeMap::new(), told: vec![], spawned: 0 };
            world.pass(Duration::ZERO);
            world
        }

        fn pass(&mut self, time: Duration) {
            self.now += time;
            self.fleet.tick(self.now);
            self.obey();
        }

        fn obey(&mut self) {
            while let Some(action) = self.fleet.next_action() {
                match &action {
                    Action::Spawn { key, slot } => {
                        self.spawned += 1;
                        assert!(self.alive.insert(*key, *slot).is_none());
                    }
                    Action::Ready { key } => assert!(self.ready.insert(*key, self.alive[key]).is_none()),
                    Action::Unready { key } => assert!(self.ready.remove(key).is_some()),
                    _ => {}
                }
                self.told.push(action);
            }
            let mut slots: Vec<_> = self.ready.values().collect();
            slots.dedup();
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
        world.fleet.beat(keys[1], 4, 9);
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
        ];
        let last = prop_oneof![Just(Chance::Drain), Just(Chance::KillAll)];
        (prop::collection::vec(chance, 0..80), last).prop_map(|(mut all, last)| {
            all.push(last);
            all
        })
    }

    proptest! {
        #[test]
        fn whatever_happens_the_laws_hold(workers in 1u32..4, chances in chances()) {
            let mut world = World::new(workers);
            let mut given_up = 0;
            for chance in chances {
                let ready = world.ready.len();
                let pick = |which: usize| world.keys().get(which % world.alive.len().max(1)).copied();
                match chance {
                    Chance::Up(which) => {
                        if let Some(key) = pick(which) {
                            world.up(key);
                            prop_assert!(world.ready.len() >= ready, "a worker that gets ready costs none");
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
                        prop_assert!(world.fleet.wake().is_none_or(|wake| wake > world.now), "a wake-up is never in the past");
                    }
                    Chance::Drain => world.fleet.drain_all(world.now),
                    Chance::KillAll => world.fleet.kill_all(),
                }
                world.obey();
                given_up = world.told.iter().filter(|action| matches!(action, Action::GiveUp { .. })).count();
                let leaving = world.told.iter().filter(|action| matches!(action, Action::Disconnect { .. })).count();
                prop_assert!(world.alive.len() <= workers as usize * 2 + leaving);
            }
            prop_assert!(given_up <= workers as usize);
            let spawned = world.spawned;
            for key in world.keys() {
                world.dies(key, 0);
            }
            world.pass(Duration::from_secs(600));
            prop_assert_eq!(world.spawned, spawned, "nothing starts after the end");
            prop_assert!(world.fleet.end().is_some());
        }
    }
}
