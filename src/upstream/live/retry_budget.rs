//! How many calls may be repeated: a share of the calls that are made, and a few a second for upstreams that have few.
//!
//! Without it, an upstream that fails under load gets a multiple of that load. Time is passed in.

use tokio::time::Instant;

use crate::base::share::Share;

/// For how many seconds a call's share can be used.
const SECONDS: usize = 10;
/// What a repeated call costs, in parts of a call.
const COST: u64 = Share::WHOLE as u64;

/// The budget of one upstream. At any time, repeated calls are no more than the share of all calls so far, plus [`Self::FLOOR`] for
/// every second, plus `FLOOR`.
#[derive(Debug)]
pub(super) struct RetryBudget {
    share: Share,
    began: Option<Instant>,
    /// The current second, counted from the beginning.
    second: u64,
    /// What is left of the shares of the last seconds; the current one first.
    saved: [u64; SECONDS],
    floor: Bucket,
}

/// Filled evenly by time, and never above one second's worth.
#[derive(Debug)]
struct Bucket {
    a_second: u64,
    parts: u64,
    filled: Option<Instant>,
}

impl RetryBudget {
    /// Calls that may be repeated in a second, whatever the share.
    pub(super) const FLOOR: u64 = 10;

    pub(super) fn new(share: Share) -> Self {
        Self::with_floor(share, Self::FLOOR)
    }

    /// One that has its share and nothing more.
    pub(super) fn without_floor(share: Share) -> Self {
        Self::with_floor(share, 0)
    }

    fn with_floor(share: Share, floor: u64) -> Self {
        let floor = Bucket { a_second: floor * COST, parts: floor * COST, filled: None };
        Self { share, began: None, second: 0, saved: [0; SECONDS], floor }
    }

    /// A call is made, for the first time.
    pub(super) fn called(&mut self, now: Instant) {
        self.turn(now);
        if let Some(first) = self.saved.first_mut() {
            *first += u64::from(self.share.parts());
        }
    }

    /// Takes what it costs to repeat a call; whether there was enough.
    pub(super) fn withdraw(&mut self, now: Instant) -> bool {
        self.turn(now);
        self.floor.fill(now);
        if self.saved.iter().sum::<u64>() + self.floor.parts < COST {
            return false;
        }
        let mut due = COST;
        // What is lost first is used first.
        for part in self.saved.iter_mut().rev().chain([&mut self.floor.parts]) {
            let taken = due.min(*part);
            *part -= taken;
            due -= taken;
        }
        true
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let second = now.saturating_duration_since(began).as_secs();
        let passed = usize::try_from(second.saturating_sub(self.second)).unwrap_or(SECONDS).min(SECONDS);
        if passed > 0 {
            self.saved.rotate_right(passed);
            self.saved.iter_mut().take(passed).for_each(|part| *part = 0);
            self.second = second;
        }
    }
}

impl Bucket {
    fn fill(&mut self, now: Instant) {
        let filled = *self.filled.get_or_insert(now);
        let micros = now.saturating_duration_since(filled).as_micros();
        let gained = u64::try_from(micros.saturating_mul(self.a_second.into()) / 1_000_000).unwrap_or(u64::MAX);
        if gained > 0 {
            self.parts = self.parts.saturating_add(gained).min(self.a_second);
            self.filled = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn used(budget: &mut RetryBudget, now: Instant) -> usize {
        std::iter::repeat_with(|| budget.withdraw(now)).take_while(|enough| *enough).count()
    }

    #[test]
    fn few_calls_have_the_floor_and_many_have_their_share() {
        let start = Instant::now();
        for (calls, share, repeated) in [(0, 20, 10), (1, 20, 10), (5, 20, 11), (1000, 20, 210), (1000, 0, 10), (50, 100, 60)] {
            let mut budget = RetryBudget::new(Share::percent(share));
            (0..calls).for_each(|_| budget.called(start));
            assert_eq!(used(&mut budget, start), repeated, "{calls} calls, {share} %");
        }
    }

    #[test]
    fn the_floor_comes_back_with_time_and_shares_are_lost_with_it() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut budget = RetryBudget::new(Share::percent(20));
        assert_eq!(used(&mut budget, start), 10);
        assert_eq!(used(&mut budget, after(99)), 0);
        assert_eq!(used(&mut budget, after(100)), 1);
        assert_eq!(used(&mut budget, after(5000)), 10, "a second's worth is saved and no more");
        (0..100).for_each(|_| budget.called(after(5000)));
        assert_eq!(used(&mut budget, after(14_999)), 30);
        (0..100).for_each(|_| budget.called(after(20_000)));
        assert_eq!(used(&mut budget, after(30_000)), 10);
    }

    proptest! {
        /// Steps of time in milliseconds, calls and tries to repeat one.
        #[test]
        fn repeated_calls_stay_below_the_bound_whatever_happens(
            share in 0_u32..=100,
            steps in prop::collection::vec((0_u64..3000, 0_usize..50, 0_usize..50), 1..60),
        ) {
            let start = Instant::now();
            let mut budget = RetryBudget::new(Share::percent(share));
            let (mut millis, mut calls, mut repeated) = (0, 0_u64, 0_u64);
            for (pause, made, wanted) in steps {
                millis += pause;
                let now = start + Duration::from_millis(millis);
                (0..made).for_each(|_| budget.called(now));
                calls += made as u64;
                repeated += (0..wanted).filter(|_| budget.withdraw(now)).count() as u64;
                prop_assert!(repeated * 100_000 <= calls * u64::from(share) * 1000 + RetryBudget::FLOOR * (millis + 1000) * 100);
            }
        }
    }
}
