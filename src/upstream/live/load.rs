//! How loaded a target is, as one worker sees it: how long its answers take lately, times the calls that it has.
//!
//! The estimate is the peak-sensitive one of Finagle: an answer that took longer than expected counts at once, one that took less
//! counts little by little. Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// In this time an old answer loses all but a third of its weight.
const MEMORY: f64 = 10.0;
/// What is expected of a target that has not answered yet.
const UNKNOWN: f64 = 0.001;
/// What a failure counts as, at least: one that comes fast must not make a broken target look quick.
const FAILURE: f64 = 1.0;

/// The load of one target.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Calls under way.
    pending: u32,
    /// The expected time of an answer in seconds, and when it was worked out.
    expected: Option<(f64, Instant)>,
}

impl Load {
    pub(super) fn begin(&mut self) {
        self.pending = self.pending.saturating_add(1);
    }

    /// A call has ended: after how long, and whether with an answer. `None` says nothing about the time.
    pub(super) fn end(&mut self, now: Instant, took: Option<(Duration, bool)>) {
        self.pending = self.pending.saturating_sub(1);
        let Some((took, good)) = took else { return };
        let took = if good { took.as_secs_f64() } else { took.as_secs_f64().max(FAILURE) };
        let expected = match self.expected {
            Some((expected, since)) if took < expected => {
                let kept = (-now.saturating_duration_since(since).as_secs_f64() / MEMORY).exp();
                expected * kept + took * (1.0 - kept)
            }
            _ => took,
        };
        self.expected = Some((expected, now));
    }

    /// What one more call would cost: the less, the better.
    pub(super) fn cost(&self, now: Instant) -> f64 {
        let expected = self.expected.map_or(UNKNOWN, |(expected, since)| {
            // Nobody asks a target that was slow once, so that is forgotten by itself.
            let kept = (-now.saturating_duration_since(since).as_secs_f64() / MEMORY).exp();
            (expected * kept).max(UNKNOWN)
        });
        expected * f64::from(self.pending.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(took: u64, good: bool, now: Instant) -> Load {
        let mut load = Load::default();
        load.begin();
        load.end(now, Some((Duration::from_millis(took), good)));
        load
    }

    #[test]
    fn a_slow_answer_counts_at_once_and_a_quick_one_little_by_little() {
        let now = Instant::now();
        let mut load = after(10, true, now);
        load.begin();
        load.end(now, Some((Duration::from_millis(400), true)));
        assert!((load.cost(now) - 0.4).abs() < 1e-9);
        let later = now + Duration::from_secs(1);
        load.begin();
        load.end(later, Some((Duration::from_millis(10), true)));
        assert!((0.3..0.4).contains(&load.cost(later)), "{}", load.cost(later));
        assert!(load.cost(later + Duration::from_secs(60)) < 0.01, "it is forgotten");
    }

    #[test]
    fn calls_under_way_make_the_next_one_dearer() {
        let now = Instant::now();
        let mut load = after(10, true, now);
        load.begin();
        load.begin();
        assert!((load.cost(now) - 0.03).abs() < 1e-9);
        load.end(now, None);
        assert!((load.cost(now) - 0.02).abs() < 1e-9);
    }

    #[test]
    fn a_failure_is_never_quick() {
        let now = Instant::now();
        assert!(after(1, false, now).cost(now) > after(900, true, now).cost(now));
    }
}
