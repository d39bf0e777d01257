//! How many workers there are: slots come and go.

use std::time::Instant;

use super::super::life::Life;
use super::{Fleet, Phase, Slot};

impl Fleet {
    /// How many slots there should be.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// Has slots 1 to `size` and no others: new ones start, those beyond are drained. Not while a generation is on trial.
    pub(crate) fn set_size(&mut self, size: u32, now: Instant) {
        if self.phase == Phase::Leaving {
            return;
        }
        self.size = size;
        for number in 1..=size {
            self.slots.entry(number).or_insert_with(|| Slot { due: Some(now), ..Slot::default() });
        }
        self.drop_surplus(now);
    }

    /// Drains the workers of slots that should not be there.
    pub(super) fn drop_surplus(&mut self, now: Instant) {
        for slot in self.slots.split_off(&(self.size + 1)).into_values() {
            for key in [slot.current, slot.successor, slot.standby].into_iter().flatten() {
                if self.lives.get(&key).is_some_and(Life::has_served) {
                    self.drain(key, now);
                } else {
                    self.kill(key, "it was one too many");
                }
            }
        }
    }

    /// Are all slots beyond the first `from` in rotation? The error says why one of them is not.
    pub(crate) fn has_grown(&self, from: u32) -> Result<bool, String> {
        let mut grown = true;
        for (number, slot) in self.slots.range(from + 1..) {
            if let Some(reason) = &slot.failed_start {
                return Err(format!("worker {number} {reason}"));
            }
            grown &= slot.current.and_then(|key| self.lives.get(&key)).is_some_and(Life::in_rotation);
        }
        Ok(grown)
    }
}
