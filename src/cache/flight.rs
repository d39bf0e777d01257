//! Equal requests that are under way at the same time: one of them asks, the others wait for what it gets.
//!
//! Who asks holds the lead. When it is dropped without an end, because its client left, the next one in the queue has it; when it
//! fails, the next one may try once, and if that fails too, it is the end for all. Nobody waits for longer than its own limit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::store::Key;

/// How many may wait for one reply. Those beyond ask for themselves, within the limits of their upstream.
const MOST: usize = 1000;

/// The requests that are under way, by what they ask for; `T` is what one can come to.
#[derive(Debug)]
pub struct Flights<T> {
    under_way: Mutex<HashMap<Key, Arc<Flight<T>>>>,
}

#[derive(Debug)]
struct Flight<T> {
    /// One permit: the lead. Closed when there is an end.
    lead: Arc<Semaphore>,
    end: OnceLock<T>,
    has_failed: AtomicBool,
    /// Who leads or waits; changed under the lock of the map alone.
    seats: Mutex<usize>,
}

/// What a request is to do.
#[derive(Debug)]
pub enum Turn<T> {
    /// Ask.
    Lead(Lead<T>),
    /// Take this.
    Landed(T),
    /// Ask for itself: it has waited for too long, or too many wait already.
    Late,
}

/// The right and the duty to ask. Dropped without a word it goes to the next one who waits.
#[derive(Debug)]
pub struct Lead<T> {
    // The seat is given up first: who has the lead next finds it empty.
    seat: Seat<T>,
    permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Seat<T> {
    flights: Arc<Flights<T>>,
    flight: Arc<Flight<T>>,
    key: Key,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { under_way: Mutex::new(HashMap::new()) }
    }
}

impl<T: Clone> Flights<T> {
    /// Waits for a request's turn, until `limit` at most.
    pub async fn turn(self: &Arc<Self>, key: &Key, limit: Instant) -> Turn<T> {
        let Some(seat) = self.seat(key) else { return Turn::Late };
        let lead = Arc::clone(&seat.flight.lead);
        match timeout_at(limit, lead.acquire_owned()).await {
            Ok(Ok(permit)) => Turn::Lead(Lead { seat, permit }),
            Ok(Err(_)) => seat.flight.end.get().cloned().map_or(Turn::Late, Turn::Landed),
            Err(_) => Turn::Late,
        }
    }

    /// The lead, if nobody is at it.
    pub fn try_lead(self: &Arc<Self>, key: &Key) -> Option<Lead<T>> {
        let mut under_way = self.lock();
        if under_way.contains_key(key) {
            return None;
        }
        let flight = Arc::new(Flight::new());
        let permit = Arc::clone(&flight.lead).try_acquire_owned().ok()?;
        flight.count(1);
        under_way.insert(key.clone(), Arc::clone(&flight));
        drop(under_way);
        Some(Lead { seat: Seat { flights: Arc::clone(self), flight, key: key.clone() }, permit })
    }

    /// From now on nobody waits for what is under way already; who waits, waits on.
    pub fn part(&self) {
        self.lock().clear();
    }

    /// How many different things are asked for now.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn seat(self: &Arc<Self>, key: &Key) -> Option<Seat<T>> {
        let mut under_way = self.lock();
        let flight = Arc::clone(under_way.entry(key.clone()).or_insert_with(|| Arc::new(Flight::new())));
        if flight.count(0) > MOST {
            return None;
        }
        flight.count(1);
        drop(under_way);
        Some(Seat { flights: Arc::clone(self), flight, key: key.clone() })
    }
}

impl<T> Flights<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Flight<T>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(under_way: &mut HashMap<Key, Arc<Flight<T>>>, key: &Key, flight: &Arc<Flight<T>>) {
        if under_way.get(key).is_some_and(|known| Arc::ptr_eq(known, flight)) {
            under_way.remove(key);
        }
    }
}

impl<T> Flight<T> {
    fn new() -> Self {
        Self { lead: Arc::new(Semaphore::new(1)), end: OnceLock::new(), has_failed: AtomicBool::new(false), seats: Mutex::new(0) }
    }

