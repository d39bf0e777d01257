//! How an upstream is doing, as this worker finds it, and what follows from that: which target gets a call, whether it waits or is
//! refused, whether it is made again.
//!
//! Each policy is a state machine of its own that neither looks at a clock nor throws dice. Workers share nothing of it but what
//! their health checks find, which they tell each other, and how many they are, which their master tells them.

mod balance;
mod breaker;
mod bulkhead;
mod health;
mod hedge;
mod load;
mod retry;
mod retry_budget;
mod targets;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use balance::Balance;
pub use breaker::BreakerRules;
pub use bulkhead::BulkheadRules;
pub use health::HealthRules;
pub use hedge::HedgeRules;
#[cfg(test)]
pub(super) use retry::tests::retry;
pub use retry::{Repeat, Retry};

use super::Error;
use super::budget::Budget;
use crate::base::moment;
pub(super) use breaker::Verdict;
use breaker::{Change, Role};
pub(super) use bulkhead::Permit;
use bulkhead::{Bulkhead, Entry};
use hedge::Hedge;
pub(super) use retry::Ending;
use retry_budget::RetryBudget;
use targets::{Picked, Targets};

/// What holds for all calls of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// How calls are dealt out over several targets.
    pub balance: Balance,
    /// Which failed calls are made again.
    pub retry: Option<Retry>,
    /// When a failing target is left alone.
    pub breaker: Option<BreakerRules>,
    /// How many calls may be under way.
    pub bulkhead: Option<BulkheadRules>,
    /// When a second call is made beside one that takes long.
    pub hedge: Option<HedgeRules>,
    /// How targets are asked whether they are well.
    pub health: Option<HealthRules>,
    /// How long a target that is back takes to get all of its calls again.
    pub slow_start: Duration,
}

impl Policies {
    /// One try for each call, whatever happens to the others.
    pub const NONE: Self = Self {
        balance: Balance::P2c,
        retry: None,
        breaker: None,
        bulkhead: None,
        hedge: None,
        health: None,
        slow_start: Duration::ZERO,
    };
}

/// How one upstream is doing.
#[derive(Debug)]
pub(super) struct Live {
    upstream: String,
    /// The targets' names for the log, in order.
    origins: Vec<Arc<str>>,
    targets: Mutex<Targets>,
    bulkhead: Option<Arc<Bulkhead>>,
    retries: Mutex<RetryBudget>,
    hedge: Option<Mutex<Hedge>>,
}

/// A call to one target. What became of it is told by [`Pass::settle`]; dropped, it tells nothing.
pub(super) struct Pass {
    live: Arc<Live>,
    picked: Picked,
    begun: Instant,
    is_over: bool,
}

impl Live {
    pub(super) fn new(upstream: &str, targets: Vec<(Arc<str>, u32)>, policies: &Policies) -> Arc<Self> {
        let (origins, weights): (Vec<_>, Vec<u32>) = targets.into_iter().unzip();
        let share = policies.retry.as_ref().map_or(crate::base::share::Share::percent(0), |retry| retry.budget);
        let slow_start = policies.slow_start;
        let targets = Targets::new(&weights, policies.balance, policies.breaker, slow_start, fastrand::Rng::new());
        Arc::new(Self {
            upstream: upstream.to_owned(),
            origins,
            targets: Mutex::new(targets),
            bulkhead: policies.bulkhead.map(Bulkhead::new),
            retries: Mutex::new(RetryBudget::new(share)),
            hedge: policies.hedge.map(|rules| Mutex::new(Hedge::new(rules))),
        })
    }

    /// A place among the calls under way; waits for one as long as it may.
    ///
    /// # Errors
    /// There is no room, or there is none in time.
    pub(super) async fn enter(&self, budget: &Budget) -> Result<Option<Permit>, Error> {
        let Some(bulkhead) = &self.bulkhead else { return Ok(None) };
        match bulkhead.enter() {
            Entry::Go(permit) => Ok(Some(permit)),
            Entry::Full => Err(Error::BulkheadFull),
            Entry::Wait(turn) => budget.queue(bulkhead.wait(), turn).await?.map(Some).map_err(|_| Error::BulkheadFull),
        }
    }

