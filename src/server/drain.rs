//! When what lasts long has to go.
//!
//! A request is finished as soon as its answer is; a WebSocket or a stream of events may last for days. Such a one is left alone for
//! the first half of the window and told to come back at a moment of its own in the second half, so that its client does
//! not come back together with all others. Whatever is left when the window ends is cut.

use std::time::Duration;

use tokio::time::Instant;

/// How much of the window's end is kept for goodbyes at most.
const FAREWELL: Duration = Duration::from_secs(2);

/// A drain under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drain {
    /// When it began.
    pub(super) since: Instant,
    /// How long WebSockets and streams may last from there; as long as they want without it.
    pub(super) window: Option<Duration>,
}

impl Drain {
    /// When a connection that lasts is told to leave. `turn` numbers those connections; neighbours are far apart, and however
    /// many there are, they fill the second half of the window evenly.
    pub(super) fn leave(&self, turn: u32) -> Option<Instant> {
        let half = self.window? / 2;
        let spread = half.saturating_sub(FAREWELL.min(half / 2));
        // Multiples of the golden ratio, modulo one: the sequence whose gaps are the most even at every length.
        let share = turn.wrapping_mul(0x9E37_79B9);
        self.since.checked_add(half + spread.mul_f64(f64::from(share) / f64::from(u32::MAX)))
    }

    /// When what lasts is cut.
    pub(super) fn end(&self) -> Option<Instant> {
        self.since.checked_add(self.window?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_lasts_leaves_in_the_second_half_and_never_in_a_herd() {
        let drain = Drain { since: Instant::now(), window: Some(Duration::from_secs(30)) };
        for count in [1_u32, 10, 1000] {
            let mut buckets = [0_u32; 10];
            for turn in 0..count {
                let after = drain.leave(turn).unwrap() - drain.since;
                assert!(after >= Duration::from_secs(15) && after <= Duration::from_secs(28), "{after:?}");
                buckets[usize::try_from((after.as_millis() - 15_000) / 1301).unwrap()] += 1;
            }
            assert!(buckets.iter().all(|found| *found <= count / 10 + 2), "{buckets:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_window_nobody_is_told_and_nobody_is_cut() {
        let drain = Drain { since: Instant::now(), window: None };
        assert_eq!((drain.leave(3), drain.end()), (None, None));
        let endless = Drain { window: Some(Duration::MAX), ..drain };
        assert_eq!(endless.end(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_shortest_window_still_ends_after_its_goodbyes() {
        for window in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(700)] {
            let drain = Drain { since: Instant::now(), window: Some(window) };
            assert!((0..100).all(|turn| drain.leave(turn) <= drain.end()), "{window:?}");
        }
    }
}
