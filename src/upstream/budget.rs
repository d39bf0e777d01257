//! How much time a call has left, and whose time it is that runs out.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::{Error, Timeouts};
use crate::base::moment;

/// The moments at which a call is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    timeouts: Timeouts,
    deadline: Instant,
    total: Option<Instant>,
    /// Set when the request is first sent, and kept when it is sent again.
    first_byte: Option<Instant>,
}

/// A limit of one part of a call, and the error of passing it.
struct Limit {
    at: Instant,
    error: Error,
}

impl Budget {
    /// A call begins now.
    pub(super) fn begin(timeouts: Timeouts, deadline: Instant) -> Self {
        // A duration beyond the clock's range is no limit.
        Self { timeouts, deadline, total: moment::now().checked_add(timeouts.total), first_byte: None }
    }

    pub(super) fn connect_within(&self) -> Duration {
        self.timeouts.connect
    }

    /// The time that is left in all.
    pub(super) fn left(&self) -> Duration {
        let until = self.total.map_or(self.deadline, |total| total.min(self.deadline));
        until.saturating_duration_since(moment::now())
    }

    /// Waits for its turn, `wait` at most.
    pub(super) async fn queue<T>(&self, wait: Duration, work: impl Future<Output = T>) -> Result<T, Error> {
        self.within(moment::now().checked_add(wait), Error::BulkheadFull, work).await
    }

    /// Waits for a connection.
    pub(super) async fn connect<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        self.within(moment::now().checked_add(self.timeouts.connect), Error::ConnectTimeout, work).await
    }

    /// Waits for the head of the reply.
    pub(super) async fn first_byte<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Error> {
        if self.first_byte.is_none() {
            self.first_byte = moment::now().checked_add(self.timeouts.first_byte);
        }
        self.within(self.first_byte, Error::FirstByteTimeout, work).await
    }

    /// Waits for the head of the reply to a request whose body the client still sends. Time counts while it is the
    /// upstream's turn, from the last piece that it was given: the client has limits of its own, and an upload may take
    /// longer than an answer.
    pub(super) async fn first_byte_of_upload<T>(
        &self,
        mut turn: watch::Receiver<Option<Instant>>,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let begun = moment::now();
        let mut work = pin!(work);
        loop {
            let since = *turn.borrow_and_update();
            let limit = since.map(|since| {
                let late = |at: Instant| at.checked_add(since.saturating_duration_since(begun));
                let later =
                    Self { deadline: late(self.deadline).unwrap_or(self.deadline), total: self.total.and_then(late), ..*self };
                later.clip(since.checked_add(self.timeouts.first_byte), Error::FirstByteTimeout)
            });
            let waited = async {
                match &limit {
                    Some(limit) => tokio::time::sleep_until(limit.at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                Ok(()) = turn.changed() => {}
                () = waited => if let Some(limit) = limit { return Err(limit.error) },
            }
        }
    }

    /// Waits for the next piece of the body.
    pub(super) async fn between_bytes<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        self.within(moment::now().checked_add(self.timeouts.between_bytes), Error::BetweenBytesTimeout, work).await
    }

    async fn within<T>(&self, part: Option<Instant>, error: Error, work: impl Future<Output = T>) -> Result<T, Error> {
        let limit = self.clip(part, error);
        if limit.at <= moment::now() {
            // The first poll of `work` would already do what there is no time for.
            return Err(limit.error);
        }
        timeout_at(limit.at, work).await.map_err(|_| limit.error)
    }

    /// The nearest of the part's own limit, the total and the deadline; of equals, the widest is named.
    fn clip(&self, part: Option<Instant>, error: Error) -> Limit {
        let mut limit = Limit { at: self.deadline, error: Error::Deadline };
        if let Some(at) = self.total.filter(|at| *at < limit.at) {
            limit = Limit { at, error: Error::TotalTimeout };
        }
        if let Some(at) = part.filter(|at| *at < limit.at) {
            limit = Limit { at, error };
        }
        limit
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn seconds(connect: u64, first_byte: u64, between_bytes: u64, total: u64) -> Timeouts {
        let [connect, first_byte, between_bytes, total] = [connect, first_byte, between_bytes, total].map(Duration::from_secs);
        Timeouts { connect, first_byte, between_bytes, total }
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearest_limit_is_the_one_that_is_named() {
        for (timeouts, deadline, kind, after) in [
            (seconds(1, 3, 5, 10), 20, "upstream_first_byte_timeout", 3),
            (seconds(1, 30, 5, 10), 20, "upstream_total_timeout", 10),
            (seconds(1, 30, 5, 10), 2, "deadline", 2),
            (seconds(1, 10, 5, 10), 10, "deadline", 10),
        ] {
            let start = Instant::now();
            let mut budget = Budget::begin(timeouts, start + Duration::from_secs(deadline));
            let error = budget.first_byte(pending::<()>()).await.unwrap_err();
            assert_eq!((error.kind(), start.elapsed().as_secs()), (kind, after), "{timeouts:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn parts_never_add_up_to_more_than_the_whole() {
        let start = Instant::now();
        let mut budget = Budget::begin(seconds(4, 4, 4, 10), start + Duration::from_secs(60));
        let late = tokio::time::sleep(Duration::from_secs(3));
        budget.connect(late).await.unwrap();
        budget.first_byte(tokio::time::sleep(Duration::from_secs(3))).await.unwrap();
        budget.between_bytes(tokio::time::sleep(Duration::from_secs(3))).await.unwrap();
        let error = budget.between_bytes(tokio::time::sleep(Duration::from_secs(3))).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), ("upstream_total_timeout", 10));
        let error = budget.between_bytes(std::future::ready(())).await.unwrap_err();
        assert_eq!(error.kind(), "upstream_total_timeout");
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_timeout_is_no_limit() {
        let mut budget = Budget::begin(
            Timeouts { connect: Duration::MAX, first_byte: Duration::MAX, between_bytes: Duration::MAX, total: Duration::MAX },
            Instant::now() + Duration::from_secs(7),
        );
        assert_eq!(budget.first_byte(pending::<()>()).await.unwrap_err().kind(), "deadline");
    }
}
