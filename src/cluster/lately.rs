//! Copies of connections that a worker has said it takes, kept until it has surely begun to read from them: one that dies
//! or gets stuck in between has not cost them anything yet.
//!
//! A copy goes when the worker has marked its connection as read. The marks are looked at a short while after the last
//! packet, and whenever there are many copies: how much a worker has said since tells nothing, for the task that is to read
//! may be the last one to have its turn.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Copies at which the marks are looked at without delay. A packet names sixteen as a rule.
const MANY: usize = 64;

/// The most copies; the oldest go first, marked or not.
const MOST: usize = 512;

/// How long after a packet the marks are looked at, and how long after that again.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const NEXT_LOOK: Duration = Duration::from_millis(250);

/// The copies that belong to one worker; `C` is one of them.
#[derive(Debug)]
pub(crate) struct Lately<C> {
    /// The oldest first.
    taken: VecDeque<C>,
    /// Copies at which the marks are looked at next.
    many: usize,
    look: Option<Instant>,
}

impl<C> Default for Lately<C> {
    fn default() -> Self {
        Self { taken: VecDeque::new(), many: MANY, look: None }
    }
}

impl<C> Lately<C> {
    /// The worker took these. `look` looks at the marks, if that is worth it now, and tells what has been read.
    pub(crate) fn packet<F>(&mut self, taken: impl IntoIterator<Item = C>, now: Instant, look: impl FnOnce() -> F)
    where
        F: Fn(&C) -> bool,
    {
        self.taken.extend(taken);
        if self.taken.len() >= self.many {
            self.let_go(look());
        }
        while self.taken.len() > MOST {
            self.taken.pop_front();
        }
        self.look = (!self.taken.is_empty()).then(|| now + FIRST_LOOK);
    }

    /// When the marks are to be looked at.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.look
    }

    /// Looks at the marks, if it is time: what has been read goes.
    pub(crate) fn tick<F: Fn(&C) -> bool>(&mut self, now: Instant, look: impl FnOnce() -> F) {
        if self.look.is_none_or(|look| look > now) {
            return;
        }
        self.let_go(look());
        self.look = (!self.taken.is_empty()).then(|| now + NEXT_LOOK);
    }

    fn let_go(&mut self, has_read: impl Fn(&C) -> bool) {
        self.taken.retain(|copy| !has_read(copy));
        // Those that are left are not looked at again for every packet.
        self.many = self.taken.len() + MANY;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.taken.len()
    }

    /// Lets all go. Returns how many.
    pub(crate) fn clear(&mut self) -> usize {
        self.look = None;
        self.taken.drain(..).count()
    }

    /// The worker has ended: what it has not read from, in the order in which it took it.
    pub(crate) fn unread(self, has_read: impl Fn(&C) -> bool) -> Vec<C> {
        self.taken.into_iter().filter(|copy| !has_read(copy)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(lately: Lately<u32>) -> Vec<u32> {
        lately.unread(|_| false)
    }

    #[test]
    fn however_much_a_worker_says_what_it_has_not_marked_stays() {
        let (mut lately, now) = (Lately::default(), Instant::now());
        for packet in 0..100 {
            lately.packet([packet], now, || |copy: &u32| *copy != 3);
        }
        assert!(lately.count() < 2 * MANY, "{}", lately.count());
        assert_eq!(lately.unread(|copy| *copy != 3), [3]);
    }

    #[test]
    fn a_silent_worker_is_looked_at_after_a_while_and_keeps_what_it_has_not_marked() {
        let (mut lately, now) = (Lately::default(), Instant::now());
        assert_eq!(lately.wake(), None);
        lately.packet([1, 2, 3], now, || |_: &u32| false);
        assert_eq!(lately.wake(), Some(now + FIRST_LOOK));
        lately.tick(now, || |_: &u32| true);
        assert_eq!(lately.count(), 3, "it was not time");
        lately.tick(now + FIRST_LOOK, || |copy: &u32| *copy == 2);
        assert_eq!(lately.wake(), Some(now + FIRST_LOOK + NEXT_LOOK));
        lately.tick(now + FIRST_LOOK + NEXT_LOOK, || |copy: &u32| *copy == 1);
        assert_eq!(left(lately), [3]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_all_when_descriptors_are_wanted() {
        let (mut lately, now) = (Lately::default(), Instant::now());
        lately.packet(0..1000, now, || |_: &u32| false);
        assert_eq!((lately.count(), lately.taken.front()), (MOST, Some(&488)));
        assert_eq!((lately.clear(), lately.clear(), lately.wake()), (MOST, 0, None));
    }

    #[test]
    fn only_what_a_dead_worker_has_not_read_comes_back() {
        let mut lately = Lately::default();
        lately.packet(1..=4, Instant::now(), || |_: &u32| false);
        assert_eq!(lately.unread(|copy| copy % 2 == 0), [1, 3]);
    }
}
