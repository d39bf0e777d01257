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
        if self.phase == Phase::Leaving || !life.retire(reason) {
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
mod tests;
