//! All workers of a group together, as a pure state machine: what happened goes in, what to do comes out, time is passed in.
//!
//! A slot is a place for one serving worker. While a worker retires, its slot also has a successor, which takes over the
//! moment it listens; only then is the old one told to disconnect. So a slot never has two workers in rotation, and a
//! worker that never gets ready never replaces a good one. A reload replaces all workers in the same way, all at once and
//! with a way back: see [`trial`].

mod care;
mod replace;
mod size;
mod trial;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::life::Life;
use super::message::Malformed;
use super::restart::{Dice, RestartPolicy, Restarts};
use trial::Stage;
pub(crate) use trial::Trial;

/// How long past its deadline a draining worker may take to say whom it cut, before it is killed.
const GRACE: Duration = Duration::from_millis(1000);

/// One worker process, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The number of its group.
    pub(crate) group: u32,
    number: u64,
}

impl Key {
    /// One of the first group, for tests.
    #[cfg(test)]
    pub(crate) fn numbered(number: u64) -> Self {
        Self { group: 0, number }
    }

    /// The new master of an upgrade, which is no worker of any group.
    pub(crate) const HEIR: Self = Self { group: 0, number: 0 };

    /// For tests of what is told apart by keys.
    #[cfg(test)]
    pub(crate) fn new(group: u32, number: u64) -> Self {
        Self { group, number }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.number)
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
    /// How long a worker that serves may say nothing; as long again, and it is killed.
    pub(crate) heartbeat: Duration,
}

/// What the master has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a process that serves this generation; answer with [`Fleet::ended`] if that fails.
    Spawn { key: Key, slot: u32, generation: u64 },
    /// Give it connections from now on.
    Ready { key: Key, slot: u32 },
    /// Give it no more.
    Unready { key: Key },
    /// It has been silent for so long: what it has not taken is for others.
    Stalled { key: Key, silent: Duration },
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
    /// The worker's number in its group.
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
    /// The worker in rotation, or the one that is to be.
    current: Option<Key>,
    /// The worker that takes the current one's place when it listens, or when its generation does.
    successor: Option<Key>,
    /// The worker of the generation before, which takes its place again should the new one fail.
    standby: Option<Key>,
    /// When the next process of this slot is due.
    due: Option<Instant>,
    restarts: Restarts,
    given_up: Option<String>,
    /// Why its newest process ended that never listened.
    failed_start: Option<String>,
}

/// All slots and all worker processes of a group.
#[derive(Debug)]
pub(crate) struct Fleet {
    group: u32,
    rules: Rules,
    phase: Phase,
    /// The generation that serves.
    serving: u64,
    stage: Stage,
    /// Why the generation on trial has failed.
    failure: Option<String>,
    /// How many slots there should be.
    size: u32,
    slots: BTreeMap<u32, Slot>,
    lives: BTreeMap<Key, Life>,
    next: u64,
    dice: Dice,
    actions: VecDeque<Action>,
    cuts: Vec<Cut>,
    last: Option<ExitStatus>,
}

