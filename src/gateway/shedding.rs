//! How many requests a worker answers at once: what comes beyond that is told so at once, while it costs next to nothing.
//!
//! A fixed limit for the worker, one for a route that has its own, and, where it is asked for, one that finds its own size (`adaptive`). The
//! gateway's own paths never come here, so they are never refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::adaptive::Limit;
use super::fault::Fault;
use super::pressure::{Gauge, Pressure};
use crate::base::moment;
use crate::plan::{Plan, Route};

/// The requests under way, and how many they may be.
#[derive(Debug)]
pub(super) struct Shedding {
    worker: Counter,
    adaptive: Option<Mutex<Limit>>,
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
    /// The route's name, where somebody wants to know how long its answers take.
    name: Option<Arc<str>>,
    began: OnceLock<Instant>,
    tells: AtomicBool,
    is_good: AtomicBool,
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
        moment::now() + self.time
    }
}

impl Shedding {
    pub(super) fn new(plan: &Plan) -> Self {
        let limits = plan.limits();
        let limited = plan.router().routes().iter().filter_map(|route| Some((Arc::clone(route.name()), route.in_flight()?)));
        Self {
            worker: Counter::new(limits.in_flight),
            adaptive: limits.adaptive.map(|adaptive| Mutex::new(Limit::new(adaptive, limits.in_flight))),
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
        let most = self.adaptive.as_ref().map_or(usize::MAX, |limit| lock(limit).now());
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
        let name = self.adaptive.as_ref().map(|_| Arc::clone(route.name()));
        Ok(Place {
            shedding: self,
            route: own,
            name,
            began: OnceLock::new(),
            tells: AtomicBool::new(true),
            is_good: AtomicBool::new(false),
        })
    }
}

impl Place<'_> {
    /// The request is there, and what it takes from now on is our time. A request that never says so tells nothing about how loaded we are.
    pub(super) fn begin(&self) {
        if self.shedding.adaptive.is_some() {
            self.began.get_or_init(moment::now);
        }
    }

    /// It has got what it came for. One that never says so has failed, or its client has left.
    pub(super) fn succeed(&self) {
        self.is_good.store(true, Ordering::Relaxed);
    }

    /// Its answer lay ready: how fast that goes says nothing about how loaded we are, or who stands behind us.
    pub(super) fn tell_nothing(&self) {
        self.tells.store(false, Ordering::Relaxed);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let busy = self.shedding.worker.leave();
        if let Some(route) = self.route {
            route.leave();
        }
        if let (Some(limit), Some(name), Some(began)) = (&self.shedding.adaptive, &self.name, self.began.get())
            && self.tells.load(Ordering::Relaxed)
        {
            lock(limit).answered(name, *began, moment::now(), busy, self.is_good.load(Ordering::Relaxed));
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

fn lock(limit: &Mutex<Limit>) -> MutexGuard<'_, Limit> {
    limit.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_has_so_many_places_and_gets_them_back() {
        let counter = Counter::new(2);
        assert!(counter.enter(9) && counter.enter(9) && !counter.enter(9));
        assert_eq!(counter.leave(), 2);
        assert!(!counter.enter(1), "the other limit is lower");
        assert!(counter.enter(2));
    }
}