    /// Changes how many seats are taken, and tells how many are.
    fn count(&self, change: isize) -> usize {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        *seats = seats.saturating_add_signed(change);
        *seats
    }
}

impl<T> Lead<T> {
    /// The end: all who wait take this. Who comes later asks anew.
    pub fn land(self, end: T) {
        let Self { seat, permit } = self;
        let _first = seat.flight.end.set(end);
        Flights::remove(&mut seat.flights.lock(), &seat.key, &seat.flight);
        seat.flight.lead.close();
        drop(permit);
    }

    /// It failed: whether another one who waits is to try before it is the end for all. True once.
    pub fn hands_over(&self) -> bool {
        self.seat.flight.count(0) > 1 && !self.seat.flight.has_failed.swap(true, Ordering::Relaxed)
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        let mut under_way = self.flights.lock();
        if self.flight.count(-1) == 0 {
            Flights::remove(&mut under_way, &self.key, &self.flight);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    type All = Arc<Flights<u32>>;

    fn key(name: &str) -> Key {
        Key::new(name.as_bytes().to_vec())
    }

    fn later(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    async fn lead(flights: &All, name: &str) -> Lead<u32> {
        match flights.turn(&key(name), later(5)).await {
            Turn::Lead(lead) => lead,
            other => panic!("{other:?}"),
        }
    }

    /// So many that wait for `a`.
    async fn waiting(flights: &All, count: usize) -> Vec<tokio::task::JoinHandle<Turn<u32>>> {
        let mut tasks = Vec::new();
        for _ in 0..count {
            let flights = Arc::clone(flights);
            tasks.push(tokio::spawn(async move { flights.turn(&key("a"), later(5)).await }));
            tokio::task::yield_now().await;
        }
        tasks
    }

    #[tokio::test(start_paused = true)]
    async fn one_asks_and_all_who_wait_get_the_end() {
        let flights = All::default();
        let leads = lead(&flights, "a").await;
        let tasks = waiting(&flights, 10).await;
        assert!(flights.try_lead(&key("a")).is_none());
        drop(lead(&flights, "b").await);
        leads.land(7);
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Turn::Landed(7)));
        }
        assert_eq!(flights.count(), 0);
        assert!(flights.try_lead(&key("a")).is_some());
        assert_eq!(flights.count(), 0, "a lead that is dropped leaves nothing behind");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lead_that_is_dropped_goes_to_the_next_in_the_queue() {
        let flights = All::default();
        let leads = lead(&flights, "a").await;
        let mut tasks = waiting(&flights, 3).await;
        drop(leads);
        let Turn::Lead(next) = tasks.remove(0).await.unwrap() else { panic!("the first in the queue leads") };
        next.land(1);
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Turn::Landed(1)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_handed_over_once_and_then_it_is_the_end_for_all() {
        let flights = All::default();
        let first = lead(&flights, "a").await;
        assert!(!first.hands_over(), "nobody waits");
        let mut tasks = waiting(&flights, 3).await;
        assert!(first.hands_over());
        drop(first);
        let Turn::Lead(second) = tasks.remove(0).await.unwrap() else { panic!("the next one tries") };
        assert!(!second.hands_over());
        second.land(502);
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Turn::Landed(502)));
        }
        assert_eq!(flights.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_its_limit_and_not_too_many_wait() {
        let flights = All::default();
        let leads = lead(&flights, "a").await;
        let began = Instant::now();
        assert!(matches!(flights.turn(&key("a"), later(5)).await, Turn::Late));
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        let tasks = waiting(&flights, MOST).await;
        assert!(matches!(flights.turn(&key("a"), later(5)).await, Turn::Late));
        leads.land(1);
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Turn::Landed(1)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_parting_nobody_joins_what_was_under_way() {
        let flights = All::default();
        let old = lead(&flights, "a").await;
        let tasks = waiting(&flights, 2).await;
        flights.part();
        let new = lead(&flights, "a").await;
        old.land(1);
        assert_eq!(flights.count(), 1, "the end of the old one is none of the new one's business");
        new.land(2);
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Turn::Landed(1)));
        }
    }
}
