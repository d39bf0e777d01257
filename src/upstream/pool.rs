//! Connections that wait for their next call.
//!
//! Nobody drives them meanwhile. What comes on one is noticed when it is to be used, and once a second.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::http1::Connection;
use crate::base::moment;

/// How long a connection may wait. Tomcat as shipped closes it after 20 s.
pub(super) const MAX_IDLE: Duration = Duration::from_secs(15);
/// How old a connection may grow, so that targets that came later get their part; up to a tenth is taken off so that connections
/// opened together do not end together.
const MAX_AGE: Duration = Duration::from_secs(300);
/// How many connections may wait for one origin: far more than a bulkhead lets be under way by itself, so that a worker without one does
/// not connect anew for each call.
const MAX_WAITING: usize = 1024;
/// How often those that waited too long are looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// How old the connection with this number may grow.
pub(super) fn age(number: u32) -> Duration {
    MAX_AGE - MAX_AGE / 10 * (number % 16) / 16
}

/// A connection in use. Dropped, it is cut; given back, it waits for the next call.
pub(super) struct Alone {
    pub(super) connection: Box<Connection>,
    pool: Arc<Pool>,
    origin: Arc<str>,
}

impl Alone {
    pub(super) fn new(connection: Box<Connection>, pool: Arc<Pool>, origin: Arc<str>) -> Self {
        Self { connection, pool, origin }
    }

    /// Its exchange has ended.
    pub(super) fn give_back(self) {
        let Self { connection, pool, origin } = self;
        pool.put(&origin, connection);
    }
}

struct Waiting {
    connection: Box<Connection>,
    until: Instant,
}

/// The connections that wait, by origin; the one that waits shortest is used first.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of each origin that has some: they are few, and a search costs less than a hash of the name.
    origins: Vec<(Arc<str>, Vec<Waiting>)>,
    sweeping: bool,
}

impl State {
    fn waiting(&mut self, origin: &Arc<str>) -> Option<&mut Vec<Waiting>> {
        let mut origins = self.origins.iter_mut();
        origins.find(|(known, _)| Arc::ptr_eq(known, origin) || known == origin).map(|(_, waiting)| waiting)
    }
}

impl Pool {
    /// A connection that can be used at once, if there is one.
    pub(super) fn take(&self, origin: &Arc<str>) -> Option<Box<Connection>> {
        let now = moment::now();
        let mut state = self.lock();
        let waiting = state.waiting(origin)?;
        while let Some(Waiting { mut connection, until }) = waiting.pop() {
            if now < until && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Takes back a connection whose exchange has ended, unless more came on it than belongs to that.
    fn put(self: &Arc<Self>, origin: &Arc<str>, mut connection: Box<Connection>) {
        if !connection.is_quiet() {
            return;
        }
        let until = connection.retire.min(moment::now() + MAX_IDLE);
        let mut state = self.lock();
        match state.waiting(origin) {
            Some(waiting) if waiting.len() >= MAX_WAITING => return,
            Some(waiting) => waiting.push(Waiting { connection, until }),
            None => state.origins.push((Arc::clone(origin), vec![Waiting { connection, until }])),
        }
        if !std::mem::replace(&mut state.sweeping, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Drops what waited too long; whether anything still waits.
    fn retire(&self) -> bool {
        let now = moment::now();
        let mut state = self.lock();
        state.origins.retain_mut(|(_, waiting)| {
            waiting.retain_mut(|waiting| now < waiting.until && waiting.connection.is_quiet());
            !waiting.is_empty()
        });
        state.sweeping = !state.origins.is_empty();
        state.sweeping
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn waiting(&self, origin: &Arc<str>) -> usize {
        self.lock().waiting(origin).map_or(0, |waiting| waiting.len())
    }
}

/// Runs while anything waits, and as long as the pool is there.
async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match pool.upgrade() {
            Some(pool) if pool.retire() => {}
            _ => return,
        }
    }
}
