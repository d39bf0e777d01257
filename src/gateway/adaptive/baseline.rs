//! What the answers of each route take when little is under way, and how much longer they take now.

use std::collections::HashMap;
use std::sync::Arc;

use super::gradient::TOLERANCE;

/// A route, and how long one of its answers took, in seconds.
pub(super) type Sample = (Arc<str>, f64);

/// Answers of a route that tell something; those of routes with fewer are taken together.
const ENOUGH: usize = 5;
/// A probe that makes answers faster than this part of what they took shows that they had been waiting. With twice as many requests as are worked on
/// at once it would be a half; chance alone hardly makes as much.
const FASTER: f64 = 0.65;
/// When answers are that much faster than what was known, any more shows it: the first answers of a probe still come out of the old queue.
const STILL: f64 = 0.9;
/// How far one window moves a baseline.
const STEP: f64 = 0.02;
/// Routes whose baselines are kept: more than a configuration has.
const MOST_ROUTES: usize = 4096;
/// Nothing is faster than this, in seconds: a ratio needs something to divide by.
const FASTEST: f64 = 1e-6;

/// The baselines of all routes.
#[derive(Debug, Default)]
pub(super) struct Baselines(HashMap<Arc<str>, Baseline>);

/// Medians, in seconds.
#[derive(Debug, Clone, Copy)]
struct Baseline {
    /// What answers take when nothing waits, as far as is known.
    known: f64,
    /// As it was measured last.
    measured: f64,
    /// What they took in the last window.
    last: f64,
}

/// How many times longer answers take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slower {
    /// Than when nothing waits.
    than_known: f64,
    /// Than in the window before.
    than_last: f64,
}

impl Baselines {
    /// How many times longer than when nothing waits the answers of a window took. What is known follows what is seen: down always, and up,
    /// by no more than the tolerance since it was measured, where the limit has nothing to do with it.
    pub(super) fn compare(&mut self, samples: &[Sample], may_rise: bool) -> f64 {
        self.look(samples, |baseline, slower| {
            if slower.than_known < 1.0 || may_rise {
                let moved = baseline.known + (baseline.last - baseline.known) * STEP;
                baseline.known = moved.min((baseline.measured * TOLERANCE).max(baseline.known));
            }
        })
        .than_known
    }

    /// Whether an answer of a route takes longer than when nothing waits, as far as that is known.
    pub(super) fn is_slow(&self, route: &Arc<str>, took: f64) -> bool {
        self.0.get(route).is_some_and(|baseline| took > baseline.known)
    }

    /// How long the answers of a probe took beside those before it.
    pub(super) fn probe(&mut self, samples: &[Sample]) -> Slower {
        self.look(samples, |_, _| {})
    }

    /// What answers took in the last window is what they take.
    pub(super) fn measured(&mut self) {
        for Baseline { known, measured, last } in self.0.values_mut() {
            (*known, *measured) = (*last, *last);
        }
    }

    fn look(&mut self, samples: &[Sample], see: impl Fn(&mut Baseline, Slower)) -> Slower {
        let (mut than_known, mut than_last) = (Vec::new(), Vec::new());
        for (route, median, count) in medians(samples) {
            let is_new = !self.0.contains_key(&route);
            if is_new && self.0.len() >= MOST_ROUTES {
                continue;
            }
            let baseline = self.0.entry(route).or_insert(Baseline { known: median, measured: median, last: median });
            let slower = Slower { than_known: median / baseline.known, than_last: median / baseline.last };
            baseline.last = median;
            see(baseline, slower);
            than_known.push((slower.than_known, count));
            than_last.push((slower.than_last, count));
        }
        Slower { than_known: vote(than_known), than_last: vote(than_last) }
    }
}

impl Slower {
    /// Answers had been waiting before, or still do.
    pub(super) fn shows_a_queue(self) -> bool {
        let gets_faster = self.than_last < FASTER || self.than_known < FASTER && self.than_last < STILL;
        gets_faster || self.than_known > TOLERANCE
    }
}

/// The median and the number of the answers of each route that has enough of them, and of all others together.
fn medians(samples: &[Sample]) -> Vec<(Arc<str>, f64, usize)> {
    let mut routes: HashMap<&Arc<str>, Vec<f64>> = HashMap::new();
    for (route, took) in samples {
        routes.entry(route).or_default().push(took.max(FASTEST));
    }
    let few: Vec<f64> = routes.extract_if(|_, times| times.len() < ENOUGH).flat_map(|(_, times)| times).collect();
    // No route has this name: each begins with a method.
    let others: Arc<str> = Arc::from("");
    if few.len() >= ENOUGH {
        routes.insert(&others, few);
    }
    let median = |mut times: Vec<f64>| {
        times.sort_unstable_by(f64::total_cmp);
        times.get((times.len().max(1) - 1) / 2).copied().unwrap_or(FASTEST)
    };
    routes
        .into_iter()
        .map(|(route, times)| (Arc::clone(route), times.len(), times))
        .map(|(route, count, times)| (route, median(times), count))
        .collect()
}

