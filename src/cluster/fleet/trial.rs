//! A new generation on trial: it starts beside the old one, takes over as a whole, and is taken back as a whole.
//!
//! ```text
//! Steady --prepare--> Starting --switch--> Probation --commit--> Steady, new
//!                         +------roll_back------+--------------> Steady, old
//! ```
//!
//! While the new workers start, the old ones serve. When all of them listen, they go into rotation and the old ones stand
//! by, alive and finishing what they have. When the new ones have proved themselves, the old ones drain; when one of the
//! new ones dies, stalls or panics before that, the old ones are in rotation again at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::life::{Life, Obituary, State};
use super::super::restart::Restarts;
use super::{Fleet, Key};

/// Generations whose workers still drain, at most. The oldest beyond that is cut.
const OLD_GENERATIONS: usize = 3;

/// How far a new generation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is none.
    Steady,
    /// Its workers start, so many of them.
    Starting { generation: u64, size: u32 },
    /// It serves on probation until then; before it served this one, with so many workers.
    Probation { until: Instant, before: u64, size: u32 },
}

/// How far a new generation is, for whoever leads several fleets through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trial {
    /// No generation is on trial here.
    None,
    /// It takes its time.
    Pending,
    /// All its workers listen and wait to take over.
    Started,
    /// It has served without a failure.
    Passed,
    /// It has failed; this is why.
    Failed(String),
}

impl Fleet {
    /// Starts `size` workers of a new generation beside the old ones.
    pub(crate) fn prepare(&mut self, generation: u64, size: u32, now: Instant) {
        self.stage = Stage::Starting { generation, size };
        self.failure = None;
        let mut late = Vec::new();
        for slot in self.slots.values_mut() {
            late.extend(slot.successor.take());
            if slot.current.is_some() {
                slot.due = None;
            }
        }
        late.into_iter().for_each(|key| self.kill(key, "a reload replaces it before it was ready"));
        for number in 1..=size {
            self.slots.entry(number).or_default();
            let key = self.spawn(number, generation, now);
            if let Some(slot) = self.slots.get_mut(&number) {
                slot.successor = Some(key);
            }
        }
    }

    /// How far it is.
    pub(crate) fn trial(&self, now: Instant) -> Trial {
        if let Some(reason) = &self.failure {
            return Trial::Failed(reason.clone());
        }
        match self.stage {
            Stage::Steady => Trial::None,
            Stage::Starting { size, .. } => {
                let listens = |key: Key| self.lives.get(&key).is_some_and(Life::can_serve);
                let started =
                    (1..=size).all(|number| self.slots.get(&number).and_then(|slot| slot.successor).is_some_and(listens));
                if started { Trial::Started } else { Trial::Pending }
            }
            Stage::Probation { until, .. } => {
                if now >= until {
                    Trial::Passed
                } else {
                    Trial::Pending
                }
            }
        }
    }

    pub(super) fn trial_wake(&self) -> Option<Instant> {
        // What has failed or passed is carried out before anybody sleeps.
        if let Stage::Probation { until, .. } = self.stage { Some(until) } else { None }
    }

    /// The new generation takes over, on probation; the old workers stand by.
    pub(crate) fn switch(&mut self, probation: Duration, now: Instant) {
        let Stage::Starting { generation, size } = self.stage else { return };
        self.stage = Stage::Probation { until: now + probation, before: self.serving, size: self.size };
        (self.serving, self.size) = (generation, size);
        let mut old = Vec::new();
        let mut new = Vec::new();
        for slot in self.slots.values_mut() {
            slot.due = None;
            slot.standby = slot.current.take();
            slot.current = slot.successor.take();
            old.extend(slot.standby);
            new.extend(slot.current);
        }
        // In before out, so that nobody finds the door closed.
        new.into_iter().for_each(|key| self.rotate_in(key));
        for key in old {
            if self.lives.get(&key).is_some_and(Life::can_serve) {
                self.rotate_out(key);
            } else {
                self.forget_standby(key);
                self.kill(key, "its generation was replaced before it was ready");
            }
        }
    }

    fn forget_standby(&mut self, key: Key) {
        for slot in self.slots.values_mut() {
            slot.standby.take_if(|standby| *standby == key);
        }
    }

