//! Work that would hold others up is done beside the event loop, on a thread of its own.
//!
//! What is small is never moved: changing threads costs more than it takes. A reply above [`LARGE`] is opened, shaped and shown aside, for its
//! size tells before the work begins. How long a template takes nobody can tell before: every page that needs no engine is begun on the
//! loop and has [`ON_LOOP`] there. One that takes longer is begun anew aside, and its route goes there at once from then on, until a page of
//! it was quick again. So the loop is held for that long at most, once. What the engine renders is made aside from the start: it can
//! only be stopped while it prints, and an end that does not come holds a place here and nobody else.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use crate::plan::Plan;

/// The largest reply that is worked on where requests are read and written, in bytes: a tree of it takes about a millisecond.
pub(super) const LARGE: usize = 256 << 10;

/// How long a page may take there.
pub(super) const ON_LOOP: Duration = Duration::from_millis(2);

/// The places beside the loop, and who needs one.
#[derive(Debug)]
pub(super) struct Aside {
    places: Arc<Semaphore>,
    /// By route, whether its last page took long.
    slow: HashMap<Arc<str>, AtomicBool>,
}

impl Aside {
    /// A place for each processor but one, which is the loop's: more would only take time from one another, and from it.
    pub(super) fn new(plan: &Plan) -> Self {
        let pages = plan.router().routes().iter().filter(|route| route.page().is_some());
        Self {
            places: Arc::new(Semaphore::new(places())),
            slow: pages.map(|route| (Arc::clone(route.name()), AtomicBool::new(false))).collect(),
        }
    }

    /// Does some work aside. It has no end of its own: who gives it up leaves it to come to one.
    ///
    /// # Errors
    /// The deadline passed, in the queue or at work.
    ///
    /// # Panics
    /// As the work does.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let places = Arc::clone(&self.places);
        let Ok(Ok(place)) = timeout_at(deadline, places.acquire_owned()).await else { return Err(Fault::Late) };
        let working = spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        match timeout_at(deadline, working).await {
            Ok(Ok(done)) => Ok(done),
            // Nobody aborts it, so it has panicked, and whoever asked for it catches that.
            Ok(Err(failed)) => resume_unwind(failed.into_panic()),
            Err(_) => Err(Fault::Late),
        }
    }

    /// Whether pages of a route take long.
    pub(super) fn is_slow(&self, route: &str) -> bool {
        self.slow.get(route).is_some_and(|slow| slow.load(Ordering::Relaxed))
    }

    /// A page of a route took so long, or was given up after that time.
    pub(super) fn took(&self, route: &str, time: Duration) {
        if let Some(slow) = self.slow.get(route) {
            // What is quick goes back; what is in between stays where it is.
            let is_slow = if slow.load(Ordering::Relaxed) { time > ON_LOOP / 2 } else { time >= ON_LOOP };
            slow.store(is_slow, Ordering::Relaxed);
        }
    }

    /// How many places are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.places.available_permits()
    }
}

/// How many places there are.
pub(super) fn places() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().saturating_sub(1).max(1))
}
