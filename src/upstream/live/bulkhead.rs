//! How many calls an upstream may have at once, and the short queue of those that wait.
//!
//! The last one in is the next one out: under a load that does not end, everybody in a fair queue would wait as long as it is
//! allowed and fail then; so most are served at once, and the oldest, whose client is the likeliest to have left, gives way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How many calls may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkheadRules {
    /// Calls at once.
    pub in_flight: usize,
    /// Calls that wait.
    pub queue: usize,
    /// How long they wait.
    pub wait: Duration,
}

/// The bulkhead of one upstream.
#[derive(Debug)]
pub(in crate::upstream) struct Bulkhead {
    rules: BulkheadRules,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_flight: usize,
    /// The one that waits longest in front.
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A place among the calls under way. Dropping it gives it to the call that came last, if one waits.
#[derive(Debug)]
pub(in crate::upstream) struct Permit(Option<Arc<Bulkhead>>);

/// What a call is told that wants to go.
#[derive(Debug)]
pub(in crate::upstream) enum Entry {
    Go(Permit),
    /// A permit comes, or the channel closes: there is no room any more.
    Wait(oneshot::Receiver<Permit>),
    Full,
}

impl Bulkhead {
    pub(super) fn new(rules: BulkheadRules) -> Arc<Self> {
        Arc::new(Self { rules, state: Mutex::default() })
    }

    pub(in crate::upstream) fn wait(&self) -> Duration {
        self.rules.wait
    }

    pub(in crate::upstream) fn enter(self: &Arc<Self>) -> Entry {
        let mut state = self.lock();
        if state.in_flight < self.rules.in_flight {
            state.in_flight += 1;
            return Entry::Go(Permit(Some(Arc::clone(self))));
        }
        if self.rules.queue == 0 {
            return Entry::Full;
        }
        if state.waiting.len() >= self.rules.queue {
            state.waiting.retain(|waiting| !waiting.is_closed());
        }
        if state.waiting.len() >= self.rules.queue {
            // Dropping its end tells it.
            state.waiting.pop_front();
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.push_back(sender);
        Entry::Wait(receiver)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(bulkhead) = self.0.take() else { return };
        loop {
            let next = {
                let mut state = bulkhead.lock();
                let next = state.waiting.pop_back();
                if next.is_none() {
                    state.in_flight = state.in_flight.saturating_sub(1);
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Self(Some(Arc::clone(&bulkhead)))) {
                Ok(()) => return,
                // That call has left: its permit is nobody's, and the place is still to be given away.
                Err(mut unused) => drop(unused.0.take()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    fn bulkhead(in_flight: usize, queue: usize) -> Arc<Bulkhead> {
        Bulkhead::new(BulkheadRules { in_flight, queue, wait: Duration::from_millis(500) })
    }

    fn goes(bulkhead: &Arc<Bulkhead>) -> Permit {
        match bulkhead.enter() {
            Entry::Go(permit) => permit,
            other => panic!("{other:?}"),
        }
    }

    fn waits(bulkhead: &Arc<Bulkhead>) -> oneshot::Receiver<Permit> {
        match bulkhead.enter() {
            Entry::Wait(receiver) => receiver,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_to_come_is_the_next_to_go_and_the_oldest_gives_way() {
        let bulkhead = bulkhead(1, 2);
        let first = goes(&bulkhead);
        let (mut a, mut b, mut c) = (waits(&bulkhead), waits(&bulkhead), waits(&bulkhead));
        assert_eq!(a.try_recv().unwrap_err(), TryRecvError::Closed, "there is room for two");
        drop(first);
        let last = c.try_recv().unwrap();
        assert_eq!(b.try_recv().unwrap_err(), TryRecvError::Empty);
        drop(last);
        drop(b.try_recv().unwrap());
        drop(goes(&bulkhead));
    }

    #[test]
    fn a_call_that_has_left_keeps_no_place_in_either_way() {
        let bulkhead = bulkhead(1, 2);
        let first = goes(&bulkhead);
        let (mut stays, leaves) = (waits(&bulkhead), waits(&bulkhead));
        drop(leaves);
        let mut also_stays = waits(&bulkhead);
        assert_eq!(stays.try_recv().unwrap_err(), TryRecvError::Empty, "who has left gives way first");
        drop(first);
        drop(also_stays.try_recv().unwrap());
        // It leaves with its permit in hand, unread.
        drop(stays);
        drop(goes(&bulkhead));
    }

    #[test]
    fn without_a_queue_nobody_waits() {
        let bulkhead = bulkhead(1, 0);
        let _first = goes(&bulkhead);
        assert!(matches!(bulkhead.enter(), Entry::Full));
    }

    proptest! {
        /// Calls that come, end and leave in any order: never too many at once, and at the end all places are free.
        #[test]
        fn places_are_neither_lost_nor_made(
            in_flight in 1_usize..4,
            queue in 0_usize..4,
            steps in prop::collection::vec((0_u8..3, any::<prop::sample::Index>()), 1..200),
        ) {
            let bulkhead = bulkhead(in_flight, queue);
            let (mut running, mut waiting) = (Vec::new(), Vec::new());
            for (step, which) in steps {
                match step {
                    0 => match bulkhead.enter() {
                        Entry::Go(permit) => running.push(permit),
                        Entry::Wait(receiver) => waiting.push(receiver),
                        Entry::Full => prop_assert_eq!(queue, 0),
                    },
                    1 if !running.is_empty() => drop(running.swap_remove(which.index(running.len()))),
                    2 if !waiting.is_empty() => drop(waiting.swap_remove(which.index(waiting.len()))),
                    _ => {}
                }
                waiting.retain_mut(|receiver| match receiver.try_recv() {
                    Ok(permit) => {
                        running.push(permit);
                        false
                    }
                    Err(error) => error == TryRecvError::Empty,
                });
                prop_assert!(running.len() <= in_flight && waiting.len() <= queue);
            }
            drop((running, waiting));
            let all: Vec<Permit> = (0..in_flight).map(|_| goes(&bulkhead)).collect();
            prop_assert!(!matches!(bulkhead.enter(), Entry::Go(_)), "{} places", all.len());
        }
    }
}
