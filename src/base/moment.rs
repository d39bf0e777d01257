//! One reading of the clock for what happens at one moment.
//!
//! A request asks a dozen times what time it is: for limits, books and deadlines of which none minds a few microseconds, while every
//! reading costs as much as a look into a hash map. Within a [`Turn`] the first one to ask reads the clock, and all others of the same
//! thread get the same answer. Whoever measures how long work took reads it anew, with [`renewed`].

use std::cell::Cell;
use std::marker::PhantomData;

use tokio::time::Instant;

thread_local! {
    static TURN: Cell<State> = const { Cell::new(State::Outside) };
}

#[derive(Debug, Clone, Copy)]
enum State {
    Outside,
    /// A turn in which nobody has asked yet.
    Begun,
    At(Instant),
}

/// A piece of work that takes one moment: what a task does before it waits again. It ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    before: State,
    /// It is of the thread that it began on.
    stays: PhantomData<*const ()>,
}

impl Turn {
    /// Begins one. One that is under way goes on behind it.
    #[must_use]
    pub fn begin() -> Self {
        Self { before: TURN.replace(State::Begun), stays: PhantomData }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURN.set(self.before);
    }
}

/// The moment of the turn that is under way; outside of one, what the clock says.
pub fn now() -> Instant {
    match TURN.get() {
        State::At(moment) => moment,
        State::Begun => renewed(),
        State::Outside => Instant::now(),
    }
}

/// What the clock says; from here on, it is the moment of the turn.
pub fn renewed() -> Instant {
    let now = Instant::now();
    if !matches!(TURN.get(), State::Outside) {
        TURN.set(State::At(now));
    }
    now
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn later() {
        tokio::time::advance(Duration::from_secs(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_has_one_moment_from_the_first_question_until_the_clock_is_read_anew() {
        let turn = Turn::begin();
        later().await;
        let first = now();
        assert_eq!(first, Instant::now());
        later().await;
        assert_eq!(now(), first);
        assert_eq!(renewed(), Instant::now());
        assert_eq!(now(), first + Duration::from_secs(1));
        later().await;
        drop(turn);
        assert_eq!(now(), first + Duration::from_secs(2));
        later().await;
        assert_eq!(renewed(), first + Duration::from_secs(3));
        later().await;
        assert_eq!(now(), first + Duration::from_secs(4), "nothing is left of a turn outside of one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_within_another_leaves_that_as_it_was_even_by_a_panic() {
        let _outer = Turn::begin();
        let first = now();
        later().await;
        let inner = std::panic::catch_unwind(|| {
            let _inner = Turn::begin();
            assert_eq!(now(), first + Duration::from_secs(1));
            std::panic::panic_any(());
        });
        assert!(inner.is_err());
        assert_eq!(now(), first);
    }
}