    /// The target of the next try of a call; `tried` are those that have failed it.
    ///
    /// # Errors
    /// The breakers of all targets are open.
    pub(super) fn pick(self: &Arc<Self>, tried: &[usize]) -> Result<Pass, Error> {
        let now = moment::now();
        let picked = lock(&self.targets).pick(now, tried);
        match picked {
            Ok(picked) => Ok(Pass { live: Arc::clone(self), picked, begun: now, is_over: false }),
            Err(until) => Err(Error::BreakerOpen { retry_after: until.saturating_duration_since(now) }),
        }
    }

    /// So many workers of this machine, this one among them, make calls to the same upstream.
    pub(super) fn shared_by(&self, workers: NonZeroU32) {
        lock(&self.retries).shared_by(workers, moment::now());
    }

    /// A call is made, for the first time.
    pub(super) fn called(&self) {
        lock(&self.retries).called(moment::now());
    }

    /// Whether the budget lets a call be made again; if so, it has paid for it.
    pub(super) fn may_repeat(&self) -> bool {
        lock(&self.retries).withdraw(moment::now())
    }

    /// A call begins that may have a second one beside it: after how long, if at all.
    pub(super) fn hedge_after(&self) -> Option<Duration> {
        self.hedge.as_ref().and_then(|hedge| lock(hedge).called(moment::now()))
    }

    /// Whether the budgets let a second call be made; if so, they have paid for it.
    pub(super) fn may_hedge(&self) -> bool {
        self.hedge.as_ref().is_some_and(|hedge| lock(hedge).withdraw(moment::now())) && self.may_repeat()
    }

    /// An answer came after so long.
    pub(super) fn answered(&self, took: Duration) {
        if let Some(hedge) = &self.hedge {
            lock(hedge).answered(moment::now(), took);
        }
    }

    /// A random number from 0 to 1.
    pub(super) fn chance(&self) -> f64 {
        lock(&self.targets).chance()
    }

    /// A health check of a target is over; whether the target is well from now on, when that has changed.
    pub(super) fn checked(&self, place: usize, rules: &HealthRules, passed: bool) -> Option<bool> {
        let change = lock(&self.targets).checked(place, rules, passed, moment::now());
        let (upstream, target) = (self.upstream.as_str(), self.origin(place));
        match change {
            Some(true) => tracing::info!(event = "health", upstream, target, state = "well", "a target passes its checks again"),
            Some(false) => tracing::warn!(event = "health", upstream, target, state = "unwell", "a target fails its checks"),
            None => {}
        }
        change
    }

    /// Another worker's checks say whether a target is well.
    pub(super) fn told(&self, place: usize, well: bool) {
        if lock(&self.targets).told(place, well, moment::now()) {
            let (upstream, target) = (self.upstream.as_str(), self.origin(place));
            let state = if well { "well" } else { "unwell" };
            tracing::info!(event = "health", upstream, target, state, "another worker has checked it");
        }
    }

    fn origin(&self, place: usize) -> &str {
        self.origins.get(place).map_or("", |origin| origin)
    }
}

impl Pass {
    /// The target, by its place among the upstream's.
    pub(super) fn place(&self) -> usize {
        self.picked.place
    }

    /// What became of the call.
    pub(super) fn settle(mut self, verdict: Verdict) {
        self.tell(verdict);
    }

    fn tell(&mut self, verdict: Verdict) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let now = moment::now();
        let took = now.saturating_duration_since(self.begun);
        let change = lock(&self.live.targets).settle(now, self.picked, verdict, took);
        let (upstream, target) = (self.live.upstream.as_str(), self.live.origin(self.picked.place));
        match change {
            Some(Change::Opened(pause)) => {
                let again = self.picked.role == Role::Trial;
                let (pause_ms, event) = (u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "breaker");
                tracing::warn!(event, upstream, target, state = "open", again, pause_ms, "a target fails and is left alone");
            }
            Some(Change::Closed) => {
                tracing::info!(event = "breaker", upstream, target, state = "closed", "a target answers again");
            }
            None => {}
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.tell(Verdict::Unknown);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
