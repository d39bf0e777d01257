//! How many requests a worker answers at once: what comes beyond that is told so at once, while it costs next to nothing.
//!
//! A fixed limit for the worker, one for a route that has its own, and, where it is asked for, one that finds its own size: it grows while
//! answers come in time and shrinks when they are late (additive increase, multiplicative decrease; Jacobson 1988). The gateway's own paths
//! never come here, so they are never refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::Fault;
use super::pressure::{Gauge, Pressure};
use crate::plan::{Adaptive, Plan, Route};

/// What is left of the limit when answers are late.
const DECREASE: f64 = 0.9;

/// The requests under way, and how many they may be.
#[derive(Debug)]
pub(super) struct Shedding {
    worker: Counter,
    adaptive: Option<Mutex<Aimd>>,
    /// By name, those that have a limit of their own.
    routes: HashMap<Arc<str>, Counter>,
    pressure: Gauge,
}

#[derive(Debug)]
struct Counter {
    now: AtomicUsize,
    most: usize,
}

/// A request's place among those under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'s> {
    shedding: &'s Shedding,
    route: Option<&'s Counter>,
    began: OnceLock<Instant>,
}

/// The time that an answer may take, and the place of its request, if it is to know when that time began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term<'p> {
    pub(super) time: Duration,
    pub(super) place: Option<&'p Place<'p>>,
}

impl Term<'_> {
    /// The request is there: until when it is to be answered.
    pub(super) fn begin(&self) -> Instant {
        if let Some(place) = self.place {
            place.begin();
        }
        Instant::now() + self.time
    }
}

impl Shedding {
    pub(super) fn new(plan: &Plan) -> Self {
        let limits = plan.limits();
        let limited = plan.router().routes().iter().filter_map(|route| Some((Arc::clone(route.name()), route.in_flight()?)));
        Self {
            worker: Counter::new(limits.in_flight),
            adaptive: limits.adaptive.map(|adaptive| Mutex::new(Aimd::new(adaptive, limits.in_flight))),
            routes: limited.map(|(name, most)| (name, Counter::new(most))).collect(),
            pressure: Gauge::default(),
        }
    }

    /// How many requests are under way.
    #[cfg(test)]
    pub(super) fn busy(&self) -> usize {
        self.worker.now.load(Ordering::Relaxed)
    }

    /// How short memory is.
    pub(super) fn pressure(&self) -> &Gauge {
        &self.pressure
    }

    /// A place for a request of a route.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn enter(&self, route: &Route) -> Result<Place<'_>, Fault> {
        let most = self.adaptive.as_ref().map_or(usize::MAX, |aimd| lock(aimd).limit());
        let most = match self.pressure.now() {
            Pressure::None | Pressure::Tight => most,
            Pressure::Scarce => most.min(self.worker.most.div_ceil(2)),
            Pressure::Out => return Err(Fault::Overloaded { limit: "memory" }),
        };
        if !self.worker.enter(most) {
            return Err(Fault::Overloaded { limit: "worker" });
        }
        let own = route.in_flight().and_then(|_| self.routes.get(route.name()));
        if own.is_some_and(|own| !own.enter(usize::MAX)) {
            self.worker.leave();
            return Err(Fault::Overloaded { limit: "route" });
        }
        Ok(Place { shedding: self, route: own, began: OnceLock::new() })
    }
}

impl Place<'_> {
    /// The request is there, and what it takes from now on is our time. A request that never says so tells nothing about how loaded we are.
    pub(super) fn begin(&self) {
        self.began.get_or_init(Instant::now);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let busy = self.shedding.worker.leave();
        if let Some(route) = self.route {
            route.leave();
        }
        if let (Some(aimd), Some(began)) = (&self.shedding.adaptive, self.began.get()) {
            lock(aimd).answered(*began, Instant::now(), busy);
        }
    }
}

impl Counter {
    fn new(most: usize) -> Self {
        Self { now: AtomicUsize::new(0), most }
    }

    /// Whether there was a place, by its own limit and another.
    fn enter(&self, other: usize) -> bool {
        let most = self.most.min(other);
        let more = |now: usize| (now < most).then_some(now + 1);
        self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Gives a place back; how many were taken until then.
    fn leave(&self) -> usize {
        self.now.fetch_sub(1, Ordering::Relaxed)
    }
}

/// A limit that finds its own size. Time is passed in.
#[derive(Debug)]
struct Aimd {
    limit: f64,
    least: f64,
    most: f64,
    latency: Duration,
    /// When it last shrank: requests from before then were late for the same reason.
    shrunk: Option<Instant>,
}

impl Aimd {
    /// Begins with the whole: a limit that must grow first would refuse requests for no reason after every start.
    fn new(adaptive: Adaptive, most: usize) -> Self {
        let most = most as f64;
        Self { limit: most, least: (adaptive.least as f64).min(most), most, latency: adaptive.latency, shrunk: None }
    }

    fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A request has been answered, of `busy` that were under way.
    fn answered(&mut self, began: Instant, now: Instant, busy: usize) {
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

fn lock(aimd: &Mutex<Aimd>) -> std::sync::MutexGuard<'_, Aimd> {
    aimd.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LATENCY: Duration = Duration::from_millis(100);

    fn aimd(least: usize, most: usize) -> Aimd {
        Aimd::new(Adaptive { latency: LATENCY, least }, most)
    }

    #[test]
    fn a_counter_has_so_many_places_and_gets_them_back() {
        let counter = Counter::new(2);
        assert!(counter.enter(9) && counter.enter(9) && !counter.enter(9));
        assert_eq!(counter.leave(), 2);
        assert!(!counter.enter(1), "the other limit is lower");
        assert!(counter.enter(2));
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