impl Fleet {
    /// Slots 1 to `workers`, each due at once with `generation`.
    pub(crate) fn new(group: u32, workers: u32, generation: u64, rules: Rules, seed: u64, now: Instant) -> Self {
        let slot = |number| (number, Slot { due: Some(now), ..Slot::default() });
        Self {
            group,
            rules,
            phase: Phase::Running,
            serving: generation,
            stage: Stage::Steady,
            failure: None,
            size: workers,
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

    /// How many workers are given connections.
    pub(crate) fn in_rotation(&self) -> usize {
        self.lives.values().filter(|life| life.in_rotation()).count()
    }

    /// The worker processes, with their lives.
    pub(crate) fn lives(&self) -> impl Iterator<Item = (Key, &Life)> {
        self.lives.iter().map(|(key, life)| (*key, life))
    }

    /// Whether a worker stands by in case that the generation on trial fails.
    pub(crate) fn stands_by(&self, key: Key) -> bool {
        self.slots.values().any(|slot| slot.standby == Some(key))
    }

    /// How often a slot's worker was started again within the window.
    pub(crate) fn restarts(&self, slot: u32) -> usize {
        self.slots.get(&slot).map_or(0, |slot| slot.restarts.count())
    }

    /// The slots that were given up, with the reason.
    pub(crate) fn given_up(&self) -> impl Iterator<Item = (u32, &str)> {
        self.slots.iter().filter_map(|(number, slot)| Some((*number, slot.given_up.as_deref()?)))
    }

    /// Is nobody left to serve, and nobody to come?
    pub(crate) fn is_given_up(&self) -> bool {
        !self.slots.is_empty() && self.slots.values().all(|slot| slot.given_up.is_some())
    }

    /// When [`Fleet::tick`] has something to do, if nothing else happens.
    pub(crate) fn wake(&self) -> Option<Instant> {
        let due = self.slots.values().filter_map(|slot| slot.due);
        let silences = self.lives.values().filter_map(|life| Some(life.silent_since()? + self.rules.heartbeat));
        due.chain(self.lives.values().filter_map(Life::deadline)).chain(silences).chain(self.trial_wake()).min()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.find_stalled(now);
        let due = self.slots.iter_mut().filter(|(_, slot)| slot.due.is_some_and(|due| due <= now));
        let due: Vec<u32> = due.map(|(number, slot)| (slot.due = None, *number).1).collect();
        for number in due {
            let key = self.spawn(number, self.serving, now);
            if let Some(slot) = self.slots.get_mut(&number) {
                *(if slot.current.is_none() { &mut slot.current } else { &mut slot.successor }) = Some(key);
            }
        }
        let overdue = self.lives.iter().filter_map(|(key, life)| Some((*key, life.overdue(now)?)));
        for (key, reason) in overdue.collect::<Vec<_>>() {
            self.kill(key, reason);
        }
    }

    fn spawn(&mut self, slot: u32, generation: u64, now: Instant) -> Key {
        let key = Key { group: self.group, number: self.next };
        self.next += 1;
        self.lives.insert(key, Life::new(slot, generation, now, now + self.rules.start));
        self.actions.push_back(Action::Spawn { key, slot, generation });
        key
    }

    /// A worker says `online`.
    pub(crate) fn online(&mut self, key: Key) -> Result<(), Malformed> {
        self.lives.get_mut(&key).map_or(Ok(()), Life::online)
    }

    /// A worker says `listening`: it goes into rotation, and the worker that it succeeds goes out. One of a generation on
    /// trial waits for the others.
    pub(crate) fn listening(&mut self, key: Key, now: Instant) -> Result<(), Malformed> {
        let Some(life) = self.lives.get_mut(&key) else { return Ok(()) };
        let (number, generation) = (life.slot(), life.generation());
        if !life.listening(now)? {
            return Ok(());
        }
        let Some(slot) = self.slots.get_mut(&number) else { return Ok(()) };
        slot.failed_start = None;
        if slot.current == Some(key) {
            self.rotate_in(key);
        } else if slot.successor == Some(key) && generation == self.serving {
            slot.successor = None;
            let old = slot.current.replace(key);
            self.rotate_in(key);
            if let Some(old) = old {
                self.drain(old, now);
            }
        }
        Ok(())
    }

    /// A worker says `exit`.
    pub(crate) fn exiting(&mut self, key: Key, reason: String, cut: u64) {
        if let Some(life) = self.lives.get_mut(&key) {
            life.exiting(reason, cut);
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
        self.stage = Stage::Steady;
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
        if !life.drain(now + self.rules.drain + GRACE) {
            return;
        }
        self.rotate_out(key);
        self.actions.push_back(Action::Disconnect { key, within: self.rules.drain });
    }

    /// Kills one worker; it goes on to be replaced when it has ended.
    pub(crate) fn kill(&mut self, key: Key, reason: &str) {
        if self.lives.get_mut(&key).is_some_and(|life| life.kill(reason)) {
            self.rotate_out(key);
            self.actions.push_back(Action::Kill { key, reason: reason.to_owned() });
        }
    }

    fn rotate_in(&mut self, key: Key) {
        if let Some(life) = self.lives.get_mut(&key)
            && life.can_serve()
            && life.rotate(true)
        {
            self.actions.push_back(Action::Ready { key, slot: life.slot() });
        }
    }

    fn rotate_out(&mut self, key: Key) {
        if self.lives.get_mut(&key).is_some_and(|life| life.rotate(false)) {
            self.actions.push_back(Action::Unready { key });
        }
    }
}

#[cfg(test)]
mod tests;
