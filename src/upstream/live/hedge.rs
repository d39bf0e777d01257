//! A second call beside one that takes unusually long: whichever answers first is the answer (Dean and Barroso, "The tail at scale").
//! Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::retry_budget::RetryBudget;
use crate::base::share::Share;

/// When a second call is made beside the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HedgeRules {
    /// After how long; without it, after the time in which 95 of 100 answers come lately.
    pub after: Option<Duration>,
    /// The share of calls that may have a second one.
    pub budget: Share,
}

/// The hedging of one upstream.
#[derive(Debug)]
pub(super) struct Hedge {
    rules: HedgeRules,
    budget: RetryBudget,
    lately: Latencies,
}

impl Hedge {
    pub(super) fn new(rules: HedgeRules) -> Self {
        Self { rules, budget: RetryBudget::without_floor(rules.budget), lately: Latencies::new() }
    }

    /// A call is made; after how long it may have a second one, if that can be told.
    pub(super) fn called(&mut self, now: Instant) -> Option<Duration> {
        self.budget.called(now);
        self.rules.after.or_else(|| self.lately.most(now))
    }

    /// Whether the budget has a second call left; if so, it has paid for it.
    pub(super) fn withdraw(&mut self, now: Instant) -> bool {
        self.budget.withdraw(now)
    }

    /// An answer has come.
    pub(super) fn answered(&mut self, now: Instant, took: Duration) {
        self.lately.count(now, took);
    }
}

/// Steps of the scale: each is a fifth to a quarter longer than the one before, from a microsecond to beyond a minute.
const STEPS: usize = 108;
/// For how long an answer counts, at least; twice that at most.
const HALF: Duration = Duration::from_secs(30);
/// Fewer answers than this tell nothing.
const ENOUGH: u64 = 100;

/// How long answers took lately, on a scale of steps.
#[derive(Debug)]
struct Latencies {
    began: Option<Instant>,
    current: [u64; STEPS],
    before: [u64; STEPS],
}

impl Latencies {
    fn new() -> Self {
        Self { began: None, current: [0; STEPS], before: [0; STEPS] }
    }

    fn count(&mut self, now: Instant, took: Duration) {
        self.turn(now);
        let micros = took.as_micros().max(1) as f64;
        let step = ((micros.log2() * 4.0) as usize).min(STEPS - 1);
        if let Some(count) = self.current.get_mut(step) {
            *count += 1;
        }
    }

    /// The time that 95 of 100 answers did not exceed; none while there are too few.
    fn most(&mut self, now: Instant) -> Option<Duration> {
        self.turn(now);
        let counts = || self.current.iter().zip(&self.before).map(|(current, before)| current + before);
        let all: u64 = counts().sum();
        if all < ENOUGH {
            return None;
        }
        let mut below = 0;
        let step = counts().position(|count| {
            below += count;
            below * 100 >= all * 95
        })?;
        Some(Duration::from_micros(2_f64.powf((step as f64 + 1.0) / 4.0) as u64))
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        if passed < HALF {
            return;
        }
        self.before = if passed < HALF * 2 { self.current } else { [0; STEPS] };
        self.current = [0; STEPS];
        self.began = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIS: fn(u64) -> Duration = Duration::from_millis;

    fn hedge(after: Option<Duration>, percent: u32) -> Hedge {
        Hedge::new(HedgeRules { after, budget: Share::percent(percent) })
    }

    #[test]
    fn the_wait_is_what_was_written_or_what_nearly_all_answers_keep_to() {
        let now = Instant::now();
        assert_eq!(hedge(Some(MILLIS(50)), 5).called(now), Some(MILLIS(50)));
        let mut hedge = hedge(None, 5);
        for answers in 1..=100 {
            assert_eq!(hedge.called(now), None, "after {}", answers - 1);
            hedge.answered(now, MILLIS(if answers % 20 == 0 { 900 } else { 10 }));
        }
        let wait = hedge.called(now).unwrap();
        assert!(wait >= MILLIS(10) && wait < MILLIS(13), "{wait:?}");
        (0..20).for_each(|_| hedge.answered(now, MILLIS(900)));
        let wait = hedge.called(now).unwrap();
        assert!(wait >= MILLIS(900) && wait < MILLIS(1100), "{wait:?}");
    }

    #[test]
    fn old_answers_are_forgotten() {
        let now = Instant::now();
        let mut hedge = hedge(None, 5);
        (0..200).for_each(|_| hedge.answered(now, MILLIS(900)));
        assert!(hedge.called(now + HALF).is_some());
        assert_eq!(hedge.called(now + HALF * 2), None);
    }

    #[test]
    fn one_in_so_many_calls_has_a_second_one() {
        let now = Instant::now();
        let mut hedge = hedge(Some(MILLIS(1)), 5);
        let mut second = 0;
        for _ in 0..1000 {
            hedge.called(now);
            second += usize::from(hedge.withdraw(now));
        }
        assert_eq!(second, 50);
    }
}
