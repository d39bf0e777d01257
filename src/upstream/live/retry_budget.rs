//! How many calls may be repeated: a share of the calls that are made, and a few a second for upstreams that have few.
//!
//! Without it, an upstream that fails under load gets a multiple of that load. A share of everybody's calls is a share of all calls;
//! the few a second are of the whole machine, so each of its workers has an equal part of them. Time is passed in.

use std::num::NonZeroU32;

use tokio::time::Instant;

use crate::base::share::Share;

/// For how many seconds a call's share can be used.
const SECONDS: usize = 10;
/// What a repeated call costs, in parts of a call.
const COST: u64 = Share::WHOLE as u64;

/// The budget of one upstream in one of so many workers. At any time, the calls that they all have repeated are no more than the share
/// of all calls so far, plus [`Self::FLOOR`] for every second, plus what each began with: its part of one second's, one at least.
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

/// Filled evenly by time, and never above one second's worth, or one call.
#[derive(Debug)]
struct Bucket {
    /// Parts of a call in a second for all workers together.
    a_second: u64,
    workers: NonZeroU32,
    parts: u64,
    filled: Option<Instant>,
}

impl RetryBudget {
    /// Calls that all workers together may repeat in a second, whatever the share.
    pub(super) const FLOOR: u64 = 10;

    pub(super) fn new(share: Share) -> Self {
        Self::with_floor(share, Self::FLOOR)
    }

    /// One that has its share and nothing more.
    pub(super) fn without_floor(share: Share) -> Self {
        Self::with_floor(share, 0)
    }

    fn with_floor(share: Share, floor: u64) -> Self {
        let floor = Bucket { a_second: floor * COST, workers: NonZeroU32::MIN, parts: floor * COST, filled: None };
        Self { share, began: None, second: 0, saved: [0; SECONDS], floor }
    }

    /// So many workers, this one among them, have a part of the floor from now on.
    pub(super) fn shared_by(&mut self, workers: NonZeroU32, now: Instant) {
        self.floor.fill(now);
        self.floor.workers = workers;
        self.floor.parts = self.floor.parts.min(self.floor.most());
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
        let all = micros.saturating_mul(self.a_second.into());
        let gained = u64::try_from(all / (1_000_000 * u128::from(self.workers.get()))).unwrap_or(u64::MAX);
        if gained > 0 {
            self.parts = self.parts.saturating_add(gained).min(self.most());
            self.filled = Some(now);
        }
    }

    /// What is saved at most: with many workers a second's worth would never be enough for a call.
    fn most(&self) -> u64 {
        (self.a_second / u64::from(self.workers.get())).max(COST.min(self.a_second))
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

    fn shared(share: u32, workers: u32, now: Instant) -> RetryBudget {
        let mut budget = RetryBudget::new(Share::percent(share));
        budget.shared_by(workers.try_into().unwrap(), now);
        budget
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
    fn workers_divide_the_floor_and_each_has_room_for_a_call() {
        let start = Instant::now();
        for (workers, at_once, in_ten_seconds) in [(1, 10, 100), (2, 5, 50), (5, 2, 20), (10, 1, 10), (40, 1, 2)] {
            let mut budget = shared(0, workers, start);
            assert_eq!(used(&mut budget, start), at_once, "{workers}");
            let later = (1..=10_000).map(|millis| used(&mut budget, start + Duration::from_millis(millis))).sum::<usize>();
            assert_eq!(later, in_ten_seconds, "{workers}");
        }
    }

    #[test]
    fn what_is_others_is_given_up_when_there_are_more() {
        let start = Instant::now();
        let mut budget = RetryBudget::new(Share::percent(0));
        budget.shared_by(NonZeroU32::new(5).unwrap(), start);
        assert_eq!(used(&mut budget, start), 2);
        budget.shared_by(NonZeroU32::MIN, start);
        assert_eq!(used(&mut budget, start), 0, "it comes with time");
        assert_eq!(used(&mut budget, start + Duration::from_secs(1)), 10);
        let mut none = RetryBudget::without_floor(Share::percent(0));
        none.shared_by(NonZeroU32::new(5).unwrap(), start);
        assert_eq!(used(&mut none, start + Duration::from_secs(5)), 0);
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
        /// Workers that begin and end, as at a start, a reload, a scale or a death; everybody there is told how many they are. Steps are
        /// of time in milliseconds, who begins or ends, who calls how often and who wants to repeat how much.
        #[test]
        fn what_all_workers_repeat_stays_below_the_bound_whatever_happens(
            share in 0_u32..=100,
            steps in prop::collection::vec((0_u64..3000, 0_u8..6, any::<prop::sample::Index>(), 0_usize..50, 0_usize..50), 1..80),
        ) {
            let start = Instant::now();
            let mut workers = vec![RetryBudget::new(Share::percent(share))];
            let (mut millis, mut calls, mut repeated, mut begun_with) = (0, 0_u64, 0_u64, RetryBudget::FLOOR * 100_000);
            for (pause, change, which, made, wanted) in steps {
                millis += pause;
                let now = start + Duration::from_millis(millis);
                match change {
                    0 if workers.len() < 15 => {
                        workers.push(RetryBudget::new(Share::percent(share)));
                        begun_with += (RetryBudget::FLOOR * 100_000 / workers.len() as u64).max(100_000);
                    }
                    1 if workers.len() > 1 => drop(workers.swap_remove(which.index(workers.len()))),
                    _ => {}
                }
                let count = NonZeroU32::new(workers.len() as u32).unwrap();
                workers.iter_mut().for_each(|worker| worker.shared_by(count, now));
                let worker = which.get_mut(&mut workers);
                (0..made).for_each(|_| worker.called(now));
                calls += made as u64;
                // Each of them wants some, so that nobody's part is left over.
                repeated += workers.iter_mut().map(|worker| (0..wanted).filter(|_| worker.withdraw(now)).count() as u64).sum::<u64>();
                let most = calls * u64::from(share) * 1000 + RetryBudget::FLOOR * millis * 100 + begun_with;
                prop_assert!(repeated * 100_000 <= most, "{} of {} in {} ms", repeated, calls, millis);
            }
        }
    }
}
