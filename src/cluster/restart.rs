//! When a worker that ended may start again: at once the first time, then with a growing, jittered delay, and not at all
//! beyond a number of restarts within a sliding window that covers the slot's whole life.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How a worker that ends is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts allowed within the window; one more and the slot is given up. 0 never restarts.
    pub limit: u32,
    /// The length of the sliding window.
    pub within: Duration,
    /// The first delay, and the longest one that doubling leads to.
    pub backoff: (Duration, Duration),
}

impl Default for RestartPolicy {
    fn default() -> Self {
        let backoff = (Duration::from_millis(100), Duration::from_secs(10));
        Self { limit: 5, within: Duration::from_secs(60), backoff }
    }
}

/// The restarts of one slot.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    past: VecDeque<Instant>,
    /// How often the delay has doubled.
    doublings: u32,
    /// The restart without a delay has been used.
    spent: bool,
}

/// What to do about a worker that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start another after this long.
    After(Duration),
    /// The window is full. It has room again then.
    Exhausted(Instant),
}

impl Restarts {
    /// Counts an end. `served` is how long the worker had been listening; `roll` is a random number for the jitter.
    ///
    /// A worker that had served starts again at once, so that a crash costs no more than a start. After that, delays
    /// double until a worker has served for as long as the longest delay.
    pub(crate) fn record(&mut self, policy: &RestartPolicy, now: Instant, served: Option<Duration>, roll: u64) -> Verdict {
        let (first, longest) = policy.backoff;
        while self.past.front().is_some_and(|then| now.saturating_duration_since(*then) >= policy.within) {
            self.past.pop_front();
        }
        if self.past.len() >= policy.limit as usize {
            return Verdict::Exhausted(self.past.front().copied().unwrap_or(now) + policy.within);
        }
        self.past.push_back(now);
        if served.is_some_and(|served| served >= longest) {
            self.doublings = 0;
            self.spent = false;
        }
        if served.is_some() && !self.spent {
            self.spent = true;
            return Verdict::After(Duration::ZERO);
        }
        let full = first.saturating_mul(1 << self.doublings.min(20)).min(longest);
        self.doublings += 1;
        Verdict::After(full / 2 + (full / 2).mul_f64(fraction(roll)))
    }

    /// How many restarts the window holds.
    pub(crate) fn count(&self) -> usize {
        self.past.len()
    }
}

/// A random number as a fraction of 1.
fn fraction(roll: u64) -> f64 {
    (roll >> 40) as f64 / (1u64 << 24) as f64
}

/// Random numbers for the jitter (splitmix64, Steele, Lea and Flood 2014); nothing secret hangs on them.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVED: Option<Duration> = Some(Duration::from_secs(1));
    const LONG: Option<Duration> = Some(Duration::from_secs(10));

    fn delay(verdict: Verdict) -> u64 {
        let Verdict::After(delay) = verdict else { panic!("{verdict:?}") };
        delay.as_millis() as u64
    }

    #[test]
    fn a_worker_that_served_is_back_at_once_and_one_that_keeps_dying_waits_longer_each_time() {
        let (policy, now, mut restarts) =
            (RestartPolicy { limit: 100, ..Default::default() }, Instant::now(), Restarts::default());
        assert_eq!(delay(restarts.record(&policy, now, SERVED, 0)), 0);
        let delays: Vec<_> = (0..9).map(|_| delay(restarts.record(&policy, now, SERVED, u64::MAX))).collect();
        assert_eq!(delays, [99, 199, 399, 799, 1599, 3199, 6399, 9999, 9999]);
        assert_eq!(delay(restarts.record(&policy, now, LONG, 0)), 0);
        assert_eq!(delay(restarts.record(&policy, now, SERVED, 0)), 50);
    }

    #[test]
    fn a_worker_that_never_served_waits_from_the_first_time() {
        let (policy, mut restarts) = (RestartPolicy::default(), Restarts::default());
        assert_eq!(delay(restarts.record(&policy, Instant::now(), None, 0)), 50);
    }

    #[test]
    fn the_window_slides() {
        let (policy, start, mut restarts) = (RestartPolicy::default(), Instant::now(), Restarts::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in 0..5 {
            assert!(matches!(restarts.record(&policy, at(second), LONG, 0), Verdict::After(_)));
        }
        assert_eq!(restarts.record(&policy, at(59), LONG, 0), Verdict::Exhausted(at(60)));
        assert!(matches!(restarts.record(&policy, at(60), LONG, 0), Verdict::After(_)));
        assert_eq!(restarts.record(&policy, at(60), LONG, 0), Verdict::Exhausted(at(61)));
        assert_eq!(restarts.count(), 5);
    }

    #[test]
    fn a_limit_of_zero_never_restarts() {
        let policy = RestartPolicy { limit: 0, ..Default::default() };
        assert!(matches!(Restarts::default().record(&policy, Instant::now(), LONG, 0), Verdict::Exhausted(_)));
    }

    #[test]
    fn jitter_stays_between_half_and_whole() {
        let mut dice = Dice::new(7);
        for _ in 0..1000 {
            let share = fraction(dice.roll());
            assert!((0.0..1.0).contains(&share));
        }
    }
}
