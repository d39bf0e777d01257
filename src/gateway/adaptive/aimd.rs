//! Additive increase, multiplicative decrease (Jacobson 1988): the limit grows while answers come in time and shrinks when they are late.
//! Time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// What is left of the limit when answers are late.
const DECREASE: f64 = 0.9;

/// A limit that goes by how long answers may take.
#[derive(Debug)]
pub(in crate::gateway) struct Aimd {
    limit: f64,
    least: f64,
    most: f64,
    latency: Duration,
    /// When it last shrank: requests from before then were late for the same reason.
    shrunk: Option<Instant>,
}

impl Aimd {
    /// Begins with the whole: a limit that must grow first would refuse requests for no reason after every start.
    pub(super) fn new(latency: Duration, least: usize, most: usize) -> Self {
        let most = most as f64;
        Self { limit: most, least: (least as f64).min(most), most, latency, shrunk: None }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A request has been answered, of `busy` that were under way.
    pub(super) fn answered(&mut self, began: Instant, now: Instant, busy: usize) {
        let took = now.saturating_duration_since(began);
        if took > self.latency {
            if self.shrunk.is_none_or(|shrunk| began >= shrunk) {
                // What was not even used would take long to come down.
                self.limit = (self.limit.min(busy as f64 * 2.0) * DECREASE).max(self.least);
                self.shrunk = Some(now);
            }
        } else if busy as f64 * 2.0 >= self.limit {
            self.limit = (self.limit + 1.0 / self.limit).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LATENCY: Duration = Duration::from_millis(100);

    fn aimd(least: usize, most: usize) -> Aimd {
        Aimd::new(LATENCY, least, most)
    }

    #[test]
    fn late_answers_shrink_the_limit_once_a_round_and_prompt_ones_let_it_grow() {
        let start = Instant::now();
        let late = start + LATENCY * 2;
        let mut aimd = aimd(4, 100);
        (0..50).for_each(|_| aimd.answered(start, late, 100));
        assert_eq!(aimd.limit(), 90, "all of one round count once");
        aimd.answered(late, late + LATENCY * 2, 90);
        assert_eq!(aimd.limit(), 81);
        let prompt = late + LATENCY * 2;
        (0..81).for_each(|_| aimd.answered(prompt, prompt, 81));
        assert_eq!(aimd.limit(), 81 + 1 - usize::from(aimd.limit < 82.0), "one more a round");
        (0..10_000).for_each(|_| aimd.answered(prompt, prompt, 100));
        assert_eq!(aimd.limit(), 100);
    }

    #[test]
    fn a_limit_that_is_far_above_the_traffic_comes_down_to_it() {
        let start = Instant::now();
        let mut aimd = aimd(4, 2000);
        aimd.answered(start, start + LATENCY * 2, 50);
        assert_eq!(aimd.limit(), 90);
        aimd.answered(start, start, 10);
        assert_eq!(aimd.limit(), 90, "it grows when it is used");
    }

    proptest! {
        #[test]
        fn the_limit_stays_between_its_bounds_whatever_happens(
            least in 1_usize..50,
            most in 1_usize..500,
            answers in prop::collection::vec((0_u64..1000, 0_u64..300, 1_usize..600), 1..300),
        ) {
            let start = Instant::now();
            let mut aimd = aimd(least, most);
            let mut millis = 0;
            for (pause, took, busy) in answers {
                millis += pause;
                let began = start + Duration::from_millis(millis);
                aimd.answered(began, began + Duration::from_millis(took), busy);
                prop_assert!(aimd.limit() >= least.min(most) && aimd.limit() <= most, "{}", aimd.limit);
            }
        }
    }
}
