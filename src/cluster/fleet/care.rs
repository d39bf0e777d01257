//! Signs of life, and what a worker that grows too large is told.

use std::time::Instant;

use super::super::life::{Life, State};
use super::{Action, Fleet, Key};

impl Fleet {
    /// A worker has said something, whatever it was.
    pub(crate) fn heard(&mut self, key: Key, now: Instant) {
        if let Some(life) = self.lives.get_mut(&key) {
            life.hear(now);
        }
    }

    /// Has it been silent for too long?
    pub(crate) fn is_stalled(&self, key: Key) -> bool {
        self.lives.get(&key).is_some_and(Life::is_stalled)
    }

    /// A worker says `beat`.
    pub(crate) fn beat(&mut self, key: Key, connections: u64, requests: u64, panics: u64) {
        let Some(life) = self.lives.get_mut(&key) else { return };
        life.beat(connections, requests);
        if panics > 0 {
            let (slot, generation) = (life.slot(), life.generation());
            self.doubt_for_panics(slot, generation, panics);
        }
    }

    /// A worker has so many bytes resident. Above `most` it retires: it serves until its successor listens. The error is
    /// what it was told.
    pub(crate) fn weigh(&mut self, key: Key, resident: u64, most: u64, now: Instant) -> Result<(), String> {
        let serves = self.lives.get(&key).is_some_and(|life| life.state() == State::Listening && life.can_serve());
        if resident <= most || !serves {
            return Ok(());
        }
        let reason = format!("it holds {} MiB of memory, {} MiB are allowed", resident >> 20, most >> 20);
        self.retiring(key, reason.clone(), now);
        Err(reason)
    }

    /// The master itself could not listen for a while: nobody was silent that it did not hear.
    pub(crate) fn forgive(&mut self, now: Instant) {
        for life in self.lives.values_mut().filter(|life| life.heard().is_some()) {
            life.hear(now);
        }
    }

    /// Finds workers that serve and have been silent for a heartbeat: their places are free from now on, and they have one
    /// more heartbeat to end in.
    pub(super) fn find_stalled(&mut self, now: Instant) {
        let heartbeat = self.rules.heartbeat;
        let silent = |since: Instant| now.saturating_duration_since(since);
        let stalled = self.lives.iter().filter_map(|(key, life)| Some((*key, silent(life.silent_since()?))));
        let stalled: Vec<_> = stalled.filter(|(_, silent)| *silent >= heartbeat).collect();
        for (key, silent) in stalled {
            if let Some(life) = self.lives.get_mut(&key) {
                life.stall(now + heartbeat);
            }
            self.rotate_out(key);
            self.actions.push_back(Action::Stalled { key, silent });
            self.vacate_silent(key, now);
        }
    }
}
