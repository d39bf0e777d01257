//! What becomes of a slot whose worker wants to leave, has fallen silent or has ended.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::super::life::{Life, Obituary, State};
use super::super::restart::Verdict;
use super::{Action, Cut, Fleet, GRACE, Key, Phase, Stage};

impl Fleet {
    /// A worker says `retiring`: its successor starts, and it serves until that listens.
    pub(crate) fn retiring(&mut self, key: Key, reason: String, now: Instant) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        if self.phase == Phase::Leaving || !life.retire(reason) {
            return;
        }
        if !life.can_serve() {
            self.drain(key, now);
        } else if self.stage == Stage::Steady {
            self.plan_successor(key, now);
        }
        // A generation on trial brings its successor, or `roll_back` does.
    }

    /// Has a successor of a retiring worker start. A worker that retires too often waits for its turn, serving; its slot is
    /// never given up for that.
    pub(super) fn plan_successor(&mut self, key: Key, now: Instant) {
        let Some(number) = self.lives.get(&key).map(Life::slot) else { return };
        let Some(slot) = self.slots.get_mut(&number).filter(|slot| slot.current == Some(key)) else { return };
        slot.due = Some(match slot.restarts.record(&self.rules.restart, now, Some(Duration::MAX), self.dice.roll()) {
            Verdict::After(delay) => now + delay,
            Verdict::Exhausted(until) => until,
        });
    }

    /// A worker has closed its channel: it gets nothing more, and has the time to drain to end.
    pub(crate) fn silent(&mut self, key: Key, now: Instant) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        life.lose(now + self.rules.drain + GRACE);
        self.rotate_out(key);
    }

    /// A worker's process has ended, or could not be started.
    pub(crate) fn ended(&mut self, key: Key, status: Option<ExitStatus>, now: Instant) -> Option<Obituary> {
        self.rotate_out(key);
        let mut life = self.lives.remove(&key)?;
        let (number, generation, obituary) = (life.slot(), life.generation(), life.end(now, status));
        self.last = status.or(self.last);
        if obituary.cut > 0 {
            self.cuts.push(Cut { worker: number, connections: obituary.cut, reason: obituary.reason.clone() });
        }
        self.doubt(number, generation, &obituary);
        self.vacate(key, number, &obituary, now);
        Some(obituary)
    }

    /// A worker has fallen silent: its place is free, whatever becomes of it.
    pub(super) fn vacate_silent(&mut self, key: Key, now: Instant) {
        let Some(life) = self.lives.get(&key) else { return };
        let (number, generation) = (life.slot(), life.generation());
        let reason = "fell silent".to_owned();
        let served = Some(Duration::ZERO);
        let obituary = Obituary { state: State::Failed, reason, served, cut: 0, requests: 0, killed: false };
        self.doubt(number, generation, &obituary);
        self.vacate(key, number, &obituary, now);
    }

    /// Takes a worker out of its slot and finds the next one.
    fn vacate(&mut self, key: Key, number: u32, obituary: &Obituary, now: Instant) {
        // A slot that is gone was scaled away.
        let Some(slot) = self.slots.get_mut(&number) else { return };
        if obituary.served.is_none() {
            slot.failed_start = Some(obituary.reason.clone());
        }
        if slot.current == Some(key) {
            // A successor of the generation on trial has its own time.
            let moves_up = |key: &mut Key| self.lives.get(key).is_some_and(|life| life.generation() == self.serving);
            slot.current = slot.successor.take_if(moves_up);
        } else if slot.successor == Some(key) {
            slot.successor = None;
        } else {
            slot.standby.take_if(|standby| *standby == key);
            return; // a successor has taken its place already
        }
        if self.phase == Phase::Running && self.failure.is_none() {
            self.replace(number, obituary, now);
        }
    }

    /// Finds the next worker for a slot that has just lost one.
    fn replace(&mut self, number: u32, obituary: &Obituary, now: Instant) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        let serving = slot.current.and_then(|key| self.lives.get(&key)).is_some_and(Life::can_serve);
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
}