/// The lower median of the ratios, each with as many votes as answers; but the largest has no more than all others together, if there are
/// others. 1 when nobody votes.
fn vote(mut votes: Vec<(f64, usize)>) -> f64 {
    let all: usize = votes.iter().map(|(_, count)| count).sum();
    if let Some((_, largest)) = votes.iter_mut().max_by_key(|(_, count)| *count)
        && *largest < all
    {
        *largest = (*largest).min(all - *largest);
    }
    votes.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let all: usize = votes.iter().map(|(_, count)| count).sum();
    let mut passed = 0;
    let median = votes.iter().find(|(_, count)| {
        passed += count;
        passed * 2 >= all
    });
    median.map_or(1.0, |(ratio, _)| *ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(routes: &[(&str, usize, f64)]) -> Vec<Sample> {
        routes.iter().flat_map(|(route, count, took)| std::iter::repeat_n((Arc::from(*route), *took), *count)).collect()
    }

    #[test]
    fn routes_vote_by_their_answers_and_none_outvotes_all_others() {
        for (votes, expected) in [
            (&[][..], 1.0),
            (&[(3.0, 50)][..], 3.0),
            (&[(1.0, 10), (9.0, 40)][..], 1.0),
            (&[(1.0, 10), (9.0, 10)][..], 1.0),
            (&[(1.0, 10), (2.0, 15), (9.0, 75)][..], 2.0),
            (&[(1.0, 10), (2.0, 45), (3.0, 45)][..], 2.0),
        ] {
            assert!((vote(votes.to_vec()) - expected).abs() < 1e-9, "{votes:?}");
        }
    }

    #[test]
    fn each_route_is_measured_by_itself_and_rare_ones_together() {
        let mut baselines = Baselines::default();
        let first = [("GET /a", 20, 0.01), ("GET /b", 20, 0.2), ("GET /c", 3, 0.3), ("GET /d", 3, 0.3)];
        assert!((baselines.compare(&samples(&first), false) - 1.0).abs() < 1e-9);
        let same = baselines
            .compare(&samples(&[("GET /a", 40, 0.01), ("GET /b", 5, 0.2), ("GET /e", 4, 0.3), ("GET /f", 4, 0.3)]), false);
        assert!((same - 1.0).abs() < 1e-9, "the mixture does not matter: {same}");
        let slower = baselines.compare(&samples(&[("GET /a", 20, 0.03), ("GET /b", 20, 0.6)]), false);
        assert!((slower - 3.0).abs() < 1e-9, "{slower}");
        let alone = baselines.compare(&samples(&[("GET /a", 20, 0.01), ("GET /b", 70, 0.6)]), false);
        assert!((alone - 1.0).abs() < 1e-9, "{alone}");
    }

    #[test]
    fn a_probe_shows_a_queue_when_answers_get_faster_or_are_slower_than_they_ever_were() {
        for (known, last, probe, expected) in [
            (0.1, 0.1, 0.1, false),
            (0.1, 0.2, 0.1, true),
            (0.1, 0.1, 0.2, true),
            (0.2, 0.2, 0.1, true),
            (0.1, 0.12, 0.11, false),
        ] {
            let mut baselines = Baselines::default();
            let of = |took| samples(&[("GET /a", 20, took)]);
            baselines.compare(&of(known), false);
            baselines.compare(&of(last), false);
            assert_eq!(baselines.probe(&of(probe)).shows_a_queue(), expected, "{known} {last} {probe}");
            baselines.measured();
            assert!((baselines.compare(&of(probe), false) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_baseline_follows_slowly_and_up_only_so_far_and_only_when_nothing_waits() {
        let mut baselines = Baselines::default();
        baselines.compare(&samples(&[("GET /a", 20, 0.1)]), false);
        let after = |baselines: &mut Baselines, took: f64, may_rise: bool| {
            for _ in 0..1000 {
                baselines.compare(&samples(&[("GET /a", 20, took)]), may_rise);
            }
            baselines.0["GET /a"].known
        };
        assert!((after(&mut baselines, 0.3, false) - 0.1).abs() < 1e-9);
        assert!((after(&mut baselines, 0.3, true) - 0.125).abs() < 1e-9);
        assert!((after(&mut baselines, 0.05, false) - 0.05).abs() < 1e-6);
    }
}