    /// The new generation stays: the old workers drain.
    pub(crate) fn commit(&mut self, now: Instant) {
        self.stage = Stage::Steady;
        let mut old = Vec::new();
        let mut retiring = Vec::new();
        for slot in self.slots.values_mut() {
            old.extend(slot.standby.take());
            retiring.extend(slot.current);
            // Whatever befell the old generation says nothing about this one.
            (slot.restarts, slot.given_up) = (Restarts::default(), None);
        }
        old.into_iter().for_each(|key| self.drain(key, now));
        self.drop_surplus(now);
        self.cut_the_oldest();
        self.resume_retiring(retiring, now);
    }

    /// The old generation serves on: the new workers go.
    pub(crate) fn roll_back(&mut self, now: Instant) {
        let stage = std::mem::replace(&mut self.stage, Stage::Steady);
        self.failure = None;
        let mut leaving = Vec::new();
        match stage {
            Stage::Steady => return,
            Stage::Starting { .. } => leaving.extend(self.slots.values_mut().filter_map(|slot| slot.successor.take())),
            Stage::Probation { before, size, .. } => {
                (self.serving, self.size) = (before, size);
                let mut back = Vec::new();
                for slot in self.slots.values_mut() {
                    leaving.extend(slot.current.take());
                    leaving.extend(slot.successor.take());
                    slot.current = slot.standby.take();
                    back.extend(slot.current);
                    slot.due = None;
                }
                back.into_iter().for_each(|key| self.rotate_in(key));
            }
        }
        for key in leaving {
            if self.lives.get(&key).is_some_and(Life::in_rotation) {
                self.drain(key, now);
            } else {
                self.kill(key, "its generation was rolled back");
            }
        }
        self.drop_surplus(now);
        // Whoever was lost while a failure was known has not been replaced.
        for slot in self.slots.values_mut().filter(|slot| slot.current.is_none() && slot.given_up.is_none()) {
            slot.due.get_or_insert(now);
        }
        let retiring = self.slots.values().filter_map(|slot| slot.current).collect();
        self.resume_retiring(retiring, now);
    }

    /// Workers that asked to leave while a generation was on trial get their successors now.
    fn resume_retiring(&mut self, keys: Vec<Key>, now: Instant) {
        for key in keys {
            if self.lives.get(&key).is_some_and(|life| life.state() == State::Retiring) {
                self.plan_successor(key, now);
            }
        }
    }

    /// A worker has ended or fallen silent: is that the end of the generation on trial?
    pub(super) fn doubt(&mut self, slot: u32, generation: u64, obituary: &Obituary) {
        if self.is_on_trial(generation) && self.failure.is_none() {
            self.failure = Some(format!("worker {slot} of generation {generation} {}", obituary.reason));
        }
    }

    /// A worker's requests have panicked.
    pub(super) fn doubt_for_panics(&mut self, slot: u32, generation: u64, panics: u64) {
        if self.is_on_trial(generation) && self.failure.is_none() {
            let plural = if panics == 1 { "a request" } else { "requests" };
            self.failure = Some(format!("{plural} panicked in worker {slot} of generation {generation}"));
        }
    }

    fn is_on_trial(&self, generation: u64) -> bool {
        match self.stage {
            Stage::Steady => false,
            Stage::Starting { generation: new, .. } => new == generation,
            Stage::Probation { .. } => self.serving == generation,
        }
    }

    /// Cuts the workers of generations that should have drained long ago.
    fn cut_the_oldest(&mut self) {
        let old = |life: &Life| life.state() == State::Draining && life.generation() != self.serving;
        let generations: BTreeSet<u64> = self.lives.values().filter(|life| old(life)).map(Life::generation).collect();
        let surplus: BTreeSet<u64> =
            generations.iter().take(generations.len().saturating_sub(OLD_GENERATIONS)).copied().collect();
        let cut = self.lives.iter().filter(|(_, life)| old(life) && surplus.contains(&life.generation()));
        for key in cut.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.kill(key, &format!("{OLD_GENERATIONS} newer generations drain already"));
        }
    }

    /// The generation that serves.
    pub(crate) fn serving(&self) -> u64 {
        self.serving
    }

    /// The generations that workers serve or may be started with.
    pub(crate) fn generations(&self) -> impl Iterator<Item = u64> {
        let stage = match self.stage {
            Stage::Steady => None,
            Stage::Starting { generation, .. } => Some(generation),
            Stage::Probation { before, .. } => Some(before),
        };
        stage.into_iter().chain([self.serving]).chain(self.lives.values().map(Life::generation))
    }

    /// Keeps to other times from now on.
    pub(crate) fn set_rules(&mut self, rules: super::Rules) {
        self.rules = rules;
    }
}
